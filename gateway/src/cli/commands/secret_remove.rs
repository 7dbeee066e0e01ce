//! `hero_logic secret remove`: plays that declare it are not started any more.

use hero_sdk::{Logic, SecretName, logic::OfSecret};
use serde::Serialize;

use crate::cli::{
    args,
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: &args::SecretName) -> Result<Exit, Failure> {
    let name = arguments.name.parse()?;
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, name).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(context: &mut Context, logic: &dyn Logic, name: SecretName) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Document {
        removed: SecretName,
    }
    logic.secret_remove(OfSecret { name: name.clone() }).await?;
    if context.out.json {
        context.out.document(&Document { removed: name })?;
    } else {
        context.say(&format!("{name} is removed\n"));
    }
    Ok(Exit::Succeeded)
}
