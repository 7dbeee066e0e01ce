//! Values within the text of JSON: its strings are looked through, its form and its meaning stay. Pure.

use std::borrow::Cow;

use super::{
    mark::{self, Mark},
    redactor::{Changed, Redactor, Style, Syntax},
};

/// The text with what must not be kept replaced; none where it stays as it is.
pub(super) fn rewritten(redactor: &Redactor, json: &str, style: Style) -> Option<String> {
    let mut text = String::new();
    let mut copied = 0;
    let mut replace = |range: std::ops::Range<usize>, by: &str| {
        text.push_str(json.get(copied..range.start).unwrap_or_default());
        text.push_str(by);
        copied = range.end;
    };
    for token in Tokens::of(json) {
        match token {
            Token::Content(start, content) => {
                let plain = without_needless_escapes(content);
                let pieces = redactor.pieces(plain.as_bytes(), Syntax::Json, style);
                if !pieces.is_empty() || matches!(plain, Cow::Owned(_)) {
                    replace(start..start + content.len(), &redactor.replaced(&plain, &pieces, style));
                }
            }
            Token::Number(start, number) => {
                if let Some(mark) = redactor.number(number, style) {
                    replace(start..start + number.len(), &format!("\"{mark}\""));
                }
            }
        }
    }
    if copied == 0 {
        return None;
    }
    text.push_str(json.get(copied..).unwrap_or_default());
    Some(text)
}

/// The text with what `value_of` has for each mark.
pub(super) fn revealed<'a>(
    json: &str,
    value_of: impl Fn(&Mark<'_>) -> Result<&'a str, Changed>,
) -> Result<String, Changed> {
    let mut text = String::with_capacity(json.len());
    let mut copied = 0;
    for (start, _) in json.match_indices(mark::BEGINNING) {
        // A mark has none within it; an escaped backslash before it makes it the text of a flow.
        if start < copied || is_within_escape(json.as_bytes(), start) {
            continue;
        }
        let Some((mark, length)) = json.get(start..).and_then(Mark::parse) else { continue };
        if mark.form.starts_with(mark::NUMBER) {
            // It stood without the quotes.
            text.push_str(json.get(copied..start.saturating_sub(1)).unwrap_or_default());
            text.push_str(value_of(&mark)?);
            copied = start + length + 1;
        } else {
            text.push_str(json.get(copied..start).unwrap_or_default());
            text.push_str(value_of(&mark)?);
            copied = start + length;
        }
    }
    text.push_str(json.get(copied..).unwrap_or_default());
    Ok(text)
}

/// True where an escape has begun before `at` and goes on there.
pub(super) fn is_within_escape(content: &[u8], at: usize) -> bool {
    let is_backslash = |place: usize| content.get(place) == Some(&b'\\');
    // An escape begins at the last of an odd number of backslashes.
    let begins_at = |place: usize| {
        let before = content.get(..place).unwrap_or_default();
        is_backslash(place) && before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
    };
    let is_after = |length: usize| at.checked_sub(length).is_some_and(begins_at);
    let is_long = |length: usize| content.get((at - length + 1).min(content.len())) == Some(&b'u');
    is_after(1) || (2..6).any(|length| is_after(length) && is_long(length))
}

/// What may hold a value.
enum Token<'a> {
    /// Where the inside of a string begins, and what it is.
    Content(usize, &'a str),
    /// Where a number begins, and what it is.
    Number(usize, &'a str),
}

struct Tokens<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    fn of(json: &'a str) -> Self {
        Self { json, at: 0 }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.json.get(self.at..)?;
        let starts = |byte: u8| byte == b'"' || byte == b'-' || byte.is_ascii_digit();
        let start = self.at + rest.bytes().position(starts)?;
        let token = self.json.get(start..)?;
        if let Some(inside) = token.strip_prefix('"') {
            let mut escaped = false;
            let is_end = |byte: u8| {
                let ends = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                ends
            };
            let length = inside.bytes().position(is_end)?;
            self.at = start + 1 + length + 1;
            return Some(Token::Content(start + 1, inside.get(..length)?));
        }
        let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        let length = token.bytes().take_while(|byte| is_part(byte)).count();
        self.at = start + length;
        Some(Token::Number(start, token.get(..length)?))
    }
}

/// The inside of a string, equal to every reader of JSON, with those escapes only that JSON asks for, each in one form;
/// half a pair of surrogates, which is no character, stays.
fn without_needless_escapes(content: &str) -> Cow<'_, str> {
    if !content.contains("\\u") && !content.contains("\\/") {
        return Cow::Borrowed(content);
    }
    let mut plain = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = rest.find('\\') {
        plain.push_str(rest.get(..at).unwrap_or_default());
        let escape = rest.get(at..).unwrap_or_default();
        let length = match escape.as_bytes() {
            [_, b'/', ..] => {
                plain.push('/');
                2
            }
            [_, b'u', ..] => push_unescaped(&mut plain, escape),
            _ => {
                plain.push_str(escape.get(..2).unwrap_or(escape));
                2
            }
        };
        rest = escape.get(length..).unwrap_or_default();
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Appends what the `\u` escape means with which `text` begins; gives the length of the escape, or of the pair.
fn push_unescaped(plain: &mut String, text: &str) -> usize {
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(0) else {
        plain.push_str("\\u");
        return 2;
    };
    let pair = [first, unit(6).unwrap_or_default()];
    let mut characters = char::decode_utf16(pair);
    match characters.next() {
        Some(Ok(character)) => {
            let quoted = serde_json::to_string(&character).expect("a character has a form in JSON");
            plain.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
            if character.len_utf16() == 2 { 12 } else { 6 }
        }
        _ => {
            plain.push_str(&format!("\\u{first:04x}"));
            6
        }
    }
}
