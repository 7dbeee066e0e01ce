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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(source: &str) -> Vec<Piece<'_>> {
        let mut found = Vec::new();
        pieces(source, |piece| found.push(piece));
        found
    }

    #[test]
    fn docstrings_comments_names_and_texts() {
        let source = r##"#!/usr/bin/env python3
"""Of the module."""
import requests as web

@flow(name="check")
async def links(page_url: str, depth=0x1F):  # follows them
    r"""Finds \ broken links.
    Two lines."""
    def inner(self): 'Of the inner one.'
    text = f"not {found}" + (
        "within brackets"
    )
    return web.fetch(page_url).status_code
"##;
        use Piece::{Code, Prose};
        assert_eq!(
            read(source),
            [
                Prose("!/usr/bin/env python3"),
                Prose("Of the module."),
                Code("requests"),
                Code("web"),
                Code("name"),
                Code("check"),
                Code("links"),
                Code("page_url"),
                Code("depth"),
                Prose(" follows them"),
                Prose("Finds \\ broken links.\n    Two lines."),
                Code("inner"),
                Code("Of the inner one."),
                Code("text"),
                Code("not {found}"),
                Code("within brackets"),
                Code("web"),
                Code("fetch"),
                Code("page_url"),
                Code("status_code"),
            ]
        );
    }

    #[test]
    fn what_python_refuses_is_read_as_far_as_it_goes() {
        use Piece::{Code, Prose};
        for (source, found) in [
            ("'''never ends", vec![Prose("never ends")]),
            ("x = 'ends with the line\nname", vec![Code("x"), Code("ends with the line"), Code("name")]),
            ("((((\ndef after():\n    '''Doc.'''", vec![Code("after"), Prose("Doc.")]),
            ("'\\", vec![Prose("\\")]),
            ("\\", vec![]),
            ("größe = 1", vec![Code("größe")]),
            ("\0\u{1}\u{fffd}", vec![Code("\u{fffd}")]),
        ] {
            assert_eq!(read(source), found, "{source:?}");
        }
    }

    #[test]
    fn a_source_is_read_up_to_its_limit() {
        let source = "name\n".repeat(SOURCE_BYTES_MAX);
        assert_eq!(read(&source).len(), SOURCE_BYTES_MAX / 5 + 1);
    }

    proptest! {
        /// The pieces come in the order of the source, and no byte is of two.
        #[test]
        fn any_text_is_read_once(source in "([\"'#\\\\\n ()a_é0]|\"\"\"|def |\\PC){0,60}") {
            let mut end = source.as_ptr() as usize;
            pieces(&source, |piece| {
                let (Piece::Prose(text) | Piece::Code(text)) = piece;
                // One that is empty need not lie anywhere.
                if !text.is_empty() {
                    assert!(text.as_ptr() as usize >= end);
                    end = text.as_ptr() as usize + text.len();
                }
            });
            prop_assert!(end <= source.as_ptr() as usize + source.len());
        }
    }
}
