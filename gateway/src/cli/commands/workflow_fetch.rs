//! `hero_logic workflow fetch`: the source of a version, byte for byte.

use std::{io::Write as _, path::Path};

use hero_sdk::{Logic, logic::OfVersion};

use crate::cli::{
    args::{self, WorkflowFetch},
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible_lines,
    file::{replace, unwritten},
    terminal::stdout_width,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: WorkflowFetch) -> Result<Exit, Failure> {
    let is_terminal = stdout_width().is_some();
    let work =
        async |context: &mut Context, logic: &dyn Logic| run(context, logic, arguments, is_terminal).await;
    context.with_logic(Purpose::Look, work).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: WorkflowFetch,
    is_terminal: bool,
) -> Result<Exit, Failure> {
    let WorkflowFetch { of: args::WorkflowVersion { workflow, version }, output } = arguments;
    let version = logic.workflow_version_fetch(OfVersion { workflow, version }).await?;
    match output.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => {
            let write = async |file: &mut std::fs::File| {
                file.write_all(version.source.as_bytes()).map_err(|error| unwritten(path, &error))
            };
            replace(path, write).await?;
        }
        None if context.out.json => {}
        // It must not give the terminal commands.
        None if is_terminal => context.out.text(&(visible_lines(&version.source) + "\n"))?,
        None => context.out.text(&version.source)?,
    }
    if context.out.json {
        context.out.document(&version)?;
    }
    Ok(Exit::Succeeded)
}
