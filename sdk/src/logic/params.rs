//! Parameters of a call as they come: by name, by position, or not at all.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{Error, ErrorCode, FieldError};

/// The parameters of a call: none, or the JSON text of an object (by name) or an array (by position).
#[derive(Clone, Copy, Debug)]
pub struct Params<'a>(Option<&'a RawValue>);

impl<'a> Params<'a> {
    /// Takes what stands in a request. None where it is neither an object nor an array.
    pub fn of(raw: Option<&'a RawValue>) -> Option<Self> {
        let is_structured = |raw: &RawValue| raw.get().starts_with(['{', '[']);
        raw.is_none_or(is_structured).then_some(Self(raw))
    }

    /// Reads them. `invalid_params` names the parameter that is wrong.
    pub fn to<T: DeserializeOwned>(self) -> Result<T, Error> {
        let text = self.0.map_or("{}", RawValue::get);
        let mut deserializer = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let pointer = pointer(error.path());
            // Where in the text it is says nothing to whoever did not write that text.
            let message = error.into_inner().to_string();
            let message =
                message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned();
            Error::new(ErrorCode::InvalidParams, format!("invalid parameters: {message}"))
                .fields(vec![FieldError { pointer, message }])
        })
    }

    /// For methods that take none.
    pub fn none(self) -> Result<(), Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct None {}
        self.to::<None>().map(|_| ())
    }
}

/// A JSON pointer, RFC 6901.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1")))
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}
