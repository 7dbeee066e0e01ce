//! The methods as an OpenRPC 1.3 document, from their one declaration.

mod documents;
mod examples;
#[cfg(test)]
mod tests;

use schemars::{
    SchemaGenerator,
    generate::{Contract, SchemaSettings},
};
use serde_json::{Map, Value, json};

use crate::{
    ErrorCode,
    logic::{Event, METHODS, Method},
    rpc::FailureData,
};

/// The version of the specification that the document follows: <https://spec.open-rpc.org>.
pub const VERSION: &str = "1.3.2";

/// Where the document keeps schemas.
pub(crate) const SCHEMAS: &str = "#/components/schemas/";

/// What `rpc.discover` and `GET /openrpc.json` give.
pub fn document() -> Value {
    // What is read and what is written differ: a field that may be left out of a call is always there in an answer.
    let mut given = generator(Contract::Deserialize);
    let mut told = generator(Contract::Serialize);
    let declared: Vec<Declared> =
        METHODS.iter().map(|method| Declared::of(method, &mut given, &mut told)).collect();
    told.subschema_for::<FailureData>();
    // No method gives it, `GET /events` does.
    told.subschema_for::<Event>();
    let mut schemas = given.take_definitions(true);
    let methods: Vec<Value> = declared.iter().map(|declared| declared.described(&schemas)).collect();
    // Parameters are listed one by one with their method.
    schemas.retain(|name, _| declared.iter().all(|declared| declared.params_name() != Some(name)));
    schemas.extend(told.take_definitions(true));
    let errors = errors(&schemas);
    json!({
        "openrpc": VERSION,
        "info": {
            "title": "hero_logic",
            "description": "Runnable, observable, resumable Python flows.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        },
        "methods": methods,
        "components": { "schemas": schemas, "errors": errors },
    })
}

/// The name of the schema that this one refers to.
pub(crate) fn referred(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix(SCHEMAS))
}

fn generator(contract: Contract) -> SchemaGenerator {
    // OpenRPC builds on JSON Schema draft 7.
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.contract = contract;
        settings.definitions_path = SCHEMAS.trim_start_matches('#').trim_end_matches('/').to_owned().into();
        settings.meta_schema = None;
    });
    settings.into_generator()
}

/// A method and its schemas.
struct Declared {
    method: &'static Method,
    /// Of all parameters together, an object.
    params: Option<Value>,
    result: Value,
}

impl Declared {
    fn of(method: &'static Method, given: &mut SchemaGenerator, told: &mut SchemaGenerator) -> Self {
        let params = method.params.map(|params| params(given).to_value());
        Self { method, params, result: (method.result)(told).to_value() }
    }

    fn params_name(&self) -> Option<&str> {
        self.params.as_ref().and_then(referred)
    }

    fn described(&self, schemas: &Map<String, Value>) -> Value {
        let Method { name, doc, .. } = self.method;
        let (summary, description) = doc.trim().split_once(". ").unwrap_or((doc.trim(), ""));
        let object = self.params_name().and_then(|name| schemas.get(name));
        // References, since nobody can say of any method which of these it will never give.
        let errors = ErrorCode::ALL.iter().filter(|code| is_of_methods(**code));
        let errors: Vec<Value> =
            errors.map(|code| json!({ "$ref": format!("#/components/errors/{}", code.as_str()) })).collect();
        json!({
            "name": name,
            "summary": summary.trim_end_matches('.'),
            "description": description,
            "params": object.map(parameters).unwrap_or_default(),
            "paramStructure": "either",
            "result": { "name": "result", "schema": self.result },
            "errors": errors,
            "examples": [examples::of(name)],
        })
    }
}

fn parameters(object: &Value) -> Vec<Value> {
    let required = object.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|required| required.iter().any(|one| one == name));
    let properties = object.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties.map(|(name, schema)| descriptor(name, schema, is_required(name))).collect()
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

/// True for what a method of a server can answer with: its own codes, not those of JSON-RPC, and not of clients.
fn is_of_methods(code: ErrorCode) -> bool {
    code.number() >= -32099 && code != ErrorCode::Unreachable
}

/// Every code: its number, what it means, and what programs find in `data`.
fn errors(schemas: &Map<String, Value>) -> Value {
    let codes = schemas.get("ErrorCode").and_then(|schema| schema.get("oneOf")).and_then(Value::as_array);
    let meaning = |code: ErrorCode| {
        let mut codes = codes.into_iter().flatten();
        let schema = codes.find(|schema| schema.get("const").is_some_and(|text| text == code.as_str()));
        schema.and_then(|schema| schema.get("description"))
    };
    let errors = ErrorCode::ALL.iter().map(|code| {
        let error = json!({
            "code": code.number(),
            "message": meaning(*code),
            "data": { "code": code.as_str() },
        });
        (code.as_str().to_owned(), error)
    });
    Value::Object(errors.collect())
}
