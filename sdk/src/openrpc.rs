//! The methods as an OpenRPC 1.3 document, from their one declaration.

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    ErrorCode,
    logic::{METHODS, Method},
};

/// The version of the specification that the document follows: <https://spec.open-rpc.org>.
pub const VERSION: &str = "1.3.2";

/// What `rpc.discover` and `GET /openrpc.json` give.
pub fn document() -> Value {
    // OpenRPC builds on JSON Schema draft 7.
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = settings.into_generator();
    let declared: Vec<Declared> = METHODS.iter().map(|method| Declared::of(method, &mut schemas)).collect();
    let definitions = schemas.take_definitions(true);
    json!({
        "openrpc": VERSION,
        "info": {
            "title": "hero_logic",
            "description": "Runnable, observable, resumable Python flows.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        },
        "methods": declared.into_iter().map(|method| method.to_json(&definitions)).collect::<Vec<_>>(),
        "components": {
            "schemas": definitions,
            "errors": errors(),
        },
    })
}

/// A method with its schemas.
struct Declared {
    method: &'static Method,
    params: Option<Value>,
    result: Value,
}

impl Declared {
    fn of(method: &'static Method, schemas: &mut SchemaGenerator) -> Self {
        let params = method.params.map(|params| params(schemas).to_value());
        Self { method, params, result: (method.result)(schemas).to_value() }
    }

    fn to_json(&self, definitions: &Map<String, Value>) -> Value {
        let Method { name, doc, .. } = self.method;
        let (summary, rest) = doc.trim().split_once(". ").unwrap_or((doc.trim(), ""));
        let params = self.params.as_ref().map(|params| resolved(params, definitions));
        let required = params.and_then(|params| params.get("required")).and_then(Value::as_array);
        let properties = params.and_then(|params| params.get("properties")).and_then(Value::as_object);
        let is_required =
            |name: &str| required.is_some_and(|required| required.iter().any(|one| one == name));
        let descriptors: Vec<Value> = properties
            .into_iter()
            .flatten()
            .map(|(name, schema)| descriptor(name, schema, is_required(name)))
            .collect();
        let examples: Vec<Value> = properties
            .into_iter()
            .flatten()
            .filter(|(name, _)| is_required(name))
            .map(|(name, schema)| json!({ "name": name, "value": example(schema, definitions) }))
            .collect();
        json!({
            "name": name,
            "summary": summary.trim_end_matches('.'),
            "description": rest.trim(),
            "params": descriptors,
            "paramStructure": "either",
            "result": { "name": "result", "schema": self.result },
            "errors": [{ "$ref": "#/components/errors/failed" }],
            "examples": [{
                "name": format!("{name} example"),
                "params": examples,
                "result": { "name": "result", "value": example(&self.result, definitions) },
            }],
        })
    }
}

/// A parameter. Its description stands beside its schema, not in it.
fn descriptor(name: &str, schema: &Value, is_required: bool) -> Value {
    let mut schema = schema.clone();
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    json!({
        "name": name,
        "description": description.unwrap_or_else(|| json!("")),
        "required": is_required,
        "schema": schema,
    })
}

fn errors() -> Value {
    let codes: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "failed": {
            "code": ErrorCode::NotFound.number(),
            "message": "What happened.",
            "data": { "code": codes, "hint": "What to do next.", "fields": [{ "pointer": "/a", "message": "what is wrong with it" }] },
        },
    })
}

fn resolved<'a>(schema: &'a Value, definitions: &'a Map<String, Value>) -> &'a Value {
    let reference = schema.get("$ref").and_then(Value::as_str);
    let named =
        reference.and_then(|reference| definitions.get(reference.strip_prefix("#/components/schemas/")?));
    named.unwrap_or(schema)
}

/// A value that fits a schema: what it says itself is an example, or the smallest one.
pub fn example(schema: &Value, definitions: &Map<String, Value>) -> Value {
    let schema = resolved(schema, definitions);
    let first = |key: &str| schema.get(key).and_then(Value::as_array).and_then(|all| all.first());
    if let Some(example) = first("examples") {
        return example.clone();
    }
    for key in ["default", "const"] {
        if let Some(value) = schema.get(key) {
            return value.clone();
        }
    }
    if let Some(one) = first("enum") {
        return one.clone();
    }
    if let Some(one) = first("anyOf").or(first("oneOf")).or(first("allOf")) {
        return example(one, definitions);
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
        kind => kind.and_then(Value::as_str),
    };
    match kind {
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let members = properties.into_iter().flatten();
            Value::Object(
                members.map(|(name, schema)| (name.clone(), example(schema, definitions))).collect(),
            )
        }
        Some("array") => match schema.get("items") {
            Some(items) if items.get("$ref").is_some() => json!([example(items, definitions)]),
            _ => json!([]),
        },
        Some("integer") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        Some("number") => json!(0.0),
        Some("boolean") => json!(false),
        Some("string") => json!("text"),
        Some("null") => Value::Null,
        // Anything.
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn show() {
        std::fs::write("/tmp/openrpc.json", serde_json::to_string_pretty(&document()).unwrap()).unwrap();
    }
}
