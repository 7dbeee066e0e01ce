//! The forms in which a value may stand in a text: as it is, escaped, encoded, and line by line.
//!
//! The name of a form is written into records, beside a part of what it gives: neither a name nor what it gives may
//! ever change.

use std::collections::BTreeSet;

use super::joined::{Joined, Space};

/// A line of a value that has several; a shorter one stands in ordinary text.
const LINE_CHARS_MIN: usize = 8;

/// How often a value may be quoted, by JSON or by Python: as JSON that is a text of JSON that Python shows.
const LEVELS: usize = 3;
/// Bytes of a value that is looked for quoted more than once; each level may double it.
const QUOTED_BYTES_MAX: usize = 4 << 10;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What encoders of URLs leave as it is, beside letters and digits.
const URL_SAFE: [(&str, &[u8]); 5] = [
    // RFC 3986, and Python's `quote_plus`.
    ("url", b"-_.~"),
    // Python's `quote`.
    ("url-path", b"-_.~/"),
    // `encodeURIComponent` of JavaScript.
    ("url-component", b"-_.~!'()*"),
    // `encodeURI` of JavaScript.
    ("url-whole", b"-_.~!'()*;/?:@&=+$,#"),
    // Forms of HTML, and `URLEncoder` of Java.
    ("url-form", b"*-._"),
];

/// A form of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// What it is called in records; the value as it is has no name.
    pub(super) name: String,
    /// The text that is looked for, without the white space at its ends and around its line breaks, and without those.
    pub(super) text: String,
}

/// Every form of `value`, each text once, the value itself first.
pub(super) fn forms(value: &str) -> Vec<Form> {
    let joined = join(value);
    let mut all = vec![
        (String::new(), joined.clone()),
        ("ascii".to_owned(), ascii(&joined)),
        // With the escapes of line feeds that are its own, where it was parted within one.
        ("raw".to_owned(), value.trim_matches([' ', '\t', '\r']).replace('\n', "")),
        ("path".to_owned(), path(&joined)),
        ("path-json".to_owned(), path(&json(&joined))),
        ("hex".to_owned(), value.bytes().map(|byte| format!("{byte:02x}")).collect()),
        ("hex-upper".to_owned(), value.bytes().map(|byte| format!("{byte:02X}")).collect()),
    ];
    for (name, alphabet) in [("base64", BASE64), ("base64url", BASE64_URL)] {
        let whole = base64(value.as_bytes(), 0, alphabet);
        let padding = "=".repeat((4 - whole.len() % 4) % 4);
        all.push((format!("{name}-padded"), format!("{whole}{padding}")));
        all.push((format!("{name}-whole"), whole));
        for before in 0..3 {
            all.push((format!("{name}-{before}"), base64_within(value.as_bytes(), before, alphabet)));
        }
    }
    for (name, safe) in URL_SAFE {
        let keeps = |byte: u8| byte.is_ascii_alphanumeric() || safe.contains(&byte);
        for (case, is_lower) in [("", false), ("-lower", true)] {
            let encoded = percent(value, keeps, is_lower);
            all.push((format!("{name}{case}-plus"), encoded.replace("%20", "+")));
            all.push((format!("{name}{case}"), encoded));
        }
    }
    if value.contains('\n') {
        for (number, line) in value.lines().map(str::trim).enumerate() {
            if line.chars().count() >= LINE_CHARS_MIN {
                all.push((format!("line-{number}"), line.to_owned()));
            }
        }
    }
    let mut inner: Vec<(String, String)> = all.iter().take(2).cloned().collect();
    // Each stands in a record, too.
    let kept: Vec<_> = all.iter().map(|(name, text)| (format!("json-{name}"), json(text))).collect();
    all.extend(kept);
    let levels = if value.len() > QUOTED_BYTES_MAX { 1 } else { LEVELS };
    for _ in 0..levels {
        inner = inner.into_iter().flat_map(quoted).collect();
        all.extend(inner.iter().cloned());
    }
    all.extend(byte_by_byte(value));
    if !value.is_ascii() {
        all.extend(escaped_forms(&joined));
    }
    let mut seen = BTreeSet::new();
    all.retain(|(_, text)| !text.is_empty() && seen.insert(text.clone()));
    all.into_iter().map(|(name, text)| Form { name, text }).collect()
}

/// Hexadecimal with something between the bytes, and URLs in which every byte is escaped.
fn byte_by_byte(value: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (hex_case, url_case, is_lower) in [("", "-lower", true), ("-upper", "", false)] {
        let every = percent(value, |_| false, is_lower);
        for (name, between) in [("colons", ":"), ("spaces", " "), ("dashes", "-")] {
            let text = every.replacen('%', "", 1).replace('%', between);
            all.push((format!("hex-{name}{hex_case}"), text));
        }
        all.push((format!("url-every{url_case}"), every));
    }
    all
}

/// Python's `repr` of the bytes of a text that is not all ASCII, and its `ascii`; quoted once more, and once more.
fn escaped_forms(text: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (quotes, escapes_quotes) in [("", false), ("-quotes", true)] {
        all.push((format!("bytes{quotes}"), escaped(text, escapes_quotes, byte_escapes)));
        all.push((format!("escapes{quotes}"), escaped(text, escapes_quotes, escape)));
    }
    let once: Vec<_> = all.iter().cloned().flat_map(quoted).collect();
    let twice: Vec<_> = once.iter().cloned().flat_map(quoted).collect();
    all.into_iter().chain(once).chain(twice).collect()
}

/// A form as it stands in quotes.
fn quoted((name, text): (String, String)) -> [(String, String); 3] {
    [
        (format!("json-{name}"), json(&text)),
        (format!("repr-{name}"), repr(&text, false)),
        (format!("quote-{name}"), repr(&text, true)),
    ]
}

/// Without line breaks, the white space around them and at the ends.
fn join(text: &str) -> String {
    let joined = Joined::of(text.as_bytes(), Space::Dropped).bytes.into_owned();
    let text = String::from_utf8(joined).expect("line breaks and white space are whole characters");
    text.trim_matches([' ', '\t', '\r']).to_owned()
}

/// As within the path of a step.
fn path(text: &str) -> String {
    percent(text, |byte| !b"/#~[]%".contains(&byte), false)
}

/// As within a string of JSON that escapes only what it must.
fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a text has a form in JSON");
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

/// As within a string of JSON that is all ASCII.
fn ascii(text: &str) -> String {
    let mut units = [0; 2];
    let mut escaped = String::new();
    for character in json(text).chars() {
        match character {
            ' '..='~' => escaped.push(character),
            _ => {
                for unit in character.encode_utf16(&mut units) {
                    escaped.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    escaped
}

/// As within the quotes of Python's `repr`, but for the rare characters that it does not take for printable. Whether it
/// escapes single quotes depends on the whole of a text.
fn repr(text: &str, escapes_quotes: bool) -> String {
    escaped(text, escapes_quotes, |character| match character {
        '\u{80}'..='\u{a0}' => escape(character),
        _ => character.to_string(),
    })
}

/// As Python escapes ASCII within quotes; `other` says how it writes each other character.
fn escaped(text: &str, escapes_quotes: bool, other: impl Fn(char) -> String) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            '\r' => escaped.push_str("\\r"),
            '\'' if escapes_quotes => escaped.push_str("\\'"),
            ' '..='~' => escaped.push(character),
            '\0'..='\u{7f}' => escaped.push_str(&escape(character)),
            _ => escaped.push_str(&other(character)),
        }
    }
    escaped
}

/// A character as Python escapes it.
fn escape(character: char) -> String {
    match u32::from(character) {
        code @ ..0x100 => format!("\\x{code:02x}"),
        code @ ..0x1_0000 => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

/// The bytes of a character as Python escapes each.
fn byte_escapes(character: char) -> String {
    character.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\x{byte:02x}")).collect()
}

fn percent(text: &str, keeps: impl Fn(u8) -> bool, is_lower: bool) -> String {
    let mut encoded = Vec::new();
    for byte in text.bytes() {
        match (keeps(byte), is_lower) {
            (true, _) => encoded.push(byte),
            (false, false) => encoded.extend(format!("%{byte:02X}").bytes()),
            (false, true) => encoded.extend(format!("%{byte:02x}").bytes()),
        }
    }
    // The characters of a path that are kept may be of several bytes; they are kept whole.
    String::from_utf8(encoded).unwrap_or_default()
}

/// Base64 of RFC 4648 without padding, of `before` zero bytes and these.
fn base64(bytes: &[u8], before: usize, alphabet: &[u8; 64]) -> String {
    let bytes: Vec<u8> = std::iter::repeat_n(0, before).chain(bytes.iter().copied()).collect();
    let mut encoded = String::new();
    for group in bytes.chunks(3) {
        let byte = |place: usize| u32::from(group.get(place).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..=group.len() {
            let index = (bits >> (18 - 6 * place)) & 63;
            encoded.push(char::from(alphabet.get(index as usize).copied().unwrap_or_default()));
        }
    }
    encoded
}

/// The characters that base64 has for these bytes wherever they stand, with `before` bytes of a group of three before
/// them: the characters at the ends, which depend on what stands beside, are left out.
fn base64_within(bytes: &[u8], before: usize, alphabet: &[u8; 64]) -> String {
    let encoded = base64(bytes, before, alphabet);
    let (first, end) = ((before * 8).div_ceil(6), (before + bytes.len()) * 8 / 6);
    encoded.get(first..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(value: &str, name: &str) -> Option<String> {
        forms(value).into_iter().find(|form| form.name == name).map(|form| form.text)
    }

    #[test]
    fn a_plain_value_has_few_forms() {
        let names: Vec<String> = forms("hunter2").into_iter().map(|form| form.name).collect();
        let expected = "|hex|hex-upper|base64-padded|base64-whole|base64-0|base64-1|base64-2|hex-colons|hex-spaces|\
            hex-dashes|url-every-lower|hex-colons-upper|hex-spaces-upper|hex-dashes-upper|url-every";
        assert_eq!(names.join("|"), expected);
    }

    #[test]
    fn forms_are_those_of_the_usual_encoders() {
        let value = "a+b/c d~é\"'\\";
        for (name, expected) in [
            ("", value),
            ("json-", "a+b/c d~é\\\"'\\\\"),
            ("json-json-", "a+b/c d~é\\\\\\\"'\\\\\\\\"),
            ("ascii", "a+b/c d~\\u00e9\\\"'\\\\"),
            ("repr-", "a+b/c d~é\"'\\\\"),
            ("quote-", "a+b/c d~é\"\\'\\\\"),
            ("quote-ascii", "a+b/c d~\\\\u00e9\\\\\"\\'\\\\\\\\"),
            ("url", "a%2Bb%2Fc%20d~%C3%A9%22%27%5C"),
            ("url-plus", "a%2Bb%2Fc+d~%C3%A9%22%27%5C"),
            ("url-lower-plus", "a%2bb%2fc+d~%c3%a9%22%27%5c"),
            ("url-path", "a%2Bb/c%20d~%C3%A9%22%27%5C"),
            ("url-component", "a%2Bb%2Fc%20d~%C3%A9%22'%5C"),
            ("url-form-plus", "a%2Bb%2Fc+d%7E%C3%A9%22%27%5C"),
            ("path-json", "a+b%2Fc d%7Eé\\\"'\\\\"),
            ("hex", "612b622f6320647ec3a922275c"),
            ("hex-colons", "61:2b:62:2f:63:20:64:7e:c3:a9:22:27:5c"),
            ("hex-spaces-upper", "61 2B 62 2F 63 20 64 7E C3 A9 22 27 5C"),
            ("url-every-lower", "%61%2b%62%2f%63%20%64%7e%c3%a9%22%27%5c"),
            ("bytes", r#"a+b/c d~\xc3\xa9"'\\"#),
            ("bytes-quotes", r#"a+b/c d~\xc3\xa9"\'\\"#),
            ("json-bytes-quotes", r#"a+b/c d~\\xc3\\xa9\"\\'\\\\"#),
            ("escapes", r#"a+b/c d~\xe9"'\\"#),
            ("base64-padded", "YStiL2MgZH7DqSInXA=="),
        ] {
            assert_eq!(form(value, name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(form("😀 ok", "ascii").as_deref(), Some("\\ud83d\\ude00 ok"));
        assert_eq!(form("é€😀!", "escapes").as_deref(), Some("\\xe9\\u20ac\\U0001f600!"));
        assert_eq!(form("??>>", "base64url-padded").as_deref(), Some("Pz8-Pg=="));
    }

    #[test]
    fn base64_is_found_at_every_alignment() {
        for value in ["hunt", "hunter2", "correct horse", "é?>~ÿ"] {
            for before in 0..7 {
                for after in 0..4 {
                    let around = [&b"xyzxyzx"[..before], value.as_bytes(), &b"abcd"[..after]].concat();
                    let encoded = base64(&around, 0, BASE64);
                    let part = form(value, &format!("base64-{}", before % 3)).unwrap();
                    assert!(encoded.contains(&part), "{value} {before} {after}: {part} in {encoded}");
                }
            }
        }
    }

    #[test]
    fn lines_stand_by_themselves_and_joined() {
        let value = "-----BEGIN KEY-----\n  MIIEpAIBAAKC\r\nshort\n-----END KEY-----\n";
        assert_eq!(form(value, "").as_deref(), Some("-----BEGIN KEY-----MIIEpAIBAAKCshort-----END KEY-----"));
        assert_eq!(form(value, "line-1").as_deref(), Some("MIIEpAIBAAKC"));
        assert_eq!(form(value, "line-2"), None);
    }
}
