//! `hero_logic bench cancel`: ends a benchmark.

use hero_sdk::Logic;

use crate::cli::{
    args::BenchName,
    bench::report::status_paint,
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: BenchName) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: BenchName,
) -> Result<Exit, Failure> {
    let benchmark = logic.benchmark_cancel(arguments.benchmark_sid.into()).await?;
    if context.out.json {
        context.out.document(&benchmark)?;
    } else {
        let word = context.palette.paint(status_paint(benchmark.status), benchmark.status.as_str());
        let (runs, total) = (benchmark.summary.runs, benchmark.total);
        context.say(&format!("{} {word}, {runs} of {total} runs are measured\n", benchmark.benchmark_sid));
    }
    Ok(Exit::Succeeded)
}
