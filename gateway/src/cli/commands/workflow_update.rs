//! `hero_logic workflow update`: changes what is told of a workflow.

use hero_sdk::{Logic, logic};

use crate::cli::{
    args::{WorkflowChange, WorkflowUpdate},
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: WorkflowUpdate) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: WorkflowUpdate,
) -> Result<Exit, Failure> {
    let WorkflowUpdate { workflow, change } = arguments;
    let WorkflowChange { name, description, tags, no_tags, archive, unarchive } = change;
    let tags = (no_tags || !tags.is_empty()).then_some(tags);
    let archived = (archive || unarchive).then_some(archive);
    let update = logic::WorkflowUpdate { workflow, name, description, tags, archived };
    let updated = logic.workflow_update(update).await?;
    if context.out.json {
        context.out.document(&updated)?;
    } else {
        let archived = if updated.archived { ", and archived" } else { "" };
        context.say(&format!("{} is updated{archived}\n", visible(&updated.name)));
    }
    Ok(Exit::Succeeded)
}
