//! A benchmark that has ended, in words: what each example came to, what all of them did, and what was not right.

use std::fmt::Write as _;

use hero_sdk::{
    logic::BenchmarkReport,
    model::{Benchmark, BenchmarkStatus, BenchmarkSummary, Measurement, Scoring},
};

use super::{
    tally::{Tally, is_right, tallies},
    words::{money, percent, share_with_interval},
};
use crate::cli::{
    args::Global,
    errors::Exit,
    escape::visible,
    facts::{Facts, INDENT, utc},
    report::command,
    style::{Paint, Palette},
    table::{Cell, shorten_first},
    tree::{duration, shorten},
};

/// Columns of what is said of a run that was not right.
const WHY_COLUMNS_MAX: usize = 400;
/// Digits of a digest that tell it from others.
const DIGEST_DIGITS: usize = 12;

/// How a report is told.
#[derive(Clone, Copy)]
pub(crate) struct Telling<'a> {
    /// Options of all commands, for commands that are told.
    pub(crate) global: &'a Global,
    /// Colours.
    pub(crate) palette: Palette,
    /// Of the terminal, where it is one.
    pub(crate) width: Option<usize>,
    /// Runs that were not right and are told one by one.
    pub(crate) wrong_max: usize,
}

/// What a benchmark came to.
pub(crate) fn summary(report: &BenchmarkReport, telling: Telling<'_>) -> String {
    let Telling { palette, .. } = telling;
    let mut facts = Facts::new(palette);
    push_name(&mut facts, &report.benchmark, palette);
    push_result(&mut facts, report, telling);
    facts.into_text() + &not_right(report, telling)
}

/// The same with all that is known of how it was measured.
pub(crate) fn in_full(report: &BenchmarkReport, telling: Telling<'_>) -> String {
    let BenchmarkReport { benchmark, .. } = report;
    let mut facts = Facts::new(telling.palette);
    push_name(&mut facts, benchmark, telling.palette);
    facts.push("status", &telling.palette.paint(status_paint(benchmark.status), benchmark.status.as_str()));
    facts.push("started", &utc(benchmark.created_at));
    facts.push("ended", &benchmark.ended_at.map(utc).unwrap_or_default());
    facts.push_visible("scoring", &scoring(&benchmark.scoring));
    let Benchmark { repeats, concurrency, timeout_ms, .. } = benchmark;
    #[expect(clippy::cast_precision_loss, reason = "it is told to a tenth of a second")]
    let timeout = duration(*timeout_ms as f64);
    let times = if *repeats == 1 { "once".to_owned() } else { format!("{repeats} times") };
    facts.push("runs", &format!("each example {times}, {concurrency} at once, each within {timeout}"));
    facts.push("examples", &benchmark.examples_digest.chars().take(DIGEST_DIGITS).collect::<String>());
    push_result(&mut facts, report, telling);
    facts.into_text() + &not_right(report, telling)
}

/// How accuracy was found.
pub(crate) fn scoring(scoring: &Scoring) -> String {
    let Scoring { mode, tolerance, evaluator, evaluator_timeout_ms: _ } = scoring;
    let tolerance = tolerance.map(|tolerance| format!(", to within {tolerance}")).unwrap_or_default();
    let evaluator = evaluator.as_ref().map(|evaluator| format!(" {evaluator}")).unwrap_or_default();
    format!("{}{tolerance}{evaluator}", mode.as_str())
}

/// How a status looks.
pub(crate) fn status_paint(status: BenchmarkStatus) -> Paint {
    match status {
        BenchmarkStatus::Running => Paint::Active,
        BenchmarkStatus::Completed => Paint::Good,
        BenchmarkStatus::Cancelled => Paint::Faint,
        BenchmarkStatus::Failed => Paint::Bad,
    }
}

/// What a command ends with that ran it.
pub(crate) fn exit(benchmark: &Benchmark) -> Exit {
    match benchmark.status {
        BenchmarkStatus::Completed if benchmark.summary.succeeded > 0 => Exit::Succeeded,
        BenchmarkStatus::Completed | BenchmarkStatus::Failed => Exit::Failed,
        BenchmarkStatus::Cancelled => Exit::Cancelled,
        BenchmarkStatus::Running => Exit::Waiting,
    }
}

fn push_name(facts: &mut Facts, benchmark: &Benchmark, palette: Palette) {
    let Benchmark { benchmark_sid, workflow, version, .. } = benchmark;
    let name = palette.paint(Paint::Strong, &visible(workflow));
    facts.push("benchmark", &format!("{name} version {version}  {benchmark_sid}"));
    facts.push_visible("why", benchmark.reason.as_deref().unwrap_or_default());
}

fn push_result(facts: &mut Facts, report: &BenchmarkReport, telling: Telling<'_>) {
    let BenchmarkReport { benchmark, .. } = report;
    let summary = &benchmark.summary;
    let mut rows: Vec<[Cell; 7]> = tallies(report).iter().map(row).collect();
    rows.push(row_of_all(benchmark));
    let heads = ["EXAMPLE", "RUNS", "SUCCESS", "ACCURACY", "P50", "P95", "MEAN COST"];
    if let Some(width) = telling.width {
        shorten_first(&heads, &mut rows, width.saturating_sub(INDENT));
    }
    facts.push_table("measured", heads, rows, telling.width);
    facts.push("success", &summary.success_rate.map(share_with_interval).unwrap_or_default());
    facts.push("accuracy", &accuracy(summary));
    if let Some(cost) = summary.cost_mean_usd.filter(|cost| cost.mean > 0.0) {
        let (mean, low, high) = (money(cost.mean), money(cost.low), money(cost.high));
        facts.push("cost", &format!("{mean} a run ({low} to {high}), {} together", money(summary.cost_usd)));
    }
    if summary.tokens_in > 0 || summary.tokens_out > 0 {
        facts.push("tokens", &format!("{} in, {} out", summary.tokens_in, summary.tokens_out));
    }
}

fn accuracy(summary: &BenchmarkSummary) -> String {
    let unscored = match summary.unscored {
        0 => String::new(),
        many => format!("; {many} of {} runs were not judged", summary.runs),
    };
    match summary.accuracy {
        Some(accuracy) => format!("{}{unscored}", share_with_interval(accuracy)),
        None if summary.unscored > 0 => format!("unknown{unscored}"),
        None if summary.runs > 0 => "unknown: no example says what is expected".to_owned(),
        None => String::new(),
    }
}

fn row(tally: &Tally) -> [Cell; 7] {
    let bad_unless = |share: Option<f64>| match share {
        Some(share) if share < 1.0 => Paint::Bad,
        _ => Paint::Plain,
    };
    let (success, accuracy) = (tally.success_rate(), tally.accuracy());
    [
        (Paint::Strong, tally.name.clone()),
        (Paint::Plain, runs(tally.runs, tally.total)),
        (bad_unless(success), success.map(percent).unwrap_or_default()),
        (bad_unless(accuracy), accuracy.map(percent).unwrap_or_default()),
        (Paint::Plain, tally.latency_ms(0.5).map(duration).unwrap_or_default()),
        (Paint::Plain, tally.latency_ms(0.95).map(duration).unwrap_or_default()),
        (Paint::Plain, tally.cost_mean_usd().map(money).unwrap_or_default()),
    ]
}

fn row_of_all(benchmark: &Benchmark) -> [Cell; 7] {
    let summary = &benchmark.summary;
    let cells = [
        "(all)".to_owned(),
        runs(summary.runs, benchmark.total),
        summary.success_rate.map(|rate| percent(rate.mean)).unwrap_or_default(),
        summary.accuracy.map(|accuracy| percent(accuracy.mean)).unwrap_or_default(),
        summary.latency_p50_ms.map(duration).unwrap_or_default(),
        summary.latency_p95_ms.map(duration).unwrap_or_default(),
        summary.cost_mean_usd.map(|cost| money(cost.mean)).unwrap_or_default(),
    ];
    cells.map(|text| (Paint::Plain, text))
}

/// How many runs; where some are missing, of how many.
fn runs(runs: u32, total: u32) -> String {
    if runs == total { runs.to_string() } else { format!("{runs}/{total}") }
}

/// Each run that was not right, with the command that shows its play.
fn not_right(report: &BenchmarkReport, telling: Telling<'_>) -> String {
    let Telling { global, palette, wrong_max, .. } = telling;
    let wrong: Vec<(&Measurement, String)> =
        report.measurements.iter().filter_map(|run| Some((run, why(run)?))).collect();
    let mut shown = String::new();
    for (run, why) in wrong.iter().take(wrong_max) {
        let mark = if run.unscored.is_some() {
            palette.paint(Paint::Attention, "?")
        } else {
            palette.paint(Paint::Bad, "✗")
        };
        let place = visible(&format!("{}, run {}", run.example, run.repeat));
        let why = shorten(why, WHY_COLUMNS_MAX);
        let written = writeln!(shown, "{mark} {}: {why}", palette.paint(Paint::Strong, &place));
        written.expect("writing to a String does not fail");
        if let Some(play_sid) = &run.play_sid {
            let show = command(global, &["play", "show", play_sid.as_str()]);
            writeln!(shown, "  {show}").expect("writing to a String does not fail");
        }
    }
    if let Some(more) = wrong.len().checked_sub(wrong_max).filter(|more| *more > 0) {
        let show = command(global, &["bench", "show", report.benchmark.benchmark_sid.as_str()]);
        writeln!(shown, "… and {more} more: {show}").expect("writing to a String does not fail");
    }
    shown
}

/// What was not right with a run; none where nothing was.
fn why(run: &Measurement) -> Option<String> {
    if !run.succeeded {
        return Some(format!("failed: {}", run.error.as_deref().unwrap_or("unknown")));
    }
    if let Some(unscored) = &run.unscored {
        return Some(format!("not judged: {unscored}"));
    }
    let score = run.accuracy.filter(|score| !is_right(*score))?;
    let score = if score > 0.0 { format!("{} right", percent(score)) } else { "wrong".to_owned() };
    Some(match &run.verdict {
        Some(verdict) => format!("{score}: {verdict}"),
        None => score,
    })
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;
    use crate::cli::bench::testing::{failed, report, right, unscored, wrong};

    #[test]
    fn a_report_tells_what_was_measured_and_what_was_not_right() {
        let global = Global::default();
        let telling = Telling { global: &global, palette: Palette::Text, width: Some(80), wrong_max: 2 };
        let runs = [right(0, 10.0), right(1, 12.0), wrong(2, 30.0), failed(3), unscored(4), right(5, 5.0)];
        let measured = report(&["graz", "linz", "日本\u{202e}"], 2, &runs);
        let every = Telling { wrong_max: usize::MAX, ..telling };
        let told = format!("{}\n{}", summary(&measured, telling), in_full(&measured, every));
        insta::assert_snapshot!("report", told);

        let cut = report(&["graz", "linz"], 2, &[right(0, 10.0)]);
        let none = report(&["graz"], 1, &[failed(0)]);
        insta::assert_snapshot!("report_cut", summary(&cut, telling) + "\n" + &summary(&none, telling));
        assert_eq!([exit(&cut.benchmark), exit(&none.benchmark)], [Exit::Waiting, Exit::Failed]);
    }

    #[test]
    fn a_long_name_leaves_the_figures_to_be_seen() {
        let global = Global::default();
        let names = ["a name ".repeat(14), "日本".repeat(25), "graz".to_owned()];
        let names = names.each_ref().map(String::as_str);
        let measured = report(&names, 1, &[right(0, 10.0), right(1, 12.0), failed(2)]);
        for (width, seen) in [(60, "100 %     10 ms"), (80, "100 %     10 ms  10 ms  $0.0010")] {
            let telling =
                Telling { global: &global, palette: Palette::Text, width: Some(width), wrong_max: 0 };
            let told = summary(&measured, telling);
            let rows: Vec<&str> = told.lines().skip(2).take(5).collect();
            assert!(rows.iter().all(|row| row.width() <= width), "{told}");
            assert!(rows[1].contains(seen) && rows[4].starts_with("  (all) "), "{told}");
        }
        let wide = Telling { global: &global, palette: Palette::Text, width: Some(160), wrong_max: 0 };
        assert!(summary(&measured, wide).contains(names[0].trim_end()), "it is whole where there is room");
    }
}
