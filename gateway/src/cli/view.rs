//! What a person sees while a play runs: a live tree, plain lines, or nothing. Pages in, bytes on standard error.

use hero_sdk::{
    PlaySid,
    model::{Play, Span, SpanKind, SpanPage, SpanStatus, Status},
};

use crate::cli::{
    answers::Asked,
    canvas::{Canvas, Style},
    clock::Clock,
    plain::PlainLines,
    sink::Sink,
    style::{Paint, Palette},
    tree::{Moment, Tree, Viewport, duration, footer, layout, status_look},
};

/// What is seen of a play.
pub(crate) struct View {
    play_sid: PlaySid,
    clock: Clock,
    after_seq: u64,
    /// For hints on `--answer`.
    asked: Asked,
    tree: Tree,
    lines: PlainLines,
    canvas: Canvas,
}

impl View {
    /// A view on which nothing is shown yet.
    pub(crate) fn new(play_sid: PlaySid, style: Style, sink: Sink, palette: Palette) -> Self {
        Self {
            play_sid,
            clock: Clock::start(),
            after_seq: 0,
            asked: Asked::new(),
            tree: Tree::default(),
            lines: PlainLines::default(),
            canvas: Canvas::new(style, sink, palette),
        }
    }

    /// Where the next page begins.
    pub(crate) fn after_seq(&self) -> u64 {
        self.after_seq
    }

    /// The questions that were seen.
    pub(crate) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// True when it changes with time alone.
    pub(crate) fn is_live(&self) -> bool {
        self.canvas.is_live()
    }

    /// Says which play this is; a live view has it in its footer.
    pub(crate) fn begin(&mut self, play: &Play) {
        if self.canvas.is_plain() {
            self.canvas.print(&[PlainLines::play_line("play", Paint::Strong, play, &play.workflow)]);
        }
    }

    /// Says where the play stands at the end; a live view has it in its footer.
    pub(crate) fn end(&mut self, play: &Play) {
        if self.canvas.is_plain() {
            let look = status_look(play.status);
            let word = if play.status == Status::AwaitingResume { "waiting" } else { look.word };
            self.canvas.print(&[PlainLines::play_line(word, look.paint, play, &duration(play.duration_ms))]);
        }
    }

    /// Takes a page in. A live view shows it with the next `draw`.
    pub(crate) fn apply(&mut self, page: &SpanPage) {
        self.after_seq = self.after_seq.max(page.last_seq);
        let pauses = page.spans.iter().filter(|span| span.kind == SpanKind::Pause);
        let question = |span: &Span| (span.path.clone(), (span.name.clone(), span.status == SpanStatus::Ok));
        self.asked.extend(pauses.map(question));
        if self.canvas.is_live() {
            self.tree.apply(page, self.clock.now_ms());
        } else if self.canvas.is_plain() {
            self.canvas.print(&self.lines.apply(page));
        }
    }

    /// The play's status by a newer word than the pages'.
    pub(crate) fn set_status(&mut self, status: Status) {
        self.tree.set_status(status);
    }

    /// Shows what is known now.
    pub(crate) fn draw(&mut self) {
        let (tree, moment) = (&mut self.tree, Moment { now_ms: self.clock.now_ms() });
        self.canvas.draw(|width, height| {
            let lines = layout(tree, Viewport { width, height: Some(height) }, moment);
            (lines, footer(tree, self.play_sid.as_str(), moment))
        });
    }

    /// Says something that stays, such as a warning. `text` is safe and ends with a newline.
    pub(crate) fn note(&mut self, text: &str) {
        if self.canvas.note(text) {
            self.draw();
        }
    }

    /// Draws a last time and leaves what is drawn where it is, so that others may write beneath.
    pub(crate) fn release(&mut self) {
        if self.canvas.is_drawn() {
            self.draw();
            self.canvas.release();
        }
    }
}
