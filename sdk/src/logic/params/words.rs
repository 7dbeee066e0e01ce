//! What a reader of JSON says, in words of those who write it. What stands there is not repeated: it may be a secret.

/// What is wrong, and the member of which it is said where that is not where it was found.
pub(super) fn told(error: &str) -> (String, Option<&str>) {
    let quoted = |what: &str| error.strip_prefix(what).and_then(|rest| rest.split('`').next());
    if let Some(name) = quoted("missing field `") {
        return ("it is missing".to_owned(), Some(name));
    }
    if let Some(name) = quoted("duplicate field `") {
        return ("it is there twice".to_owned(), Some(name));
    }
    if error.starts_with("unknown field `") {
        // A name may hold what it is quoted with; what is behind it may not.
        let rest = error.trim_start_matches("unknown field `");
        let name = rest.rsplit_once("`, expected").or_else(|| rest.rsplit_once("`, there are no"));
        let name = name.map_or(rest, |(name, _)| name.split("`, expected").next().unwrap_or(name));
        return ("there is no such parameter".to_owned(), Some(name));
    }
    if error.starts_with("unknown variant `") {
        let choices = error.rsplit_once("`, expected ").map_or("none", |(_, choices)| choices);
        return (format!("there is no such choice: expected {choices}"), None);
    }
    if error.contains("surrogate") || error.contains("hex escape") {
        return ("the text has half of a character of two halves (\\ud800 to \\udfff)".to_owned(), None);
    }
    let wrong = error.strip_prefix("invalid type: ").or_else(|| error.strip_prefix("invalid value: "));
    match wrong.and_then(|wrong| wrong.rsplit_once(", expected ")) {
        Some((given, expected)) => {
            (format!("{} stands where {} belongs", is(given), should_be(expected, given)), None)
        }
        None => (error.chars().take(300).collect(), None),
    }
}

/// What stands there.
fn is(given: &str) -> &str {
    match given.split(' ').next().unwrap_or_default() {
        "string" | "character" => "a text",
        "integer" => "a whole number",
        "floating" => "a number with a fraction",
        "boolean" => "true or false",
        "null" | "unit" | "Option" => "null",
        "sequence" => "an array",
        "map" => "an object",
        _ => "something else",
    }
}

/// What belongs there, where this was given.
fn should_be(expected: &str, given: &str) -> String {
    let whole = |from: i128, to: i128| {
        let what = if given.starts_with("integer") { "one" } else { "a whole number" };
        format!("{what} from {from} to {to}")
    };
    match expected {
        "u32" => whole(0, u32::MAX.into()),
        "u64" => whole(0, u64::MAX.into()),
        "i32" => whole(i32::MIN.into(), i32::MAX.into()),
        "i64" => whole(i64::MIN.into(), i64::MAX.into()),
        "a string" | "string" => "a text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "an array".to_owned(),
        "a map" => "an object".to_owned(),
        _ if expected.starts_with("struct ") => "an object".to_owned(),
        _ if expected.contains("enum ") || expected.contains("variant") => "the name of a choice".to_owned(),
        _ => expected.to_owned(),
    }
}
