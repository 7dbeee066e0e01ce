//! The one text that a JSON value has, for its digest: RFC 8785 but for what would lose something of a play.
//!
//! Without white space; members in the order of the bytes of their names, as they are written here. A string has no
//! escape that it does not need, but two: a half of a character of two halves stays as `\udxxx`, and `[` that is
//! written as `\u005b` stays so, since a kept value has the name of a secret behind it. A number counts by its exact
//! decimal value and by whether it is written as a whole number: `1.50` is `15e-1`, `1` is not `1.0`, and no digit is
//! rounded away. One whose exponent has more than 15 digits is as it is written.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

/// Digits of an exponent that is reckoned with.
const EXPONENT_DIGITS_MAX: usize = 15;

/// `sha256:` and the SHA-256 of the canonical form, 64 lower-case hex digits. The text is JSON, nested so deep at most
/// as a document may be.
pub(super) fn digest(json: &str) -> Result<String, serde_json::Error> {
    let mut hash = Sha256::new();
    write(json, &mut |part| hash.update(part))?;
    let digits: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("sha256:{digits}"))
}

fn write(text: &str, out: &mut dyn FnMut(&str)) -> Result<(), serde_json::Error> {
    match text.as_bytes().first() {
        Some(b'{') => {
            let Entries(entries) = serde_json::from_str(text)?;
            let mut entries: Vec<(Cow<'_, str>, &str)> =
                entries.into_iter().map(|(name, value)| (string(name.get()), value.get())).collect();
            entries.sort_unstable();
            let mut mark = "{";
            for (name, value) in entries {
                out(std::mem::replace(&mut mark, ","));
                out(&name);
                out(":");
                write(value, out)?;
            }
            out(if mark == "{" { "{}" } else { "}" });
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            let mut mark = "[";
            for item in items {
                out(std::mem::replace(&mut mark, ","));
                write(item.get(), out)?;
            }
            out(if mark == "[" { "[]" } else { "]" });
        }
        Some(b'"') => out(&string(text)),
        Some(b'-' | b'0'..=b'9') => out(&number(text)),
        _ => out(text),
    }
    Ok(())
}

/// The members of an object as they are written.
struct Entries<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Entries<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// A string, with its quotes.
fn string(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        written.push_str(before);
        let (unit, length) = match escape.as_bytes().first() {
            Some(b'u') => unit(escape, &mut written),
            Some(b'/') => (Some('/'), 1),
            // The others are those that this form has as well.
            _ => {
                written.push('\\');
                written.push_str(escape.get(..1).unwrap_or_default());
                (None, 1)
            }
        };
        if let Some(character) = unit {
            push(&mut written, character);
        }
        rest = escape.get(length..).unwrap_or_default();
    }
    written.push_str(rest);
    Cow::Owned(written)
}

/// The character of `u` and four digits, or of two such, and their length; what has no character is written as it is.
fn unit(escape: &str, written: &mut String) -> (Option<char>, usize) {
    /// `u` and its digits.
    const LENGTH: usize = 5;
    let code = |at: usize| u32::from_str_radix(escape.get(at + 1..at + LENGTH)?, 16).ok();
    let first = code(0).unwrap_or_default();
    if first == u32::from('[') {
        written.push_str("\\u005b");
        return (None, LENGTH);
    }
    if let Some(character) = char::from_u32(first) {
        return (Some(character), LENGTH);
    }
    let second = escape.get(LENGTH..LENGTH + 2).filter(|next| *next == "\\u").and_then(|_| code(LENGTH + 1));
    if let Some(second @ 0xdc00..=0xdfff) = second.filter(|_| first < 0xdc00) {
        let both = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(both), 2 * LENGTH + 1);
    }
    written.push_str(&format!("\\u{first:04x}"));
    (None, LENGTH)
}

fn push(written: &mut String, character: char) {
    match character {
        '"' => written.push_str("\\\""),
        '\\' => written.push_str("\\\\"),
        '\u{8}' => written.push_str("\\b"),
        '\t' => written.push_str("\\t"),
        '\n' => written.push_str("\\n"),
        '\u{c}' => written.push_str("\\f"),
        '\r' => written.push_str("\\r"),
        control if u32::from(control) < 0x20 => written.push_str(&format!("\\u{:04x}", u32::from(control))),
        other => written.push(other),
    }
}

fn number(text: &str) -> Cow<'_, str> {
    if !text.contains(['.', 'e', 'E']) {
        return Cow::Borrowed(text);
    }
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |unsigned| ("-", unsigned));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Cow::Owned(format!("{sign}0e0"));
    }
    let is_reckoned = exponent.trim_start_matches(['+', '-']).len() <= EXPONENT_DIGITS_MAX;
    let Some(exponent) = exponent.parse::<i64>().ok().filter(|_| is_reckoned) else {
        return Cow::Borrowed(text);
    };
    let places = |digits: &str| i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let shift = places(digits) - places(significant) - places(fraction);
    Cow::Owned(format!("{sign}{significant}e{}", exponent + shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        let mut written = String::new();
        write(text, &mut |part| written.push_str(part)).unwrap();
        written
    }

    #[test]
    fn a_value_has_one_text() {
        for (text, expected) in [
            ("{}", "{}"),
            ("[ ]", "[]"),
            (r#"{ "b" : [ 1 , true , null ], "a" : { } }"#, r#"{"a":{},"b":[1,true,null]}"#),
            (r#"{"\u0061b":1,"B":2,"é":3,"a":4}"#, r#"{"B":2,"a":4,"ab":1,"é":3}"#),
            (r#""\u0041\/\u00e9\ud83d\ude00\n\u000a\u0001\u0022\u005C""#, r#""A/é😀\n\n\u0001\"\\""#),
            (r#""[ \u005b \u005Bsecret K t]""#, r#""[ \u005b \u005bsecret K t]""#),
            (r#""\uD800 \udc00 \ud800\u0041 \uD83D\uDE00""#, "\"\\ud800 \\udc00 \\ud800A 😀\""),
            (r#"{"\ud800":1}"#, r#"{"\ud800":1}"#),
            ("[1.50,15e-1,0.15E+1,150.0e-2]", "[15e-1,15e-1,15e-1,15e-1]"),
            ("[1,1.0,1e0,10.0,1E1,-0,-0.0,0.0,0e9]", "[1,1e0,1e0,1e1,1e1,-0,-0e0,0e0,0e0]"),
            ("[1e-5,1e-05,0.00001]", "[1e-5,1e-5,1e-5]"),
            (
                "[12345678901234567890123,0.12345678901234567890123]",
                "[12345678901234567890123,12345678901234567890123e-23]",
            ),
            ("[1e9999999999999999,1e999]", "[1e9999999999999999,1e999]"),
        ] {
            assert_eq!(canonical(text), expected, "{text}");
            assert_eq!(canonical(expected), expected, "it is its own");
        }
    }

    #[test]
    fn its_digest_is_known() {
        let empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(digest("{ }").unwrap(), empty);
    }
}
