//! `hero_logic play promote`: the source of a play becomes a workflow, or the next version of one.

use hero_sdk::{
    Error, ErrorCode, Logic,
    logic::{self, OfWorkflow},
};

use super::workflow_add::{tell_created, tell_version};
use crate::cli::{
    args::PlayPromote,
    context::{Context, play_sid},
    embedded::Purpose,
    errors::{Exit, Failure},
    report,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: PlayPromote) -> Result<Exit, Failure> {
    let wish = parse(arguments)?;
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, wish).await).await
}

/// What is asked of the method.
pub(crate) fn parse(arguments: PlayPromote) -> Result<logic::PlayPromote, Failure> {
    let PlayPromote { play_sid: typed, name, to, no_set_current, description, tags, note } = arguments;
    let play_sid = play_sid(&typed)?;
    let set_current = !no_set_current;
    Ok(logic::PlayPromote { play_sid, name, workflow: to, description, tags, note, set_current })
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    wish: logic::PlayPromote,
) -> Result<Exit, Failure> {
    let known = match wish.workflow.clone() {
        Some(workflow) => Some(logic.workflow_version_list(OfWorkflow { workflow }).await?.versions),
        None => None,
    };
    let mut signals = context.signals.clone();
    let promoted = signals.or(logic.play_promote(wish.clone())).await?;
    context.signals = signals;
    let created = promoted.map_err(|error| explain(context, error, &wish))?;
    if context.out.json {
        context.out.document(&created)?;
        return Ok(Exit::Succeeded);
    }
    match known {
        None => tell_created(context, &created),
        Some(known) => tell_version(context, &created.workflow, &known, &created.version),
    }
    Ok(Exit::Succeeded)
}

/// Of a name that is taken it says how the source becomes a version there.
fn explain(context: &Context, error: Error, wish: &logic::PlayPromote) -> Failure {
    let is_taken = error.code == ErrorCode::Conflict && wish.workflow.is_none();
    let failure = Failure::from(error);
    if !is_taken {
        return failure;
    }
    let name = wish.name.as_deref().unwrap_or("WORKFLOW");
    let command =
        report::command(&context.global, &["play", "promote", wish.play_sid.as_str(), "--to", name]);
    failure.hint(format!("to make it the next version: {command}; --name gives it another name"))
}
