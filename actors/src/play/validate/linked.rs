//! A schema of a flow as the validator gets it: every schema in it is led to by a link that counts, and it has bounds.
//!
//! Whoever compiles a schema or holds a value against it follows it without an end of his own: a long chain of
//! references takes the stack, and with it the runtime, and `{"anyOf": [a, a]}`, twenty of them each within the next, is
//! a million times the work. So schemas are taken apart, as deep as they may be; each is put into `$defs` by a number,
//! and where it stood, or where something refers to it, stands `{"allOf": [COUNTED, {"$ref": …}]}`. Must not know values.

use std::{collections::HashMap, ptr};

use serde_json::{Map, Value, json};

use super::effort::{COUNTED, weigh};

/// Schemas within schemas, references followed. Each takes some frames of the stack.
const HEIGHT_MAX: usize = 100;
/// Schemas in all, each as often as it is referred to, where the compiler follows each reference by itself.
const COPIES_MAX: usize = 500;
/// Keywords that hold schemas by names of the user's choice.
const NAMED: [&str; 4] = ["properties", "patternProperties", "dependentSchemas", "dependencies"];
/// The same, for schemas that are only referred to.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];
/// Keywords that hold one schema, or a list of them.
const WITHIN: [&str; 16] = [
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "prefixItems",
    "propertyNames",
    "then",
    UNEVALUATED[0],
    UNEVALUATED[1],
];
const UNEVALUATED: [&str; 2] = ["unevaluatedItems", "unevaluatedProperties"];

/// A schema that can be compiled.
#[derive(Debug)]
pub(super) struct Linked {
    /// It says the same as the one that it was made of.
    pub(super) schema: Value,
    /// Schemas above one another, at most.
    pub(super) height: usize,
    /// Whether it begins again within itself.
    pub(super) is_recursive: bool,
    /// How many patterns it has.
    pub(super) patterns: usize,
}

/// Links a schema. The error is in words, to be read after "the declared schema".
pub(super) fn linked(schema: &Value) -> Result<Linked, String> {
    let dialect = schema.get("$schema").cloned();
    let is_old = dialect.as_ref().and_then(Value::as_str).is_some_and(|name| name.contains("/draft-0"));
    let mut walk = Walk {
        root: schema,
        is_old,
        places: HashMap::new(),
        measures: Vec::new(),
        bodies: Map::new(),
        is_recursive: false,
        has_unevaluated: false,
        patterns: 0,
    };
    let (mut whole, Measure { height, copies }) = walk.link(schema, 0)?;
    if walk.has_unevaluated && copies > COPIES_MAX {
        return Err(format!("has more than {COPIES_MAX} schemas beside {}", UNEVALUATED.join(" or ")));
    }
    if let Value::Object(members) = &mut whole {
        members.insert(walk.definitions().to_owned(), Value::Object(walk.bodies));
        members.extend(dialect.map(|dialect| ("$schema".to_owned(), dialect)));
    }
    let Walk { is_recursive, patterns, .. } = walk;
    Ok(Linked { schema: whole, height, is_recursive, patterns })
}

struct Walk<'a> {
    root: &'a Value,
    /// Before 2019 nothing beside a reference counted.
    is_old: bool,
    /// The number of each schema, by where it lies.
    places: HashMap<*const Value, usize>,
    /// By number; none for those that the walk is in.
    measures: Vec<Option<Measure>>,
    bodies: Map<String, Value>,
    is_recursive: bool,
    has_unevaluated: bool,
    patterns: usize,
}

#[derive(Clone, Copy)]
struct Measure {
    height: usize,
    copies: usize,
}

impl<'a> Walk<'a> {
    fn definitions(&self) -> &'static str {
        if self.is_old { "definitions" } else { "$defs" }
    }

    /// What stands in the place of a schema.
    fn link(&mut self, schema: &'a Value, above: usize) -> Result<(Value, Measure), String> {
        let mut measure = Measure { height: 1, copies: 1 };
        let Value::Object(members) = schema else { return Ok((schema.clone(), measure)) };
        let place = ptr::from_ref(schema);
        let known = self.places.get(&place).copied();
        let number = known.unwrap_or(self.measures.len());
        let height =
            known.and_then(|known| self.measures.get(known).copied().flatten()).map_or(1, |it| it.height);
        if above + height > HEIGHT_MAX {
            return Err(format!("has more than {HEIGHT_MAX} schemas above one another"));
        }
        match known {
            Some(known) => match self.measures.get(known).copied().flatten() {
                Some(known) => measure = known,
                None => self.is_recursive = true,
            },
            None => {
                self.places.insert(place, number);
                self.measures.push(None);
                let (body, whole) = self.body(members, above)?;
                self.bodies.insert(number.to_string(), Value::Object(body));
                if let Some(place) = self.measures.get_mut(number) {
                    *place = Some(whole);
                }
                measure = whole;
            }
        }
        let reference = format!("#/{}/{number}", self.definitions());
        Ok((json!({ "allOf": [{ COUNTED: weigh(members) }, { "$ref": reference }] }), measure))
    }

    /// The members of a schema, with links to what is within it.
    fn body(
        &mut self,
        members: &'a Map<String, Value>,
        above: usize,
    ) -> Result<(Map<String, Value>, Measure), String> {
        let mut whole = Measure { height: 1, copies: 1 };
        let mut link = |walk: &mut Self, schema: &'a Value| {
            let (link, Measure { height, copies }) = walk.link(schema, above + 1)?;
            whole.height = whole.height.max(height + 1);
            whole.copies = whole.copies.saturating_add(copies);
            Ok::<_, String>(link)
        };
        let reference = match members.get("$ref") {
            Some(Value::String(reference)) => Some(link(self, self.target(reference)?)?),
            _ => None,
        };
        let mut body = Map::new();
        self.patterns += usize::from(members.contains_key("pattern"));
        for (keyword, value) in members {
            let value = match (keyword.as_str(), value) {
                _ if self.is_old && reference.is_some() => continue,
                ("$ref", Value::String(_)) | ("$schema", _) => continue,
                (name, _) if DEFINITIONS.contains(&name) => continue,
                ("$dynamicRef" | "$recursiveRef" | "$anchor" | "$dynamicAnchor", _) => {
                    return Err(format!("has {keyword}; refer to a schema by \"$ref\": \"#/…\""));
                }
                ("$id" | "id", Value::String(_)) if above > 0 => {
                    return Err(format!("has {keyword} in a schema within it"));
                }
                ("$id" | "id", Value::String(_)) => continue,
                (name, Value::Object(named)) if NAMED.contains(&name) => {
                    self.patterns += if name == "patternProperties" { named.len() } else { 0 };
                    let named = named.iter().map(|(name, schema)| Ok((name.clone(), link(self, schema)?)));
                    Value::Object(named.collect::<Result<_, String>>()?)
                }
                (name, value) if WITHIN.contains(&name) => {
                    self.has_unevaluated |= UNEVALUATED.contains(&name);
                    match value {
                        Value::Array(list) => {
                            let list = list.iter().map(|schema| link(self, schema));
                            Value::Array(list.collect::<Result<_, String>>()?)
                        }
                        one => link(self, one)?,
                    }
                }
                (_, value) => value.clone(),
            };
            body.insert(keyword.clone(), value);
        }
        if let Some(reference) = reference {
            match body.entry("allOf").or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(all) => all.push(reference),
                _ => return Err("has an allOf that is no list".to_owned()),
            }
        }
        Ok((body, whole))
    }

    /// What a reference leads to.
    fn target(&self, reference: &str) -> Result<&'a Value, String> {
        let shown: String = reference.chars().take(80).collect();
        let Some(pointer) =
            reference.strip_prefix('#').filter(|rest| rest.is_empty() || rest.starts_with('/'))
        else {
            return Err(format!("refers to {shown:?}; it can refer to what begins with \"#/\" only"));
        };
        let pointer = unescaped(pointer).ok_or_else(|| format!("refers to {shown:?}, which is no text"))?;
        self.root.pointer(&pointer).ok_or_else(|| format!("refers to {shown:?}, which is not there"))
    }
}

/// The text of a part of a URI.
fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn usual_schemas_are_within_bounds() {
        let tree = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.org/tree",
            "$ref": "#/$defs/Tree",
            "$defs": { "Tree": { "properties": { "const": { "items": { "$ref": "#/$defs/Tree" } },
                "again": { "$ref": "#/$defs/Tree/properties/const" } } } },
        });
        let Linked { height, is_recursive, .. } = linked(&tree).unwrap();
        assert!(is_recursive && height < 10, "{height}");
        for schema in
            [json!(true), json!({}), json!({ "properties": { "$ref": true, "id": { "type": "string" } } })]
        {
            assert!(!linked(&schema).unwrap().is_recursive);
        }
        assert!(linked(&json!({ "properties": { "a": true }, "unevaluatedProperties": false })).is_ok());
    }

    #[test]
    fn a_chain_of_references_has_an_end() {
        let chain = |length: usize| {
            let link = |number: usize| {
                (format!("d{number}"), json!({ "allOf": [{ "$ref": format!("#/$defs/d{}", number + 1) }] }))
            };
            let defs: Map<String, Value> =
                (0..length).map(link).chain([(format!("d{length}"), json!(true))]).collect();
            json!({ "$ref": "#/$defs/d0", "$defs": defs })
        };
        assert!(linked(&chain(40)).is_ok());
        assert!(linked(&chain(8_000)).unwrap_err().contains("above one another"));
    }

    #[test]
    fn references_lead_to_schemas_of_the_same_text() {
        for schema in [
            json!({ "$ref": "http://localhost/x" }),
            json!({ "$ref": "other#/a" }),
            json!({ "$ref": "#anchor" }),
            json!({ "$ref": "#/nothing" }),
            json!({ "$ref": "#/%ff" }),
            json!({ "$dynamicRef": "#x" }),
            json!({ "$anchor": "x" }),
            json!({ "items": { "$id": "x" } }),
        ] {
            assert!(linked(&schema).is_err(), "{schema}");
        }
    }

    #[test]
    fn references_are_not_multiplied_where_each_is_followed() {
        let ladder = |length: usize| {
            let step = |number: usize| {
                let next = json!({ "$ref": format!("#/$defs/d{}", number + 1) });
                (format!("d{number}"), json!({ "anyOf": [next, next] }))
            };
            let defs: Map<String, Value> =
                (0..length).map(step).chain([(format!("d{length}"), json!(true))]).collect();
            json!({ "$ref": "#/$defs/d0", "$defs": defs, "unevaluatedProperties": false })
        };
        assert!(linked(&ladder(5)).is_ok());
        assert!(linked(&ladder(40)).unwrap_err().contains("unevaluatedProperties"));
    }
}
