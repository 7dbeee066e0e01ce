//! Schemas as types of Python.

use serde_json::{Map, Value};

use super::text::{Docstring, fitted, literal, wrapped};
use crate::openrpc::referred;

/// Definitions of all schemas: names for ids and simple values first, since those are read at once.
pub(super) fn of_all(schemas: &Map<String, Value>) -> String {
    let (objects, names): (Vec<_>, Vec<_>) =
        schemas.iter().partition(|(_, schema)| schema.get("properties").is_some());
    let names: Vec<String> = names.into_iter().map(|(name, schema)| alias(name, schema)).collect();
    let objects: Vec<String> = objects.into_iter().map(|(name, schema)| typed_dict(name, schema)).collect();
    format!("# What the methods take and give.\n\n{}\n\n{}", names.join("\n"), objects.join("\n\n"))
}

/// The annotation of a value with this schema.
pub(super) fn annotation(schema: &Value) -> String {
    if let Some(name) = referred(schema) {
        return name.to_owned();
    }
    let all = |key: &str| schema.get(key).and_then(Value::as_array);
    if let Some([one]) = all("allOf").map(Vec::as_slice) {
        return annotation(one);
    }
    if let Some(constants) = constants(schema) {
        return format!("Literal[{}]", constants.join(", "));
    }
    if let Some(choices) = all("anyOf") {
        return union(choices.iter().map(annotation));
    }
    match schema.get("type") {
        Some(Value::String(kind)) => simple(kind, schema),
        Some(Value::Array(kinds)) => {
            union(kinds.iter().filter_map(Value::as_str).map(|kind| simple(kind, schema)))
        }
        _ => "Any".to_owned(),
    }
}

fn simple(kind: &str, schema: &Value) -> String {
    let inner = |key: &str| schema.get(key).map_or_else(|| "Any".to_owned(), annotation);
    match kind {
        "string" => "str".to_owned(),
        "integer" => "int".to_owned(),
        "number" => "float".to_owned(),
        "boolean" => "bool".to_owned(),
        "null" => "None".to_owned(),
        "array" => format!("list[{}]", inner("items")),
        "object" => format!("dict[str, {}]", inner("additionalProperties")),
        other => unreachable!("JSON Schema has no type {other}"),
    }
}

fn union(choices: impl Iterator<Item = String>) -> String {
    choices.collect::<Vec<_>>().join(" | ")
}

/// The texts of an enumeration.
fn constants(schema: &Value) -> Option<Vec<String>> {
    let all = schema.get("oneOf")?.as_array()?;
    all.iter().map(|one| one.get("const").map(literal)).collect()
}

fn described(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}

/// A name for something simple. An id is a type of its own, so that none is taken for another.
fn alias(name: &str, schema: &Value) -> String {
    let comment = comment(described(schema));
    if schema.get("format").is_some_and(|format| format == "sid") {
        return format!("{comment}{name} = NewType({name:?}, str)\n");
    }
    let definition = match constants(schema) {
        Some(constants) => fitted(0, &format!("{name}: TypeAlias = Literal["), &constants, "]"),
        None => format!("{name}: TypeAlias = {}\n", annotation(schema)),
    };
    comment + &definition
}

fn comment(text: &str) -> String {
    wrapped(text, 2, 2).lines().map(|line| format!("# {}\n", line.trim_start())).collect()
}

fn typed_dict(name: &str, schema: &Value) -> String {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|required| required.iter().any(|one| one == name));
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let fields = properties.map(|(name, schema)| {
        let kind = annotation(schema);
        let kind = if is_required(name) { kind } else { format!("NotRequired[{kind}]") };
        format!("    {name}: {kind}\n{}", Docstring::of(described(schema)).at(4))
    });
    let doc = Docstring::of(described(schema)).at(4);
    format!("class {name}(TypedDict):\n{doc}\n{}", fields.collect::<String>())
}
