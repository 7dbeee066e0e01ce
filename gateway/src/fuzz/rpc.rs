//! A body of JSON-RPC, against another reading of the specification.

use std::{
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
};

use futures_util::FutureExt as _;
use hero_sdk::{Error, ErrorCode, Json, logic::Params};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::server::rpc::{self, BATCH_MAX, DEPTH_MAX, Methods, Room};

/// A body of JSON-RPC. It has as many answers as the specification wants, in order, each with its very id, and as many
/// methods are called as there are calls.
pub(super) fn rpc(data: &[u8]) {
    let methods = Echo::default();
    let room = Room::default();
    let mut answer = pin!(rpc::answer(&methods, data, &room));
    // A batch lets others go on between its calls.
    let answer = (0..=BATCH_MAX).find_map(|_| answer.as_mut().now_or_never()).expect("nothing is waited for");
    let answer = answer.as_ref().map(rpc::Answer::as_str);
    let (expected, called) = match expected(data) {
        Expected::One(one) => (one, usize::from(answer.is_none())),
        Expected::Calls { answers, called, is_batch } => {
            let text = answer.unwrap_or("[]");
            assert_eq!(
                text.starts_with('['),
                is_batch || answer.is_none(),
                "one call has one answer: {text}"
            );
            (answers, called)
        }
    };
    assert_eq!(methods.0.load(Ordering::Relaxed), called);
    let given: Vec<Answer<'_>> = match answer {
        None => Vec::new(),
        Some(text) if text.starts_with('[') => serde_json::from_str(text).expect("an answer is JSON"),
        Some(text) => vec![serde_json::from_str(text).expect("an answer is JSON")],
    };
    assert_eq!(given.len(), expected.len(), "{answer:?}");
    for (given, expected) in given.iter().zip(expected) {
        assert_eq!((given.jsonrpc, given.id.get()), ("2.0", expected.id));
        match (&given.result, &given.error) {
            (Some(result), None) => assert_eq!(Some(result.get()), expected.result, "the call came whole"),
            (None, Some(failure)) => {
                assert_eq!(Some(failure.code), expected.code, "{answer:?}");
                assert_eq!(failure.data.code.number(), failure.code);
                assert!(!failure.message.is_empty());
            }
            _ => panic!("either of the two: {answer:?}"),
        }
    }
}

/// Gives back what it is called with, and fails where the method is `fail`; counts.
#[derive(Default)]
struct Echo(AtomicUsize);

#[async_trait::async_trait]
impl Methods for Echo {
    async fn call(&self, method: &str, params: Params<'_>) -> Option<Result<Json, Error>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        match method {
            "echo" => Some(Ok(Json::parse(params.text()).unwrap_or_else(|_| Json::null()))),
            "fail" => Some(Err(Error::new(ErrorCode::NotFound, "no such thing"))),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer<'a> {
    jsonrpc: &'a str,
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<Failed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failed {
    code: i32,
    message: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    code: ErrorCode,
}

struct Expectation<'a> {
    id: &'a str,
    code: Option<i32>,
    result: Option<&'a str>,
}

enum Expected<'a> {
    /// Of a body as a whole.
    One(Vec<Expectation<'a>>),
    Calls {
        answers: Vec<Expectation<'a>>,
        called: usize,
        is_batch: bool,
    },
}

fn failure(id: &str, code: i32) -> Expectation<'_> {
    Expectation { id, code: Some(code), result: None }
}

/// What the specification says of a body, by another reading of it.
fn expected(data: &[u8]) -> Expected<'_> {
    let whole = |code| Expected::One(vec![failure("null", code)]);
    if nested(data) > DEPTH_MAX {
        return whole(-32600);
    }
    let Ok(body) = serde_json::from_slice::<&RawValue>(data) else { return whole(-32700) };
    let is_batch = body.get().starts_with('[');
    let elements = if is_batch { serde_json::from_str(body.get()).expect("an array") } else { vec![body] };
    if elements.is_empty() || elements.len() > BATCH_MAX {
        return whole(-32600);
    }
    let (mut answers, mut called) = (Vec::new(), 0);
    for element in elements {
        let (answer, is_call) = element_expected(element.get());
        called += usize::from(is_call);
        answers.extend(answer);
    }
    Expected::Calls { answers, called, is_batch }
}

/// What is answered to an element, and whether it calls.
fn element_expected(element: &str) -> (Option<Expectation<'_>>, bool) {
    let invalid = |id| (Some(failure(id, -32600)), false);
    let Ok(Raw(members)) = serde_json::from_str::<Raw<'_>>(element) else { return invalid("null") };
    let all =
        |name: &str| members.iter().filter(|(key, _)| key == name).map(|(_, value)| value.get()).collect();
    let [version, method, params, id]: [Vec<&str>; 4] = ["jsonrpc", "method", "params", "id"].map(all);
    // Which of two is meant is anybody's guess.
    if [&version, &method, &params, &id].iter().any(|values| values.len() > 1) {
        return invalid("null");
    }
    // A number that no machine has room for is one all the same.
    let is_id =
        |id: &&&str| id.starts_with(|first: char| matches!(first, '"' | '-' | 'n') || first.is_ascii_digit());
    let given = id.first();
    if given.is_some() && given.filter(is_id).is_none() {
        return invalid("null");
    }
    let text = |values: &[&str]| values.first().and_then(|value| serde_json::from_str::<String>(value).ok());
    let id = given.copied().unwrap_or("null");
    if text(&version).as_deref() != Some("2.0") || params.iter().any(|params| !params.starts_with(['{', '[']))
    {
        return invalid(id);
    }
    let Some(method) = text(&method) else { return invalid(id) };
    let answer = given.map(|_| match method.as_str() {
        "echo" => Expectation { id, code: None, result: Some(params.first().copied().unwrap_or("{}")) },
        "fail" => failure(id, ErrorCode::NotFound.number()),
        _ => failure(id, -32601),
    });
    (answer, true)
}

/// Members of an object with those that come twice.
struct Raw<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Raw<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Raw<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Raw(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// How deep brackets are open, strings apart.
fn nested(data: &[u8]) -> usize {
    let (mut open, mut most, mut rest) = (0usize, 0, data.iter());
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => {
                while let Some(byte) = rest.next() {
                    match byte {
                        b'\\' => {
                            rest.next();
                        }
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'[' | b'{' => {
                open += 1;
                most = most.max(open);
            }
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    most
}
