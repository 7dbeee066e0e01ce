//! `hero_logic bench follow`: watches a benchmark that somebody else has started, until it ends.

use hero_sdk::Logic;

use super::bench_run::{WRONG_MAX, tell};
use crate::cli::{
    args::BenchName,
    bench::{
        report::exit,
        watch::{Watched, watch},
    },
    context::Context,
    drive::OnSignal,
    embedded::Purpose,
    errors::{Exit, Failure},
    report::command as command_text,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: BenchName) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Watch, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: BenchName,
) -> Result<Exit, Failure> {
    let BenchName { benchmark_sid } = arguments;
    let benchmark = logic.benchmark_fetch(benchmark_sid.clone().into()).await?.benchmark;
    let Watched::Ended(report) = watch(context, logic, benchmark, OnSignal::Leave).await? else {
        let again = command_text(&context.global, &["bench", "follow", benchmark_sid.as_str()]);
        context.say(&format!("to go on: {again}\n"));
        return Ok(Exit::Killed);
    };
    if context.out.json {
        context.out.document(&report)?;
    } else {
        tell(context, &report, WRONG_MAX)?;
    }
    Ok(exit(&report.benchmark))
}
