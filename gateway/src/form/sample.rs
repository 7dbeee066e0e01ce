//! An answer that shows the form which is expected, for a command line to be completed. It fits the schema of its question;
//! where none is found there is none, since whether an answer fits is the runtime's business.

use hero_sdk::{Json, model::ResumeRequest};
use jsonschema::Validator;
use serde_json::{Map, Value};

use super::field::Ui;

/// Schemas within one another, at most.
const DEPTH_MAX: usize = 5;
/// Characters of a text and items of a list, at most: what somebody would still paste.
const LENGTH_MAX: u64 = 40;
/// Bytes of all of it, at most, for the same reason: lists of lists multiply.
const BYTES_MAX: usize = 4096;
/// Texts of formats that are common.
const FORMATS: [(&str, &str); 6] = [
    ("date", "2026-01-31"),
    ("date-time", "2026-01-31T12:00:00Z"),
    ("email", "name@example.com"),
    ("time", "12:00:00Z"),
    ("uri", "https://example.com"),
    ("uuid", "00000000-0000-4000-8000-000000000000"),
];

/// An answer that fits the schema of this question: its default or first choice where that does.
pub(crate) fn sample(request: &ResumeRequest) -> Option<Json> {
    let schema = request.schema.to().ok()?;
    let validator = validator(&schema)?;
    let ui: Ui = request.ui.to().unwrap_or_default();
    let choice = ui.choices().and_then(|choices| Some(choices.into_iter().next()?.value));
    let mut wishes = [ui.default, request.default.clone(), choice].into_iter().flatten();
    let wished = wishes.find(|wish| wish.to().is_ok_and(|value| validator.is_valid(&value)));
    wished.or_else(|| Some(Json::from(&first(&validator, &schema, 0)?)))
}

fn validator(schema: &Value) -> Option<Validator> {
    jsonschema::options().should_validate_formats(true).build(schema).ok()
}

fn first(validator: &Validator, schema: &Value, depth: usize) -> Option<Value> {
    let mut candidates = candidates(schema, depth).into_iter();
    candidates.find(|candidate| bytes(candidate) <= BYTES_MAX && validator.is_valid(candidate))
}

fn bytes(value: &Value) -> usize {
    value.to_string().len()
}

/// One that fits a part of a schema.
fn part(schema: &Value, depth: usize) -> Option<Value> {
    if depth > DEPTH_MAX {
        return None;
    }
    first(&validator(schema)?, schema, depth)
}

/// What may fit, as far as the common keywords tell; the simplest first.
fn candidates(schema: &Value, depth: usize) -> Vec<Value> {
    let of = |keyword| schema.get(keyword);
    let listed = ["enum", "examples"].into_iter().filter_map(|keyword| of(keyword)?.as_array()).flatten();
    let mut found: Vec<Value> =
        [of("default"), of("const")].into_iter().flatten().chain(listed).cloned().collect();
    for case in ["anyOf", "oneOf"].into_iter().filter_map(|keyword| of(keyword)?.as_array()).flatten() {
        found.extend(part(case, depth + 1));
    }
    for kind in kinds(schema) {
        match kind {
            "boolean" => found.push(Value::Bool(true)),
            "integer" | "number" => found.extend(numbers(schema)),
            "string" => found.extend(texts(schema)),
            "array" => found.extend(lists(schema, depth + 1)),
            "object" => found.extend(object(schema, depth + 1)),
            _ => found.push(Value::Null),
        }
    }
    found
}

/// The types that a schema names, or that its keywords are about.
fn kinds(schema: &Value) -> Vec<&str> {
    const ABOUT: [(&str, &[&str]); 4] = [
        ("object", &["properties", "required"]),
        ("array", &["items", "minItems", "maxItems"]),
        ("string", &["minLength", "maxLength", "pattern", "format"]),
        ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
    ];
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => {
            let is_about = |keywords: &[&str]| keywords.iter().any(|keyword| schema.get(keyword).is_some());
            let about = ABOUT.into_iter().filter(|(_, keywords)| is_about(keywords)).map(|(kind, _)| kind);
            about.chain(["null"]).collect()
        }
    }
}

/// The bounds, and the whole numbers beside them.
fn numbers(schema: &Value) -> Vec<Value> {
    const BOUNDS: [&str; 5] = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"];
    let bounds = || BOUNDS.into_iter().filter_map(|keyword| schema.get(keyword));
    let beside = |bound: &Value| {
        let below = bound.as_i64().or_else(|| format!("{:.0}", bound.as_f64()?.floor()).parse().ok())?;
        Some([below, below.checked_add(1)?, below.checked_sub(1)?].map(Value::from))
    };
    let zero = std::iter::once(Value::from(0));
    zero.chain(bounds().cloned()).chain(bounds().filter_map(beside).flatten()).collect()
}

fn texts(schema: &Value) -> Vec<Value> {
    let format = schema.get("format").and_then(Value::as_str);
    let known = FORMATS.iter().find(|(name, _)| Some(*name) == format).map(|(_, text)| (*text).to_owned());
    let length = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0).clamp(1, LENGTH_MAX);
    let dots = (0..length).map(|_| '…').collect();
    known.into_iter().chain([dots, String::new()]).map(Value::from).collect()
}

/// As short as it may be, but not empty where that is allowed.
fn lists(schema: &Value, depth: usize) -> Vec<Value> {
    let items = schema.get("items").unwrap_or(&Value::Bool(true));
    let length = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0).clamp(1, LENGTH_MAX) as usize;
    let one = part(items, depth).filter(|item| bytes(item) * length <= BYTES_MAX);
    let one = one.map(|item| Value::from(vec![item; length]));
    let choices = items.get("enum").and_then(Value::as_array);
    let several =
        choices.map(|choices| Value::from(choices.iter().take(length).cloned().collect::<Vec<_>>()));
    one.into_iter().chain(several).chain([Value::Array(Vec::new())]).collect()
}

/// What is needed, and nothing else.
fn object(schema: &Value, depth: usize) -> Option<Value> {
    let needed = schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let needed = || needed.iter().filter_map(Value::as_str);
    let none = Map::new();
    let declared = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let other = schema.get("additionalProperties").unwrap_or(&Value::Bool(true));
    let first = declared.iter().filter(|(key, _)| needed().any(|needed| needed == *key));
    let then = needed().filter(|key| !declared.contains_key(*key)).map(|key| (key, other));
    let members = first.map(|(key, schema)| (key.as_str(), schema)).chain(then);
    let mut left = BYTES_MAX;
    let members = members.map(|(key, schema)| {
        let member = part(schema, depth)?;
        left = left.checked_sub(key.len() + bytes(&member))?;
        Some((key.to_owned(), member))
    });
    Some(Value::Object(members.collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::testing::request;

    fn of(schema: &Value, ui: &Value) -> Option<Value> {
        Some(sample(&request("ask", &schema.to_string(), &ui.to_string()))?.to().unwrap())
    }

    #[test]
    fn samples_are_the_simplest_that_fit() {
        let person = json!({"type": "object", "required": ["name", "age", "more"], "properties": {
            "age": {"type": "integer", "minimum": 18}, "name": {"type": "string"}, "nick": {"type": "string"}}});
        for (schema, expected) in [
            (json!({"type": "string"}), json!("…")),
            (json!({"type": "string", "minLength": 3}), json!("………")),
            (json!({"type": "string", "maxLength": 0}), json!("")),
            (json!({"type": "string", "format": "date"}), json!("2026-01-31")),
            (json!({"minLength": 2}), json!("……")),
            (json!({"type": "boolean"}), json!(true)),
            (json!({"type": "integer"}), json!(0)),
            (json!({"type": "integer", "minimum": 1.5}), json!(2)),
            (json!({"type": "integer", "exclusiveMinimum": 3}), json!(4)),
            (json!({"type": "integer", "maximum": -1}), json!(-1)),
            (json!({"type": "number", "exclusiveMaximum": 0}), json!(-1)),
            (json!({"minimum": 3, "multipleOf": 5}), json!(5)),
            (json!({"type": ["integer", "null"], "minimum": 7}), json!(7)),
            (json!({"enum": ["a b", "c"]}), json!("a b")),
            (json!({"const": null}), json!(null)),
            (json!({"type": "integer", "enum": ["a", 2]}), json!(2)),
            (json!({"type": "integer", "default": 5}), json!(5)),
            (json!({"type": "integer", "minimum": 6, "default": 5}), json!(6)),
            (json!({"oneOf": [{"const": "a"}, {"const": "b"}]}), json!("a")),
            (json!({"anyOf": [{"type": "integer", "minimum": 2}, {"type": "null"}]}), json!(2)),
            (json!({"type": "array", "items": {"enum": ["a", "b"]}}), json!(["a"])),
            (
                json!({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "uniqueItems": true}),
                json!(["a", "b"]),
            ),
            (
                json!({"type": "array", "items": {"type": "integer", "minimum": 2}, "minItems": 2}),
                json!([2, 2]),
            ),
            (json!({"type": "array", "maxItems": 0}), json!([])),
            (person, json!({"age": 18, "name": "…", "more": null})),
            (json!(true), json!(null)),
        ] {
            assert_eq!(of(&schema, &json!({})), Some(expected), "{schema}");
        }
    }

    #[test]
    fn what_hints_offer_is_taken_where_it_fits() {
        let choices = json!({"kind": "choice", "choices": [{"value": "web", "label": "Web"}, "worker"]});
        for (schema, ui, expected) in [
            (json!(true), &choices, json!("web")),
            (json!({"enum": ["worker", "web"]}), &choices, json!("web")),
            (json!({"enum": ["worker"]}), &choices, json!("worker")),
            (json!({"type": "integer"}), &choices, json!(0)),
            (json!({"type": "integer"}), &json!({"default": 3}), json!(3)),
            (json!({"type": "integer", "minimum": 4}), &json!({"default": 3}), json!(4)),
        ] {
            assert_eq!(of(&schema, ui), Some(expected), "{schema} {ui}");
        }
    }

    #[test]
    fn where_none_is_found_there_is_none() {
        let mut deep = json!({"type": "string"});
        for _ in 0..9 {
            deep = json!({"type": "object", "required": ["a"], "properties": {"a": deep}});
        }
        for schema in [
            json!(false),
            json!({"type": "string", "pattern": "^[a-z]+$"}),
            json!({"type": "string", "minLength": 1_000_000}),
            json!({"type": "integer", "not": {"const": 0}}),
            json!({"type": "array", "minItems": 1_000_000}),
            (0..4).fold(
                json!({"type": "string", "minLength": 40}),
                |items, _| json!({"type": "array", "minItems": 40, "items": items}),
            ),
            json!({"type": "strange"}),
            json!(3),
            deep,
        ] {
            assert_eq!(of(&schema, &json!({})), None, "{schema}");
        }
    }

    /// All combinations of some keywords of each kind: what is found fits, and one is found where a small answer fits.
    #[test]
    fn samples_fit_their_schemas() {
        let kinds =
            ["integer", "number", "string", "array", "object", "null"].map(|kind| ("type", json!(kind)));
        let bounds = |keyword| [-3, 1, 4].map(|bound| (keyword, json!(bound)));
        let groups = [
            kinds.to_vec(),
            bounds("minimum").to_vec(),
            bounds("maximum").to_vec(),
            bounds("exclusiveMinimum").to_vec(),
            vec![("minLength", json!(2)), ("maxLength", json!(3)), ("pattern", json!("^a"))],
            vec![
                ("minItems", json!(2)),
                ("maxItems", json!(1)),
                ("items", json!({"type": "integer", "minimum": 2})),
            ],
            vec![
                ("required", json!(["n"])),
                ("properties", json!({"n": {"type": "integer", "maximum": -2}})),
            ],
        ];
        let mut schemas = vec![json!({})];
        for group in groups {
            let with = |schema: &Value, keyword: &str, value: &Value| {
                let mut schema = schema.clone();
                schema[keyword] = value.clone();
                schema
            };
            let more = schemas
                .iter()
                .flat_map(|schema| group.iter().map(|(keyword, value)| with(schema, keyword, value)));
            let more: Vec<Value> = more.collect();
            schemas.extend(more);
        }
        let small = (-5..=5).map(Value::from).chain([
            json!("……"),
            json!([2, 2]),
            json!([]),
            json!({"n": -2}),
            json!(null),
        ]);
        let small: Vec<Value> = small.collect();
        for schema in schemas {
            let validator = validator(&schema).unwrap();
            match of(&schema, &json!({})) {
                Some(sample) => assert!(validator.is_valid(&sample), "{schema}: {sample}"),
                None => assert!(!small.iter().any(|value| validator.is_valid(value)), "{schema}"),
            }
        }
    }
}
