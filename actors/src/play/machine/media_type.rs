//! What a media type looks like: a type and a subtype as RFC 6838 has them (4.2), and parameters as HTTP writes them
//! (RFC 9110, 5.6.6). It may become a header of a response, so nothing else passes.
//!
//! `hero_tracing/_media_types.py` reads it alike; both are tested against `sdk/python/tests/media_types.json`.

/// Of the whole of it.
const BYTES_MAX: usize = 200;
/// Of the type, and of the subtype.
const NAME_BYTES_MAX: usize = 127;

pub(crate) fn is_media_type(text: &str) -> bool {
    if text.len() > BYTES_MAX {
        return false;
    }
    let end = text.find([' ', ';']).unwrap_or(text.len());
    let (kinds, parameters) = text.split_at(end);
    kinds.split_once('/').is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype))
        && are_parameters(parameters)
}

fn is_name(text: &str) -> bool {
    text.len() <= NAME_BYTES_MAX
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}

/// Any number of `; name=value`.
fn are_parameters(mut text: &str) -> bool {
    while !text.is_empty() {
        let Some(parameter) = text.trim_start_matches(' ').strip_prefix(';') else { return false };
        let Some(value) =
            after_token(parameter.trim_start_matches(' ')).and_then(|rest| rest.strip_prefix('='))
        else {
            return false;
        };
        let Some(rest) = value.strip_prefix('"').map_or_else(|| after_token(value), after_quoted) else {
            return false;
        };
        text = rest;
    }
    true
}

/// What follows a token of one character at least.
fn after_token(text: &str) -> Option<&str> {
    let is_of_token = |one: char| one.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(one);
    let rest = text.trim_start_matches(is_of_token);
    (rest.len() < text.len()).then_some(rest)
}

/// What follows the quotation mark that ends a text in such.
fn after_quoted(text: &str) -> Option<&str> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b' '..=b'~' if is_escaped => is_escaped = false,
            b'"' => return text.get(at + 1..),
            b'\\' => is_escaped = true,
            b' '..=b'~' => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        accepted: Vec<String>,
        refused: Vec<String>,
    }

    #[test]
    fn media_types_and_what_only_looks_like_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../sdk/python/tests/media_types.json");
        let vectors: Vectors = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(vectors.accepted.len() > 10 && vectors.refused.len() > 20);
        for accepted in vectors.accepted {
            assert!(is_media_type(&accepted), "{accepted:?}");
        }
        for refused in vectors.refused {
            assert!(!is_media_type(&refused), "{refused:?}");
        }
    }

    #[test]
    fn they_are_no_longer_than_they_may_be() {
        let name = "x".repeat(NAME_BYTES_MAX);
        assert!(is_media_type(&format!("{name}/y")) && is_media_type(&format!("y/{name}")));
        assert!(!is_media_type(&format!("{name}x/y")) && !is_media_type(&format!("y/{name}x")));
        let parameter = "x".repeat(BYTES_MAX - "a/b;c=".len());
        assert!(is_media_type(&format!("a/b;c={parameter}")));
        assert!(!is_media_type(&format!("a/b;c={parameter}x")));
    }
}
