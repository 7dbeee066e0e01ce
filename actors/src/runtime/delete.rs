//! Deletes a workflow: closes it to new plays, ends those that it has, and takes it away. It is open again if that
//! fails; what has been cancelled by then stays so.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hero_sdk::{
    Error, ErrorCode, PlaySid, WorkflowSid,
    logic::Deleted,
    model::{Play, Status},
};

use super::{blocking, internal, library, wish_of};
use crate::{
    benchmarks::end_all_of,
    call::call,
    play::{Environment, Wish},
    plays,
    registry::Library,
};

/// Plays that are ended at a time: more than run at once, so that all of these have their time to end together.
const CANCELS_MAX: usize = 256;

/// Does it to its end, whether or not somebody still waits for it.
pub(super) async fn delete(
    environment: Arc<Environment>,
    workflow: String,
    force: bool,
) -> Result<Deleted, Error> {
    tokio::spawn(async move {
        let work = async move |library: Library| library.deletable(&workflow).await;
        let workflow = library(&environment, work).await?;
        let closed = environment.closing.close(&workflow.workflow_sid);
        let _closed = closed.ok_or_else(|| is_deleted_already(&workflow.name))?;
        end_all_of(&environment, &workflow, force).await?;
        let live = live(&environment, &workflow.workflow_sid, force).await?;
        if force {
            cancel_all(&environment, live).await?;
        } else if !live.is_empty() {
            return Err(has_live(&workflow.name, &live));
        }
        library(&environment, async move |library: Library| library.delete(&workflow).await).await
    })
    .await
    .map_err(internal)?
}

/// The plays of a closed workflow that may still do something, and where they stand. Those which have ended and still
/// have an actor are among them where `retried`: a wish to retry one may have come before the workflow was closed.
async fn live(
    environment: &Arc<Environment>,
    workflow_sid: &WorkflowSid,
    retried: bool,
) -> Result<HashMap<PlaySid, Status>, Error> {
    // Whatever was accepted before the workflow was closed is in there, or has been.
    let message = |reply| plays::Message::LivingOf { workflow_sid: workflow_sid.clone(), reply };
    let living = call(&environment.plays.get(), message).await?;
    environment.tables.catch_up().await?;
    let (environment, workflow_sid) = (Arc::clone(environment), workflow_sid.clone());
    blocking(move || {
        let tables = &environment.tables;
        let unfinished = tables.plays_unfinished()?.into_iter().map(|row| row.play);
        let is_of_it = |play: &Play| play.workflow_sid.as_ref() == Some(&workflow_sid);
        let mut live: HashMap<PlaySid, Status> =
            unfinished.filter(is_of_it).map(|play| (play.play_sid, play.status)).collect();
        for play_sid in living {
            let status = tables.play(&play_sid)?.map_or(Status::Queued, |row| row.play.status);
            if retried || !status.is_terminal() {
                live.entry(play_sid).or_insert(status);
            }
        }
        Ok(live)
    })
    .await
}

/// Returns when all have ended. Those that run come last, and of the others the oldest, so that none is given the place
/// of one that has just ended.
async fn cancel_all(environment: &Environment, live: HashMap<PlaySid, Status>) -> Result<(), Error> {
    let mut live: Vec<(PlaySid, Status)> = live.into_iter().collect();
    live.sort_by_key(|(play_sid, status)| (*status == Status::Running, Reverse(play_sid.clone())));
    let cancels = live.into_iter().map(async |(play_sid, _)| {
        let reason = Some("its workflow is deleted".to_owned());
        match wish_of(environment, play_sid, |reply| Wish::Cancel { reason, reply }).await {
            Ok(_) => Ok(()),
            // It was faster, or was never accepted.
            Err(error) if matches!(error.code, ErrorCode::Conflict | ErrorCode::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    });
    stream::iter(cancels).buffer_unordered(CANCELS_MAX).try_collect().await
}

fn has_live(name: &str, live: &HashMap<PlaySid, Status>) -> Error {
    let play = live.keys().min().map(PlaySid::to_string).unwrap_or_default();
    let plays = match live.len() {
        1 => format!("a live play, {play}"),
        many => format!("{many} live plays, {play} among them"),
    };
    Error::new(ErrorCode::Conflict, format!("{name} has {plays}"))
        .hint("deleting it by force cancels its live plays; archiving keeps it without listing it")
}

fn is_deleted_already(name: &str) -> Error {
    Error::new(ErrorCode::Conflict, format!("somebody else is deleting {name}"))
        .hint("wait until it is gone; it stays if that fails")
}
