//! `hero_logic workflow export`: a workflow with all that belongs to it, as one file.

use hero_sdk::{Logic, logic::OfWorkflow};

use crate::cli::{
    args::WorkflowExport,
    context::Context,
    document::{self, counted},
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
    let WorkflowExport { workflow, output } = arguments;
    let exported = logic.workflow_export(OfWorkflow { workflow }).await?;
    if document::write(context, &exported, output.as_deref()).await? {
        let content = &exported.content;
        let versions = counted(content.versions.len(), "version");
        let examples = counted(content.examples.len(), "example");
        context
            .say(&format!("{}: {versions} and {examples} are exported\n", visible(&content.workflow.name)));
    }
    Ok(Exit::Succeeded)
}
