//! `hero_logic bench run`: runs versions over the examples of their workflow, and tells what that came to.

use hero_sdk::{
    Logic,
    logic::{BenchmarkCompare, BenchmarkComparison, BenchmarkReport, BenchmarkRun, OfVersion},
    model::BenchmarkStatus,
};
use serde::Serialize;

use crate::cli::{
    args::BenchRun,
    bench::{
        differences,
        report::{Telling, exit, summary},
        watch::measure,
    },
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    terminal::stdout_width,
};

/// Runs that were not right and are told one by one.
pub(super) const WRONG_MAX: usize = 5;

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: BenchRun) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Run, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: BenchRun,
) -> Result<Exit, Failure> {
    let BenchRun { workflow, versions, examples, how } = arguments;
    let examples = (!examples.is_empty()).then_some(examples);
    let wanted = BenchmarkRun { examples, ..how.of(&workflow) };
    // One that is not there is told before others have run.
    for version in versions.iter().skip(1) {
        let of = OfVersion { workflow: workflow.clone(), version: version.clone() };
        logic.workflow_version_fetch(of).await?;
    }
    let versions = if versions.is_empty() { vec![wanted.version.clone()] } else { versions };
    let is_alone = versions.len() == 1;
    let mut reports = Vec::new();
    for version in versions {
        let report = measure(context, logic, BenchmarkRun { version, ..wanted.clone() }).await?;
        if !context.out.json {
            tell(context, &report, WRONG_MAX)?;
        }
        let is_completed = report.benchmark.status == BenchmarkStatus::Completed;
        reports.push(report);
        if !is_completed {
            break;
        }
    }
    let comparisons = compared(logic, &reports).await?;
    match (context.out.json, reports.first()) {
        (true, Some(report)) if is_alone => context.out.document(report)?,
        (true, _) => context.out.document(&Document { reports: &reports, comparisons: &comparisons })?,
        (false, _) => {
            context.out.text(&differences::text(&comparisons, context.out.palette, stdout_width()))?
        }
    }
    let exits = reports.iter().map(|report| exit(&report.benchmark));
    Ok(exits.max_by_key(|exit| *exit as u8).unwrap_or(Exit::Succeeded))
}

#[derive(Serialize)]
struct Document<'a> {
    reports: &'a [BenchmarkReport],
    comparisons: &'a [BenchmarkComparison],
}

/// Tells on standard output what a benchmark came to.
pub(super) fn tell(context: &mut Context, report: &BenchmarkReport, wrong_max: usize) -> Result<(), Failure> {
    let telling =
        Telling { global: &context.global, palette: context.out.palette, width: stdout_width(), wrong_max };
    let text = summary(report, telling);
    context.out.text(&text)
}

/// All that were completed against the first.
async fn compared(
    logic: &dyn Logic,
    reports: &[BenchmarkReport],
) -> Result<Vec<BenchmarkComparison>, Failure> {
    let mut completed = reports
        .iter()
        .map(|report| &report.benchmark)
        .filter(|benchmark| benchmark.status == BenchmarkStatus::Completed)
        .map(|benchmark| &benchmark.benchmark_sid);
    let Some(baseline) = completed.next() else { return Ok(Vec::new()) };
    let mut comparisons = Vec::new();
    for candidate in completed {
        let both = BenchmarkCompare { baseline: baseline.clone(), candidate: candidate.clone() };
        comparisons.push(logic.benchmark_compare(both).await?);
    }
    Ok(comparisons)
}
