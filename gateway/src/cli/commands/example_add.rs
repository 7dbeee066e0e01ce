//! `hero_logic example add`: saves inputs under a name, in place of those that it had.

use hero_sdk::{Json, Logic, logic::ExampleUpsert};

use crate::cli::{
    answers::Answers,
    args::{ExampleAdd, ExampleName},
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible,
    inputs::Inputs,
    signals::Signals,
    source::{argument_json, argument_text},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: ExampleAdd) -> Result<Exit, Failure> {
    let wish = Wish::parse(arguments, &mut context.signals).await?;
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, wish).await).await
}

/// What is to be saved, checked as far as it can be without the runtime.
pub(crate) struct Wish {
    /// But for the inputs.
    example: ExampleUpsert,
    inputs: Inputs,
}

impl Wish {
    /// Reads files and checks the form of every argument.
    pub(crate) async fn parse(arguments: ExampleAdd, signals: &mut Signals) -> Result<Self, Failure> {
        let ExampleAdd { of: ExampleName { workflow, example: name }, inputs, expected, answers, note } =
            arguments;
        if inputs.all.as_deref() == Some("-") && expected.as_deref() == Some("-") {
            return Err(Failure::usage("usage", "--inputs and --expected are both on standard input")
                .hint("put one of them into a file: --expected @FILE"));
        }
        let answers = Answers::parse(&answers)?.into_given();
        let inputs = Inputs::read(inputs, signals).await?;
        let expected_outputs = match expected {
            Some(argument) => Some(expected_json(&argument, signals).await?),
            None => None,
        };
        let example = ExampleUpsert { workflow, name, inputs: Json::null(), expected_outputs, answers, note };
        Ok(Self { example, inputs })
    }
}

async fn expected_json(argument: &str, signals: &mut Signals) -> Result<Json, Failure> {
    let text = argument_text("--expected", argument, signals).await?;
    argument_json("--expected", &text, "text needs quotes in JSON: '\"text\"'")
}

/// Runs it on any `Logic`.
pub(crate) async fn run(context: &mut Context, logic: &dyn Logic, wish: Wish) -> Result<Exit, Failure> {
    let Wish { example, inputs } = wish;
    let upsert = async |inputs| logic.example_upsert(ExampleUpsert { inputs, ..example.clone() }).await;
    let saved = inputs.take(upsert).await?;
    if context.out.json {
        context.out.document(&saved)?;
    } else {
        context.say(&format!("{} is saved\n", visible(&saved.name)));
    }
    Ok(Exit::Succeeded)
}
