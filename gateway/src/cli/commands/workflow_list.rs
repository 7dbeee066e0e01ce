//! `hero_logic workflow list`: what `run` knows by name.

use hero_sdk::{Logic, model::Workflow};
use serde::Serialize;

use crate::cli::{
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    pages,
    style::Paint,
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
    let workflows = pages::workflows(logic).await?;
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
    context.out.list(&Document { workflows }, ["NAME", "VERSION", "DESCRIPTION"], rows)?;
    Ok(Exit::Succeeded)
}
