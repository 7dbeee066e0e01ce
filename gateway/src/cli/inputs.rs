//! Inputs as they are typed: `--inputs` as one JSON object, `--input KEY=VALUE` on top.
//!
//! The command line does not know what a flow declares, which only Python can tell. So a value that is JSON goes as
//! JSON first; where the runtime refuses the field, it goes as text. Nothing is written before inputs are valid, so
//! the second try costs nothing.

use std::collections::{BTreeMap, BTreeSet};

use hero_sdk::{Error, ErrorCode, FieldError, Json};

use crate::{
    cli::{
        args::GivenInputs,
        errors::Failure,
        signals::Signals,
        source::{argument_json, argument_text},
    },
    form::object,
};

/// Inputs, and which of them have a second reading.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inputs {
    members: BTreeMap<String, Json>,
    /// `--input` values that are JSON, as text.
    as_text: BTreeMap<String, String>,
}

impl Inputs {
    /// Reads what was typed, from where it is said to be.
    pub(crate) async fn read(given: GivenInputs, signals: &mut Signals) -> Result<Self, Failure> {
        let all = match given.all {
            Some(argument) => Some(argument_text("--inputs", &argument, signals).await?),
            None => None,
        };
        Self::parse(all.as_deref(), &given.single)
    }

    /// Has them taken in their first reading, else in their second.
    pub(crate) async fn take<T>(&self, take: impl AsyncFn(Json) -> Result<T, Error>) -> Result<T, Error> {
        let first = match take(self.to_json()).await {
            Ok(taken) => return Ok(taken),
            Err(first) => first,
        };
        match self.second_reading(&first) {
            Some(second) => take(second.to_json()).await.map_err(|second| merge_refusals(first, second)),
            None => Err(first),
        }
    }

    /// `all` is the text of `--inputs`; `single` are the `--input` arguments, which win.
    fn parse(all: Option<&str>, single: &[String]) -> Result<Self, Failure> {
        let mut inputs = Self::default();
        if let Some(text) = all {
            let example = "for example --inputs '{\"name\": \"World\"}', or --input name=World";
            inputs.members = argument_json("--inputs", text, example)?
                .to()
                .map_err(|_| Failure::usage("invalid_json", "--inputs is not a JSON object").hint(example))?;
        }
        let mut seen = BTreeSet::new();
        for argument in single {
            let Some((key, text)) = argument.split_once('=').filter(|(key, _)| !key.is_empty()) else {
                return Err(Failure::usage(
                    "usage",
                    format!("--input {argument:?} is not of the form KEY=VALUE"),
                )
                .hint("for example --input name=World"));
            };
            if !seen.insert(key) {
                return Err(Failure::usage("usage", format!("--input {key} is given twice"))
                    .hint(format!("a list is JSON: --input '{key}=[1, 2]'")));
            }
            // What is no JSON is a text.
            if Json::parse(text).is_err() {
                inputs.members.insert(key.to_owned(), text_json(text));
                continue;
            }
            let json = argument_json(&format!("--input {key}"), text, "")?;
            inputs.as_text.insert(key.to_owned(), text.to_owned());
            inputs.members.insert(key.to_owned(), json);
        }
        Ok(inputs)
    }

    /// The JSON object to start with.
    fn to_json(&self) -> Json {
        object(self.members.clone())
    }

    /// The inputs with the refused fields read as text; none when that changes nothing.
    fn second_reading(&self, refused: &Error) -> Option<Self> {
        if refused.code != ErrorCode::InvalidInputs {
            return None;
        }
        let mut second = self.clone();
        second.as_text.clear();
        let mut is_changed = false;
        for field in &refused.fields {
            let Some(key) = key(field) else { continue };
            if let Some(text) = self.as_text.get(&key) {
                second.members.insert(key, text_json(text));
                is_changed = true;
            }
        }
        is_changed.then_some(second)
    }
}

/// The refusal of the second reading, in the words of the first where both refuse a field: who typed `1.5` for a
/// whole number wants to hear of 1.5, not of text.
fn merge_refusals(first: Error, second: Error) -> Error {
    if second.code != ErrorCode::InvalidInputs {
        return second;
    }
    let still: BTreeSet<Option<String>> = second.fields.iter().map(key).collect();
    Error { fields: first.fields.into_iter().filter(|field| still.contains(&key(field))).collect(), ..second }
}

/// The input that a field belongs to.
fn key(field: &FieldError) -> Option<String> {
    let key = field.pointer.strip_prefix('/')?.split('/').next()?;
    Some(key.replace("~1", "/").replace("~0", "~"))
}

fn text_json(text: &str) -> Json {
    Json::from(&serde_json::Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(all: Option<&str>, single: &[&str]) -> Result<Inputs, Failure> {
        Inputs::parse(all, &single.iter().map(|&argument| argument.to_owned()).collect::<Vec<_>>())
    }

    fn refusal(pointers: &[&str], message: &str) -> Error {
        let to_field = |&pointer: &&str| FieldError { pointer: pointer.into(), message: message.into() };
        Error::new(ErrorCode::InvalidInputs, "inputs").fields(pointers.iter().map(to_field).collect())
    }

    #[test]
    fn values_are_json_where_they_can_be() {
        let parsed =
            inputs(Some(r#"{"a": 1.50, "b": 2}"#), &["b=[3]", "name=World", "text=42", "empty=", "eq=a=b"])
                .unwrap();
        let expected = r#"{"a":1.50,"b":[3],"empty":"","eq":"a=b","name":"World","text":42}"#;
        assert_eq!(parsed.to_json().as_str(), expected);
    }

    #[test]
    fn a_refused_field_is_read_as_text() {
        let parsed = inputs(Some(r#"{"c": 5}"#), &["a=42", "b=7", "n=x"]).unwrap();
        let second = parsed.second_reading(&refusal(&["/a"], "no")).unwrap();
        assert_eq!(second.to_json().as_str(), r#"{"a":"42","b":7,"c":5,"n":"x"}"#);
        assert!(second.second_reading(&refusal(&["/a"], "no")).is_none());
        for unhelped in [
            refusal(&["/c"], "no"),
            refusal(&["/n"], "no"),
            refusal(&[""], "no"),
            Error::new(ErrorCode::Busy, ""),
        ] {
            assert!(parsed.second_reading(&unhelped).is_none());
        }
    }

    #[test]
    fn refusals_speak_of_what_was_typed() {
        let merged = merge_refusals(refusal(&["/a", "/b"], "first"), refusal(&["/a"], "second"));
        assert_eq!(merged.fields, refusal(&["/a"], "first").fields);
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for (all, single, expected) in [
            (Some(r#"{"a": 1, "a": 2}"#), &[][..], "--inputs has /a twice"),
            (Some(r#"{"d": {"x": 1, "\u0078": 2}}"#), &[], "--inputs has /d/x twice"),
            (None, &[r#"d=[{"x": 1, "x": 1}]"#], "--input d has /0/x twice"),
        ] {
            let failure = inputs(all, single).unwrap_err();
            assert_eq!((failure.code, failure.message.as_str()), ("invalid_json", expected));
            assert!(failure.hint.is_some());
        }
        let text = inputs(None, &[r#"d={"x": 1, "x": }"#]).unwrap().to_json();
        assert_eq!(text.as_str(), r#"{"d":"{\"x\": 1, \"x\": }"}"#, "it is no JSON");
    }

    #[test]
    fn malformed_inputs_say_how() {
        let text =
            |all, single: &[&str]| inputs(all, single).unwrap_err().render(crate::cli::style::Palette::Text);
        insta::assert_snapshot!(
            [
                text(Some("{\"a\": }"), &[]),
                text(Some("[1]"), &[]),
                text(None, &["name"]),
                text(None, &["=x"]),
                text(None, &["a=1", "a=2"]),
            ]
            .concat()
        );
    }
}
