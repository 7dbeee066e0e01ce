//! Whatever is refused, by HTTP or by JSON-RPC: an error in one shape, with a code and with what to do.

use std::time::Duration;

use hero_sdk::{
    ErrorCode,
    rpc::{BODY_BYTES_MAX, FailureData},
};
use serde_json::Value;

use super::{
    client::{Answer, Ask, ask},
    stage::{Stage, TOKEN},
};
use crate::server::Times;

const JSON: &str = "application/json";
const PLAY: &str = "/plays/play_01m8n4ccpm4axbs9kzdh7wgw1m";

/// The code of an answer that is an error, whose shape is that of all.
#[track_caller]
fn code(what: &str, answer: &Answer) -> ErrorCode {
    assert_eq!(answer.header("content-type"), Some(JSON), "{what}: {answer:?}");
    let mut said = answer.json();
    let error = said["error"].take();
    assert_eq!(said, serde_json::json!({ "jsonrpc": "2.0", "error": null, "id": null }), "{what}");
    let data: FailureData = serde_json::from_value(error["data"].clone()).unwrap();
    assert_eq!(error["code"], data.code.number(), "{what}: {error}");
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{what}: {error}");
    assert!(data.hint.is_some_and(|hint| !hint.is_empty()), "{what}: {error}");
    data.code
}

#[tokio::test]
async fn every_refusal_says_what_to_do() {
    let stage = Stage::with(Times { body_limit: Duration::from_millis(100), ..Times::default() }).await;
    let ask = |method, path: &str| {
        ask(stage.address, method, path).header("authorization", &format!("Bearer {TOKEN}"))
    };
    let call = || ask("POST", "/rpc").body(JSON, r#"{"jsonrpc":"2.0","id":1,"method":"server_info"}"#);
    let cases: [(&str, Ask, u16, ErrorCode); 15] = [
        ("two names", call().beside("host", "evil.example"), 400, ErrorCode::InvalidRequest),
        ("a play's id", ask("GET", "/plays/x/events"), 400, ErrorCode::InvalidParams),
        ("no letters", ask("GET", "/plays/%ff/events"), 400, ErrorCode::InvalidParams),
        ("a filter", ask("GET", "/events?colour=red"), 400, ErrorCode::InvalidParams),
        ("a cursor", ask("GET", "/events").header("last-event-id", "x"), 400, ErrorCode::InvalidParams),
        ("no token", call().header("authorization", "Bearer x"), 401, ErrorCode::Unauthorized),
        ("another site", call().header("sec-fetch-site", "cross-site"), 403, ErrorCode::Unauthorized),
        ("no play", ask("GET", &format!("{PLAY}/events")), 404, ErrorCode::NotFound),
        ("no artifact", ask("GET", &format!("{PLAY}/artifacts/x")), 404, ErrorCode::NotFound),
        ("nothing", ask("GET", "/nowhere"), 404, ErrorCode::NotFound),
        ("no link", ask("GET", "/r/x").header("accept", JSON), 404, ErrorCode::NotFound),
        (
            "slow",
            ask("POST", "/rpc").header("content-type", JSON).header("content-length", "9"),
            408,
            ErrorCode::Timeout,
        ),
        (
            "large",
            ask("POST", "/rpc").body(JSON, vec![b' '; BODY_BYTES_MAX + 1]),
            413,
            ErrorCode::InvalidRequest,
        ),
        ("a form", ask("POST", "/rpc").form("x=y"), 415, ErrorCode::InvalidRequest),
        ("another name", call().header("host", "evil.example"), 421, ErrorCode::InvalidRequest),
    ];
    for (what, ask, status, expected) in cases {
        let answer = ask.send().await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_eq!(code(what, &answer), expected, "{what}");
    }
    for (method, path, allowed) in [
        ("GET", "/rpc", "POST"),
        ("POST", "/events", "GET,HEAD"),
        ("POST", &format!("{PLAY}/events"), "GET,HEAD"),
        ("DELETE", "/health", "GET,HEAD"),
        ("PUT", "/r/x", "GET,HEAD,POST"),
    ] {
        let answer = ask(method, path).send().await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allowed)), "{method} {path}");
        assert_eq!(code(path, &answer), ErrorCode::InvalidRequest);
    }
    stage.close().await;
}

#[tokio::test]
async fn what_is_no_call_says_what_is_one() {
    let stage = Stage::new().await;
    for (what, body, expected) in [
        ("no JSON", "{".to_owned(), ErrorCode::ParseError),
        ("half a batch", "[{}".to_owned(), ErrorCode::ParseError),
        ("nothing", String::new(), ErrorCode::ParseError),
        ("too deep", "[".repeat(200), ErrorCode::InvalidRequest),
        ("an empty batch", "[]".to_owned(), ErrorCode::InvalidRequest),
        ("a large batch", format!("[{}1]", "1,".repeat(1_000)), ErrorCode::InvalidRequest),
        ("a text", "\"x\"".to_owned(), ErrorCode::InvalidRequest),
        ("no method", r#"{"jsonrpc":"2.0"}"#.to_owned(), ErrorCode::InvalidRequest),
        (
            "no parameters",
            r#"{"jsonrpc":"2.0","method":"x","params":1}"#.to_owned(),
            ErrorCode::InvalidRequest,
        ),
        (
            "no such method",
            r#"{"jsonrpc":"2.0","id":null,"method":"play_stat"}"#.to_owned(),
            ErrorCode::MethodNotFound,
        ),
    ] {
        let ask = ask(stage.address, "POST", "/rpc").header("authorization", &format!("Bearer {TOKEN}"));
        let answer = ask.body(JSON, body).send().await;
        assert_eq!(answer.status, 200, "{what}: {answer:?}");
        assert_eq!(code(what, &answer), expected, "{what}");
    }
    let value: Value = stage.get("/openrpc.json").send().await.json();
    assert!(value["methods"].is_array(), "it still answers");
    stage.close().await;
}
