//! JSON without the white space between its parts.

use std::borrow::Cow;

/// The same text without white space, but for that within strings. It is JSON.
pub(super) fn compact(text: &str) -> Cow<'_, str> {
    let mut kept: Option<String> = None;
    let (mut in_string, mut is_escaped) = (false, false);
    // Where the part begins that is to be taken next.
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b' ' | b'\t' | b'\n' | b'\r' if !in_string => {
                let kept = kept.get_or_insert_with(|| String::with_capacity(text.len()));
                kept.push_str(text.get(from..at).unwrap_or_default());
                from = at + 1;
            }
            _ => {}
        }
    }
    match kept {
        None => Cow::Borrowed(text),
        Some(mut kept) => {
            kept.push_str(text.get(from..).unwrap_or_default());
            Cow::Owned(kept)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_within_strings_stays() {
        let text = "{ \"a b\" :\t[ 1 ,\r\n \"\\\" \\\\\" , \"é \\u005b\" ] }";
        assert_eq!(compact(text), "{\"a b\":[1,\"\\\" \\\\\",\"é \\u005b\"]}");
        assert!(matches!(compact("[1,\" \"]"), Cow::Borrowed(_)));
    }
}
