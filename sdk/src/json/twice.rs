//! Whether an object has one member twice: which of the two is meant is anybody's guess.

use std::{borrow::Cow, collections::HashSet};

/// What is open at a place of the text.
enum Open<'a> {
    /// The members so far, and the one whose value this is.
    Object(HashSet<Cow<'a, str>>, Cow<'a, str>),
    /// How many items have ended.
    Array(usize),
}

/// Where a member is that was there before, as a JSON pointer. `text` is JSON.
pub(crate) fn twice(text: &str) -> Option<String> {
    let mut open: Vec<Open<'_>> = Vec::new();
    // A text is a name where it stands behind `{`, and behind `,` in an object.
    let (mut is_name, mut rest) = (false, text);
    while let Some(at) = rest.find(['{', '}', '[', ']', ',', '"']) {
        let (_, found) = rest.split_at(at);
        let mut length = 1;
        match found.as_bytes().first() {
            Some(b'{') => open.push(Open::Object(HashSet::new(), Cow::Borrowed(""))),
            Some(b'[') => open.push(Open::Array(0)),
            Some(b'}' | b']') => drop(open.pop()),
            Some(b',') => {
                if let Some(Open::Array(count)) = open.last_mut() {
                    *count += 1;
                }
            }
            _ => {
                length = text_length(found);
                if let (true, Some(Open::Object(members, current))) = (is_name, open.last_mut()) {
                    let name = unescaped(found.get(1..length - 1).unwrap_or_default());
                    *current = name.clone();
                    if !members.insert(name) {
                        return Some(open.iter().map(Open::segment).collect());
                    }
                }
            }
        }
        is_name = matches!(found.as_bytes().first(), Some(b'{' | b','))
            && matches!(open.last(), Some(Open::Object(..)));
        rest = found.get(length..).unwrap_or_default();
    }
    None
}

/// A member's part of a pointer, RFC 6901; of one that is long, the beginning.
pub(crate) fn segment(key: &str) -> String {
    let key: String = key.chars().take(100).collect();
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

impl Open<'_> {
    fn segment(&self) -> String {
        match self {
            Self::Object(_, name) => segment(name),
            Self::Array(count) => format!("/{count}"),
        }
    }
}

/// Bytes of the text that begins here, with its quotes.
fn text_length(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A name as it is meant; one with half a character as it is written.
fn unescaped(name: &str) -> Cow<'_, str> {
    if !name.contains('\\') {
        return Cow::Borrowed(name);
    }
    serde_json::from_str(&format!("\"{name}\"")).map_or(Cow::Borrowed(name), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_found_that_was_there_before() {
        for once in [
            "{}",
            "[]",
            r#"{"a":"a","b":{"a":["a","a",{"a":1}]},"c":","}"#,
            r#"[{"a":1},{"a":1},"a","a"]"#,
            r#"{"\"":1,"\\":2,"\\\"":3,"{":"}\"","}":"{"}"#,
            r#"{"a":{"b":1},"b":[],"é":1e999,"e\u0301":2}"#,
        ] {
            assert_eq!(twice(once), None, "{once}");
        }
        for (more, pointer) in [
            (r#"{"a":1,"a":1}"#, "/a"),
            (r#"{"a":[1,[],{"x":"[","y/":{},"y\u002f":2}]}"#, "/a/2/y~1"),
            ("[ 0 , { \"\" : { } , \"\" : [ ] } ]", "/1/"),
            (r#"{"x":{"a":1},"b":{"a":1},"x":3}"#, "/x"),
        ] {
            assert_eq!(twice(more).as_deref(), Some(pointer), "{more}");
        }
    }
}
