//! `hero_logic example list`: the saved examples of a workflow, by name.

use hero_sdk::{Logic, logic::OfWorkflow, model::Example};

use crate::cli::{
    args::WorkflowName,
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    facts::moment,
    json_text,
    style::Paint,
    table::Cell,
    tree::shorten,
};

/// Columns of inputs in a list.
const INPUTS_COLUMNS_MAX: usize = 40;

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: WorkflowName) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: WorkflowName,
) -> Result<Exit, Failure> {
    let listed = logic.example_list(OfWorkflow { workflow: arguments.workflow }).await?;
    if listed.examples.is_empty() && !context.out.json {
        context.say("no examples\n");
        return Ok(Exit::Succeeded);
    }
    let rows = listed.examples.iter().map(row).collect();
    context.out.list(&listed, HEADS, rows)?;
    Ok(Exit::Succeeded)
}

/// Above [`row`].
pub(super) const HEADS: [&str; 6] = ["NAME", "INPUTS", "ANSWERS", "EXPECTED", "SAVED (UTC)", "NOTE"];

/// An example in a list.
pub(super) fn row(example: &Example) -> [Cell; 6] {
    let answers = if example.answers.is_empty() { String::new() } else { example.answers.len().to_string() };
    let expected = if example.expected_outputs.is_some() { "yes" } else { "" };
    [
        (Paint::Strong, example.name.clone()),
        (Paint::Plain, shorten(&json_text::compact(example.inputs.as_str()), INPUTS_COLUMNS_MAX)),
        (Paint::Plain, answers),
        (Paint::Plain, expected.to_owned()),
        (Paint::Faint, moment(example.updated_at)),
        (Paint::Plain, example.note.clone().unwrap_or_default()),
    ]
}
