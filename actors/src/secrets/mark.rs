//! What stands in the place of a value. Pure.
//!
//! A mark that can be read back begins with the escape of `[`, which is the same character to every reader of JSON, and
//! which is taken out of all other strings (see `json`): so nothing else can be taken for a mark.

use std::ops::Range;

/// With which the form of a value is called that stood as a number, not within a string.
pub(super) const NUMBER: &str = "number";

/// With which a mark begins that can be read back.
pub(super) const BEGINNING: &str = "\\u005bsecret ";
const END: char = ']';

/// Which part of which form of which value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark<'a> {
    pub(super) name: &'a str,
    /// Of the value, so that another one is noticed.
    pub(super) tag: &'a str,
    /// Empty for the value as it is.
    pub(super) form: &'a str,
    /// Bytes of it; all where there is none.
    pub(super) part: Option<Range<usize>>,
}

impl<'a> Mark<'a> {
    /// For people.
    pub(super) fn shown(&self) -> String {
        format!("[secret {}]", self.name)
    }

    /// Within a string of JSON: `\u005bsecret NAME TAG FORM FROM-TO]`, where the last two may be left out.
    pub(super) fn kept(&self) -> String {
        let Self { name, tag, form, part } = self;
        let mut text = format!("{BEGINNING}{name} {tag}");
        match part {
            Some(part) => text.push_str(&format!(" {form} {}-{}", part.start, part.end)),
            None if form.is_empty() => {}
            None => text.push_str(&format!(" {form}")),
        }
        text.push(END);
        text
    }

    /// The mark with which a text begins, and its length.
    pub(super) fn parse(text: &'a str) -> Option<(Self, usize)> {
        let (inner, _) = text.strip_prefix(BEGINNING)?.split_once(END)?;
        let mut words = inner.split(' ');
        let (name, tag) = (words.next()?, words.next()?);
        let form = words.next().unwrap_or_default();
        let part = match words.next() {
            Some(part) => {
                let (from, to) = part.split_once('-')?;
                Some(from.parse().ok()?..to.parse().ok()?)
            }
            None => None,
        };
        let mark = Self { name, tag, form, part };
        words.next().is_none().then_some((mark, BEGINNING.len() + inner.len() + END.len_utf8()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back() {
        let whole = Mark { name: "API_KEY", tag: "1f3c", form: "", part: None };
        let encoded = Mark { form: "base64-1", ..whole.clone() };
        let part = Mark { part: Some(0..76), ..encoded.clone() };
        let part_of_value = Mark { part: Some(3..7), ..whole.clone() };
        for mark in [whole, encoded, part, part_of_value] {
            let text = mark.kept();
            assert_eq!(Mark::parse(&format!("{text} more]")), Some((mark, text.len())), "{text}");
        }
        for text in
            ["[secret A 1f3c]", "\\u005bsecret A]", "\\u005bsecret A 1f3c f x]", "\\u005bsecret A 1f3c"]
        {
            assert_eq!(Mark::parse(text), None);
        }
    }
}
