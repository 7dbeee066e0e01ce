//! What a Python source says about itself: docstrings, comments, names and short texts. It is read, never run.
//!
//! One pass over the bytes that takes whatever comes: a source that Python refuses gives what could be read of it.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

/// Bytes of a source that are read; what lies behind is not found by its words.
pub(super) const SOURCE_BYTES_MAX: usize = 128 << 10;
/// Bytes of a text in the code, such as a prompt or an address, that are read.
const TEXT_BYTES_MAX: usize = 400;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A docstring or a comment: written for people.
    Prose(&'a str),
    /// A name, or a text in the code.
    Code(&'a str),
}

/// Words that every source has, or that mean Python and not what it does.
static NOISE: LazyLock<FxHashSet<&str>> =
    LazyLock::new(|| include_str!("python_words.txt").split_whitespace().collect());

/// Calls `each` with every piece, in the order of the source.
pub(super) fn pieces<'a>(source: &'a str, mut each: impl FnMut(Piece<'a>)) {
    let mut reader = Reader { text: cut(source, SOURCE_BYTES_MAX), at: 0, depth: 0, opens_line: true };
    while let Some(byte) = reader.peek(0) {
        match byte {
            b'\n' => reader.end_line(),
            b' ' | b'\t' | b'\r' | 0x0c => reader.at += 1,
            b'\\' => reader.skip_escaped(),
            b'#' => each(Piece::Prose(reader.comment())),
            b'"' | b'\'' => {
                let opens_line = reader.opens_line && reader.depth == 0;
                let text = reader.string();
                each(if opens_line { Piece::Prose(text) } else { Piece::Code(cut(text, TEXT_BYTES_MAX)) });
            }
            _ if is_of_name(byte) => {
                let name = reader.name();
                // A prefix such as the r of r"…" belongs to the text, and leaves it the first of its line.
                let is_prefix = name.len() <= 2 && matches!(reader.peek(0), Some(b'"' | b'\''));
                if is_prefix {
                    continue;
                }
                if reader.opens_line && matches!(name, "def" | "class" | "async") {
                    reader.depth = 0;
                }
                reader.opens_line = false;
                if !name.starts_with(|first: char| first.is_ascii_digit()) && !NOISE.contains(name) {
                    each(Piece::Code(name));
                }
            }
            _ => reader.sign(byte),
        }
    }
}

/// The text up to that many bytes, at the end of a character.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Open brackets.
    depth: usize,
    /// Nothing but space stands before, on this line.
    opens_line: bool,
}

impl<'a> Reader<'a> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn since(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn end_line(&mut self) {
        self.at += 1;
        self.opens_line = true;
    }

    fn skip_escaped(&mut self) {
        self.at += 2;
        self.opens_line = false;
    }

    fn sign(&mut self, byte: u8) {
        match byte {
            b'(' | b'[' | b'{' => self.depth += 1,
            b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.opens_line = false;
        self.at += 1;
    }

    fn comment(&mut self) -> &'a str {
        let start = self.at + 1;
        while self.peek(0).is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
        self.since(start, self.at)
    }

    fn name(&mut self) -> &'a str {
        let start = self.at;
        while self.peek(0).is_some_and(is_of_name) {
            self.at += 1;
        }
        self.since(start, self.at)
    }

    /// What stands between quotes. One quote ends with its line at the latest, three with the source.
    fn string(&mut self) -> &'a str {
        let quote = self.peek(0);
        let is_long = self.peek(1) == quote && self.peek(2) == quote;
        let width = if is_long { 3 } else { 1 };
        self.opens_line = false;
        self.at += width;
        let start = self.at;
        while let Some(byte) = self.peek(0) {
            if byte == b'\\' {
                self.at += 2;
            } else if !is_long && byte == b'\n' {
                return self.since(start, self.at);
            } else if (0..width).all(|ahead| self.peek(ahead) == quote) {
                let text = self.since(start, self.at);
                self.at += width;
                return text;
            } else {
                self.at += 1;
            }
        }
        self.at = self.text.len();
        self.since(start, self.at)
    }
}

/// Letters beyond ASCII are of names too; what Python thinks of them does not matter here.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
