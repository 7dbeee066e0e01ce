//! A benchmark while it runs, as lines of text: a line for each example. Pure: a report in, lines out.

use hero_sdk::{logic::BenchmarkReport, model::BenchmarkStatus};
use unicode_width::UnicodeWidthStr;

use super::tally::{Tally, tallies};
use crate::cli::{
    plain::PlainLines,
    style::Paint,
    tree::{Line, Moment, cost, duration, shorten, spinner},
};

/// Columns before the name of an example: its icon and a space.
const ICON_COLUMNS: usize = 2;

/// A line for each example, in `height` lines; of those that do not fit, how many there are.
pub(super) fn lines(report: &BenchmarkReport, width: usize, height: usize, moment: Moment) -> Vec<Line> {
    let tallies = tallies(report);
    let is_over = report.benchmark.status.is_terminal();
    let (shown, hidden) = chosen(&tallies, height);
    let names = Columns::of(&shown, width);
    let to_line = |tally: &&Tally| {
        let mut line = Line::default();
        let (icon, paint) = icon(tally, is_over, moment);
        line.push(paint, icon);
        line.push(Paint::Plain, " ");
        names.push(&mut line, tally);
        line
    };
    let mut lines: Vec<Line> = shown.iter().map(to_line).collect();
    if hidden > 0 && height > 0 {
        let mut line = Line::default();
        line.push(Paint::Faint, &format!("… and {hidden} more examples"));
        lines.push(line);
    }
    lines.into_iter().map(|line| line.fit(width)).collect()
}

/// The examples that are shown, in their order, and how many are not: first those that run, then those that were not right,
/// then those that are to come.
fn chosen(tallies: &[Tally], height: usize) -> (Vec<&Tally>, usize) {
    if tallies.len() <= height {
        return (tallies.iter().collect(), 0);
    }
    let rank = |tally: &Tally| match tally {
        _ if tally.running > 0 => 0,
        _ if tally.has_flaws() => 1,
        _ if tally.runs == 0 => 2,
        _ => 3,
    };
    let mut ranked: Vec<(usize, &Tally)> = tallies.iter().enumerate().collect();
    ranked.sort_by_key(|(place, tally)| (rank(tally), *place));
    ranked.truncate(height.saturating_sub(1));
    ranked.sort_by_key(|(place, _)| *place);
    let hidden = tallies.len() - ranked.len();
    (ranked.into_iter().map(|(_, tally)| tally).collect(), hidden)
}

fn icon(tally: &Tally, is_over: bool, moment: Moment) -> (&'static str, Paint) {
    match tally {
        _ if tally.runs == tally.total && tally.failed() + tally.wrong > 0 => ("✗", Paint::Bad),
        _ if tally.runs == tally.total && tally.unscored > 0 => ("?", Paint::Attention),
        _ if tally.runs == tally.total && tally.partly > 0 => ("~", Paint::Attention),
        _ if tally.runs == tally.total => ("✓", Paint::Good),
        _ if is_over => ("⊘", Paint::Faint),
        _ if tally.running > 0 => (spinner(moment), Paint::Active),
        _ => ("·", Paint::Faint),
    }
}

/// How wide names and counts are, so that they stand beneath each other.
struct Columns {
    name: usize,
    count: usize,
}

impl Columns {
    fn of(tallies: &[&Tally], width: usize) -> Self {
        // A third of the line, so that the numbers are seen.
        let room = (width / 3).saturating_sub(ICON_COLUMNS).max(1);
        let name = |tally: &&Tally| shorten(&tally.name, room).width();
        Self {
            name: tallies.iter().map(name).max().unwrap_or_default(),
            count: tallies.iter().map(|tally| count(tally).width()).max().unwrap_or_default(),
        }
    }

    fn push(&self, line: &mut Line, tally: &Tally) {
        let name = shorten(&tally.name, self.name);
        line.push(Paint::Plain, &format!("{name}{}", " ".repeat(self.name.saturating_sub(name.width()))));
        line.push_apart(Paint::Plain, &format!("{:>1$}", count(tally), self.count));
        push_outcomes(line, tally);
    }
}

fn count(tally: &Tally) -> String {
    format!("{}/{}", tally.runs, tally.total)
}

/// How many were right, wrong, failed; how long half of them took at most.
fn push_outcomes(line: &mut Line, tally: &Tally) {
    let unheld = tally.succeeded - tally.right - tally.partly - tally.wrong - tally.unscored;
    let outcomes = [
        (tally.right, "right", Paint::Good),
        (tally.partly, "partly right", Paint::Attention),
        (tally.wrong, "wrong", Paint::Bad),
        (tally.failed(), "failed", Paint::Bad),
        (tally.unscored, "not judged", Paint::Attention),
        (unheld, "done", Paint::Plain),
    ];
    for (count, word, paint) in outcomes.into_iter().filter(|(count, ..)| *count > 0) {
        line.push_apart(paint, &format!("{count} {word}"));
    }
    line.push_apart(Paint::Faint, &tally.latency_ms(0.5).map(duration).unwrap_or_default());
}

/// The line beneath: where it stands, for how long it has been watched, how many runs are measured.
pub(super) fn footer(report: &BenchmarkReport, moment: Moment) -> Line {
    let BenchmarkReport { benchmark, .. } = report;
    let (icon, paint) = status_look(benchmark.status, moment);
    let mut line = Line::default();
    line.push(paint, &format!("{icon} {}", benchmark.status.as_str()));
    line.push(Paint::Faint, &format!(" {}", duration(moment.now_ms)));
    line.push_apart(Paint::Plain, &format!("{}/{} runs", benchmark.summary.runs, benchmark.total));
    line.push_apart(Paint::Plain, &cost(benchmark.summary.cost_usd));
    line.push_apart(Paint::Strong, &format!("{} version {}", benchmark.workflow, benchmark.version));
    line.push_apart(Paint::Faint, benchmark.benchmark_sid.as_str());
    line
}

fn status_look(status: BenchmarkStatus, moment: Moment) -> (&'static str, Paint) {
    match status {
        BenchmarkStatus::Running => (spinner(moment), Paint::Active),
        BenchmarkStatus::Completed => ("✓", Paint::Good),
        BenchmarkStatus::Cancelled => ("⊘", Paint::Faint),
        BenchmarkStatus::Failed => ("✗", Paint::Bad),
    }
}

/// Which benchmark begins, where there is a line for each thing that happens.
pub(super) fn begun(report: &BenchmarkReport) -> Line {
    let BenchmarkReport { benchmark, .. } = report;
    let examples = match benchmark.examples.len() {
        1 => "1 example".to_owned(),
        many => format!("{many} examples"),
    };
    let times =
        if benchmark.repeats == 1 { String::new() } else { format!(", {} times each", benchmark.repeats) };
    let about = format!("{} version {}, {examples}{times}", benchmark.workflow, benchmark.version);
    PlainLines::line("benchmark", Paint::Strong, &format!("{}  {about}", benchmark.benchmark_sid))
}

/// An example all of whose runs are measured.
pub(super) fn measured(tally: &Tally) -> Line {
    let mut line = PlainLines::line("measured", Paint::Plain, &tally.name);
    line.push_apart(Paint::Plain, &count(tally));
    push_outcomes(&mut line, tally);
    line
}

/// How it ended.
pub(super) fn ended(report: &BenchmarkReport, moment: Moment) -> Line {
    let BenchmarkReport { benchmark, .. } = report;
    let (_, paint) = status_look(benchmark.status, moment);
    let runs = format!("{}/{} runs", benchmark.summary.runs, benchmark.total);
    let text = format!("{}  {runs}  {}", benchmark.benchmark_sid, duration(moment.now_ms));
    PlainLines::line(benchmark.status.as_str(), paint, &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{
        bench::testing::{failed, partly, report, right, unscored, wrong},
        style::Palette,
    };

    const MOMENT: Moment = Moment { now_ms: 1_300.0 };

    fn text(lines: &[Line]) -> String {
        lines.iter().map(|line| line.to_text(Palette::Text) + "\n").collect()
    }

    #[test]
    fn each_example_has_a_line() {
        let names = ["graz", "a long name that goes on and on", "日本語", "at once", "judged", "rated"];
        let runs = [
            right(0, 10.0),
            right(1, 12.0),
            wrong(2, 30.0),
            failed(3),
            right(4, 900.0),
            unscored(8),
            right(9, 5.0),
            partly(10, 5.0),
            right(11, 5.0),
        ];
        let report = report(&names, 2, &runs);
        let mut shown = lines(&report, 60, 10, MOMENT);
        shown.push(footer(&report, MOMENT).fit(60));
        insta::assert_snapshot!(text(&shown), @r"
        ✓ graz                2/2  2 right  10 ms
        ✗ a long name that …  2/2  1 wrong  1 failed  30 ms
        ⠸ 日本語              1/2  1 right  900 ms
        ⠸ at once             0/2
        ? judged              2/2  1 right  1 not judged  5.0 ms
        ~ rated               2/2  1 right  1 partly right  5.0 ms
        ⠸ running 1.3 s  9/12 runs  $0.0080  trip version 2  bench_…
        ");
        for width in [1, 10, 25, 80] {
            assert!(lines(&report, width, 10, MOMENT).iter().all(|line| line.columns() <= width));
        }
    }

    #[test]
    fn a_low_screen_shows_what_runs_and_what_was_wrong() {
        let names: Vec<String> = (0..50).map(|number| format!("e{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut runs: Vec<_> = (0..40).map(|index| right(index, 5.0)).collect();
        runs[6] = wrong(6, 5.0);
        runs.push(right(41, 5.0));
        let report = report(&names, 2, &runs);
        insta::assert_snapshot!(text(&lines(&report, 60, 7, MOMENT)), @r"
        ✗ e3   2/2  1 right  1 wrong  5.0 ms
        ⠸ e20  1/2  1 right  5.0 ms
        ⠸ e21  0/2
        ⠸ e22  0/2
        · e23  0/2
        · e24  0/2
        … and 44 more examples
        ");
        for height in 0..60 {
            assert!(lines(&report, 60, height, MOMENT).len() <= height, "{height}");
        }
    }

    #[test]
    fn elsewhere_each_thing_that_happens_is_a_line() {
        let report = report(&["graz", "linz"], 1, &[right(0, 10.0), failed(1)]);
        let mut shown = vec![begun(&report)];
        shown.extend(tallies(&report).iter().map(measured));
        shown.push(ended(&report, MOMENT));
        insta::assert_snapshot!(text(&shown), @r"
        benchmark  bench_01kar9v3zv5w8x2b7c6d4e0f1g  trip version 2, 2 examples
        measured   graz  1/1  1 right  10 ms
        measured   linz  1/1  1 failed
        completed  bench_01kar9v3zv5w8x2b7c6d4e0f1g  2/2 runs  1.3 s
        ");
    }
}
