//! JSON-RPC 2.0: a body goes in, and its answer comes out.

mod envelope;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use futures_util::{StreamExt as _, stream};
use hero_sdk::{
    Error, ErrorCode, Json,
    logic::{METHODS, Params},
    openrpc,
    rpc::{Failure, Reply, VERSION},
};
use serde_json::value::RawValue;

use self::envelope::{Body, Call, Element, parse};
use super::served::DISCOVER;

/// Calls of a batch that are worked on at once.
const BATCH_AT_ONCE: usize = 16;

/// The description of the methods.
pub(crate) static DESCRIPTION: LazyLock<Json> = LazyLock::new(|| Json::from(&openrpc::document()));

/// What can be called by a name.
#[async_trait::async_trait]
pub(crate) trait Methods: Send + Sync {
    /// Calls it; none where there is none of this name.
    async fn call(&self, method: &str, params: Params<'_>) -> Option<Result<Json, Error>>;
}

/// The answer to a body; none where it wants none.
pub(crate) async fn answer<M: Methods + ?Sized>(methods: &M, body: &[u8]) -> Option<String> {
    match parse(body) {
        Err(error) => Some(reply(Err(error), None)),
        Ok(Body::One(element)) => one(methods, element).await,
        Ok(Body::Batch(elements)) => {
            let answers: Vec<_> = elements.into_iter().map(|element| one(methods, element)).collect();
            let answers = stream::iter(answers).buffered(BATCH_AT_ONCE);
            let answers: Vec<String> = answers.filter_map(std::future::ready).collect().await;
            (!answers.is_empty()).then(|| format!("[{}]", answers.join(",")))
        }
    }
}

async fn one<M: Methods + ?Sized>(methods: &M, element: Element<'_>) -> Option<String> {
    match element {
        Element::Call(call, id) => Some(reply(run(methods, call).await, Some(id))),
        Element::Notification(call) => {
            if let Err(error) = run(methods, call).await {
                tracing::debug!(%error, "a notification came to nothing");
            }
            None
        }
        Element::Invalid(error, id) => Some(reply(Err(error), id)),
    }
}

async fn run<M: Methods + ?Sized>(methods: &M, Call { method, params }: Call<'_>) -> Result<Json, Error> {
    methods.call(&method, params).await.unwrap_or_else(|| Err(unknown(&method)))
}

fn unknown(method: &str) -> Error {
    let shown: String = method.chars().take(80).collect();
    let names = METHODS.iter().map(|method| method.name).chain([DISCOVER]);
    let near = crate::suggest::close_matches(&shown, names);
    let error = Error::new(ErrorCode::MethodNotFound, format!("no method {shown:?}"));
    match near.first() {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint("rpc.discover describes all methods"),
    }
}

fn reply(result: Result<Json, Error>, id: Option<&RawValue>) -> String {
    let (result, error) = match result {
        Ok(result) => (Some(result), None),
        Err(error) => (None, Some(Failure::from(error))),
    };
    let reply = Reply { jsonrpc: VERSION, result: result.as_ref(), error: error.as_ref(), id };
    serde_json::to_string(&reply).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer is no JSON");
        r#"{"jsonrpc":"2.0","error":{"code":-32603,"message":"the answer is no JSON"},"id":null}"#.to_owned()
    })
}
