//! Calls and answers on the wire, by JSON-RPC 2.0: <https://www.jsonrpc.org/specification>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Error, ErrorCode, FieldError, Json};

/// The version that every message names.
pub const VERSION: &str = "2.0";
/// The path of the methods on a server.
pub const PATH: &str = "/rpc";

/// Bytes of a call, or of a batch of them, that a server takes.
pub const BODY_BYTES_MAX: usize = 16 << 20;

/// A call that wants an answer.
#[derive(Debug, Serialize)]
pub struct Call<'a, P> {
    /// [`VERSION`].
    pub jsonrpc: &'static str,
    /// By which the answer is known.
    pub id: u64,
    /// The method.
    pub method: &'a str,
    /// Its parameters; an object, or left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<P>,
}

/// The answer to a call: either of the two.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// What the method gave.
    #[serde(default)]
    pub result: Option<Json>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<Failure>,
}

/// An error as JSON-RPC has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// See [`ErrorCode::number`].
    pub code: i32,
    /// What happened.
    pub message: String,
    /// What programs can act on; left out by other servers.
    #[serde(default)]
    pub data: Option<FailureData>,
}

/// What an error says beside its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailureData {
    /// The stable code.
    pub code: ErrorCode,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The fields at fault, for parameters, inputs and payloads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let Error { code, message, hint, fields } = error;
        Self { code: code.number(), message, data: Some(FailureData { code, hint, fields }) }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let Failure { code, message, data } = failure;
        match data {
            Some(FailureData { code, hint, fields }) => Self { code, message, hint, fields },
            None => {
                let known = ErrorCode::ALL.iter().find(|known| known.number() == code);
                Self::new(known.copied().unwrap_or(ErrorCode::Internal), message)
            }
        }
    }
}

/// An answer being written; its id is that of the call, as it came.
#[derive(Debug, Serialize)]
pub struct Reply<'a> {
    /// [`VERSION`].
    pub jsonrpc: &'static str,
    /// What the method gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<&'a Json>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a Failure>,
    /// None where the call could not be read.
    pub id: Option<&'a RawValue>,
}
