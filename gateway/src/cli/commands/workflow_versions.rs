//! `hero_logic workflow versions`: the versions of a workflow, oldest first.

use hero_sdk::{Logic, logic::OfWorkflow, model::WorkflowVersion};

use crate::cli::{
    args::WorkflowName,
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    facts::moment,
    style::Paint,
    table::Cell,
};

/// Digits of a digest that tell it from others, as other tools show.
const DIGEST_DIGITS: usize = 12;

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
    let of = OfWorkflow { workflow: arguments.workflow };
    let current = logic.workflow_get(of.clone()).await?.current_version;
    let listed = logic.workflow_version_list(of).await?;
    let rows = listed.versions.iter().map(|version| row(version, current)).collect();
    context.out.list(&listed, ["VERSION", "CREATED (UTC)", "ENTRY", "FILE", "DIGEST", "NOTE"], rows)?;
    Ok(Exit::Succeeded)
}

fn row(version: &WorkflowVersion, current: u32) -> [Cell; 6] {
    let number = version.version.unwrap_or_default();
    let (paint, mark) = if number == current { (Paint::Good, " (current)") } else { (Paint::Plain, "") };
    [
        (paint, format!("{number}{mark}")),
        (Paint::Plain, moment(version.created_at)),
        (Paint::Plain, version.entry.clone()),
        (Paint::Plain, version.file_name.clone()),
        (Paint::Faint, version.digest.chars().take(DIGEST_DIGITS).collect()),
        (Paint::Plain, version.note.clone().unwrap_or_default()),
    ]
}
