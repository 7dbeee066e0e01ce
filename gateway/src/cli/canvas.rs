//! Where a person sees what goes on: a block that is redrawn in place, plain lines, or nothing. On standard error.
//!
//! What cannot be written (standard error is closed) is given up in silence: what goes on matters more.

use crate::cli::{screen::Screen, sink::Sink, style::Palette, terminal::Size, tree::Line};

/// Rows of the screen that a block's body leaves free: one for its footer, one for the cursor beneath, since a block as
/// high as the screen would scroll with each frame.
const ROWS_FREE: usize = 2;

/// How much is seen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    /// A block that is redrawn in place.
    Live {
        /// The terminal's size, asked anew for each frame.
        size: fn() -> Size,
    },
    /// A line per fact.
    Plain,
    /// Warnings only.
    Quiet,
}

/// What is written on.
pub(crate) struct Canvas {
    sink: Sink,
    palette: Palette,
    kind: Kind,
}

enum Kind {
    Live { screen: Screen<Sink>, size: fn() -> Size },
    Plain,
    Quiet,
}

impl Canvas {
    /// One on which nothing is shown yet.
    pub(crate) fn new(style: Style, sink: Sink, palette: Palette) -> Self {
        let kind = match style {
            Style::Live { size } => Kind::Live { screen: Screen::new(sink.clone(), palette), size },
            Style::Plain => Kind::Plain,
            Style::Quiet => Kind::Quiet,
        };
        Self { sink, palette, kind }
    }

    /// True when it shows a block.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.kind, Kind::Live { .. })
    }

    /// True when it shows a line per fact.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.kind, Kind::Plain)
    }

    /// True when a block stands on the screen.
    pub(crate) fn is_drawn(&self) -> bool {
        matches!(&self.kind, Kind::Live { screen, .. } if screen.is_drawn())
    }

    /// Shows a block in place of the one before: the body and the footer, made for so many columns and rows of the body.
    pub(crate) fn draw(&mut self, block: impl FnOnce(usize, usize) -> (Vec<Line>, Line)) {
        let Kind::Live { screen, size } = &mut self.kind else { return };
        let Size { width, height } = size();
        let (mut lines, footer) = block(width, height.saturating_sub(ROWS_FREE));
        lines.push(footer.fit(width));
        // A screen of one row has none to spare: each frame would scroll.
        lines.truncate(height.saturating_sub(1));
        if screen.draw(&lines, width).is_err() {
            self.kind = Kind::Quiet;
        }
    }

    /// Says something that stays, such as a warning, above the block if there is one. `text` is safe and ends with a
    /// newline. True where there is one, which is to be drawn again.
    pub(crate) fn note(&mut self, text: &str) -> bool {
        let is_drawn = self.is_drawn();
        match &mut self.kind {
            Kind::Live { screen, size } if screen.is_drawn() => {
                if screen.print_above(text, size().width).is_err() {
                    self.kind = Kind::Quiet;
                }
            }
            Kind::Live { .. } | Kind::Plain | Kind::Quiet => {
                self.sink.print(text);
            }
        }
        is_drawn
    }

    /// Writes lines as they are.
    pub(crate) fn print(&mut self, lines: &[Line]) {
        let text: String = lines.iter().map(|line| line.to_text(self.palette) + "\n").collect();
        if !text.is_empty() && !self.sink.print(&text) {
            self.kind = Kind::Quiet;
        }
    }

    /// Leaves what is drawn where it is, so that others may write beneath.
    pub(crate) fn release(&mut self) {
        if let Kind::Live { screen, .. } = &mut self.kind
            && screen.release().is_err()
        {
            self.kind = Kind::Quiet;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::cli::{style::Paint, testing::script::Kept};

    static ROWS: AtomicUsize = AtomicUsize::new(0);

    fn size() -> Size {
        Size { width: 40, height: ROWS.load(Ordering::SeqCst) }
    }

    #[test]
    fn no_frame_scrolls_a_terminal_that_became_lower() {
        let kept = Kept::default();
        let mut canvas = Canvas::new(Style::Live { size }, Sink::of(kept.clone()), Palette::Text);
        let line = |text: &str| {
            let mut line = Line::default();
            line.push(Paint::Plain, text);
            line
        };
        let mut seen = 0;
        for rows in [24, 6, 3, 2, 1, 2, 24] {
            ROWS.store(rows, Ordering::SeqCst);
            // Whoever fills every row that the body may have, or one although there is none.
            canvas.draw(|_, height| (vec![line("leaf"); height.max(1)], line("footer")));
            let text = kept.text();
            let frame = text.get(seen..).unwrap();
            seen = text.len();
            assert!(frame.matches('\n').count() < rows, "{rows}: {frame:?}");
        }
    }
}
