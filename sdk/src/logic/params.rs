//! Parameters of a call as they come: by name, by position, or not at all.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

pub(crate) use self::words::wrong_type;
use self::{names::names, words::told};
use crate::{
    Error, ErrorCode, FieldError,
    json::twice::{segment, twice},
};

mod names;
mod words;

/// The parameters of a call: none, or the JSON text of an object (by name) or an array (by position).
#[derive(Clone, Copy, Debug)]
pub struct Params<'a>(Option<&'a RawValue>);

impl<'a> Params<'a> {
    /// Takes what stands in a request. None where it is neither an object nor an array.
    pub fn of(raw: Option<&'a RawValue>) -> Option<Self> {
        let is_structured = |raw: &RawValue| raw.get().starts_with(['{', '[']);
        raw.is_none_or(is_structured).then_some(Self(raw))
    }

    /// Their JSON.
    pub fn text(self) -> &'a str {
        self.0.map_or("{}", RawValue::get)
    }

    /// Reads them. `invalid_params` names the parameter that is wrong; an object within them that has one member twice is
    /// wrong as well.
    pub fn to<T: DeserializeOwned>(self) -> Result<T, Error> {
        let mut deserializer = serde_json::Deserializer::from_str(self.text());
        let params = serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| self.unread(names::<T>(), pointer(error.path()), &error.into_inner()))?;
        match twice(self.text()) {
            None => Ok(params),
            Some(pointer) => Err(wrong(names::<T>(), pointer, "it is there twice".to_owned())),
        }
    }

    /// For methods that take none.
    pub fn none(self) -> Result<(), Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct None {}
        self.to::<None>().map(|_| ())
    }

    /// Why they could not be read, of a method with parameters of these names.
    fn unread(self, names: &[&str], mut pointer: String, error: &serde_json::Error) -> Error {
        let error = error.to_string();
        // Where in the text it is says nothing to whoever did not write that text.
        let error = error.rsplit_once(" at line ").map_or(error.as_str(), |(error, _)| error);
        let by_position: Option<Vec<&RawValue>> = serde_json::from_str(self.text()).ok();
        let message = match by_position.map(|given| given.len()) {
            Some(count) if count > names.len() && pointer.is_empty() => {
                pointer = format!("/{}", names.len());
                format!("there are {count} parameters, of at most {}", names.len())
            }
            Some(count) if error.starts_with("invalid length") && pointer.is_empty() => {
                pointer = format!("/{count}");
                format!("{} is missing", names.get(count).unwrap_or(&"a parameter"))
            }
            _ => {
                let (message, member) = told(error);
                if let Some(member) = member {
                    let segment = segment(member);
                    if !pointer.ends_with(&segment) {
                        pointer.push_str(&segment);
                    }
                }
                message
            }
        };
        wrong(names, pointer, message)
    }
}

/// What is wrong with a parameter, and which there are.
fn wrong(names: &[&str], pointer: String, message: String) -> Error {
    let hint = match names {
        [] => "this method takes no parameters".to_owned(),
        [one] => format!("this method takes {one}; rpc.discover describes it"),
        [others @ .., last] => {
            format!("this method takes {} and {last}; rpc.discover describes them", others.join(", "))
        }
    };
    let place = if pointer.is_empty() { String::new() } else { format!("{pointer}: ") };
    Error::new(ErrorCode::InvalidParams, format!("invalid parameters: {place}{message}"))
        .hint(hint)
        .fields(vec![FieldError { pointer, message }])
}

/// A JSON pointer, RFC 6901.
pub(crate) fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for part in path {
        match part {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&segment(key)),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::{BenchmarkRun, OfPlay, PickVersion, PlayStart, PlayWait, SecretSet};

    fn refused<T: DeserializeOwned>(text: &str) -> (String, String) {
        let raw: &RawValue = serde_json::from_str(text).unwrap();
        let error = Params::of(Some(raw)).unwrap().to::<T>().map(|_| ()).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidParams);
        assert!(error.hint.is_some_and(|hint| hint.contains("rpc.discover")), "{text:.100}");
        let [FieldError { pointer, message }] = error.fields.try_into().unwrap();
        assert!(error.message.ends_with(&message), "{}", error.message);
        (pointer, message)
    }

    #[test]
    fn what_is_wrong_is_told_in_words_and_where() {
        let play = "play_01arz3ndektsv4rrffq69g5fav";
        let cases = [
            (refused::<OfPlay>("{}"), "/play_sid", "it is missing"),
            (refused::<OfPlay>("[]"), "/0", "play_sid is missing"),
            (refused::<OfPlay>(r#"{"play_sid":1}"#), "/play_sid", "a whole number stands where text belongs"),
            (refused::<OfPlay>(r#"[null]"#), "/0", "null stands where text belongs"),
            (refused::<OfPlay>(r#"{"play_sid":"x"}"#), "/play_sid", "\"x\" is not an id of the form play_…"),
            (refused::<OfPlay>(&format!(r#"["{play}",2,3]"#)), "/1", "there are 3 parameters, of at most 1"),
            (
                refused::<OfPlay>(&format!(r#"{{"play_sid":"{play}","wait/s":1}}"#)),
                "/wait~1s",
                "there is no such parameter",
            ),
            (
                refused::<OfPlay>(&format!(r#"{{"play_sid":"{play}","play_sid":"{play}"}}"#)),
                "/play_sid",
                "it is there twice",
            ),
            (
                refused::<PlayWait>(&format!(r#"{{"play_sid":"{play}","timeout_ms":-1}}"#)),
                "/timeout_ms",
                "a whole number stands where one from 0 to 18446744073709551615 belongs",
            ),
            (
                refused::<PlayWait>(&format!(r#"{{"play_sid":"{play}","until":"noon"}}"#)),
                "/until",
                "there is no such choice: expected `settled` or `terminal`",
            ),
            (
                refused::<PlayWait>(&format!(r#"{{"play_sid":"{play}","until":1}}"#)),
                "/until",
                "something else stands where the name of a choice belongs",
            ),
            (
                refused::<PlayWait>(&format!(r#"{{"play_sid":"{play}","until":{{"settled":1}}}}"#)),
                "/until",
                "a whole number stands where the name of a choice belongs",
            ),
            (
                refused::<BenchmarkRun>(r#"{"workflow":"a","tolerance":"1"}"#),
                "/tolerance",
                "text stands where a number belongs",
            ),
            (
                refused::<PickVersion>(r#"{"workflow":"a","weights":[]}"#),
                "/weights",
                "a list stands where an object belongs",
            ),
            (
                refused::<PlayStart>(r#"{"workflow":"\ud800"}"#),
                "/workflow",
                "the text has half of a character of two halves (\\ud800 to \\udfff)",
            ),
            (
                refused::<PlayStart>(r#"{"workflow":"a","inputs":{"a":[1,{"b":1,"\u0062":2}]}}"#),
                "/inputs/a/1/b",
                "it is there twice",
            ),
        ];
        for ((pointer, message), expected_pointer, expected_message) in cases {
            assert_eq!((pointer.as_str(), message.as_str()), (expected_pointer, expected_message));
        }
    }

    #[test]
    fn what_stands_there_is_not_repeated() {
        let (_, message) = refused::<SecretSet>(r#"{"name":"KEY","value":77123456}"#);
        assert!(!message.contains("77123456"), "{message}");
        let (pointer, message) = refused::<OfPlay>(&format!("{{\"{}\":1}}", "x".repeat(10_000)));
        assert!(pointer.len() + message.len() < 400, "{message}");
    }
}
