//! `hero_logic example delete`: an example goes. One that is not there is an error here, since a name was mistyped.

use hero_sdk::{Logic, logic::OfExample};

use crate::cli::{
    args::ExampleName,
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: ExampleName) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: ExampleName,
) -> Result<Exit, Failure> {
    let ExampleName { workflow, example } = arguments;
    let of = OfExample { workflow, example };
    let name = logic.example_fetch(of.clone()).await?.name;
    let deleted = logic.example_delete(of).await?;
    if context.out.json {
        context.out.document(&deleted)?;
    } else {
        context.say(&format!("{} is deleted\n", visible(&name)));
    }
    Ok(Exit::Succeeded)
}
