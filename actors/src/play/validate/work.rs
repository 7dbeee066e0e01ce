//! How much work a schema makes of a value, counted before it is done. Schemas come from flows, which are half trusted,
//! and a small one can be more than anybody waits for: a reference that is followed twice doubles all that is beneath it,
//! and a long chain of them is deeper than a thread's stack.

use std::{
    collections::{HashMap, HashSet},
    ptr,
};

use serde_json::Value;

/// Places of a schema held against places of a value, in one check: some seconds at most, and more than real ones take.
const EVALUATIONS_MAX: u64 = 10_000_000;
/// How deep a check may go, beneath arrays, objects and references: no thread's stack is smaller.
const LEVELS_MAX: usize = 2_000;
/// Regular expressions of a schema, each of which takes memory.
const PATTERNS_MAX: usize = 256;
/// What a byte of a text counts that is held against a pattern: it is, in turn, held against each of its states.
const EVALUATIONS_PER_MATCHED_BYTE: u64 = 32;
/// Keywords that lead to schemas in ways that are not followed here.
const ELSEWHERE: [&str; 4] = ["$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor"];
/// Keywords for which whoever compiles a schema follows each reference anew.
const UNEVALUATED: [&str; 2] = ["unevaluatedProperties", "unevaluatedItems"];

/// Why `value` is not held against `schema`, if it is not.
pub(super) fn too_much(schema: &Value, value: &Value) -> Option<&'static str> {
    let mut shape = Shape::new(schema);
    if shape.levels(schema) > LEVELS_MAX {
        return Some("is too deep");
    }
    if shape.leads_elsewhere {
        return Some("refers to what is not named by \"#/…\"");
    }
    if shape.has_unevaluated && !shape.targets.is_empty() {
        return Some("has unevaluatedProperties or unevaluatedItems beside a $ref");
    }
    if shape.patterns > PATTERNS_MAX {
        return Some("has too many patterns");
    }
    let mut work = Work { root: schema, patterns: shape.patterns, known: HashMap::new() };
    match work.of(schema, value, 0) {
        Some(Cost { evaluations, .. }) if evaluations <= EVALUATIONS_MAX => None,
        _ => Some("makes too much work of this value"),
    }
}

/// What there is in a schema, whatever it is held against.
struct Shape<'a> {
    root: &'a Value,
    targets: HashSet<*const Value>,
    patterns: usize,
    leads_elsewhere: bool,
    has_unevaluated: bool,
}

impl<'a> Shape<'a> {
    fn new(root: &'a Value) -> Self {
        Self { root, targets: HashSet::new(), patterns: 0, leads_elsewhere: false, has_unevaluated: false }
    }

    /// The levels of a part, and of each part once that it refers to: no way through it is longer.
    fn levels(&mut self, part: &'a Value) -> usize {
        let (mut todo, mut levels) = (vec![part], 0);
        while let Some(part) = todo.pop() {
            levels += self.nested(part, &mut todo);
            if levels > LEVELS_MAX {
                break;
            }
        }
        levels
    }

    /// How deep a part is nested; what it refers to for the first time is put beside.
    fn nested(&mut self, part: &'a Value, referred: &mut Vec<&'a Value>) -> usize {
        let deepest = match part {
            Value::Array(items) => items.iter().map(|item| self.nested(item, referred)).max(),
            Value::Object(members) => {
                for (name, member) in members {
                    match name.as_str() {
                        "pattern" => self.patterns += 1,
                        "patternProperties" => self.patterns += member.as_object().map_or(0, |all| all.len()),
                        "$ref" => {
                            self.leads_elsewhere |= member.as_str().is_some_and(|to| !is_pointer(to));
                            let target = target(self.root, member);
                            referred.extend(target.filter(|target| self.targets.insert(*target)));
                        }
                        // Only a whole schema may have a name of its own, by which nothing in it is referred to.
                        "$id" | "id" => {
                            self.leads_elsewhere |= member.is_string() && !ptr::eq(part, self.root);
                        }
                        name if ELSEWHERE.contains(&name) => self.leads_elsewhere |= member.is_string(),
                        name if UNEVALUATED.contains(&name) => self.has_unevaluated = true,
                        _ => {}
                    }
                }
                members.values().map(|member| self.nested(member, referred)).max()
            }
            _ => return 0,
        };
        deepest.unwrap_or(0) + 1
    }
}

/// What a part of a schema takes for a place of a value.
#[derive(Clone, Copy, Default)]
struct Cost {
    evaluations: u64,
    levels: usize,
}

struct Work<'a> {
    root: &'a Value,
    /// Of the whole schema.
    patterns: usize,
    /// Of parts that are referred to, by place; none while it is looked at.
    known: HashMap<(*const Value, *const Value), Option<Cost>>,
}

impl<'a> Work<'a> {
    /// What it takes, or none as soon as that is too much.
    fn of(&mut self, schema: &'a Value, value: &'a Value, above: usize) -> Option<Cost> {
        let mut sum = Cost { evaluations: 1, levels: 1 };
        if above >= LEVELS_MAX {
            return None;
        }
        let Value::Object(keywords) = schema else { return Some(sum) };
        for (keyword, argument) in keywords {
            for (part, place) in parts(keyword, argument, value) {
                let cost = match keyword.as_str() {
                    "$ref" => self.referred(part, place, above + 1)?,
                    _ => self.of(part, place, above + 1)?,
                };
                sum.evaluations = sum.evaluations.saturating_add(cost.evaluations);
                sum.levels = sum.levels.max(cost.levels + 1);
                if sum.evaluations > EVALUATIONS_MAX || above + sum.levels > LEVELS_MAX {
                    return None;
                }
            }
            let more = match (keyword.as_str(), argument, value) {
                ("enum", Value::Array(choices), _) => choices.len() as u64,
                ("pattern", _, Value::String(text)) => matched(1, [text]),
                ("patternProperties", Value::Object(patterns), Value::Object(members)) => {
                    matched(patterns.len(), members.keys())
                }
                // Which of them a name comes to is not looked into.
                ("propertyNames", _, Value::Object(members)) => matched(self.patterns, members.keys()),
                _ => 0,
            };
            sum.evaluations = sum.evaluations.saturating_add(more);
        }
        Some(sum)
    }

    fn referred(&mut self, reference: &'a Value, value: &'a Value, above: usize) -> Option<Cost> {
        // Whatever leads elsewhere is refused when the schema is read.
        let Some(target) = target(self.root, reference) else { return Some(Cost::default()) };
        let key: (*const Value, *const Value) = (target, value);
        match self.known.get(&key) {
            // A part that refers to itself says no more than it has.
            Some(None) => Some(Cost::default()),
            Some(Some(cost)) => Some(*cost),
            None => {
                self.known.insert(key, None);
                let cost = self.of(target, value, above)?;
                self.known.insert(key, Some(cost));
                Some(cost)
            }
        }
    }
}

/// The parts of a schema beneath a keyword, each with the place that it is held against.
fn parts<'a>(
    keyword: &str,
    argument: &'a Value,
    value: &'a Value,
) -> Box<dyn Iterator<Item = (&'a Value, &'a Value)> + 'a> {
    let members = value.as_object().into_iter().flat_map(|members| members.values());
    let items = value.as_array().into_iter().flatten();
    let schemas = argument.as_array().into_iter().flatten();
    let named = argument.as_object().into_iter().flatten();
    match keyword {
        "$ref" | "not" | "if" | "then" | "else" => Box::new(std::iter::once((argument, value))),
        "allOf" | "anyOf" | "oneOf" => Box::new(schemas.map(move |schema| (schema, value))),
        "dependentSchemas" | "dependencies" => Box::new(named.map(move |(_, schema)| (schema, value))),
        "properties" => Box::new(named.filter_map(move |(name, schema)| Some((schema, value.get(name)?)))),
        "patternProperties" => {
            Box::new(named.flat_map(move |(_, schema)| members.clone().map(move |member| (schema, member))))
        }
        "additionalProperties" | "unevaluatedProperties" => {
            Box::new(members.map(move |member| (argument, member)))
        }
        // Of a name nothing is looked into.
        "propertyNames" => Box::new(members.map(move |_| (argument, &Value::Null))),
        "prefixItems" => Box::new(schemas.zip(items)),
        "items" if argument.is_array() => Box::new(schemas.zip(items)),
        "items" | "additionalItems" | "unevaluatedItems" | "contains" => {
            Box::new(items.map(move |item| (argument, item)))
        }
        _ => Box::new(std::iter::empty()),
    }
}

/// What it takes to hold each of these texts against so many patterns.
fn matched<'a>(patterns: usize, texts: impl IntoIterator<Item = &'a String>) -> u64 {
    let bytes: u64 = texts.into_iter().map(|text| text.len() as u64).sum();
    bytes.saturating_mul(patterns as u64).saturating_mul(EVALUATIONS_PER_MATCHED_BYTE)
}

/// Whether a reference is followed here. Escapes of URIs are not read.
fn is_pointer(reference: &str) -> bool {
    reference
        .strip_prefix('#')
        .is_some_and(|pointer| (pointer.is_empty() || pointer.starts_with('/')) && !pointer.contains('%'))
}

/// Where a reference leads within the schema.
fn target<'a>(root: &'a Value, reference: &Value) -> Option<&'a Value> {
    root.pointer(reference.as_str()?.strip_prefix('#')?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chain(count: usize, next: impl Fn(Value) -> Value) -> Value {
        let mut parts = serde_json::Map::new();
        for number in 0..count {
            let reference = json!({ "$ref": format!("#/$defs/{}", number + 1) });
            parts.insert(number.to_string(), next(reference));
        }
        parts.insert(count.to_string(), json!({ "type": "string" }));
        json!({ "$ref": "#/$defs/0", "$defs": parts })
    }

    #[test]
    fn what_doubles_at_each_reference_is_not_done() {
        let twice = |next: Value| json!({ "anyOf": [next, next] });
        assert_eq!(too_much(&chain(10, twice), &json!(1)), None);
        assert!(too_much(&chain(60, twice), &json!(1)).unwrap().contains("work"));
        // Beneath each item of an array as well: a tree of two kinds of nodes, each of which looks into all.
        let tree = json!({ "anyOf": [{ "items": { "$ref": "#" } }, { "items": { "$ref": "#" } }] });
        let nested = |depth: usize| (0..depth).fold(json!([]), |value, _| json!([value]));
        assert_eq!(too_much(&tree, &nested(10)), None);
        assert!(too_much(&tree, &nested(50)).unwrap().contains("work"));
    }

    #[test]
    fn what_is_deeper_than_a_stack_is_not_done() {
        let within = |next: Value| json!({ "not": next });
        assert_eq!(too_much(&chain(100, within), &json!(1)), None);
        assert!(too_much(&chain(20_000, |next| next), &json!(1)).unwrap().contains("deep"));
        // Not deep where it is written, and deep where it is followed.
        let mut round = chain(300, |next| next);
        *round.pointer_mut("/$defs/300").unwrap() = json!({ "items": { "$ref": "#/$defs/0" } });
        let nested = (0..60).fold(json!([]), |value, _| json!([value]));
        assert!(too_much(&round, &nested).unwrap().contains("work"));
    }

    #[test]
    fn what_real_schemas_ask_is_done() {
        let node = json!({
            "type": "object",
            "properties": { "name": { "type": "string" }, "children": { "items": { "$ref": "#" } } },
        });
        let leaf = json!({ "name": "x", "children": [] });
        let wide = json!({ "name": "x", "children": vec![leaf; 100_000] });
        assert_eq!(too_much(&node, &wide), None);
        let rows = json!({ "items": { "items": { "type": ["number", "null"] } } });
        assert_eq!(too_much(&rows, &json!(vec![vec![1.5; 20]; 50_000])), None);
        for itself in
            [json!({ "$ref": "#" }), json!({ "allOf": [{ "$ref": "#" }, { "not": { "$ref": "#" } }] })]
        {
            assert_eq!(too_much(&itself, &json!(1)), None);
        }
    }

    #[test]
    fn what_refers_in_other_ways_is_not_done() {
        let twice = |next: &str| json!({ "anyOf": [{ "$ref": next }, { "$ref": next }] });
        for schema in [
            json!({ "$ref": "#a", "$defs": { "a": { "$anchor": "a" } } }),
            json!({ "$ref": "#a" }),
            json!({ "$ref": "#/%24defs/a", "$defs": { "a": twice("#/%24defs/b") } }),
            json!({ "$dynamicRef": "#" }),
            json!({ "$ref": "x#/a", "$defs": { "x": { "$id": "x" } } }),
            json!({ "$ref": "http://localhost/x" }),
            json!({ "items": { "$id": "x" } }),
        ] {
            assert!(too_much(&schema, &json!(1)).unwrap().contains("refers"), "{schema}");
        }
        let named = json!({ "properties": { "$anchor": { "type": "string" }, "$id": true, "$ref": true } });
        assert_eq!(too_much(&named, &json!({ "$id": 1 })), None);
        let whole = json!({ "$id": "https://example.org/a", "items": { "$ref": "#/$defs/a" }, "$defs": { "a": true } });
        assert_eq!(too_much(&whole, &json!([1])), None);
    }

    /// Whoever compiles `unevaluatedProperties` follows each reference anew: 14 steps of two take a minute.
    #[test]
    fn what_doubles_when_it_is_compiled_is_not_done() {
        let mut schema = chain(14, |next| json!({ "anyOf": [next, next] }));
        schema.as_object_mut().unwrap().insert("unevaluatedProperties".to_owned(), json!(false));
        assert!(too_much(&schema, &json!({})).unwrap().contains("unevaluatedProperties"));
        let plain = json!({ "allOf": [{ "properties": { "a": true } }], "unevaluatedProperties": false });
        assert_eq!(too_much(&plain, &json!({ "a": 1 })), None);
    }

    #[test]
    fn long_texts_are_not_held_against_patterns() {
        let texts = |count: usize| json!(vec!["abc123"; count]);
        let pattern = json!({ "pattern": "^[a-z0-9]+$" });
        let each = json!({ "items": pattern });
        assert_eq!(too_much(&each, &texts(20_000)), None);
        assert!(too_much(&each, &texts(100_000)).unwrap().contains("work"));
        assert!(too_much(&pattern, &json!("a".repeat(1 << 20))).unwrap().contains("work"));
        let name = json!({ "a".repeat(1 << 20): 1 });
        assert!(too_much(&json!({ "propertyNames": pattern }), &name).unwrap().contains("work"));
        assert!(too_much(&json!({ "patternProperties": { "a": true } }), &name).unwrap().contains("work"));
        assert_eq!(too_much(&json!({ "propertyNames": { "maxLength": 3 } }), &name), None);
    }

    #[test]
    fn patterns_are_counted() {
        let all: Vec<Value> = (0..300).map(|number| json!({ "pattern": number.to_string() })).collect();
        assert_eq!(too_much(&json!({ "anyOf": all }), &json!("x")), Some("has too many patterns"));
    }
}
