//! What a reader of JSON says, in words of those who write it. What stands there is not repeated: it may be a secret.

/// What one of the values of an enum is to those who call.
const A_CHOICE: &str = "the name of a choice";

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
    (wrong_type(error).unwrap_or_else(|| error.chars().take(300).collect()), None)
}

/// What stands where something else belongs, of what is not of the type that it should be.
pub(crate) fn wrong_type(error: &str) -> Option<String> {
    if error == "expected value" {
        // Only of a choice that is neither text nor an object.
        return Some(format!("something else stands where {A_CHOICE} belongs"));
    }
    let (what, expected) = error.rsplit_once(", expected ")?;
    let given = match what.split_once(": ") {
        Some(("invalid type" | "invalid value", given)) => given,
        // Only a list has a length.
        None if what.starts_with("invalid length ") => "sequence",
        _ => return None,
    };
    Some(format!("{} stands where {} belongs", is(given), should_be(expected, given)))
}

/// What stands there.
fn is(given: &str) -> &str {
    match given.split(' ').next().unwrap_or_default() {
        "string" | "character" => "text",
        "integer" => "a whole number",
        "floating" => "a number with a fraction",
        "boolean" => "true or false",
        "null" | "unit" | "Option" => "null",
        "sequence" => "a list",
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
        "u8" => whole(0, u8::MAX.into()),
        "u16" => whole(0, u16::MAX.into()),
        "u32" => whole(0, u32::MAX.into()),
        "u64" | "usize" => whole(0, u64::MAX.into()),
        "i8" => whole(i8::MIN.into(), i8::MAX.into()),
        "i16" => whole(i16::MIN.into(), i16::MAX.into()),
        "i32" => whole(i32::MIN.into(), i32::MAX.into()),
        "i64" | "isize" => whole(i64::MIN.into(), i64::MAX.into()),
        "f32" | "f64" => "a number".to_owned(),
        "a string" | "string" | "a borrowed string" => "text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        // What would stand beside the name of a choice, in an object.
        "unit" => A_CHOICE.to_owned(),
        _ if expected.starts_with("struct ") => "an object".to_owned(),
        _ if expected.contains("enum ") || expected.contains("variant") => A_CHOICE.to_owned(),
        _ => expected.to_owned(),
    }
}
