//! Holds what came against what is expected. Knows JSON only.

use hero_sdk::model::ScoringMode;
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Number, Value};

/// By how much numbers may differ unless told.
pub(crate) const TOLERANCE: f64 = 1e-6;
/// Bytes of a compiled regular expression; a text is held against it in linear time.
const PATTERN_BYTES_MAX: usize = 1 << 18;
/// Characters of a value that a verdict quotes.
const SHOWN_CHARS_MAX: usize = 80;

/// The first place where what came is not what is expected, in words; none where it is.
///
/// For `exact` members may be in any order and `1` is `1.0`. For `evaluator` there is nothing to be said here.
pub(crate) fn difference(
    mode: ScoringMode,
    tolerance: f64,
    expected: &Value,
    actual: &Value,
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

impl Comparison {
    fn differ(&self, expected: &Value, actual: &Value, pointer: &mut String) -> Option<String> {
        match (expected, actual) {
            (Value::Object(expected), Value::Object(actual)) => self.members(expected, actual, pointer),
            (Value::Array(expected), Value::Array(actual)) => self.items(expected, actual, pointer),
            (Value::Number(one), Value::Number(other)) => {
                (!self.is_number(one, other)).then(|| instead(pointer, &shown(expected), actual))
            }
            (Value::String(pattern), Value::String(text)) if self.has_patterns => match compiled(pattern) {
                Ok(regex) if regex.is_match(text) => None,
                Ok(_) => Some(instead(pointer, &format!("what matches {}", shown(expected)), actual)),
                Err(error) => Some(at(pointer, &error)),
            },
            _ => (expected != actual).then(|| instead(pointer, &shown(expected), actual)),
        }
    }

    fn members(
        &self,
        expected: &Map<String, Value>,
        actual: &Map<String, Value>,
        pointer: &mut String,
    ) -> Option<String> {
        let length = pointer.len();
        for (name, value) in expected {
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
        let more = actual.keys().find(|name| !self.ignores_more && !expected.contains_key(*name))?;
        push(pointer, more);
        Some(at(pointer, "nothing of this name is expected"))
    }

    fn items(&self, expected: &[Value], actual: &[Value], pointer: &mut String) -> Option<String> {
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

    fn is_number(&self, expected: &Number, actual: &Number) -> bool {
        let whole =
            |number: &Number| number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        let is_same = match (whole(expected), whole(actual)) {
            (Some(one), Some(other)) => one == other,
            _ => expected.as_f64() == actual.as_f64(),
        };
        let is_near = |tolerance: f64| {
            let (Some(one), Some(other)) = (expected.as_f64(), actual.as_f64()) else { return false };
            (one - other).abs() <= tolerance.max(tolerance * one.abs())
        };
        is_same || self.tolerance.is_some_and(is_near)
    }
}

/// Whether every text of what is expected is a regular expression; says which is not.
pub(crate) fn check_patterns(expected: &Value) -> Result<(), String> {
    match expected {
        Value::String(pattern) => compiled(pattern).map(drop),
        Value::Array(items) => items.iter().try_for_each(check_patterns),
        Value::Object(members) => members.values().try_for_each(check_patterns),
        _ => Ok(()),
    }
}

fn compiled(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build().map_err(|_| {
        let shown = shown(&Value::from(pattern));
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

fn instead(pointer: &str, expected: &str, actual: &Value) -> String {
    at(pointer, &format!("{} instead of {expected}", shown(actual)))
}

/// A value, cut where it is long.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
            let difference = difference(mode, 0.001, &expected, &actual);
            assert_eq!(difference.is_none(), is_right, "{mode:?} {expected} {actual}: {difference:?}");
        }
    }

    #[test]
    fn a_difference_says_where_and_what() {
        let said = |mode, expected, actual| difference(mode, TOLERANCE, &expected, &actual).unwrap();
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
        check_patterns(&json!({"a": ["x+", 1, null]})).unwrap();
        assert!(check_patterns(&json!({"a": ["x+", "("]})).is_err());
        assert!(check_patterns(&json!("(a{1000}){1000}")).is_err());
    }
}
