//! `hero_logic example inputs`: what a version would be started with.

use hero_sdk::{Logic, logic::ExampleToInputData};

use crate::cli::{
    args::{ExampleInputs, ExampleName},
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: ExampleInputs) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: ExampleInputs,
) -> Result<Exit, Failure> {
    let ExampleInputs { of: ExampleName { workflow, example }, version } = arguments;
    let data = logic.example_to_input_data(ExampleToInputData { workflow, example, version }).await?;
    if context.out.json {
        context.out.document(&data)?
    } else {
        context.out.json(&data.inputs)?
    }
    Ok(Exit::Succeeded)
}
