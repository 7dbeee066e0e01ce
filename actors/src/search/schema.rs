//! What a JSON Schema says of a flow's inputs or outputs: their names, types and words. Knows no index.

use serde_json::{Map, Value};

use super::source::cut;

/// Levels of a schema that are read.
const DEPTH_MAX: usize = 6;
/// Inputs or outputs of a flow that are compared.
pub(super) const PORTS_MAX: usize = 32;
/// Bytes of words that are taken from one schema.
const WORDS_BYTES_MAX: usize = 8 << 10;

/// An input or an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Port {
    /// Empty for a result that has no name.
    pub(super) name: Box<str>,
    pub(super) kinds: Kinds,
    /// It must be given.
    pub(super) is_required: bool,
}

/// Which types of JSON a value may have; none stands for any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const ANY: Self = Self(0);
    const OBJECT: Self = Self(32);

    /// That of a name in JSON Schema, or in Python; `None` for a name that there is none of.
    fn named(name: &str) -> Option<Self> {
        Some(Self(match name {
            "string" | "str" | "text" => 1,
            "integer" | "int" => 2,
            "number" | "float" => 4,
            "boolean" | "bool" => 8,
            "array" | "list" => 16,
            "object" | "dict" => 32,
            "null" | "None" | "any" | "Any" => 0,
            _ => return None,
        }))
    }

    fn of_name(name: &str) -> Self {
        Self::named(name).unwrap_or(Self::ANY)
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one can stand for the other: a whole number is a number.
    pub(super) fn meets(self, other: Self) -> bool {
        let widened = |kinds: u8| if kinds & 2 == 0 { kinds } else { kinds | 4 };
        self == Self::ANY || other == Self::ANY || widened(self.0) & widened(other.0) != 0
    }
}

/// The inputs or outputs of a schema, in its order: the properties of an object, else one without a name.
pub(super) fn ports(schema: &Value) -> Vec<Port> {
    let resolved = resolve(schema, schema);
    let required: Vec<&str> = resolved
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let of_property = |(name, property): (&String, &Value)| Port {
        name: name.as_str().into(),
        kinds: kinds(property, schema, 0),
        is_required: required.contains(&name.as_str()),
    };
    match resolved.get("properties").and_then(Value::as_object) {
        Some(properties) => properties.iter().take(PORTS_MAX).map(of_property).collect(),
        None => match kinds(resolved, schema, 0) {
            Kinds::ANY => Vec::new(),
            // It has members, but does not say which.
            Kinds::OBJECT => vec![Port { name: "".into(), kinds: Kinds::ANY, is_required: false }],
            kinds => vec![Port { name: "".into(), kinds, is_required: false }],
        },
    }
}

/// What a caller says of what it gives or wants: by name a schema, or a type's name.
pub(super) fn offered(members: &Map<String, Value>) -> Vec<Port> {
    let of_member = |(name, value): (&String, &Value)| Port {
        name: name.as_str().into(),
        kinds: match value {
            Value::String(kind) => Kinds::of_name(kind),
            other => kinds(other, other, 0),
        },
        is_required: true,
    };
    members.iter().take(PORTS_MAX).map(of_member).collect()
}

/// The first type that a caller names, of itself or in a schema, and that there is none of.
pub(super) fn unknown_type(value: &Value) -> Option<&str> {
    let unknown = |name: &Value| name.as_str().filter(|name| Kinds::named(name).is_none()).is_some();
    match value {
        Value::String(_) => Some(value).filter(|name| unknown(name)).and_then(Value::as_str),
        Value::Object(members) => {
            let named = match members.get("type") {
                Some(Value::Array(names)) => names.iter().find(|name| unknown(name)),
                name => name.filter(|name| unknown(name)),
            };
            let choices =
                ["anyOf", "oneOf"].into_iter().filter_map(|key| members.get(key)?.as_array()).flatten();
            named
                .and_then(Value::as_str)
                .or_else(|| choices.filter(|choice| choice.is_object()).find_map(unknown_type))
        }
        _ => None,
    }
}

/// Names, titles, descriptions and fixed values of a schema, with spaces between.
pub(super) fn words(schema: &Value) -> String {
    let mut words = String::new();
    collect(schema, 0, &mut words);
    words
}

fn collect(schema: &Value, depth: usize, words: &mut String) {
    if depth > DEPTH_MAX || words.len() > WORDS_BYTES_MAX {
        return;
    }
    let Some(members) = schema.as_object() else {
        return schema.as_array().into_iter().flatten().for_each(|item| collect(item, depth + 1, words));
    };
    for (key, value) in members {
        match (key.as_str(), value) {
            ("title" | "description" | "const", Value::String(text)) => say(text, words),
            ("enum" | "examples", Value::Array(values)) => {
                values.iter().filter_map(Value::as_str).for_each(|text| say(text, words));
            }
            ("properties" | "$defs", Value::Object(properties)) => {
                for (name, property) in properties {
                    say(name, words);
                    collect(property, depth + 1, words);
                }
            }
            ("items" | "anyOf" | "oneOf" | "allOf" | "additionalProperties", value) => {
                collect(value, depth + 1, words);
            }
            _ => {}
        }
    }
}

fn say(text: &str, words: &mut String) {
    words.push(' ');
    words.push_str(cut(text, WORDS_BYTES_MAX));
}

fn kinds(schema: &Value, root: &Value, depth: usize) -> Kinds {
    let schema = resolve(schema, root);
    if let Some(name) = schema.get("type") {
        return match name {
            Value::String(name) => Kinds::of_name(name),
            Value::Array(names) => {
                names.iter().filter_map(Value::as_str).map(Kinds::of_name).fold(Kinds::ANY, Kinds::and)
            }
            _ => Kinds::ANY,
        };
    }
    let choices = ["anyOf", "oneOf"].into_iter().find_map(|key| schema.get(key).and_then(Value::as_array));
    if depth < DEPTH_MAX
        && let Some(choices) = choices
    {
        return choices.iter().map(|choice| kinds(choice, root, depth + 1)).fold(Kinds::ANY, Kinds::and);
    }
    Kinds::ANY
}

/// What a reference within the schema means.
fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEPTH_MAX {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_gives_ports_and_words() {
        let schema = json!({
            "type": "object",
            "properties": {
                "page_url": {"type": "string", "description": "Where it lies"},
                "size": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": 3},
                "mode": {"$ref": "#/$defs/Mode"},
            },
            "required": ["page_url"],
            "$defs": {"Mode": {"enum": ["fast", "exact"], "title": "Mode of work", "type": "string"}},
        });
        let shown: Vec<(String, Kinds, bool)> =
            ports(&schema).into_iter().map(|port| (port.name.into(), port.kinds, port.is_required)).collect();
        let of = Kinds::of_name;
        assert_eq!(
            shown,
            [
                ("page_url".to_owned(), of("string"), true),
                ("size".to_owned(), of("integer"), false),
                ("mode".to_owned(), of("string"), false),
            ]
        );
        let words = words(&schema);
        for word in ["page_url", "Where it lies", "size", "mode", "fast", "exact", "Mode of work"] {
            assert!(words.contains(word), "{word} in {words}");
        }
    }

    #[test]
    fn a_schema_that_goes_round_in_circles_ends() {
        let round = json!({"$ref": "#/a", "a": {"$ref": "#"}, "anyOf": [{"$ref": "#"}]});
        assert!(ports(&round).is_empty() && words(&round).is_empty());
        let nested = (0..100).fold(json!({"title": "deep"}), |inner, _| json!({"items": inner}));
        assert!(words(&nested).is_empty());
    }

    #[test]
    fn a_type_that_there_is_none_of_is_seen() {
        for (value, unknown) in [
            (json!("int"), None),
            (json!("any"), None),
            (json!("Money"), Some("Money")),
            (json!({"type": "strng"}), Some("strng")),
            (json!({"type": ["null", "strng"]}), Some("strng")),
            (json!({"anyOf": [{"type": "null"}, {"oneOf": [{"type": "real"}]}]}), Some("real")),
            (json!({"type": ["null", "string"], "enum": ["strng"]}), None),
            (json!({}), None),
        ] {
            assert_eq!(unknown_type(&value), unknown, "{value}");
        }
    }

    #[test]
    fn a_whole_number_is_a_number() {
        let of = Kinds::of_name;
        assert!(of("integer").meets(of("number")) && of("number").meets(of("integer")));
        assert!(!of("string").meets(of("number")) && of("string").meets(Kinds::ANY));
    }
}
