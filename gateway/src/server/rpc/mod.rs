//! JSON-RPC 2.0: a body goes in, and its answer comes out.

mod answer;
mod envelope;
#[cfg(test)]
mod tests;

use std::sync::{
    LazyLock,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::{StreamExt as _, stream};
use hero_sdk::{
    Error, ErrorCode, Json,
    logic::{METHODS, Params},
    openrpc,
};
use serde_json::value::RawValue;

pub(crate) use self::answer::{Answer, Room};
#[cfg(feature = "fuzz")]
pub(crate) use self::envelope::{BATCH_MAX, DEPTH_MAX};
use self::{
    answer::Held,
    envelope::{Body, Call, Element, parse},
};
use super::served::DISCOVER;

/// Calls of a batch that are worked on at once.
const BATCH_AT_ONCE: usize = 16;
/// Bytes of results behind which no more calls of a batch are begun.
const BATCH_BYTES_MAX: usize = 16 << 20;

/// The description of the methods.
pub(crate) static DESCRIPTION: LazyLock<Json> = LazyLock::new(|| Json::from(&openrpc::document()));

/// What can be called by a name.
#[async_trait::async_trait]
pub(crate) trait Methods: Send + Sync {
    /// Calls it; none where there is none of this name.
    async fn call(&self, method: &str, params: Params<'_>) -> Option<Result<Json, Error>>;
}

/// The answer to a body, with its part of `room`; none where it wants none.
pub(crate) async fn answer<M: Methods + ?Sized>(methods: &M, body: &[u8], room: &Room) -> Option<Answer> {
    let mut answer = Answer::default();
    match parse(body) {
        Err(error) => answer.add(Err(error), None),
        Ok(Body::One(element)) => {
            let (result, id) = one(methods, element, room).await?;
            answer.add(result, id);
        }
        Ok(Body::Batch(elements)) => {
            let taken = AtomicUsize::new(0);
            let calls: Vec<_> =
                elements.into_iter().map(|element| of_batch(methods, element, room, &taken)).collect();
            let mut results = stream::iter(calls).buffered(BATCH_AT_ONCE);
            let mut mark = '[';
            while let Some(result) = results.next().await {
                // Most calls wait for nothing, and others want to go on as well.
                tokio::task::yield_now().await;
                let Some((result, id)) = result else { continue };
                answer.mark(std::mem::replace(&mut mark, ','));
                answer.add(result, id);
            }
            if mark == '[' {
                return None;
            }
            answer.mark(']');
        }
    }
    Some(answer)
}

/// The outcome of a call, and its id.
type Outcome<'a> = (Result<Held, Error>, Option<&'a RawValue>);

/// A call of a batch whose results have `taken` so many bytes.
async fn of_batch<'a, M: Methods + ?Sized>(
    methods: &M,
    element: Element<'a>,
    room: &Room,
    taken: &AtomicUsize,
) -> Option<Outcome<'a>> {
    match element {
        Element::Call(_, id) if taken.load(Ordering::Relaxed) >= BATCH_BYTES_MAX => {
            let message = format!("the batch has {} MiB of results already", BATCH_BYTES_MAX >> 20);
            let error = Error::new(ErrorCode::Busy, message)
                .hint("this call was not done; send it again, in a smaller batch");
            Some((Err(error), Some(id)))
        }
        element => {
            let outcome = one(methods, element, room).await;
            if let Some((Ok(held), _)) = &outcome {
                taken.fetch_add(held.bytes(), Ordering::Relaxed);
            }
            outcome
        }
    }
}

async fn one<'a, M: Methods + ?Sized>(methods: &M, element: Element<'a>, room: &Room) -> Option<Outcome<'a>> {
    match element {
        Element::Call(call, id) => {
            let result = run(methods, call).await.and_then(|result| room.hold(result));
            Some((result, Some(id)))
        }
        Element::Notification(call) => {
            if let Err(error) = run(methods, call).await {
                tracing::debug!(%error, "a notification came to nothing");
            }
            None
        }
        Element::Invalid(error, id) => Some((Err(error), id)),
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
