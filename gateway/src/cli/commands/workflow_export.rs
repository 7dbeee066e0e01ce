//! `hero_logic workflow export`: a workflow with all that belongs to it, as one file.

use hero_sdk::{Logic, logic};

use crate::cli::{
    args::WorkflowExport,
    context::Context,
    document::{self, parts},
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: WorkflowExport) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: WorkflowExport,
) -> Result<Exit, Failure> {
    let WorkflowExport { workflow, without_benchmarks, output } = arguments;
    let exported =
        logic.workflow_export(logic::WorkflowExport { workflow, benchmarks: !without_benchmarks }).await?;
    if document::write(context, &exported, output.as_deref()).await? {
        let content = &exported.content;
        let parts = parts(content.versions.len(), content.examples.len(), content.benchmarks.len());
        context.say(&format!("{}: {parts} are exported\n", visible(&content.workflow.name)));
    }
    Ok(Exit::Succeeded)
}
