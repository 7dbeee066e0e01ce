//! `hero_logic workflow versions`: the versions of a workflow, oldest first.

use hero_sdk::{
    Logic,
    logic::{OfWorkflow, Versions, WorkflowStatistics},
    model::{Statistics, WorkflowVersion},
};
use serde::Serialize;

use crate::cli::{
    args::WorkflowName,
    bench::words::percent,
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    facts::moment,
    style::Paint,
    table::Cell,
    tree::duration,
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
    let Versions { versions } = logic.workflow_version_list(of.clone()).await?;
    let listed = Document { versions, statistics: logic.workflow_statistics(of).await? };
    let statistics = |version: &WorkflowVersion| {
        let known = listed.statistics.versions.iter().find(|known| Some(known.version) == version.version);
        known.map(|known| known.statistics.clone()).unwrap_or_default()
    };
    let rows = listed.versions.iter().map(|version| row(version, current, &statistics(version))).collect();
    let heads = ["VERSION", "CREATED (UTC)", "RUNS", "SUCCESS", "P50", "ENTRY", "FILE", "DIGEST", "NOTE"];
    context.out.list(&listed, heads, rows)?;
    Ok(Exit::Succeeded)
}

/// The versions, and how each has fared as `workflow show` has it.
#[derive(Serialize)]
struct Document {
    versions: Vec<WorkflowVersion>,
    statistics: WorkflowStatistics,
}

fn row(version: &WorkflowVersion, current: u32, statistics: &Statistics) -> [Cell; 9] {
    let number = version.version.unwrap_or_default();
    let (paint, mark) = if number == current { (Paint::Good, " (current)") } else { (Paint::Plain, "") };
    [
        (paint, format!("{number}{mark}")),
        (Paint::Plain, moment(version.created_at)),
        (Paint::Plain, statistics.runs.to_string()),
        (Paint::Plain, statistics.success_rate.map(percent).unwrap_or_default()),
        (Paint::Plain, statistics.latency_p50_ms.map(duration).unwrap_or_default()),
        (Paint::Plain, version.entry.clone()),
        (Paint::Plain, version.file_name.clone()),
        (Paint::Faint, version.digest.chars().take(DIGEST_DIGITS).collect()),
        (Paint::Plain, version.note.clone().unwrap_or_default()),
    ]
}
