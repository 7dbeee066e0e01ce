//! What a person sees while a benchmark runs: a line for each example that is redrawn in place, plain lines, or nothing.
//!
//! As with a play, a view that cannot be written is given up in silence.

use std::collections::HashSet;

use hero_sdk::logic::BenchmarkReport;

use super::{progress, tally::tallies};
use crate::cli::{
    clock::Clock,
    screen::Screen,
    sink::Sink,
    style::Palette,
    terminal::Size,
    tree::{Line, Moment},
    view::Style,
};

/// Rows of the screen that examples leave free: one for the footer, one for the cursor beneath.
const ROWS_FREE: usize = 2;

/// What is seen of a benchmark.
pub(super) struct View {
    clock: Clock,
    report: BenchmarkReport,
    /// Examples that were told as measured.
    told: HashSet<String>,
    sink: Sink,
    palette: Palette,
    kind: Kind,
}

enum Kind {
    Live { screen: Screen<Sink>, size: fn() -> Size },
    Plain,
    Quiet,
}

impl View {
    /// A view of a benchmark that stands here; it says which one, where it says anything.
    pub(super) fn new(report: BenchmarkReport, style: Style, sink: Sink, palette: Palette) -> Self {
        let kind = match style {
            Style::Live { size } => Kind::Live { screen: Screen::new(sink.clone(), palette), size },
            Style::Plain => Kind::Plain,
            Style::Quiet => Kind::Quiet,
        };
        let mut view = Self { clock: Clock::start(), told: HashSet::new(), report, sink, palette, kind };
        if matches!(view.kind, Kind::Plain) {
            view.print(&[progress::begun(&view.report)]);
        }
        view
    }

    /// Runs that are known to be measured.
    pub(super) fn runs(&self) -> u32 {
        self.report.benchmark.summary.runs
    }

    /// True when it changes with time alone.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.kind, Kind::Live { .. })
    }

    /// Takes in where the benchmark stands now. A live view shows it with the next `draw`.
    pub(super) fn apply(&mut self, report: BenchmarkReport) {
        self.report = report;
        if matches!(self.kind, Kind::Plain) {
            let mut lines = Vec::new();
            for tally in tallies(&self.report).iter().filter(|tally| tally.runs == tally.total) {
                if self.told.insert(tally.name.clone()) {
                    lines.push(progress::measured(tally));
                }
            }
            self.print(&lines);
        }
    }

    /// Shows what is known now.
    pub(super) fn draw(&mut self) {
        let moment = self.moment();
        let Kind::Live { screen, size } = &mut self.kind else { return };
        let Size { width, height } = size();
        let mut lines = progress::lines(&self.report, width, height.saturating_sub(ROWS_FREE), moment);
        lines.push(progress::footer(&self.report, moment).fit(width));
        // A screen of one row has none to spare: each frame would scroll.
        lines.truncate(height.saturating_sub(1));
        if screen.draw(&lines, width).is_err() {
            self.kind = Kind::Quiet;
        }
    }

    /// Says something that stays. `text` is safe and ends with a newline.
    pub(super) fn note(&mut self, text: &str) {
        match &mut self.kind {
            Kind::Live { screen, size } if screen.is_drawn() => {
                if screen.print_above(text, size().width).is_err() {
                    self.kind = Kind::Quiet;
                }
                self.draw();
            }
            Kind::Live { .. } | Kind::Plain | Kind::Quiet => {
                self.sink.print(text);
            }
        }
    }

    /// Shows how it ended, where it has, and leaves what is drawn where it is, so that others may write beneath.
    pub(super) fn release(&mut self) {
        self.draw();
        let ended = self.report.benchmark.status.is_terminal();
        if ended && matches!(self.kind, Kind::Plain) {
            self.print(&[progress::ended(&self.report, self.moment())]);
        }
        if let Kind::Live { screen, .. } = &mut self.kind
            && screen.release().is_err()
        {
            self.kind = Kind::Quiet;
        }
    }

    /// The benchmark as it was seen last.
    pub(super) fn into_report(self) -> BenchmarkReport {
        self.report
    }

    fn moment(&self) -> Moment {
        Moment { now_ms: self.clock.now_ms() }
    }

    fn print(&mut self, lines: &[Line]) {
        let text: String = lines.iter().map(|line| line.to_text(self.palette) + "\n").collect();
        if !text.is_empty() && !self.sink.print(&text) {
            self.kind = Kind::Quiet;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::cli::{
        bench::testing::{failed, report, right},
        testing::script::Kept,
    };

    static ROWS: AtomicUsize = AtomicUsize::new(0);

    fn size() -> Size {
        Size { width: 40, height: ROWS.load(Ordering::SeqCst) }
    }

    #[test]
    fn no_frame_scrolls_a_terminal_that_became_lower() {
        let kept = Kept::default();
        let names: Vec<String> = (0..9).map(|number| format!("e{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let report = report(&names, 1, &[right(0, 5.0)]);
        let mut view = View::new(report, Style::Live { size }, Sink::of(kept.clone()), Palette::Text);
        let mut seen = 0;
        for rows in [24, 6, 3, 2, 1, 2, 24] {
            ROWS.store(rows, Ordering::SeqCst);
            view.draw();
            let text = kept.text();
            let frame = text.get(seen..).unwrap();
            seen = text.len();
            assert!(frame.matches('\n').count() < rows, "{rows}: {frame:?}");
        }
    }

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
