//! What a person sees while a benchmark runs: a line for each example that is redrawn in place, plain lines, or nothing.

use std::collections::HashSet;

use hero_sdk::logic::BenchmarkReport;

use super::{progress, tally::tallies};
use crate::cli::{
    canvas::{Canvas, Style},
    clock::Clock,
    sink::Sink,
    style::Palette,
    tree::Moment,
};

/// What is seen of a benchmark.
pub(super) struct View {
    clock: Clock,
    report: BenchmarkReport,
    /// Examples that were told as measured.
    told: HashSet<String>,
    canvas: Canvas,
}

impl View {
    /// A view of a benchmark that stands here; it says which one, where it says anything.
    pub(super) fn new(report: BenchmarkReport, style: Style, sink: Sink, palette: Palette) -> Self {
        let mut canvas = Canvas::new(style, sink, palette);
        if canvas.is_plain() {
            canvas.print(&[progress::begun(&report)]);
        }
        Self { clock: Clock::start(), told: HashSet::new(), report, canvas }
    }

    /// Runs that are known to be measured.
    pub(super) fn runs(&self) -> u32 {
        self.report.benchmark.summary.runs
    }

    /// True when it changes with time alone.
    pub(super) fn is_live(&self) -> bool {
        self.canvas.is_live()
    }

    /// Takes in where the benchmark stands now. A live view shows it with the next `draw`.
    pub(super) fn apply(&mut self, report: BenchmarkReport) {
        self.report = report;
        if self.canvas.is_plain() {
            let mut lines = Vec::new();
            for tally in tallies(&self.report).iter().filter(|tally| tally.runs == tally.total) {
                if self.told.insert(tally.name.clone()) {
                    lines.push(progress::measured(tally));
                }
            }
            self.canvas.print(&lines);
        }
    }

    /// Shows what is known now.
    pub(super) fn draw(&mut self) {
        let (report, moment) = (&self.report, self.moment());
        self.canvas.draw(|width, height| {
            (progress::lines(report, width, height, moment), progress::footer(report, moment))
        });
    }

    /// Says something that stays. `text` is safe and ends with a newline.
    pub(super) fn note(&mut self, text: &str) {
        if self.canvas.note(text) {
            self.draw();
        }
    }

    /// Shows how it ended, where it has, and leaves what is drawn where it is, so that others may write beneath.
    pub(super) fn release(&mut self) {
        self.draw();
        let ended = self.report.benchmark.status.is_terminal();
        if ended && self.canvas.is_plain() {
            self.canvas.print(&[progress::ended(&self.report, self.moment())]);
        }
        self.canvas.release();
    }

    /// The benchmark as it was seen last.
    pub(super) fn into_report(self) -> BenchmarkReport {
        self.report
    }

    fn moment(&self) -> Moment {
        Moment { now_ms: self.clock.now_ms() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{
        bench::testing::{failed, report, right},
        testing::script::Kept,
    };

    #[test]
    fn an_example_is_told_once_however_often_it_is_seen() {
        let kept = Kept::default();
        let names = ["graz", "linz"];
        let seen = |runs: &[hero_sdk::model::Measurement]| report(&names, 1, runs);
        let mut view = View::new(seen(&[]), Style::Plain, Sink::of(kept.clone()), Palette::Text);
        view.apply(seen(&[failed(1)]));
        view.apply(seen(&[failed(1)]));
        view.apply(seen(&[right(0, 10.0), failed(1)]));
        view.release();
        let told: Vec<String> = kept.text().lines().map(|line| line.chars().take(17).collect()).collect();
        let expected = ["benchmark  bench_", "measured   linz  ", "measured   graz  ", "completed  bench_"];
        assert_eq!(told, expected);
    }
}
