//! `hero_logic example show`: one example in words.

use hero_sdk::{Logic, logic::OfExample, model::Example};

use crate::cli::{
    args::ExampleName,
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::{self, visible},
    facts::{Facts, utc},
    json_text,
    style::{Paint, Palette},
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
    let shown = logic.example_fetch(OfExample { workflow: workflow.clone(), example }).await?;
    if context.out.json {
        context.out.document(&shown)?;
    } else {
        context.out.text(&summary(&shown, &workflow, context.out.palette))?;
    }
    Ok(Exit::Succeeded)
}

fn summary(example: &Example, workflow: &str, palette: Palette) -> String {
    let mut facts = Facts::new(palette);
    facts.push("example", &palette.paint(Paint::Strong, &visible(&example.name)));
    facts.push_visible("workflow", workflow);
    facts.push_visible("note", example.note.as_deref().unwrap_or_default());
    facts.push("saved", &utc(example.updated_at));
    facts.push_json("inputs", &example.inputs);
    for (name, answer) in &example.answers {
        let json = escape::json(&json_text::compact(answer.as_str()));
        facts.push("answer", &format!("{}={json}", visible(name)));
    }
    if let Some(expected) = &example.expected_outputs {
        facts.push_json("expected", expected);
    }
    facts.into_text()
}
