//! `hero_logic workflow show`: one workflow in words.

use hero_sdk::{
    Json, Logic, Members,
    logic::{OfVersion, OfWorkflow, WorkflowStatistics},
    model::{Example, Workflow, WorkflowVersion},
};
use serde::Serialize;

use super::example_list;
use crate::cli::{
    args,
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible,
    evidence::figures,
    facts::{Facts, utc},
    schema::{kind, properties},
    style::{Paint, Palette},
    terminal::stdout_width,
};

/// Does the command.
pub(crate) async fn command(
    context: &mut Context,
    arguments: args::WorkflowVersion,
) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: args::WorkflowVersion,
) -> Result<Exit, Failure> {
    let args::WorkflowVersion { workflow, version } = arguments;
    let of_workflow = OfWorkflow { workflow: workflow.clone() };
    let shown = Document {
        workflow: logic.workflow_get(of_workflow.clone()).await?,
        version: logic.workflow_version_fetch(OfVersion { workflow, version }).await?,
        examples: logic.example_list(of_workflow.clone()).await?.examples,
        statistics: logic.workflow_statistics(of_workflow).await?,
    };
    if context.out.json {
        context.out.document(&shown)?;
    } else {
        context.out.text(&summary(shown, context.out.palette, stdout_width()))?;
    }
    Ok(Exit::Succeeded)
}

#[derive(Serialize)]
struct Document {
    workflow: Workflow,
    version: WorkflowVersion,
    examples: Vec<Example>,
    statistics: WorkflowStatistics,
}

/// The workflow in words.
fn summary(shown: Document, palette: Palette, width: Option<usize>) -> String {
    let Document { workflow, version, examples, statistics } = shown;
    let mut facts = Facts::new(palette);
    let archived = if workflow.archived { " (archived)" } else { "" };
    let number = version.version.unwrap_or_default();
    let current = match workflow.current_version {
        current if current == number => "the current one".to_owned(),
        current => format!("the current one is {current}"),
    };
    facts.push("workflow", &format!("{}{archived}", palette.paint(Paint::Strong, &visible(&workflow.name))));
    facts.push("id", workflow.workflow_sid.as_str());
    facts.push_visible("about", &workflow.description);
    facts.push_visible("tags", &workflow.tags.join(" "));
    facts.push("created", &utc(workflow.created_at));
    facts.push("version", &format!("{number}, {current}, saved {}", utc(version.created_at)));
    facts.push_visible("note", version.note.as_deref().unwrap_or_default());
    facts.push("entry", &format!("{} in {}", visible(&version.entry), visible(&version.file_name)));
    if version.options.to::<Members>().is_ok_and(|options| !options.0.is_empty()) {
        facts.push_json("options", &version.options);
    }
    push_statistics(&mut facts, &statistics, number);
    push_inputs(&mut facts, &version.inputs, width);
    push_outputs(&mut facts, &version.outputs, width);
    if examples.is_empty() {
        facts.push("examples", "none");
    }
    let rows = examples.iter().map(example_list::row).collect();
    facts.push_table("examples", example_list::HEADS, rows, width);
    facts.into_text()
}

/// How the version has fared, and all of them together where there are others that ran.
fn push_statistics(facts: &mut Facts, statistics: &WorkflowStatistics, number: u32) {
    let WorkflowStatistics { workflow, versions } = statistics;
    let of_version = versions.iter().find(|version| version.version == number);
    let of_version = of_version.map(|version| version.statistics.clone()).unwrap_or_default();
    facts.push("fared", &figures(&of_version));
    facts.push("last run", &of_version.last_run_at.map(utc).unwrap_or_default());
    if workflow.runs > of_version.runs {
        facts.push("in all", &figures(workflow));
    }
}

fn push_inputs(facts: &mut Facts, schema: &Json, width: Option<usize>) {
    let rows: Vec<_> = properties(schema).into_iter().map(|property| property.row()).collect();
    if rows.is_empty() {
        facts.push("inputs", "none");
    }
    facts.push_table("inputs", ["NAME", "TYPE", "DEFAULT", "DESCRIPTION"], rows, width);
}

fn push_outputs(facts: &mut Facts, schema: &Json, width: Option<usize>) {
    let row = |[name, kind, _, description]: [_; 4]| [name, kind, description];
    let rows: Vec<_> = properties(schema).into_iter().map(|property| row(property.row())).collect();
    if rows.is_empty() {
        facts.push_visible("outputs", &kind(schema));
    }
    facts.push_table("outputs", ["NAME", "TYPE", "DESCRIPTION"], rows, width);
}
