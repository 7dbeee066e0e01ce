//! What a body holds, by JSON-RPC 2.0: calls, and what is no call. Pure: it calls nothing.

use hero_sdk::{Error, ErrorCode, frame::deeper_than, logic::Params};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Calls in a batch, at most.
pub(crate) const BATCH_MAX: usize = 1_000;
/// How deep a body may be nested: as deep as a line of the span protocol, and what stands around a value.
pub(crate) const DEPTH_MAX: usize = 96;

/// What is sent, for who has sent something else.
const A_CALL: &str = "a call is {\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": …, \"params\": {…}}";

/// One element of a body.
#[derive(Debug)]
pub(crate) enum Element<'a> {
    /// A call that wants an answer.
    Call(Call<'a>, &'a RawValue),
    /// A call that wants none, whatever comes of it.
    Notification(Call<'a>),
    /// No call; why.
    Invalid(Error, Option<&'a RawValue>),
}

/// A call as it came.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The method, whether there is one or not.
    pub(crate) method: String,
    /// Its parameters.
    pub(crate) params: Params<'a>,
}

/// A whole body.
#[derive(Debug)]
pub(crate) enum Body<'a> {
    /// One element, answered by one object.
    One(Element<'a>),
    /// Several, answered by an array.
    Batch(Vec<Element<'a>>),
}

/// Takes a body apart. The error is the answer to the body as a whole, whose id is null.
pub(crate) fn parse(body: &[u8]) -> Result<Body<'_>, Error> {
    if deeper_than(body, DEPTH_MAX) {
        let message = format!("the request is nested more than {DEPTH_MAX} deep");
        return Err(Error::new(ErrorCode::InvalidRequest, message)
            .hint("send what is nested deeper as a text of JSON, which the flow reads"));
    }
    let whole: &RawValue = serde_json::from_slice(body).map_err(|error| no_json(&error))?;
    if !whole.get().starts_with('[') {
        return Ok(Body::One(element(whole)));
    }
    let elements: Vec<&RawValue> = serde_json::from_str(whole.get()).map_err(|error| no_json(&error))?;
    match elements.len() {
        0 => Err(Error::new(ErrorCode::InvalidRequest, "a batch of nothing")
            .hint("a batch is an array of one call or more; send none where there is nothing to ask")),
        count if count > BATCH_MAX => {
            let message = format!("a batch of {count} calls; there may be {BATCH_MAX}");
            Err(Error::new(ErrorCode::InvalidRequest, message).hint("send several batches"))
        }
        _ => Ok(Body::Batch(elements.into_iter().map(element).collect())),
    }
}

fn no_json(error: &serde_json::Error) -> Error {
    Error::new(ErrorCode::ParseError, format!("the request is no JSON: {error}")).hint(A_CALL)
}

/// The members that a call may have. Others are let be, as the specification does.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
}

/// A member that is null is there all the same.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

fn element(raw: &RawValue) -> Element<'_> {
    let invalid = |reason: &str, id| {
        let error =
            Error::new(ErrorCode::InvalidRequest, format!("no call of JSON-RPC 2.0: {reason}")).hint(A_CALL);
        Element::Invalid(error, id)
    };
    if !raw.get().starts_with('{') {
        return invalid("it is no object", None);
    }
    let members: Members<'_> = match serde_json::from_str(raw.get()) {
        Ok(members) => members,
        Err(error) => return invalid(&error.to_string(), None),
    };
    // An id that is none cannot be given back.
    let id = match members.id {
        Some(id) if !is_id(id) => return invalid("id is a string, a number or null", None),
        id => id,
    };
    if members.jsonrpc.and_then(text).as_deref() != Some(hero_sdk::rpc::VERSION) {
        return invalid("jsonrpc is not \"2.0\"", id);
    }
    let Some(method) = members.method.and_then(text) else { return invalid("method is no string", id) };
    let Some(params) = Params::of(members.params) else {
        return invalid("params is neither an object nor an array", id);
    };
    let call = Call { method, params };
    match id {
        Some(id) => Element::Call(call, id),
        None => Element::Notification(call),
    }
}

fn is_id(id: &RawValue) -> bool {
    // What JSON has beside them: objects, arrays, true and false.
    !id.get().starts_with(['{', '[', 't', 'f'])
}

fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}
