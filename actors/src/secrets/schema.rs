//! The schema of a question and its hints, without values: their own words stay, since the question means nothing
//! without them. Pure.
//!
//! What a word is depends on where it stands: a keyword as a key of a schema, the name of a type as the value of `type`.
//! Names of properties and everything that a flow fills in are looked through like any JSON.

use hero_sdk::{Json, Members};

use super::redactor::Redactor;

/// What stands below a keyword.
enum Below {
    /// One of [`WORDS`], or several.
    Word,
    /// A schema, or several.
    Schema,
    /// Names, with a schema each.
    Names,
    /// Anything that the flow fills in.
    Value,
}

/// Types of JSON Schema, then kinds of fields; `number` is both.
const WORDS: [&str; 13] = [
    "array",
    "boolean",
    "integer",
    "null",
    "number",
    "object",
    "string",
    "choice",
    "confirm",
    "form",
    "json",
    "multi_choice",
    "text",
];

impl Below {
    /// None where it is no keyword of JSON Schema, up to 2020-12, and none of the hints.
    fn of(keyword: &str) -> Option<Self> {
        Some(match keyword {
            "type" | "kind" => Self::Word,
            "additionalItems"
            | "additionalProperties"
            | "allOf"
            | "anyOf"
            | "contains"
            | "contentSchema"
            | "else"
            | "if"
            | "items"
            | "not"
            | "oneOf"
            | "prefixItems"
            | "propertyNames"
            | "then"
            | "unevaluatedItems"
            | "unevaluatedProperties"
            | "choices"
            | "options" => Self::Schema,
            "$defs" | "definitions" | "dependencies" | "dependentSchemas" | "patternProperties"
            | "properties" => Self::Names,
            "$anchor" | "$comment" | "$dynamicAnchor" | "$dynamicRef" | "$id" | "$ref" | "$schema"
            | "$vocabulary" | "const" | "contentEncoding" | "contentMediaType" | "default"
            | "dependentRequired" | "deprecated" | "description" | "enum" | "examples"
            | "exclusiveMaximum" | "exclusiveMinimum" | "format" | "maxContains" | "maxItems"
            | "maxLength" | "maxProperties" | "maximum" | "minContains" | "minItems" | "minLength"
            | "minProperties" | "minimum" | "multipleOf" | "pattern" | "readOnly" | "required" | "title"
            | "uniqueItems" | "writeOnly" | "label" | "labels" | "multiline" | "placeholder" | "value" => {
                Self::Value
            }
            _ => return None,
        })
    }
}

/// A schema or hints, kept as JSON is that the flow gets back.
pub(super) fn kept(redactor: &Redactor, json: &Json) -> Json {
    // As it is, where nothing is found: that is nearly always.
    if redactor.kept(json) == *json { json.clone() } else { schema(redactor, json) }
}

fn schema(redactor: &Redactor, json: &Json) -> Json {
    if let Ok(schemas) = json.to::<Vec<Json>>() {
        return array(schemas.iter().map(|each| schema(redactor, each)));
    }
    let Ok(Members(members)) = json.to() else { return redactor.kept(json) };
    object(members.iter().map(|(key, value)| match Below::of(key) {
        Some(Below::Word) => (quoted(key), word(redactor, value)),
        Some(Below::Schema) => (quoted(key), schema(redactor, value)),
        Some(Below::Names) => (quoted(key), names(redactor, value)),
        Some(Below::Value) => (quoted(key), redactor.kept(value)),
        None => (redactor.kept(&quoted(key)), redactor.kept(value)),
    }))
}

fn names(redactor: &Redactor, json: &Json) -> Json {
    let Ok(Members(members)) = json.to() else { return redactor.kept(json) };
    object(members.iter().map(|(name, value)| (redactor.kept(&quoted(name)), schema(redactor, value))))
}

fn word(redactor: &Redactor, json: &Json) -> Json {
    if let Ok(words) = json.to::<Vec<Json>>() {
        return array(words.iter().map(|each| word(redactor, each)));
    }
    match json.to::<String>() {
        Ok(text) if WORDS.contains(&text.as_str()) => json.clone(),
        _ => redactor.kept(json),
    }
}

fn quoted(text: &str) -> Json {
    Json::of(&text).unwrap_or_else(|_| Json::null())
}

fn array(items: impl Iterator<Item = Json>) -> Json {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    whole(&format!("[{}]", items.join(",")))
}

/// An object whose keys are strings of JSON already.
fn object(members: impl Iterator<Item = (Json, Json)>) -> Json {
    let members: Vec<String> = members.map(|(key, value)| format!("{key}:{value}")).collect();
    whole(&format!("{{{}}}", members.join(",")))
}

fn whole(text: &str) -> Json {
    Json::parse(text).unwrap_or_else(|_| Json::null())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use hero_sdk::SecretValue;

    use super::*;
    use crate::secrets::salt::Salt;

    /// What is kept of a schema, with `*` for a mark; the same JSON must come back.
    fn check(value: &str, given: &str, expected: &str) {
        let secret = SecretValue::try_from(value.to_owned()).unwrap();
        let values = BTreeMap::from([("KEY".parse().unwrap(), secret)]);
        let redactor = Redactor::new(&values, &Salt([7; crate::private::RANDOM_BYTES]), "");
        let given = Json::parse(given).unwrap();
        let kept = kept(&redactor, &given);
        assert_eq!(redactor.reveal(kept.as_str()).unwrap(), given.as_str());
        let mut shown = kept.to_string();
        while let Some((start, rest)) = shown.split_once("\\u005bsecret KEY ") {
            let (_, end) = rest.split_once(']').unwrap();
            shown = format!("{start}*{end}");
        }
        assert_eq!(shown, expected, "{value}");
    }

    #[test]
    fn words_of_a_schema_stay_and_what_a_flow_fills_in_does_not() {
        check("string", r#"{"type":"string"}"#, r#"{"type":"string"}"#);
        check("string", r#"{"type":["null","string"]}"#, r#"{"type":["null","string"]}"#);
        check(
            "type",
            r#"{"properties":{"type":{"type":"string","title":"a type"}},"required":["type"]}"#,
            r#"{"properties":{"*":{"type":"string","title":"a *"}},"required":["*"]}"#,
        );
        check(
            "string",
            r#"{"anyOf":[{"type":"string"},{"const":"string"}],"items":{"type":"string"},"x":"string"}"#,
            r#"{"anyOf":[{"type":"string"},{"const":"*"}],"items":{"type":"string"},"x":"*"}"#,
        );
        for keyword in ["enum", "examples", "default"] {
            let (given, expected) =
                (format!(r#"{{"{keyword}":["string"]}}"#), format!(r#"{{"{keyword}":["*"]}}"#));
            check("string", &given, &expected);
            check(keyword, &given, &given);
        }
        check(
            "description",
            r#"{"description":"the description","additionalProperties":false}"#,
            r#"{"description":"the *","additionalProperties":false}"#,
        );
        // Only a word is a word.
        check("hunter2!", r#"{"type":"hunter2!","hunter2!":1}"#, r#"{"type":"*","*":1}"#);
        check("4711", r#"{"minimum":4711,"maximum":47110}"#, r#"{"minimum":"*","maximum":47110}"#);
    }

    #[test]
    fn words_of_hints_stay() {
        check("text", r#"{"kind":"text","placeholder":"a text"}"#, r#"{"kind":"text","placeholder":"a *"}"#);
        check(
            "value",
            r#"{"kind":"choice","options":[{"value":"value","label":"value"},"value"]}"#,
            r#"{"kind":"choice","options":[{"value":"*","label":"*"},"*"]}"#,
        );
    }
}
