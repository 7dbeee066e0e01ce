//! Schemas as types of Python.

use serde_json::{Map, Value};

use super::text::{Docstring, camel, fitted, literal, united, wrapped};
use crate::openrpc::referred;

/// Definitions of all schemas. Names for ids and simple values come first, since those are read at once, and unions last,
/// since they are made of the others.
pub(super) fn of_all(schemas: &Map<String, Value>) -> String {
    let (mut names, mut classes, mut unions) = (Vec::new(), Vec::new(), Vec::new());
    for (name, schema) in schemas {
        if let Some(choices) = choices(schema) {
            let (all, definitions): (Vec<_>, Vec<_>) =
                typed_dicts(name, schema, &choices).into_iter().unzip();
            unions.extend(definitions);
            let tags: Vec<String> = choices.iter().map(|(tag, _)| format!("{tag:?}")).collect();
            let kinds = comment(&format!("Which {name} it is."));
            names.push(kinds + &fitted(0, &format!("{name}Kind: TypeAlias = Literal["), &tags, "]"));
            unions.push(comment(described(schema)) + &united(&format!("{name}: TypeAlias = "), &all));
        } else if schema.get("properties").is_some() {
            classes.push(typed_dict(name, &[], described(schema), &fields(schema)));
        } else {
            names.push(alias(name, schema));
        }
    }
    classes.extend(unions);
    format!("# What the methods take and give.\n\n{}\n\n{}", names.join("\n"), classes.join("\n\n"))
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
    if let Some(constant) = schema.get("const") {
        return format!("Literal[{}]", literal(constant));
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

/// The choices of a union whose objects say in a field of their own which of these they are, each behind what it says.
fn choices(schema: &Value) -> Option<Vec<(&str, &Value)>> {
    let all = schema.get("oneOf")?.as_array()?;
    all.iter().map(|choice| Some((tag(choice)?, choice))).collect()
}

fn tag(choice: &Value) -> Option<&str> {
    let properties = choice.get("properties")?.as_object()?;
    properties.values().find_map(|property| property.get("const")?.as_str())
}

fn described(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}

/// A name for something simple. An id is a type of its own, so that none is taken for another.
fn alias(name: &str, schema: &Value) -> String {
    let comment = comment(described(schema));
    if schema.get("format").is_some_and(|format| format == "sid" || format == "event_id") {
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

/// A class for each choice: of the fields that all have, of its own, and of what it refers to.
fn typed_dicts(union: &str, schema: &Value, choices: &[(&str, &Value)]) -> Vec<(String, String)> {
    let class = |(tag, choice): &(&str, &Value)| {
        let parents = choice.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let parents: Vec<&str> = parents.filter_map(referred).collect();
        let name = camel(tag) + union;
        let class = typed_dict(&name, &parents, described(choice), &(fields(schema) + &fields(choice)));
        (name, class)
    };
    choices.iter().map(class).collect()
}

fn typed_dict(name: &str, parents: &[&str], doc: &str, fields: &str) -> String {
    let parents = if parents.is_empty() { "TypedDict".to_owned() } else { parents.join(", ") };
    format!("class {name}({parents}):\n{}\n{fields}", Docstring::of(doc).at(4))
}

fn fields(schema: &Value) -> String {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|required| required.iter().any(|one| one == name));
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let fields = properties.map(|(name, schema)| {
        let kind = annotation(schema);
        let kind = if is_required(name) { kind } else { format!("NotRequired[{kind}]") };
        let doc = Some(described(schema)).filter(|doc| !doc.is_empty());
        let doc = doc.map(|doc| Docstring::of(doc).at(4)).unwrap_or_default();
        format!("    {name}: {kind}\n{doc}")
    });
    fields.collect()
}
