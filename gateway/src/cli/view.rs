//! What a person sees while a play runs: a live tree, plain lines, or nothing. Pages in, bytes on standard error.
//!
//! A view that cannot be written (standard error is closed) is given up in silence: the play matters more.

use hero_sdk::{
    PlaySid,
    model::{Play, SpanKind, SpanPage, Status},
};

use crate::cli::{
    clock::Clock,
    plain::PlainLines,
    screen::Screen,
    sink::Sink,
    style::{Paint, Palette},
    terminal::Size,
    tree::{Line, Moment, Tree, Viewport, duration, footer, layout, status_look},
};

/// Rows of the screen that the tree leaves free: one for the footer, one for the cursor beneath, since a block as
/// high as the screen would scroll with each frame.
const ROWS_FREE: usize = 2;

/// What is seen of a play.
pub(crate) struct View {
    play_sid: PlaySid,
    clock: Clock,
    after_seq: u64,
    /// Names of the questions that were asked, for hints on `--answer`.
    asked: Vec<String>,
    sink: Sink,
    palette: Palette,
    kind: Kind,
}

/// How much is seen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    /// A tree that is redrawn in place.
    Live {
        /// The terminal's size, asked anew for each frame.
        size: fn() -> Size,
    },
    /// A line per fact.
    Plain,
    /// Warnings only.
    Quiet,
}

enum Kind {
    Live { tree: Box<Tree>, screen: Screen<Sink>, size: fn() -> Size },
    Plain(PlainLines),
    Quiet,
}

impl View {
    /// A view on which nothing is shown yet.
    pub(crate) fn new(play_sid: PlaySid, style: Style, sink: Sink, palette: Palette) -> Self {
        let kind = match style {
            Style::Live { size } => {
                Kind::Live { tree: Box::default(), screen: Screen::new(sink.clone(), palette), size }
            }
            Style::Plain => Kind::Plain(PlainLines::default()),
            Style::Quiet => Kind::Quiet,
        };
        Self { play_sid, clock: Clock::start(), after_seq: 0, asked: Vec::new(), sink, palette, kind }
    }

    /// Where the next page begins.
    pub(crate) fn after_seq(&self) -> u64 {
        self.after_seq
    }

    /// Names of the pauses that were seen.
    pub(crate) fn asked(&self) -> &[String] {
        &self.asked
    }

    /// True when it changes with time alone.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.kind, Kind::Live { .. })
    }

    /// Says which play this is; a live view has it in its footer.
    pub(crate) fn begin(&mut self, play: &Play) {
        if let Kind::Plain(_) = self.kind {
            self.print(&[PlainLines::play_line("play", Paint::Strong, play, &play.workflow)]);
        }
    }

    /// Says where the play stands at the end; a live view has it in its footer.
    pub(crate) fn end(&mut self, play: &Play) {
        if let Kind::Plain(_) = self.kind {
            let look = status_look(play.status);
            let word = if play.status == Status::AwaitingResume { "waiting" } else { look.word };
            self.print(&[PlainLines::play_line(word, look.paint, play, &duration(play.duration_ms))]);
        }
    }

    /// Takes a page in. A live view shows it with the next `draw`.
    pub(crate) fn apply(&mut self, page: &SpanPage) {
        self.after_seq = self.after_seq.max(page.last_seq);
        let pauses = page.spans.iter().filter(|span| span.kind == SpanKind::Pause);
        self.asked.extend(pauses.map(|span| span.name.clone()));
        match &mut self.kind {
            Kind::Live { tree, .. } => tree.apply(page, self.clock.now_ms()),
            Kind::Plain(lines) => {
                let lines = lines.apply(page);
                self.print(&lines);
            }
            Kind::Quiet => {}
        }
    }

    /// The play's status by a newer word than the pages'.
    pub(crate) fn set_status(&mut self, status: Status) {
        if let Kind::Live { tree, .. } = &mut self.kind {
            tree.set_status(status);
        }
    }

    /// Shows what is known now.
    pub(crate) fn draw(&mut self) {
        let Kind::Live { tree, screen, size } = &mut self.kind else { return };
        let Size { width, height } = size();
        let moment = Moment { now_ms: self.clock.now_ms() };
        let viewport = Viewport { width, height: Some(height.saturating_sub(ROWS_FREE)) };
        let mut lines = layout(tree, viewport, moment);
        lines.push(footer(tree, self.play_sid.as_str(), moment).fit(width));
        // A screen of one row has none to spare: each frame would scroll.
        lines.truncate(height.saturating_sub(1));
        if screen.draw(&lines, width).is_err() {
            self.kind = Kind::Quiet;
        }
    }

    /// Says something that stays, such as a warning. `text` is safe and ends with a newline.
    pub(crate) fn note(&mut self, text: &str) {
        match &mut self.kind {
            Kind::Live { screen, size, .. } if screen.is_drawn() => {
                if screen.print_above(text, size().width).is_err() {
                    self.kind = Kind::Quiet;
                }
                self.draw();
            }
            Kind::Live { .. } | Kind::Plain(_) | Kind::Quiet => {
                self.sink.print(text);
            }
        }
    }

    /// Draws a last time and leaves what is drawn where it is, so that others may write beneath.
    pub(crate) fn release(&mut self) {
        if let Kind::Live { screen, .. } = &self.kind
            && !screen.is_drawn()
        {
            return;
        }
        self.draw();
        if let Kind::Live { screen, .. } = &mut self.kind
            && screen.release().is_err()
        {
            self.kind = Kind::Quiet;
        }
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

    use hero_sdk::model::SpanStatus;

    use super::*;
    use crate::cli::testing::{PageBuilder, play_sid, script::Kept};

    static ROWS: AtomicUsize = AtomicUsize::new(0);

    fn size() -> Size {
        Size { width: 40, height: ROWS.load(Ordering::SeqCst) }
    }

    #[test]
    fn no_frame_scrolls_a_terminal_that_became_lower() {
        let kept = Kept::default();
        let mut view = View::new(play_sid(), Style::Live { size }, Sink::of(kept.clone()), Palette::Text);
        let mut page = PageBuilder::new().span(1, None, "main", SpanStatus::Running);
        for span_id in 2..8 {
            page = page.span(span_id, Some(1), "leaf", SpanStatus::Ok);
        }
        view.apply(&page.page());
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
}
