//! Benchmarks beside each other: better and worse by sign and colour, and how sure that is.

use hero_sdk::{
    logic::{BenchmarkComparison, Difference},
    model::Benchmark,
};

use super::words::{Measure, Verdict, money, percent};
use crate::cli::{
    facts::Facts,
    style::{Paint, Palette},
    table::{Cell, table},
    tree::{Line, duration},
};

/// A measure of two benchmarks: how it is called, what it is, how an amount is told.
type Compared<'a> = (&'static str, Measure, fn(f64) -> String, Option<&'a Difference>);

/// Above [`difference_row`].
const HEADS: [&str; 5] = ["MEASURE", "VALUES", "CHANGE", "HOW SURE", "95 % INTERVAL"];

/// Lines that hold benchmarks against the first of them; nothing where there is nothing to compare.
pub(crate) fn text(comparisons: &[BenchmarkComparison], palette: Palette, width: Option<usize>) -> String {
    let Some(first) = comparisons.first() else { return String::new() };
    let mut rows = vec![cells(&first.baseline, None)];
    rows.extend(comparisons.iter().map(|comparison| cells(&comparison.candidate, Some(comparison))));
    let heads = ["VERSION", "ACCURACY", "SUCCESS", "P50", "P95", "MEAN COST", "TOKENS/RUN"];
    let fitted = |line: Line| line.fit(width.unwrap_or(usize::MAX)).to_text(palette) + "\n";
    let mut shown: String = table(heads, rows).into_iter().map(fitted).collect();
    for comparison in comparisons {
        shown.push_str(&against_baseline(comparison, palette, width));
    }
    shown
}

/// How one stands to the baseline: each measure, from what to what, and how sure it is.
fn against_baseline(comparison: &BenchmarkComparison, palette: Palette, width: Option<usize>) -> String {
    let BenchmarkComparison { baseline, candidate, examples, .. } = comparison;
    let measures: [Compared<'_>; 4] = [
        ("accuracy", Measure::Share, percent, comparison.accuracy.as_ref()),
        ("success", Measure::Share, percent, comparison.success_rate.as_ref()),
        ("latency", Measure::Amount, duration, comparison.latency.as_ref()),
        ("cost", Measure::Amount, money, comparison.cost.as_ref()),
    ];
    let can_vary = can_vary(comparison);
    let rows: Vec<[Cell; 5]> = measures
        .into_iter()
        .filter_map(|(name, measure, told, difference)| {
            Some(difference_row(name, measure, told, difference?, can_vary))
        })
        .collect();
    let examples = if *examples == 1 { "1 example".to_owned() } else { format!("{examples} examples") };
    let mut facts = Facts::new(palette);
    let (one, other) = (candidate.version, baseline.version);
    let word = format!("version {one} against version {other}, over {examples}");
    facts.push_table(&word, HEADS, rows, width);
    facts.into_text()
}

/// Whether there are enough runs to know how much they vary.
pub(crate) fn can_vary(comparison: &BenchmarkComparison) -> bool {
    let BenchmarkComparison { baseline, candidate, examples, .. } = comparison;
    *examples > 1 || (baseline.repeats > 1 && candidate.repeats > 1)
}

/// A measure: its sign and name, from what to what, by how much, how sure that is, and by how much it may be.
fn difference_row(
    name: &str,
    measure: Measure,
    told: fn(f64) -> String,
    difference: &Difference,
    can_vary: bool,
) -> [Cell; 5] {
    let Verdict { sign, paint, words } = Verdict::of(measure, difference, can_vary);
    let Difference { baseline, candidate, change, low, high, .. } = *difference;
    let has_interval = can_vary && change != 0.0 && high < f64::MAX && low < high;
    let interval = format!("{} to {}", measure.signed(low), measure.signed(high));
    let interval = if has_interval { interval } else { String::new() };
    let words = if measure.is_better(change).is_none() { String::new() } else { words };
    [
        (paint, format!("{sign} {name}")),
        (Paint::Plain, format!("{} → {}", told(baseline), told(candidate))),
        (paint, measure.change(change)),
        (Paint::Plain, words),
        (Paint::Faint, interval),
    ]
}

/// A benchmark's own figures; beside each that of a candidate is better or worse than the baseline's.
fn cells(benchmark: &Benchmark, comparison: Option<&BenchmarkComparison>) -> [Cell; 7] {
    let summary = &benchmark.summary;
    let before = comparison.map(|comparison| &comparison.baseline.summary);
    let can_vary = comparison.is_some_and(can_vary);
    // Of those that have an interval it is known how sure they are.
    let sure = |measure: Measure, difference: Option<&Difference>| {
        difference.map(|difference| Verdict::of(measure, difference, can_vary))
    };
    let unsure = |value: Option<f64>, before: Option<f64>| {
        let (value, before) = (value?, before?);
        let change = if before > 0.0 { value / before - 1.0 } else { value };
        Some(Verdict::of_change(Measure::Amount, change))
    };
    let tokens = |benchmark: &Benchmark| {
        let summary = &benchmark.summary;
        #[expect(clippy::cast_precision_loss, reason = "a mean is told to a tenth")]
        let all = (summary.tokens_in + summary.tokens_out) as f64;
        (summary.runs > 0).then(|| all / f64::from(summary.runs))
    };
    let per_run = tokens(benchmark).filter(|tokens| *tokens > 0.0);
    [
        (Paint::Strong, benchmark.version.to_string()),
        cell(
            summary.accuracy.map(|accuracy| percent(accuracy.mean)),
            sure(Measure::Share, comparison.and_then(|comparison| comparison.accuracy.as_ref())),
        ),
        cell(
            summary.success_rate.map(|rate| percent(rate.mean)),
            sure(Measure::Share, comparison.and_then(|comparison| comparison.success_rate.as_ref())),
        ),
        cell(
            summary.latency_p50_ms.map(duration),
            unsure(summary.latency_p50_ms, before.and_then(|before| before.latency_p50_ms)),
        ),
        cell(
            summary.latency_p95_ms.map(duration),
            unsure(summary.latency_p95_ms, before.and_then(|before| before.latency_p95_ms)),
        ),
        cell(
            summary.cost_mean_usd.map(|cost| money(cost.mean)),
            sure(Measure::Amount, comparison.and_then(|comparison| comparison.cost.as_ref())),
        ),
        cell(
            per_run.map(|tokens| format!("{tokens:.0}")),
            unsure(tokens(benchmark), comparison.and_then(|comparison| tokens(&comparison.baseline))),
        ),
    ]
}

fn cell(value: Option<String>, verdict: Option<Verdict>) -> Cell {
    match (value, verdict) {
        (Some(value), Some(Verdict { sign, paint, .. })) => (paint, format!("{value} {sign}")),
        (value, None) => (Paint::Plain, value.unwrap_or_default()),
        (None, Some(_)) => (Paint::Plain, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::testing::{report, right, wrong};

    fn difference(baseline: f64, candidate: f64, change: f64, confidence: f64) -> Difference {
        Difference { baseline, candidate, change, low: change - 0.1, high: change + 0.1, confidence }
    }

    fn comparison(version: u32) -> BenchmarkComparison {
        let names = ["graz", "linz"];
        let baseline = report(&names, 1, &[right(0, 10.0), wrong(1, 10.0)]).benchmark;
        let mut candidate = report(&names, 1, &[right(0, 10.0), right(1, 10.0)]).benchmark;
        candidate.version = version;
        candidate.summary.latency_p95_ms = Some(15.0);
        candidate.summary.tokens_out = 40;
        BenchmarkComparison {
            baseline,
            candidate,
            examples: 2,
            accuracy: Some(difference(0.5, 1.0, 0.5, 0.97)),
            success_rate: Some(Difference { low: 0.0, high: 0.0, ..difference(1.0, 1.0, 0.0, 1.0) }),
            cost: Some(difference(0.001, 0.002, 1.0, 0.01)),
            latency: Some(difference(20.0, 19.0, -0.05, 0.6)),
        }
    }

    #[test]
    fn better_and_worse_are_told_without_colour() {
        let text = text(&[comparison(3), comparison(4)], Palette::Text, Some(80));
        assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 80), "{text}");
        insta::assert_snapshot!("differences", text);
    }

    #[test]
    fn colour_says_the_same_and_chance_has_none() {
        let text = text(&[comparison(3)], Palette::Colour, None);
        for painted in
            ["\u{1b}[32m100 % +\u{1b}[0m", "\u{1b}[1;31m$0.0010 -\u{1b}[0m", "\u{1b}[32m+ accuracy\u{1b}[0m"]
        {
            assert!(text.contains(painted), "{painted:?} in {text:?}");
        }
        assert!(text.contains("  + latency"), "{text:?}");
    }

    #[test]
    fn of_one_run_nothing_is_sure() {
        let mut alone = comparison(3);
        alone.examples = 1;
        let text = text(&[alone], Palette::Text, None);
        assert!(text.contains("not worse, of too few runs to be sure\n"), "{text}");
    }
}
