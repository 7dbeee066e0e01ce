//! A line of the terminal: pieces of safe text with a meaning, cut to a width in columns.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::cli::{
    escape::visible,
    style::{Paint, Palette},
};

/// Stands where text was cut.
const ELLIPSIS: &str = "…";

/// Pieces of text from left to right; none holds a control character.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pieces: Vec<(Paint, String)>,
}

impl Line {
    /// Adds `text`, made safe.
    pub(crate) fn push(&mut self, paint: Paint, text: &str) {
        if !text.is_empty() {
            self.pieces.push((paint, visible(text)));
        }
    }

    /// Adds `text`, made safe, after two spaces.
    pub(crate) fn push_apart(&mut self, paint: Paint, text: &str) {
        if !text.is_empty() {
            self.push(Paint::Plain, "  ");
            self.push(paint, text);
        }
    }

    /// Columns that the line takes.
    pub(crate) fn columns(&self) -> usize {
        self.pieces.iter().map(|(_, text)| text.width()).sum()
    }

    /// The line in at most `columns` columns; what is cut on the right leaves an ellipsis.
    #[must_use]
    pub(crate) fn fit(mut self, columns: usize) -> Self {
        if self.columns() <= columns {
            return self;
        }
        let mut left = columns;
        let mut kept = Vec::with_capacity(self.pieces.len());
        for (paint, text) in self.pieces.drain(..) {
            if text.width() < left {
                left -= text.width();
                kept.push((paint, text));
            } else {
                kept.push((paint, cut(&text, left)));
                break;
            }
        }
        Self { pieces: kept }
    }

    /// The line as text for a stream with this palette.
    pub(crate) fn to_text(&self, palette: Palette) -> String {
        self.pieces.iter().map(|(paint, text)| palette.paint(*paint, text)).collect()
    }
}

/// The beginning of `text` with an ellipsis, in at most `columns` columns; a grapheme is never split.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    let Some(room) = columns.checked_sub(ELLIPSIS.width()) else { return String::new() };
    let mut kept = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if used > room {
            break;
        }
        kept.push_str(grapheme);
    }
    kept.push_str(ELLIPSIS);
    kept
}

/// `text` made safe, in at most `columns` columns.
pub(crate) fn shorten(text: &str, columns: usize) -> String {
    let text = visible(text);
    if text.width() <= columns { text } else { cut(&text, columns) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_between_graphemes() {
        let cases = [
            ("hello", 5, "hello"),
            ("hello", 4, "hel…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("hello", 1, "…"),
            ("hello", 0, ""),
        ];
        for (text, columns, expected) in cases {
            let mut line = Line::default();
            line.push(Paint::Plain, text);
            let fitted = line.fit(columns);
            assert_eq!(fitted.to_text(Palette::Text), expected, "{text} in {columns}");
            assert!(fitted.columns() <= columns);
        }
    }

    #[test]
    fn pieces_are_cut_from_the_right() {
        let mut line = Line::default();
        line.push(Paint::Good, "abc");
        line.push_apart(Paint::Plain, "defg");
        assert_eq!(line.clone().fit(9).to_text(Palette::Text), "abc  defg");
        assert_eq!(line.clone().fit(8).to_text(Palette::Text), "abc  de…");
        assert_eq!(line.clone().fit(3).to_text(Palette::Text), "ab…");
        assert_eq!(line.fit(3).to_text(Palette::Colour), "\u{1b}[32mab…\u{1b}[0m");
    }

    #[test]
    fn escapes_never_get_through() {
        let mut line = Line::default();
        line.push(Paint::Plain, "a\u{1b}[2J\u{202e}\n");
        assert_eq!(line.to_text(Palette::Text), "a\\x1b[2J\\u{202e}\\n");
    }
}
