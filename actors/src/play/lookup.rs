//! Finds the workflow that a flow invokes in its own process, where it has no more than the play has.

use std::sync::Arc;

use hero_sdk::{
    Error, ErrorCode,
    frame::ResolvedWorkflow,
    model::{Play, SandboxLevel, WorkflowVersion},
};
use hero_store::Resolution;
use ractor::ActorRef;

use super::{environment::Environment, event::Found, machine::told, message::Message};
use crate::{
    call::call_permanent,
    registry::{self, Library},
    sandbox::exceeds,
    secrets,
};

/// Looks it up beside the actor, and tells the play.
pub(super) fn look_up(
    environment: &Arc<Environment>,
    play: &Play,
    actor: &ActorRef<Message>,
    attempt: u32,
    name: String,
    known: Option<Resolution>,
) {
    let (environment, play, actor) = (Arc::clone(environment), play.clone(), actor.clone());
    tokio::spawn(async move {
        let found = match known {
            Some(known) => read(&environment, known),
            None => find(&environment, name).await,
        };
        let result = found.and_then(|found| may_run(&environment, &play, &found).map(|()| Box::new(found)));
        // A play that has gone has nothing left to do.
        drop(actor.cast(Message::LookedUp { attempt, result }));
    });
}

/// What the names stand for that a play has asked for before.
pub(super) fn known(
    environment: &Environment,
    resolutions: &[Resolution],
) -> Result<Vec<ResolvedWorkflow>, Error> {
    let read = |resolution: &Resolution| Ok(told(resolution, version(environment, resolution)?));
    resolutions.iter().map(read).collect()
}

fn version(environment: &Environment, resolution: &Resolution) -> Result<WorkflowVersion, Error> {
    let missing = || {
        let message = format!("the version of {} that the play has run is gone", resolution.workflow);
        Error::new(ErrorCode::StoreCorrupt, message)
    };
    environment.tables.version(&resolution.version_sid)?.ok_or_else(missing)
}

fn read(environment: &Environment, resolution: Resolution) -> Result<Found, Error> {
    let version = version(environment, &resolution)?;
    Ok(Found { workflow: resolution.workflow, is_archived: false, version })
}

async fn find(environment: &Environment, name: String) -> Result<Found, Error> {
    let message = |reply| {
        let name = name.clone();
        let work = async move |library: Library| library.named(&name).await;
        registry::Message::new(work, reply)
    };
    let (workflow, version) = call_permanent(&environment.registry, message).await??;
    Ok(Found { workflow: workflow.name, is_archived: workflow.archived, version })
}

/// Says what the play lacks that the workflow needs: its process is confined for good.
fn may_run(environment: &Environment, play: &Play, found: &Found) -> Result<(), Error> {
    let Found { workflow, version, .. } = found;
    let title = format!("the workflow {workflow} (version {})", version.version.unwrap_or_default());
    if let Some(sandbox) = play.sandbox.as_ref().filter(|sandbox| sandbox.level != SandboxLevel::Off)
        && let Some(excess) = exceeds(&version.options, &sandbox.allowance)?
    {
        let (key, wanted, cap) = (excess.key, excess.wanted, excess.cap);
        let message =
            format!("{title} wishes for sandbox {key} {wanted}, and the play that invokes it has {cap}");
        let hint = format!("wish for {key} with @flow(sandbox={{…}}) on the entry flow of the play too");
        return Err(Error::new(ErrorCode::SandboxDenied, message).hint(hint));
    }
    let missing = || Error::new(ErrorCode::StoreCorrupt, "the play has no version");
    let entry = environment.tables.version(&play.version_sid)?.ok_or_else(missing)?;
    let declared = secrets::declared(&entry.options);
    let lacks = secrets::declared(&version.options).into_iter().find(|secret| !declared.contains(secret));
    lacks.map_or(Ok(()), |secret| {
        let message = format!("{title} needs the secret {secret}, which the entry flow does not declare");
        Err(Error::new(ErrorCode::SecretMissing, message)
            .hint(format!("write @flow(secrets=[\"{secret}\"]) on the entry flow of the play")))
    })
}
