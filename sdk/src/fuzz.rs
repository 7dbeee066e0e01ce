//! What must hold of whatever bytes come to the parsers of this crate. `e2e/fuzz` looks for bytes of which it does not.

use std::{collections::HashMap, fmt::Debug, sync::LazyLock};

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http_body_util::StreamBody;
use hyper::body::Frame;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use sse_stream::Sse;

use crate::{
    Error, ErrorCode, Json, Members, PlaySid, ResumeId, VersionSid, WorkflowSid,
    client::events::parsed,
    frame::{DEPTH_MAX, Head, Refusal, Up},
    logic::{
        Event, EventId, ExampleUpsert, OfVersion, Params, PlayCancel, PlayList, PlayResume, PlayRunAsync,
        PlaySpans, PlayStart, PlayWait, WorkflowCreate, WorkflowDelete, WorkflowUpdate,
    },
    model::SpanPage,
    openrpc,
    rpc::Failure,
};

/// What must hold of any bytes, by its name: it panics where it does not.
pub type Target = (&'static str, fn(&[u8]));

/// Every target of this crate.
pub const TARGETS: &[Target] = &[("frame", frame), ("params", params), ("sid", sid), ("events", events)];

/// A line from Python. A frame writes back to a line that is the same frame, and is refused where it is too deep.
fn frame(data: &[u8]) {
    let Ok(line) = std::str::from_utf8(data) else { return };
    let (parsed, head) = (Up::parse(line), Head::parse(line));
    // Its own count, of what is JSON.
    let depth = serde_json::from_str::<Value>(line).ok().map(|value| depth(&value));
    match parsed {
        Ok(frame) => {
            // Our JSON may hold numbers and halves of characters that a value has no room for.
            assert!(depth.is_none_or(|depth| depth <= DEPTH_MAX), "too deep");
            let head = head.expect("a frame says of itself what it is");
            assert!(frame.number().is_none() || frame.number() == head.n, "it is acknowledged by its number");
            let written = serde_json::to_string(&frame).expect("a frame is JSON");
            assert_eq!(Up::parse(&written), Ok(frame), "{written}");
        }
        Err(Refusal::TooDeep) => assert!(depth.is_none_or(|depth| depth > DEPTH_MAX)),
        Err(Refusal::UnknownType(name)) => assert!(name.chars().count() <= 40),
        Err(Refusal::Malformed(_)) => {}
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Parameters: a letter for the method, and what stands in the call.
fn params(data: &[u8]) {
    let Some((letter, text)) = data.split_first() else { return };
    let Ok(raw) = serde_json::from_slice::<&RawValue>(text) else { return };
    let Some(params) = Params::of(Some(raw)) else {
        assert!(!raw.get().starts_with(['{', '[']));
        return;
    };
    match letter {
        b'a' => of::<PlayStart>("play_start", params),
        b'b' => of::<PlayRunAsync>("play_run_async", params),
        b'c' => of::<PlayWait>("play_wait", params),
        b'd' => of::<PlayCancel>("play_cancel", params),
        b'e' => of::<PlayResume>("play_resume", params),
        b'f' => of::<PlayList>("play_list", params),
        b'g' => of::<PlaySpans>("play_spans", params),
        b'h' => of::<WorkflowCreate>("workflow_create", params),
        b'i' => of::<WorkflowUpdate>("workflow_update", params),
        b'j' => of::<WorkflowDelete>("workflow_delete", params),
        b'k' => of::<ExampleUpsert>("example_upsert", params),
        b'l' => of::<OfVersion>("workflow_version_fetch", params),
        _ => check(params.none(), |()| {}),
    }
}

/// What is taken is taken again as our client writes it, by name and by position, and is the same.
fn of<T: DeserializeOwned + Serialize>(method: &str, params: Params<'_>) {
    check(params.to::<T>(), |taken| {
        let written = Json::of(&taken).expect("parameters are JSON");
        assert_eq!(again::<T>(&written), written);
        let given: Members = written.to().expect("parameters are an object");
        let names = NAMES.get(method).expect("every method is described");
        assert!(given.0.iter().all(|(name, _)| names.contains(name)), "{method} {written}");
        // Only what stands at the front can be given by position.
        if names.iter().zip(&given.0).all(|(name, (given, _))| name == given) {
            let values: Vec<&Json> = given.0.iter().map(|(_, value)| value).collect();
            assert_eq!(again::<T>(&Json::of(&values).expect("values are JSON")), written);
        }
    });
}

/// The names of the parameters of each method, in the order of the document.
static NAMES: LazyLock<HashMap<String, Vec<String>>> = LazyLock::new(|| {
    let name = |value: &Value| value.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let document = openrpc::document();
    let of = |method: &Value| {
        (
            name(method),
            method.get("params").and_then(Value::as_array).into_iter().flatten().map(name).collect(),
        )
    };
    document.get("methods").and_then(Value::as_array).into_iter().flatten().map(of).collect()
});

fn again<T: DeserializeOwned + Serialize>(written: &Json) -> Json {
    let raw: &RawValue = written.to().expect("it was written as JSON");
    let params = Params::of(Some(raw)).expect("an object or an array");
    let taken: T = params.to().unwrap_or_else(|error| panic!("{written} is taken: {error}"));
    Json::of(&taken).expect("parameters are JSON")
}

/// Parameters are refused with the place that is wrong.
fn check<T>(result: Result<T, Error>, taken: impl FnOnce(T)) {
    match result {
        Ok(params) => taken(params),
        Err(Error { code, message, fields, .. }) => {
            assert_eq!(code, ErrorCode::InvalidParams);
            let [field] = fields.as_slice() else { panic!("{fields:?}") };
            assert!(field.pointer.is_empty() || field.pointer.starts_with('/'), "{}", field.pointer);
            assert!(!field.message.is_empty() && message.contains(&field.message), "{message}");
        }
    }
}

/// An id is of one kind, keeps its text and is safe as a part of a path or a key. So does the id of an event.
fn sid(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    fn is<T: std::str::FromStr<Err = Error> + DeserializeOwned + Serialize + ToString>(
        text: &str,
        prefix: &str,
    ) -> bool {
        let json = Value::from(text);
        let of_json = serde_json::from_value::<T>(json.clone()).ok();
        match text.parse::<T>() {
            Ok(sid) => {
                assert_eq!(sid.to_string(), text);
                let of_json = of_json.expect("JSON is parsed alike");
                assert_eq!(serde_json::to_value(of_json).ok(), Some(json));
                let is_safe = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'_';
                assert!(text.starts_with(prefix) && text.len() == prefix.len() + 26);
                assert!(text.bytes().all(is_safe), "{text}");
                true
            }
            Err(error) => {
                assert!(of_json.is_none(), "JSON is parsed alike");
                assert_eq!(error.code, ErrorCode::InvalidParams);
                assert!(error.message.len() < 500, "{}", error.message);
                false
            }
        }
    }
    if let Ok(id) = text.parse::<EventId>() {
        assert_eq!(id.to_string(), text);
        assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'.'));
    }
    let kinds = [
        is::<PlaySid>(text, PlaySid::PREFIX),
        is::<WorkflowSid>(text, WorkflowSid::PREFIX),
        is::<VersionSid>(text, VersionSid::PREFIX),
        is::<ResumeId>(text, ResumeId::PREFIX),
    ];
    assert!(kinds.iter().filter(|is| **is).count() <= 1);
}

/// A stream of events, read as it comes: a byte for the size of the pieces, and the stream. It says the same however it
/// is cut, and a page is the same once it is written again.
fn events(data: &[u8]) {
    let Some((size, stream)) = data.split_first() else { return };
    let whole = read(stream, stream.len());
    let told = |event: &Sse| (event.event.clone(), event.data.clone(), event.id.clone());
    let pieces = read(stream, usize::from(*size));
    assert_eq!(whole.iter().map(told).collect::<Vec<_>>(), pieces.iter().map(told).collect::<Vec<_>>());
    for text in whole.iter().filter_map(|event| event.data.as_deref()) {
        is_kept::<SpanPage>(text);
        is_kept::<Event>(text);
        is_kept::<Failure>(text);
    }
}

/// What is read is the same once it is written as one event.
fn is_kept<T: DeserializeOwned + Serialize + PartialEq + Debug>(text: &str) {
    let Ok(item) = serde_json::from_str::<T>(text) else { return };
    let written = format!("data: {}\n\n", Json::of(&item).expect("it is JSON"));
    let events = read(written.as_bytes(), usize::MAX);
    let [Sse { data: Some(data), .. }] = events.as_slice() else { panic!("{written}") };
    assert_eq!(serde_json::from_str::<T>(data).ok(), Some(item), "{written}");
}

/// The events until the first error, or the end.
fn read(bytes: &[u8], size: usize) -> Vec<Sse> {
    let frame = |piece: &[u8]| Ok::<_, hyper::Error>(Frame::data(Bytes::copy_from_slice(piece)));
    let pieces: Vec<_> = bytes.chunks(size.max(1)).map(frame).collect();
    parsed(StreamBody::new(stream::iter(pieces)))
        .take_while(|event| std::future::ready(event.is_ok()))
        .filter_map(|event| std::future::ready(event.ok()))
        .collect()
        .now_or_never()
        .expect("everything is there already")
}
