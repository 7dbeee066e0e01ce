//! `hero_logic workflow list`: what `run` knows by name.

use hero_sdk::{Logic, model::Workflow};
use serde::Serialize;

use crate::cli::{
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    style::Paint,
    table::table,
    terminal::stdout_width,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(context: &mut Context, logic: &dyn Logic) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Document {
        workflows: Vec<Workflow>,
    }
    let workflows = logic.workflow_list().await?;
    if context.out.json {
        context.out.document(&Document { workflows })?;
        return Ok(Exit::Succeeded);
    }
    let rows = workflows
        .iter()
        .map(|workflow| {
            [
                (Paint::Strong, workflow.name.clone()),
                (Paint::Plain, workflow.current_version.to_string()),
                (Paint::Plain, workflow.description.clone()),
            ]
        })
        .collect();
    let palette = context.out.palette;
    let width = stdout_width().unwrap_or(usize::MAX);
    let lines = table(["NAME", "VERSION", "DESCRIPTION"], rows);
    let text: String = lines.into_iter().map(|line| line.fit(width).to_text(palette) + "\n").collect();
    context.out.text(&text)?;
    Ok(Exit::Succeeded)
}
