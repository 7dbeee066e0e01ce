//! A JSON Schema in words, for tables: what a flow takes and gives. Pure; what fits a schema is the runtime's business.

use hero_sdk::{Json, Members};

use crate::cli::{json_text, style::Paint, table::Cell};

/// Levels that are told; what is deeper is an ellipsis.
const DEPTH_MAX: usize = 5;
/// Keywords that narrow a type down, told as they are (JSON Schema 2020-12, Validation 6).
const LIMITS: [&str; 11] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
];

/// One member of an object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Property {
    /// Its key.
    pub(crate) name: String,
    /// What it may be, in words.
    pub(crate) kind: String,
    /// True where it may not be left out.
    pub(crate) required: bool,
    /// What stands in for it, as JSON.
    pub(crate) default: Option<String>,
    /// What it means.
    pub(crate) description: String,
}

impl Property {
    /// Its row in a table of name, type, default and description.
    pub(crate) fn row(self) -> [Cell; 4] {
        let default = match (self.default, self.required) {
            (Some(default), _) => (Paint::Plain, default),
            (None, true) => (Paint::Attention, "(required)".to_owned()),
            (None, false) => (Paint::Plain, String::new()),
        };
        [(Paint::Strong, self.name), (Paint::Plain, self.kind), default, (Paint::Plain, self.description)]
    }
}

/// The declared members of an object, in their order, each before those of its own: `seats`, `seats[].car`. None of
/// what is no object or declares none.
pub(crate) fn properties(schema: &Json) -> Vec<Property> {
    let mut found = Vec::new();
    collect("", schema, 0, &mut found);
    found
}

fn collect(prefix: &str, schema: &Json, depth: usize, found: &mut Vec<Property>) {
    let schema: Members = schema.to().unwrap_or_default();
    let required: Vec<String> = get(&schema, "required").unwrap_or_default();
    let properties: Members = get(&schema, "properties").unwrap_or_default();
    for (name, schema) in properties.0 {
        let members: Members = schema.to().unwrap_or_default();
        let path = format!("{prefix}{name}");
        found.push(Property {
            kind: kind(&schema),
            required: required.contains(&name),
            default: members.get("default").map(|json| json_text::compact(json.as_str())),
            description: get(&members, "description").unwrap_or_default(),
            name: path.clone(),
        });
        if let Some((step, schema)) = object_within(schema, depth) {
            collect(&format!("{path}{step}."), &schema, depth + 1, found);
        }
    }
}

/// The object with members of its own that a value is or holds, and how one comes from the value to it.
fn object_within(schema: Json, depth: usize) -> Option<(String, Json)> {
    if depth == DEPTH_MAX {
        return None;
    }
    let members: Members = schema.to().ok()?;
    if members.get("properties").is_some() {
        return Some((String::new(), schema));
    }
    if let Some(schemas) = get::<Vec<Json>>(&members, "anyOf") {
        return schemas.into_iter().find_map(|schema| object_within(schema, depth + 1));
    }
    let (step, held) = match (members.get("items"), members.get("additionalProperties")) {
        (Some(items), _) => ("[]", items),
        (None, Some(others)) => (".*", others),
        (None, None) => return None,
    };
    let (further, object) = object_within(held.clone(), depth + 1)?;
    Some((format!("{step}{further}"), object))
}

/// What a schema lets be, in words: `array of string | null`.
pub(crate) fn kind(schema: &Json) -> String {
    kind_within(schema, 0)
}

fn kind_within(schema: &Json, depth: usize) -> String {
    let Ok(members) = schema.to::<Members>() else {
        return if schema.as_str() == "false" { "nothing" } else { "any" }.to_owned();
    };
    if depth == DEPTH_MAX {
        return "…".to_owned();
    }
    let of = |schema: &Json| kind_within(schema, depth + 1);
    let any_of = |schemas: Vec<Json>| schemas.iter().map(of).collect::<Vec<_>>().join(" | ");
    if let Some(values) = get::<Vec<Json>>(&members, "enum") {
        return values.iter().map(|value| json_text::compact(value.as_str())).collect::<Vec<_>>().join(" | ");
    }
    if let Some(value) = members.get("const") {
        return json_text::compact(value.as_str());
    }
    if let Some(reference) = get::<String>(&members, "$ref") {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(schemas) = get(&members, "anyOf").or_else(|| get(&members, "oneOf")) {
        return any_of(schemas);
    }
    let names: Vec<String> = match members.get("type") {
        None => return "any".to_owned(),
        Some(one) => one.to().map_or_else(|_| one.to().unwrap_or_default(), |name: String| vec![name]),
    };
    let words: Vec<String> = names
        .into_iter()
        .map(|name| match name.as_str() {
            "array" => array(&members, &of),
            "object" => object(&members, &of),
            _ => name,
        })
        .collect();
    let format = get::<String>(&members, "format").map(|format| format!(" ({format})")).unwrap_or_default();
    words.join(" | ") + &format + &limits(&members)
}

fn array(members: &Members, of: &impl Fn(&Json) -> String) -> String {
    if let Some(places) = get::<Vec<Json>>(members, "prefixItems") {
        return format!("[{}]", places.iter().map(of).collect::<Vec<_>>().join(", "));
    }
    members.get("items").map_or_else(|| "array".to_owned(), |items| format!("array of {}", whole(of(items))))
}

fn object(members: &Members, of: &impl Fn(&Json) -> String) -> String {
    if let Some(title) = get::<String>(members, "title") {
        return title;
    }
    let others = members.get("additionalProperties").filter(|schema| schema.as_str().starts_with('{'));
    others.map_or_else(|| "object".to_owned(), |schema| format!("object of {}", whole(of(schema))))
}

/// Words that stay together behind others.
fn whole(words: String) -> String {
    if words.contains(" | ") { format!("({words})") } else { words }
}

fn limits(members: &Members) -> String {
    // A tuple says by its places how many it has.
    let is_told = |name: &str| !(name.ends_with("Items") && members.get("prefixItems").is_some());
    let limits = LIMITS.into_iter().filter(|name| is_told(name));
    limits.filter_map(|name| Some(format!(", {name} {}", members.get(name)?))).collect()
}

fn get<T: serde::de::DeserializeOwned>(members: &Members, name: &str) -> Option<T> {
    serde_json::from_str(members.get(name)?.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::json;

    #[test]
    fn schemas_are_told_in_words() {
        let cases = [
            ("{}", "any"),
            ("true", "any"),
            ("false", "nothing"),
            (r#"{"type":"string"}"#, "string"),
            (r#"{"type":"string","format":"date"}"#, "string (date)"),
            (r#"{"type":["string","number"],"format":"decimal"}"#, "string | number (decimal)"),
            (r#"{"type":"string","enum":["red","two words",3]}"#, r#""red" | "two words" | 3"#),
            (r#"{"const":1.50}"#, "1.50"),
            (r#"{"anyOf":[{"type":"integer"},{"type":"null"}]}"#, "integer | null"),
            (r#"{"type":"array"}"#, "array"),
            (r#"{"type":"array","items":{"type":"string"}}"#, "array of string"),
            (r#"{"type":"array","items":{"enum":[1,2]}}"#, "array of (1 | 2)"),
            (r#"{"type":"array","minItems":2,"prefixItems":[{"type":"integer"},{}]}"#, "[integer, any]"),
            (r#"{"type":"object","additionalProperties":{"type":"integer"}}"#, "object of integer"),
            (r#"{"type":"object","additionalProperties":false}"#, "object"),
            (r#"{"type":"array","items":{"type":"object","title":"Seat"}}"#, "array of Seat"),
            (r##"{"$ref":"#/$defs/Node"}"##, "Node"),
            (r#"{"type":"integer","minimum":1,"maximum":5}"#, "integer, minimum 1, maximum 5"),
        ];
        for (schema, expected) in cases {
            assert_eq!(kind(&json(schema)), expected, "{schema}");
        }
        let mut deep = r#"{"type":"string"}"#.to_owned();
        for _ in 0..100 {
            deep = format!(r#"{{"type":"array","items":{deep}}}"#);
        }
        assert_eq!(kind(&json(&deep)), "array of array of array of array of array of …");
    }

    #[test]
    fn members_keep_their_order_and_their_defaults() {
        let schema = json(
            r#"{"type":"object","required":["z"],"properties":{
            "z":{"type":"string","description":"where"},"a":{"type":"number","default":1.50},"n":{"default":null}}}"#,
        );
        let told: Vec<String> = properties(&schema)
            .into_iter()
            .map(|property| property.row().map(|(_, text)| text).join(","))
            .collect();
        assert_eq!(told, ["z,string,(required),where", "a,number,1.50,", "n,any,null,"]);
        let schema = json(
            r#"{"properties":{"seats":{"type":"array","items":{"anyOf":[{"type":"null"},{"title":"Seat",
            "properties":{"car":{"type":"integer"}},"required":["car"]}]}},
            "by_name":{"type":"object","additionalProperties":{"properties":{"x":{}}}}}}"#,
        );
        let names: Vec<String> = properties(&schema).into_iter().map(|property| property.name).collect();
        assert_eq!(names, ["seats", "seats[].car", "by_name", "by_name.*.x"]);
        for nothing in ["true", "[]", r#"{"type":"string"}"#, r#"{"properties":3}"#] {
            assert_eq!(properties(&json(nothing)), [], "{nothing}");
        }
    }
}
