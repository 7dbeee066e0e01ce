//! Holds what came against what is expected. Knows JSON only.

use hero_sdk::{Json, Members, model::ScoringMode};
use regex::{Regex, RegexBuilder};

/// By how much numbers may differ unless told.
pub(crate) const TOLERANCE: f64 = 1e-6;
/// Bytes of a compiled regular expression; a text is held against it in linear time.
const PATTERN_BYTES_MAX: usize = 1 << 18;
/// Characters of a value that a verdict quotes.
const SHOWN_CHARS_MAX: usize = 80;

/// The first place where what came is not what is expected, in words; none where it is.
///
/// For `exact` members may be in any order and `1` is `1.0`; whole numbers of any size are compared digit by digit. For
/// `evaluator` there is nothing to be said here.
pub(crate) fn difference(
    mode: ScoringMode,
    tolerance: f64,
    expected: &Json,
    actual: &Json,
) -> Option<String> {
    let comparison = Comparison {
        ignores_more: matches!(mode, ScoringMode::Subset | ScoringMode::Pattern),
        tolerance: (mode == ScoringMode::Numeric).then_some(tolerance),
        has_patterns: mode == ScoringMode::Pattern,
    };
    comparison.differ(expected, actual, &mut String::new())
}

struct Comparison {
    ignores_more: bool,
    tolerance: Option<f64>,
    has_patterns: bool,
}

/// A value whose parts are as they are written: a parser's numbers have an end.
enum Node {
    Object(Members),
    Array(Vec<Json>),
    Text(String),
    Number,
    /// `true`, `false` or `null`.
    Word,
}

impl Node {
    fn of(json: &Json) -> Self {
        let read = match json.as_str().as_bytes().first() {
            Some(b'{') => json.to().map(Self::Object),
            Some(b'[') => json.to().map(Self::Array),
            Some(b'"') => json.to().map(Self::Text),
            Some(b't' | b'f' | b'n') => Ok(Self::Word),
            _ => Ok(Self::Number),
        };
        // What has no end that a parser could find stands as it is.
        read.unwrap_or(Self::Word)
    }
}

impl Comparison {
    fn differ(&self, expected: &Json, actual: &Json, pointer: &mut String) -> Option<String> {
        match (Node::of(expected), Node::of(actual)) {
            (Node::Object(expected), Node::Object(actual)) => self.members(&expected, &actual, pointer),
            (Node::Array(expected), Node::Array(actual)) => self.items(&expected, &actual, pointer),
            (Node::Number, Node::Number) => {
                let is_it = self.is_number(expected.as_str(), actual.as_str());
                (!is_it).then(|| instead(pointer, &shown(expected), actual))
            }
            (Node::Text(pattern), Node::Text(text)) if self.has_patterns => match compiled(&pattern) {
                Ok(regex) if regex.is_match(&text) => None,
                Ok(_) => Some(instead(pointer, &format!("what matches {}", shown(expected)), actual)),
                Err(error) => Some(at(pointer, &error)),
            },
            (Node::Text(one), Node::Text(other)) if one == other => None,
            (Node::Word, Node::Word) if expected == actual => None,
            _ => Some(instead(pointer, &shown(expected), actual)),
        }
    }

    fn members(&self, expected: &Members, actual: &Members, pointer: &mut String) -> Option<String> {
        let length = pointer.len();
        for (name, value) in &expected.0 {
            push(pointer, name);
            let difference = match actual.get(name) {
                Some(other) => self.differ(value, other, pointer),
                None => Some(at(pointer, "it is missing")),
            };
            if difference.is_some() {
                return difference;
            }
            pointer.truncate(length);
        }
        let is_more = |(name, _): &&(String, Json)| !self.ignores_more && expected.get(name).is_none();
        let (more, _) = actual.0.iter().find(is_more)?;
        push(pointer, more);
        Some(at(pointer, "nothing of this name is expected"))
    }

    fn items(&self, expected: &[Json], actual: &[Json], pointer: &mut String) -> Option<String> {
        if expected.len() != actual.len() {
            let lengths = format!("{} elements instead of {}", actual.len(), expected.len());
            return Some(at(pointer, &lengths));
        }
        let length = pointer.len();
        for (index, (value, other)) in expected.iter().zip(actual).enumerate() {
            push(pointer, &index.to_string());
            if let Some(difference) = self.differ(value, other, pointer) {
                return Some(difference);
            }
            pointer.truncate(length);
        }
        None
    }

    fn is_number(&self, expected: &str, actual: &str) -> bool {
        let is_whole = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let (Ok(one), Ok(other)) = (expected.parse::<f64>(), actual.parse::<f64>()) else { return false };
        let is_same = match is_whole(expected) && is_whole(actual) {
            true => expected == actual || (one == 0.0 && other == 0.0),
            false => one == other,
        };
        let is_near = |tolerance: f64| (one - other).abs() <= tolerance.max(tolerance * one.abs());
        is_same || self.tolerance.is_some_and(is_near)
    }
}

/// Whether every text of what is expected is a regular expression; says which is not.
pub(crate) fn check_patterns(expected: &Json) -> Result<(), String> {
    match Node::of(expected) {
        Node::Text(pattern) => compiled(&pattern).map(drop),
        Node::Array(items) => items.iter().try_for_each(check_patterns),
        Node::Object(members) => members.0.iter().try_for_each(|(_, value)| check_patterns(value)),
        Node::Number | Node::Word => Ok(()),
    }
}

fn compiled(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build().map_err(|_| {
        let shown = shown(&Json::from(&serde_json::Value::from(pattern)));
        format!("{shown} is no regular expression of linear time and moderate size")
    })
}

fn push(pointer: &mut String, part: &str) {
    pointer.push('/');
    pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
}

fn at(pointer: &str, what: &str) -> String {
    if pointer.is_empty() { what.to_owned() } else { format!("{pointer}: {what}") }
}

fn instead(pointer: &str, expected: &str, actual: &Json) -> String {
    at(pointer, &format!("{} instead of {expected}", shown(actual)))
}

/// A value, cut where it is long.
fn shown(value: &Json) -> String {
    let text = value.as_str();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn each_mode_takes_and_refuses_what_it_should() {
        use ScoringMode::{Exact, Numeric, Pattern, Subset};
        let deep = json!({"a": [1, {"b": "x"}]});
        for (mode, expected, actual, is_right) in [
            (Exact, json!(1), json!(1.0), true),
            (Exact, json!(1), json!("1"), false),
            (Exact, json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64), false),
            (Exact, json!(18_446_744_073_709_551_615_u64), json!(-1), false),
            (Exact, json!(null), json!(false), false),
            (Exact, json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}), true),
            (Exact, json!({"a": 1}), json!({"a": 1, "b": 2}), false),
            (Exact, json!({"a": 1, "b": 2}), json!({"a": 1}), false),
            (Exact, json!([1, 2]), json!([2, 1]), false),
            (Exact, json!([]), json!({}), false),
            (Exact, json!(0.1), json!(0.100_000_000_1), false),
            (Exact, json!("Graz"), json!("graz"), false),
            (Exact, deep.clone(), deep.clone(), true),
            (Subset, json!({"a": 1}), json!({"a": 1, "b": 2}), true),
            (Subset, json!({}), json!({"a": 1}), true),
            (Subset, json!({"a": {"b": 1}}), json!({"a": {"b": 1, "c": 2}}), true),
            (Subset, json!([{"a": 1}]), json!([{"a": 1, "b": 2}]), true),
            (Subset, json!([1]), json!([1, 2]), false),
            (Subset, json!({"a": 1}), json!({"b": 1}), false),
            (Subset, json!("a"), json!("ab"), false),
            (Numeric, json!(100), json!(100.5), false),
            (Numeric, json!(100), json!(100.05), true),
            (Numeric, json!(0), json!(0.000_9), true),
            (Numeric, json!(0), json!(0.002), false),
            (Numeric, json!({"a": [1.0]}), json!({"a": [1.000_5]}), true),
            (Numeric, json!(1), json!("1"), false),
            (Numeric, json!({"a": 1}), json!({"a": 1, "b": 1}), false),
            (Pattern, json!("^Hello, \\w+!$"), json!("Hello, Ada!"), true),
            (Pattern, json!("^Hello, \\w+!$"), json!("Hello!"), false),
            (Pattern, json!({"title": "(?i)graz"}), json!({"title": "In GRAZ", "n": 1}), true),
            (Pattern, json!(["a+", 3]), json!(["caat", 3]), true),
            (Pattern, json!("1"), json!(1), false),
            (Pattern, json!("("), json!("("), false),
        ] {
            let difference = difference(mode, 0.001, &Json::from(&expected), &Json::from(&actual));
            assert_eq!(difference.is_none(), is_right, "{mode:?} {expected} {actual}: {difference:?}");
        }
    }

    /// Whole numbers of any size, and texts however they are escaped.
    #[test]
    fn what_is_written_otherwise_and_is_the_same_is_the_same() {
        let is_it = |one: &str, other: &str| {
            let json = |text| Json::parse(text).unwrap();
            difference(ScoringMode::Exact, TOLERANCE, &json(one), &json(other)).is_none()
        };
        let huge = "1180591620717411303424";
        assert!(is_it(huge, huge) && !is_it(huge, "1180591620717411303425"));
        assert!(!is_it("18446744073709551616", "18446744073709551617"));
        assert!(is_it("-0", "0") && is_it("1e2", "100") && is_it("2.50", "2.5") && !is_it("-1", "1"));
        assert!(is_it(r#""\u00e9""#, "\"é\"") && is_it("[ 1 ]", "[1]") && is_it("null", "null"));
        assert!(!is_it("null", "false") && !is_it("\"1\"", "1"));
    }

    #[test]
    fn a_difference_says_where_and_what() {
        let said = |mode, expected: Value, actual: Value| {
            difference(mode, TOLERANCE, &Json::from(&expected), &Json::from(&actual)).unwrap()
        };
        let (exact, pattern) = (ScoringMode::Exact, ScoringMode::Pattern);
        assert_eq!(said(exact, json!({"a/b": [1, 2]}), json!({"a/b": [1, 3]})), "/a~1b/1: 3 instead of 2");
        assert_eq!(said(exact, json!({"a": 1}), json!({})), "/a: it is missing");
        assert_eq!(said(exact, json!({}), json!({"a": 1})), "/a: nothing of this name is expected");
        assert_eq!(said(exact, json!([1]), json!([])), "0 elements instead of 1");
        assert_eq!(said(pattern, json!("x+"), json!("y")), "\"y\" instead of what matches \"x+\"");
        assert!(said(pattern, json!("(a"), json!("y")).contains("is no regular expression"));
        assert!(said(exact, json!("x".repeat(10_000)), json!("y".repeat(10_000))).len() < 250);
    }

    #[test]
    fn patterns_are_checked_wherever_they_stand() {
        let check = |expected: Value| check_patterns(&Json::from(&expected));
        check(json!({"a": ["x+", 1, null]})).unwrap();
        assert!(check(json!({"a": ["x+", "("]})).is_err());
        assert!(check(json!("(a{1000}){1000}")).is_err());
    }
}
