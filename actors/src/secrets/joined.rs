//! A text with its lines joined, so that a value is found that was split over them. Pure.
//!
//! The escape of a line feed ends a line as well, with one backslash or more: so it stands in the text of JSON and of
//! Python, and where one holds the other.

use std::{borrow::Cow, ops::Range};

/// What becomes of the white space around line breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// It stays: it may belong to a value that was parted there.
    Kept,
    /// It goes: it may be an indentation.
    Dropped,
    /// It goes too, and what looks like the escape of a break is text: the end of a value and what comes after it.
    Unescaped,
}

/// A text without its line breaks, and where each part of it came from.
#[derive(Debug)]
pub(super) struct Joined<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    /// Where each line begins, here and in the text.
    lines: Vec<(usize, usize)>,
}

#[derive(PartialEq)]
enum Unit {
    Break,
    Space,
    Other,
}

impl<'a> Joined<'a> {
    pub(super) fn of(text: &'a [u8], space: Space) -> Self {
        let has_breaks = text.contains(&b'\n') || text.windows(2).any(|pair| pair == b"\\n");
        if !has_breaks {
            return Self { bytes: Cow::Borrowed(text), lines: vec![(0, 0)] };
        }
        let mut bytes = Vec::with_capacity(text.len());
        let mut lines = vec![(0, 0)];
        // The length without the white space at its end.
        let mut solid = 0;
        let mut at = 0;
        let mut has_broken = false;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let (unit, length) = first_unit(rest, space);
            match unit {
                Unit::Break => {
                    if space != Space::Kept {
                        bytes.truncate(solid);
                    }
                    has_broken = true;
                }
                Unit::Space if has_broken && space != Space::Kept => {}
                _ => {
                    if std::mem::take(&mut has_broken) {
                        lines.push((bytes.len(), at));
                    }
                    bytes.extend(rest.iter().take(length));
                    if unit == Unit::Other {
                        solid = bytes.len();
                    }
                }
            }
            at += length;
        }
        Self { bytes: Cow::Owned(bytes), lines }
    }

    /// True where it has several lines.
    pub(super) fn has_breaks(&self) -> bool {
        matches!(self.bytes, Cow::Owned(_))
    }

    /// The parts of the text that a part of the joined text came from, each with its place in that part.
    pub(super) fn places(&self, part: Range<usize>) -> Vec<(Range<usize>, usize)> {
        let first = self.lines.partition_point(|(start, _)| *start <= part.start).saturating_sub(1);
        let mut places = Vec::new();
        for (index, (start, origin)) in self.lines.iter().enumerate().skip(first) {
            let end = self.lines.get(index + 1).map_or(self.bytes.len(), |(next, _)| *next);
            let (from, to) = (part.start.max(*start), part.end.min(end));
            if *start >= part.end {
                break;
            }
            if from < to {
                places.push((origin + from - start..origin + to - start, from - part.start));
            }
        }
        places
    }
}

fn first_unit(text: &[u8], space: Space) -> (Unit, usize) {
    let is_escape = |byte: &&u8| **byte == b'\\' && space != Space::Unescaped;
    let backslashes = text.iter().take_while(is_escape).count();
    match (backslashes, text.get(backslashes)) {
        // One that is escaped is a line of a program, or of a text of JSON within one.
        (_, Some(b'\n')) if backslashes == 0 || space == Space::Dropped => (Unit::Break, backslashes + 1),
        (0, Some(b'\t' | b'\r' | b' ')) => (Unit::Space, 1),
        (0, _) => (Unit::Other, 1),
        // Those before may belong to a value.
        (2.., Some(b'n')) if space == Space::Kept => (Unit::Other, backslashes - 1),
        (_, Some(b'n')) => (Unit::Break, backslashes + 1),
        (_, Some(b't' | b'r')) => (Unit::Space, backslashes + 1),
        _ => (Unit::Other, backslashes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_breaks_may_stay() {
        let joined = Joined::of(b" one \n  two\\n three\n", Space::Kept);
        assert_eq!(&joined.bytes[..], b" one   two three");
        assert_eq!(joined.places(4..12), [(4..5, 0), (6..11, 1), (13..15, 6)]);
    }

    #[test]
    fn lines_are_joined_and_parts_are_found_again() {
        for (text, expected) in [
            (" one two ", " one two "),
            ("one \r\n\n\t two\nthree\n", "onetwothree"),
            ("\n one", "one"),
            (r"one \r\n\n\t two\nthree\n", "onetwothree"),
            (r"one\\r\\ntwo\\\\nthree", "onetwothree"),
            (r"a\tb \\ \", r"a\tb \\ \"),
            ("a\\\nb", "ab"),
        ] {
            let joined = Joined::of(text.as_bytes(), Space::Dropped);
            assert_eq!(joined.bytes, expected.as_bytes(), "{text:?}");
            for start in 0..expected.len() {
                for end in start + 1..=expected.len() {
                    let mut from = start;
                    let parts = joined.places(start..end).into_iter().flat_map(|(place, within)| {
                        assert_eq!(start + within, from);
                        from += place.len();
                        text.as_bytes()[place].to_vec()
                    });
                    assert_eq!(parts.collect::<Vec<u8>>(), expected.as_bytes()[start..end], "{text:?}");
                }
            }
        }
    }
}
