//! An open question as a form: which kind of field asks for an answer of its schema. Pure; how it is shown is the
//! business of a page and of the terminal, and whether an answer is valid is the runtime's.

use hero_sdk::{Json, Members, model::ResumeRequest};
use serde::Deserialize;

/// Objects within objects are asked field by field down to this depth; deeper ones as JSON text.
const FORM_DEPTH_MAX: usize = 4;

/// How one value is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Field {
    /// Any text; of several lines where `multiline`.
    Text { default: Option<String>, placeholder: Option<String>, multiline: bool },
    /// A number, as it is typed.
    Number { integer: bool, default: Option<String> },
    /// One of several values.
    Choice { choices: Vec<Choice>, default: Option<usize> },
    /// Any of several values.
    MultiChoice { choices: Vec<Choice>, defaults: Vec<usize> },
    /// Yes or no.
    Confirm { default: Option<bool> },
    /// An object, field by field.
    Form(Vec<FormField>),
    /// Anything, as JSON text.
    Json { default: Option<String> },
}

/// A value to choose, and what a person sees of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    /// For people.
    pub(crate) label: String,
    /// What is answered.
    pub(crate) value: Json,
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FormField {
    /// Its key.
    pub(crate) key: String,
    /// For people: its title, else its key.
    pub(crate) label: String,
    /// What it means.
    pub(crate) help: Option<String>,
    /// False where it may be left out.
    pub(crate) required: bool,
    /// How it is asked for.
    pub(crate) field: Field,
}

impl Field {
    /// The field for a question: its `ui.kind` decides, else its schema.
    pub(crate) fn of(request: &ResumeRequest) -> Self {
        let ui: Ui = request.ui.to().unwrap_or_default();
        let schema: Schema = request.schema.to().unwrap_or_default();
        let default =
            ui.default.clone().or_else(|| request.default.clone()).or_else(|| schema.default.clone());
        Self::from(&ui, &schema, default.as_ref(), 0)
    }

    fn from(ui: &Ui, schema: &Schema, default: Option<&Json>, depth: usize) -> Self {
        let choices = ui.choices().or_else(|| schema.choices());
        let items = || schema.items.as_ref().and_then(|items| items.to::<Schema>().ok()).unwrap_or_default();
        let kind = ui.kind.as_deref().unwrap_or_else(|| schema.kind(depth));
        match (kind, choices) {
            ("text", _) => Self::Text {
                default: default.and_then(|json| json.to().ok()),
                placeholder: ui.placeholder.clone(),
                multiline: ui.multiline.unwrap_or(false),
            },
            ("number", _) => {
                let integer = schema.is_type("integer");
                // Only what would be taken where it is typed.
                let default = default.and_then(|json| number(json.as_str(), integer).ok());
                Self::Number { integer, default: default.map(|json| json.to_string()) }
            }
            ("confirm", _) => Self::Confirm { default: default.and_then(|json| json.to().ok()) },
            ("choice", Some(choices)) => {
                let default =
                    default.and_then(|json| choices.iter().position(|choice| choice.value == *json));
                Self::Choice { choices, default }
            }
            ("multi_choice", choices) => match choices.or_else(|| items().choices()) {
                Some(choices) => {
                    let defaults = default.map(|json| positions(&choices, json)).unwrap_or_default();
                    Self::MultiChoice { choices, defaults }
                }
                None => Self::Json { default: default.map(|json| json.as_str().to_owned()) },
            },
            ("form", _) if !schema.properties.0.is_empty() && depth < FORM_DEPTH_MAX => {
                Self::Form(schema.form_fields(default, depth + 1))
            }
            _ => Self::Json { default: default.map(|json| json.as_str().to_owned()) },
        }
    }
}

/// Where the values of the JSON array `chosen` stand among `choices`.
pub(crate) fn positions(choices: &[Choice], chosen: &Json) -> Vec<usize> {
    let chosen: Vec<Json> = chosen.to().unwrap_or_default();
    let places = choices.iter().enumerate().filter(|(_, choice)| chosen.contains(&choice.value));
    places.map(|(index, _)| index).collect()
}

/// An object with these members, in this order.
pub(crate) fn object(members: impl IntoIterator<Item = (String, Json)>) -> Json {
    let texts: Vec<String> = members
        .into_iter()
        .map(|(key, value)| format!("{}:{value}", serde_json::Value::String(key)))
        .collect();
    Json::parse(&format!("{{{}}}", texts.join(","))).unwrap_or_else(|_| Json::null())
}

/// The number that was typed, unchanged; an error for people where it is none.
pub(crate) fn number(text: &str, integer: bool) -> Result<Json, String> {
    let text = text.trim();
    let wanted = if integer { "a whole number, such as 3" } else { "a number, such as 3 or 0.5" };
    let is_number = serde_json::from_str::<serde_json::Number>(text).is_ok();
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    match Json::parse(text) {
        Ok(json) if is_number && (is_whole || !integer) => Ok(json),
        Ok(_) | Err(_) => Err(format!("expected {wanted}")),
    }
}

/// `yes` or `no` as it was typed; an error for people where it is neither.
pub(crate) fn yes_or_no(text: &str) -> Result<Json, String> {
    match text.trim().to_lowercase().as_str() {
        "y" | "yes" | "true" => Ok(Json::from(&serde_json::Value::Bool(true))),
        "n" | "no" | "false" => Ok(Json::from(&serde_json::Value::Bool(false))),
        _ => Err("expected y or n".to_owned()),
    }
}

/// What a flow hints for forms; what is not understood is left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ui {
    kind: Option<String>,
    #[serde(alias = "options")]
    choices: Option<Vec<Json>>,
    labels: Option<Json>,
    pub(super) default: Option<Json>,
    placeholder: Option<String>,
    multiline: Option<bool>,
}

impl Ui {
    /// Choices as plain values or as `{"value", "label"}`; labels of plain ones as a list or an object beside them.
    pub(super) fn choices(&self) -> Option<Vec<Choice>> {
        #[derive(Deserialize)]
        struct Labelled {
            value: Json,
            label: Option<String>,
        }
        let labels: Vec<String> =
            self.labels.as_ref().and_then(|labels| labels.to().ok()).unwrap_or_default();
        let label_of: std::collections::BTreeMap<String, String> =
            self.labels.as_ref().and_then(|labels| labels.to().ok()).unwrap_or_default();
        let to_choice = |(index, json): (usize, &Json)| match json.to::<Labelled>() {
            Ok(Labelled { value, label }) => {
                Choice { label: label.unwrap_or_else(|| plain_text(&value)), value }
            }
            Err(_) => {
                let text = plain_text(json);
                let label = labels.get(index).or_else(|| label_of.get(&text)).cloned().unwrap_or(text);
                Choice { label, value: json.clone() }
            }
        };
        let choices: Vec<Choice> = self.choices.as_ref()?.iter().enumerate().map(to_choice).collect();
        (!choices.is_empty()).then_some(choices)
    }
}

/// The keywords of JSON Schema 2020-12 that choose a field. Validation is not done here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Schema {
    #[serde(rename = "type")]
    kind: Option<Json>,
    #[serde(rename = "enum")]
    values: Option<Vec<Json>>,
    #[serde(rename = "oneOf")]
    one_of: Option<Vec<Json>>,
    items: Option<Json>,
    properties: Members,
    required: Vec<String>,
    title: Option<String>,
    description: Option<String>,
    default: Option<Json>,
}

impl Schema {
    fn is_type(&self, name: &str) -> bool {
        self.kind.as_ref().is_some_and(|kind| kind.to::<String>().is_ok_and(|text| text == name))
    }

    /// The kind of field that fits, by the names of `ui.kind`.
    fn kind(&self, depth: usize) -> &'static str {
        if self.choices().is_some() {
            "choice"
        } else if self.is_type("string") {
            "text"
        } else if self.is_type("integer") || self.is_type("number") {
            "number"
        } else if self.is_type("boolean") {
            "confirm"
        } else if self.is_type("array") {
            "multi_choice"
        } else if self.is_type("object") && depth < FORM_DEPTH_MAX {
            "form"
        } else {
            "json"
        }
    }

    fn choices(&self) -> Option<Vec<Choice>> {
        #[derive(Deserialize)]
        struct Titled {
            #[serde(rename = "const")]
            value: Json,
            title: Option<String>,
        }
        let choices: Vec<Choice> = match (&self.values, &self.one_of) {
            (Some(values), _) => {
                values.iter().map(|value| Choice { label: plain_text(value), value: value.clone() }).collect()
            }
            (None, Some(cases)) => cases
                .iter()
                .map(|case| {
                    let Titled { value, title } = case.to().ok()?;
                    Some(Choice { label: title.unwrap_or_else(|| plain_text(&value)), value })
                })
                .collect::<Option<_>>()?,
            (None, None) => return None,
        };
        (!choices.is_empty()).then_some(choices)
    }

    fn form_fields(&self, default: Option<&Json>, depth: usize) -> Vec<FormField> {
        let defaults: Members = default.and_then(|json| json.to().ok()).unwrap_or_default();
        let to_field = |(key, json): &(String, Json)| {
            let schema: Schema = json.to().unwrap_or_default();
            let default = defaults.get(key).or(schema.default.as_ref());
            FormField {
                key: key.clone(),
                label: schema.title.clone().unwrap_or_else(|| key.clone()),
                help: schema.description.clone(),
                required: self.required.contains(key),
                field: Field::from(&Ui::default(), &schema, default, depth),
            }
        };
        self.properties.0.iter().map(to_field).collect()
    }
}

/// A value for people: text without its quotes, anything else as JSON.
pub(crate) fn plain_text(value: &Json) -> String {
    value.to::<String>().unwrap_or_else(|_| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::request;

    fn field(schema: &str, ui: &str) -> Field {
        Field::of(&request("ask", schema, ui))
    }

    fn labels(choices: &[Choice]) -> Vec<(&str, &str)> {
        choices.iter().map(|choice| (choice.label.as_str(), choice.value.as_str())).collect()
    }

    fn text(default: Option<&str>, placeholder: Option<&str>, multiline: bool) -> Field {
        let (default, placeholder) = (default.map(str::to_owned), placeholder.map(str::to_owned));
        Field::Text { default, placeholder, multiline }
    }

    #[test]
    fn the_kind_decides_and_else_the_schema() {
        assert_eq!(field("true", "{}"), Field::Json { default: None });
        assert_eq!(field(r#"{"type":"string"}"#, "{}"), text(None, None, false));
        assert_eq!(
            field(r#"{"type":"string"}"#, r#"{"kind":"text","default":"web","placeholder":"a name"}"#),
            text(Some("web"), Some("a name"), false)
        );
        assert_eq!(
            field(r#"{"type":"string"}"#, r#"{"kind":"text","multiline":true}"#),
            text(None, None, true)
        );
        assert_eq!(field(r#"{"type":"integer"}"#, "null"), Field::Number { integer: true, default: None });
        assert_eq!(
            field(r#"{"type":"number","default":1.50}"#, r#"{"kind":"number"}"#),
            Field::Number { integer: false, default: Some("1.50".into()) }
        );
        assert_eq!(
            field(r#"{"type":"integer","default":1.5}"#, "{}"),
            Field::Number { integer: true, default: None }
        );
        assert_eq!(field(r#"{"type":"boolean"}"#, "{}"), Field::Confirm { default: None });
        assert_eq!(field(r#"{"type":["string","null"]}"#, "{}"), Field::Json { default: None });
        assert_eq!(field("{}", r#"{"kind":"choice"}"#), Field::Json { default: None });
        assert_eq!(field(r#"{"type":"array"}"#, "{}"), Field::Json { default: None });
    }

    #[test]
    fn choices_come_from_hints_or_schema() {
        let cases = [
            (r#"{"enum":["a",1,null]}"#, "{}", vec![("a", "\"a\""), ("1", "1"), ("null", "null")]),
            (
                r#"{"oneOf":[{"const":"a","title":"Apple"},{"const":2}]}"#,
                "{}",
                vec![("Apple", "\"a\""), ("2", "2")],
            ),
            (
                "{}",
                r#"{"kind":"choice","choices":[{"value":1,"label":"One"},2]}"#,
                vec![("One", "1"), ("2", "2")],
            ),
            ("{}", r#"{"kind":"choice","options":["a"],"labels":["Apple"]}"#, vec![("Apple", "\"a\"")]),
            ("{}", r#"{"kind":"choice","choices":["a"],"labels":{"a":"Apple"}}"#, vec![("Apple", "\"a\"")]),
        ];
        for (schema, ui, expected) in cases {
            let Field::Choice { choices, .. } = field(schema, ui) else { panic!("{schema} {ui}") };
            assert_eq!(labels(&choices), expected);
        }
        let several = field(r#"{"type":"array","items":{"enum":["a","b"]},"default":["b"]}"#, "{}");
        let Field::MultiChoice { choices, defaults } = several else { panic!("{several:?}") };
        assert_eq!((labels(&choices), defaults), (vec![("a", "\"a\""), ("b", "\"b\"")], vec![1]));
    }

    #[test]
    fn an_object_is_a_form_in_its_own_order() {
        let schema = r#"{"type":"object","required":["zone"],"properties":{
            "zone":{"type":"string","title":"Zone","description":"where"},
            "count":{"type":"integer","default":3},
            "deep":{"type":"object","properties":{"on":{"type":"boolean"}}}}}"#;
        insta::assert_debug_snapshot!(field(schema, r#"{"kind":"form"}"#));
    }

    #[test]
    fn yes_and_no_are_taken_as_people_type_them() {
        for (text, expected) in [("y", "true"), (" YES ", "true"), ("n", "false"), ("No", "false")] {
            assert_eq!(yes_or_no(text).unwrap().as_str(), expected);
        }
        for text in ["", "maybe", "1", "yn"] {
            assert!(yes_or_no(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_stay_as_they_are_typed() {
        assert_eq!(number(" 1.50 ", false).unwrap().as_str(), "1.50");
        assert_eq!(number("-3", true).unwrap().as_str(), "-3");
        for (text, integer) in
            [("1.5", true), ("1e3", true), ("", false), ("x", false), ("true", false), ("\"1\"", false)]
        {
            assert!(number(text, integer).is_err(), "{text}");
        }
    }
}
