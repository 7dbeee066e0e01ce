//! `hero_logic workflow import`: takes a workflow from a file, or what of it is not here yet.

use hero_sdk::{Logic, logic};

use crate::cli::{
    args,
    context::Context,
    document::{explain, parts, read},
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible,
    signals::Signals,
};

use super::workflow_add::tell_how_to_run;

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: args::WorkflowImport) -> Result<Exit, Failure> {
    let wish = parse(arguments, &mut context.signals).await?;
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, wish).await).await
}

/// Reads the file.
pub(crate) async fn parse(
    arguments: args::WorkflowImport,
    signals: &mut Signals,
) -> Result<logic::WorkflowImport, Failure> {
    let args::WorkflowImport { file, name } = arguments;
    Ok(logic::WorkflowImport { document: read(&file, signals).await?, name })
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    wish: logic::WorkflowImport,
) -> Result<Exit, Failure> {
    let mut signals = context.signals.clone();
    let imported = signals.or(logic.workflow_import(wish.clone())).await?;
    context.signals = signals;
    let imported = imported.map_err(|error| explain(error, &wish.document))?;
    if context.out.json {
        context.out.document(&imported)?;
        return Ok(Exit::Succeeded);
    }
    let added = [imported.versions_added, imported.examples_added, imported.benchmarks_added];
    let [versions, examples, benchmarks] = added.map(|count| count as usize);
    let parts = parts(versions, examples, benchmarks);
    let name = visible(&imported.workflow.name);
    match (imported.is_new, added.iter().sum()) {
        (true, _) => {
            context.say(&format!("{name}: {parts} are imported\n"));
            tell_how_to_run(context, &imported.workflow);
        }
        (false, 0) => context.say(&format!("{name}: all of it is here already\n")),
        (false, _) => {
            let current = imported.workflow.current_version;
            context.say(&format!("{name}: {parts} are added, and version {current} stays the current one\n"));
        }
    }
    Ok(Exit::Succeeded)
}
