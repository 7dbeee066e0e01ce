//! `hero_logic bench show`: one benchmark in words.

use hero_sdk::Logic;

use crate::cli::{
    args::BenchName,
    bench::report::{Telling, in_full},
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    terminal::stdout_width,
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
    let report = logic.benchmark_fetch(arguments.benchmark_sid.into()).await?;
    if context.out.json {
        context.out.document(&report)?;
    } else {
        let telling = Telling {
            global: &context.global,
            palette: context.out.palette,
            width: stdout_width(),
            wrong_max: usize::MAX,
        };
        let text = in_full(&report, telling);
        context.out.text(&text)?;
    }
    Ok(Exit::Succeeded)
}
