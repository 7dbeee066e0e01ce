//! What is known of one thing, in words: a word and what it says on each line.

use hero_sdk::{Json, Timestamp};
use unicode_width::UnicodeWidthStr;

use crate::cli::{
    escape::{self, visible},
    json_text,
    style::{Paint, Palette},
    table::{Cell, table},
};

/// Columns of the first word, with the space after it.
const WORD_COLUMNS: usize = 11;
/// JSON up to this many columns stands on its word's line.
const JSON_COLUMNS_MAX: usize = 68;
/// Columns before the rows of a table beneath its word.
pub(crate) const INDENT: usize = 2;

/// Lines that grow.
pub(crate) struct Facts {
    text: String,
    palette: Palette,
}

impl Facts {
    /// None yet.
    pub(crate) fn new(palette: Palette) -> Self {
        Self { text: String::new(), palette }
    }

    /// Adds a line, unless there is nothing to say. `text` must be free of control characters.
    pub(crate) fn push(&mut self, word: &str, text: &str) {
        if !text.is_empty() {
            self.text.push_str(&self.palette.paint(Paint::Faint, &format!("{word:WORD_COLUMNS$}")));
            self.text.push_str(text);
            self.text.push('\n');
        }
    }

    /// Adds a line of text of whoever, made safe.
    pub(crate) fn push_visible(&mut self, word: &str, text: &str) {
        self.push(word, &visible(text));
    }

    /// Adds JSON: on the line where it is short, else as a block beneath.
    pub(crate) fn push_json(&mut self, word: &str, json: &Json) {
        let line = escape::json(&json_text::compact(json.as_str()));
        if line.width() <= JSON_COLUMNS_MAX {
            return self.push(word, &line);
        }
        let block = escape::json(&json_text::indented(json.as_str()));
        self.push_word(word);
        block.lines().for_each(|line| self.push_indented(line));
    }

    /// Adds rows beneath a word, each as wide as the terminal; nothing where there are none.
    pub(crate) fn push_table<const COLUMNS: usize>(
        &mut self,
        word: &str,
        heads: [&str; COLUMNS],
        rows: Vec<[Cell; COLUMNS]>,
        width: Option<usize>,
    ) {
        if rows.is_empty() {
            return;
        }
        let width = width.map_or(usize::MAX, |width| width.saturating_sub(INDENT));
        self.push_word(word);
        for line in table(heads, rows) {
            let line = line.fit(width).to_text(self.palette);
            self.push_indented(&line);
        }
    }

    /// The lines.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    fn push_word(&mut self, word: &str) {
        self.text.push_str(&self.palette.paint(Paint::Faint, word));
        self.text.push('\n');
    }

    fn push_indented(&mut self, line: &str) {
        self.text.extend(std::iter::repeat_n(' ', INDENT));
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// A moment to the second, in UTC.
pub(crate) fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..19).map_or_else(|| text.clone(), |seconds| seconds.replace('T', " "))
}

/// The same where no heading says that it is UTC.
pub(crate) fn utc(at: Timestamp) -> String {
    format!("{} UTC", moment(at))
}
