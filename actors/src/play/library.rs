//! Asks the library what a flow wants to know of it, or has it save what a flow made.

use std::sync::Arc;

use hero_sdk::{
    Error, ErrorCode, Json,
    logic::{FlowLibrarySearch, PickVersion},
    model::Play,
};
use ractor::ActorRef;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{environment::Environment, message::Message};
use crate::{
    registry::{Library, Save},
    runtime::read_library,
};

/// Asks it beside the actor, and tells the play.
pub(super) fn ask(
    environment: &Arc<Environment>,
    play: &Play,
    actor: &ActorRef<Message>,
    attempt: u32,
    ask: String,
    params: Json,
) {
    let (environment, play_sid, actor) = (Arc::clone(environment), play.play_sid.clone(), actor.clone());
    tokio::spawn(async move {
        let result = match ask.as_str() {
            "search" => {
                let search = async |library: Library, params: FlowLibrarySearch| library.search(params).await;
                asked(&environment, &params, search).await
            }
            "pick_version" => {
                let pick = async |library: Library, params: PickVersion| library.pick_version(params).await;
                asked(&environment, &params, pick).await
            }
            "save" => {
                let save = async move |library: Library, params: Wish| {
                    let Wish { name, source, entry, description, tags, note } = params;
                    let note = note.unwrap_or_else(|| format!("saved by {play_sid}"));
                    library.save(Save { name, source, entry, description, tags, note }).await
                };
                asked(&environment, &params, save).await
            }
            other => {
                let other: String = other.chars().take(40).collect();
                Err(Error::new(
                    ErrorCode::MethodNotFound,
                    format!("the library cannot be asked to {other:?}"),
                ))
            }
        };
        // A play that has gone has nothing left to do.
        drop(actor.cast(Message::LibraryAnswered { attempt, result }));
    });
}

/// What a flow wants saved.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    name: String,
    source: String,
    #[serde(default)]
    entry: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    note: Option<String>,
}

async fn asked<P, T, F>(
    environment: &Environment,
    params: &Json,
    work: impl FnOnce(Library, P) -> F + Clone + Send + 'static,
) -> Result<Json, Error>
where
    P: DeserializeOwned + Clone + Send + 'static,
    T: Serialize + Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let params: P = params.to().map_err(|error| {
        Error::new(ErrorCode::InvalidParams, format!("the question has another form: {error}"))
    })?;
    let result = read_library(environment, move |library| work(library, params)).await?;
    Json::of(&result)
        .map_err(|error| Error::new(ErrorCode::Internal, format!("the answer is no JSON: {error}")))
}
