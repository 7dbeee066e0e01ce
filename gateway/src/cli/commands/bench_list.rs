//! `hero_logic bench list`: a table of benchmarks, newest first.

use hero_sdk::{
    Logic,
    logic::{BenchmarkListForVersion, BenchmarkListForWorkflow, Cursor},
    model::Benchmark,
};

use crate::cli::{
    args::{BenchList, Page},
    bench::{
        report::{scoring, status_paint},
        words::{money, percent},
    },
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    facts::moment,
    pages,
    style::Paint,
    table::Cell,
    tree::duration,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: BenchList) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: BenchList,
) -> Result<Exit, Failure> {
    let BenchList { workflow, version, page: Page { limit, cursor } } = arguments;
    let options = pages::typed([
        ("--version", version.as_ref().map(ToString::to_string)),
        ("--limit", pages::limit(Some(limit))),
    ]);
    let again: Vec<String> =
        ["bench".to_owned(), "list".to_owned(), workflow.clone()].into_iter().chain(options).collect();
    let (limit, cursor) = (Some(limit), cursor.map(Cursor));
    let page = match version {
        Some(version) => {
            let of_version = BenchmarkListForVersion { workflow, version, limit, cursor };
            logic.benchmark_list_for_version(of_version).await?
        }
        None => {
            logic.benchmark_list_for_workflow(BenchmarkListForWorkflow { workflow, limit, cursor }).await?
        }
    };
    if context.out.json {
        context.out.document(&page)?;
    } else if page.benchmarks.is_empty() {
        context.say("no benchmarks\n");
    } else {
        let heads = [
            "BENCHMARK",
            "VERSION",
            "STATUS",
            "RUNS",
            "ACCURACY",
            "P95",
            "MEAN COST",
            "SCORING",
            "STARTED (UTC)",
        ];
        context.out.table(heads, page.benchmarks.iter().map(row).collect())?;
        pages::tell_more(context, &again, page.next_cursor);
    }
    Ok(Exit::Succeeded)
}

fn row(benchmark: &Benchmark) -> [Cell; 9] {
    let summary = &benchmark.summary;
    let runs = match (summary.runs, benchmark.total) {
        (runs, total) if runs == total => total.to_string(),
        (runs, total) => format!("{runs}/{total}"),
    };
    [
        (Paint::Plain, benchmark.benchmark_sid.to_string()),
        (Paint::Strong, benchmark.version.to_string()),
        (status_paint(benchmark.status), benchmark.status.as_str().to_owned()),
        (Paint::Plain, runs),
        (Paint::Plain, summary.accuracy.map(|accuracy| percent(accuracy.mean)).unwrap_or_default()),
        (Paint::Plain, summary.latency_p95_ms.map(duration).unwrap_or_default()),
        (Paint::Plain, summary.cost_mean_usd.map(|cost| money(cost.mean)).unwrap_or_default()),
        (Paint::Faint, scoring(&benchmark.scoring)),
        (Paint::Faint, moment(benchmark.created_at)),
    ]
}
