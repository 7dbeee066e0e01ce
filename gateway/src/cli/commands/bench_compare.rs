//! `hero_logic bench compare`: benchmarks of versions, side by side.

use hero_sdk::{
    BenchmarkSid, Error, Logic,
    logic::{self as params, BenchmarkComparison, OfVersion},
};
use serde::Serialize;

use crate::cli::{
    args::{BenchCompare, Side},
    bench::differences::text,
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    terminal::stdout_width,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: BenchCompare) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: BenchCompare,
) -> Result<Exit, Failure> {
    let BenchCompare { workflow, sides } = arguments;
    let mut benchmarks = Vec::new();
    for side in sides {
        benchmarks.push(benchmark_of(logic, &workflow, side).await?);
    }
    let mut benchmarks = benchmarks.into_iter();
    let baseline = benchmarks.next();
    let mut comparisons = Vec::new();
    for (baseline, candidate) in benchmarks.filter_map(|candidate| Some((baseline.clone()?, candidate))) {
        comparisons.push(logic.benchmark_compare(params::BenchmarkCompare { baseline, candidate }).await?);
    }
    if context.out.json {
        context.out.document(&Document { comparisons: &comparisons })?;
    } else {
        context.out.text(&text(&comparisons, context.out.palette, stdout_width()))?;
    }
    Ok(Exit::Succeeded)
}

#[derive(Serialize)]
struct Document<'a> {
    comparisons: &'a [BenchmarkComparison],
}

async fn benchmark_of(logic: &dyn Logic, workflow: &str, side: Side) -> Result<BenchmarkSid, Error> {
    match side {
        Side::Benchmark(benchmark_sid) => Ok(benchmark_sid),
        Side::Version(version) => {
            let of = OfVersion { workflow: workflow.to_owned(), version };
            Ok(logic.benchmark_latest_for_version(of).await?.benchmark_sid)
        }
    }
}
