//! The specification, example by example, and what is no call.

use hero_sdk::{Error, ErrorCode, Json, logic::Params};
use serde_json::{Value, json};

use super::{
    BATCH_BYTES_MAX, Methods, Room,
    envelope::{BATCH_MAX, DEPTH_MAX},
};

/// Bytes of the result of `large`, about.
const LARGE_BYTES: usize = 5 << 20;

/// The text of the answer to a body.
async fn answer(methods: &Examples, body: &[u8]) -> Option<String> {
    super::answer(methods, body, &Room::default()).await.map(|answer| answer.as_str().to_owned())
}

/// The methods that the examples call.
struct Examples;

#[async_trait::async_trait]
impl Methods for Examples {
    async fn call(&self, method: &str, params: Params<'_>) -> Option<Result<Json, Error>> {
        #[derive(serde::Deserialize)]
        struct Subtract {
            minuend: i64,
            subtrahend: i64,
        }
        let given = |value: Value| Some(Ok(Json::from(&value)));
        match method {
            "subtract" => match params.to::<Subtract>() {
                Ok(Subtract { minuend, subtrahend }) => given(json!(minuend - subtrahend)),
                Err(error) => Some(Err(error)),
            },
            "sum" => given(json!(params.to::<Vec<i64>>().unwrap().iter().sum::<i64>())),
            "large" => given(Value::String("x".repeat(LARGE_BYTES))),
            "get_data" => given(json!(["hello", 5])),
            "update" | "notify_sum" | "notify_hello" => given(Value::Null),
            _ => None,
        }
    }
}

/// The answer, without what our errors say beside the specification's.
async fn answered(body: &str) -> Option<Value> {
    let mut answer: Value = serde_json::from_str(&answer(&Examples, body.as_bytes()).await?).unwrap();
    let plain = |answer: &mut Value| {
        if let Some(error) = answer.get_mut("error").and_then(Value::as_object_mut) {
            assert!(error.remove("message").is_some_and(|message| message.is_string()));
            assert!(error.remove("data").is_some_and(|data| data["code"].is_string()));
        }
    };
    match &mut answer {
        Value::Array(answers) => answers.iter_mut().for_each(plain),
        one => plain(one),
    }
    Some(answer)
}

fn failed(code: i32, id: Value) -> Value {
    json!({ "jsonrpc": "2.0", "error": { "code": code }, "id": id })
}

/// Section 7 of the specification, in its order: what is sent, and what comes back.
#[tokio::test]
async fn the_examples_of_the_specification_hold() {
    let result = |result: Value, id: Value| json!({ "jsonrpc": "2.0", "result": result, "id": id });
    let cases = [
        (
            r#"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#,
            Some(result(json!(19), json!(1))),
        ),
        (
            r#"{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}"#,
            Some(result(json!(-19), json!(2))),
        ),
        (
            r#"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
            Some(result(json!(19), json!(3))),
        ),
        (
            r#"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#,
            Some(result(json!(19), json!(4))),
        ),
        (r#"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#, None),
        (r#"{"jsonrpc": "2.0", "method": "foobar"}"#, None),
        (r#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#, Some(failed(-32601, json!("1")))),
        (
            r#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#,
            Some(failed(-32700, Value::Null)),
        ),
        (r#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#, Some(failed(-32600, Value::Null))),
        (
            r#"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]"#,
            Some(failed(-32700, Value::Null)),
        ),
        ("[]", Some(failed(-32600, Value::Null))),
        ("[1]", Some(json!([failed(-32600, Value::Null)]))),
        ("[1,2,3]", Some(Value::Array(vec![failed(-32600, Value::Null); 3]))),
        (
            r#"[
                {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
                {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
                {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
                {"foo": "boo"},
                {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
                {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
            ]"#,
            Some(json!([
                result(json!(7), json!("1")),
                result(json!(19), json!("2")),
                failed(-32600, Value::Null),
                failed(-32601, json!("5")),
                result(json!(["hello", 5]), json!("9")),
            ])),
        ),
        (
            r#"[
                {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
                {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
            ]"#,
            None,
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(answered(body).await, expected, "{body}");
    }
}

#[tokio::test]
async fn an_id_comes_back_as_it_came() {
    for id in [
        "0",
        "-1",
        "1.5",
        "1e3",
        "12345678901234567890123",
        "\"\"",
        "\"1\"",
        "\"\\ud800\"",
        "\"\\u0000é\"",
        "null",
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","method":"get_data","id":{id}}}"#);
        let answer = answer(&Examples, body.as_bytes()).await.unwrap();
        assert!(answer.ends_with(&format!("\"id\":{id}}}")), "{answer}");
    }
    for id in ["true", "false", "[]", "{}", "[1]"] {
        let body = format!(r#"{{"jsonrpc":"2.0","method":"get_data","id":{id}}}"#);
        assert_eq!(answered(&body).await.unwrap(), failed(-32600, Value::Null), "{body}");
    }
    // Nobody forbids two calls of the same id.
    let twice = r#"{"jsonrpc":"2.0","method":"get_data","id":7}"#;
    let answers = answered(&format!("[{twice},{twice}]")).await.unwrap();
    assert_eq!(answers.as_array().unwrap().len(), 2);
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn what_is_no_call_is_told_so() {
    let call = |rest: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"get_data"{rest}}}"#);
    let cases = [
        (call(r#","params":null"#), -32600),
        (call(r#","params":1"#), -32600),
        (call(r#","params":"x""#), -32600),
        (call(r#","params":[NaN]"#), -32700),
        (call(",\"x\":\"\0\""), -32700),
        (call(",\"x\":01"), -32700),
        (call(r#","jsonrpc":"2.0""#), -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"get_data"}"#.to_owned(), -32600),
        (r#"{"jsonrpc":2.0,"id":1,"method":"get_data"}"#.to_owned(), -32600),
        (r#"{"id":1,"method":"get_data"}"#.to_owned(), -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#.to_owned(), -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"\ud800"}"#.to_owned(), -32600),
        ("1".to_owned(), -32600),
        ("null".to_owned(), -32600),
        ("\"{}\"".to_owned(), -32600),
        (String::new(), -32700),
        (" \n".to_owned(), -32700),
        ("{} {}".to_owned(), -32700),
        ("[".repeat(200), -32600),
        (call(&format!(r#","params":[{}{}]"#, "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX))), -32600),
    ];
    for (body, code) in cases {
        let answer = answered(&body).await.unwrap();
        assert_eq!(answer["error"]["code"], code, "{body:.100}");
    }
    let invalid =
        answer(&Examples, b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"get_data\",\"x\":\"\xff\"}").await;
    assert!(invalid.unwrap().contains("-32700"));
    let fits =
        call(&format!(r#","params":[{}"[[{{\"",{}]"#, "[".repeat(DEPTH_MAX - 2), "]".repeat(DEPTH_MAX - 2)));
    assert!(answered(&fits.replace(",]", "]")).await.unwrap()["result"].is_array(), "{fits}");
}

#[tokio::test]
async fn a_batch_has_an_end() {
    let calls = |count: usize| {
        format!("[{}]", vec![r#"{"jsonrpc":"2.0","id":1,"method":"get_data"}"#; count].join(","))
    };
    assert_eq!(answered(&calls(BATCH_MAX)).await.unwrap().as_array().unwrap().len(), BATCH_MAX);
    for count in [BATCH_MAX + 1, 10_000] {
        assert_eq!(answered(&calls(count)).await.unwrap(), failed(-32600, Value::Null));
    }
}

#[tokio::test]
async fn a_parameter_that_is_wrong_is_named() {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"subtract","params":{"minuend":"x","subtrahend":1}}"#;
    let answer: Value = serde_json::from_str(&answer(&Examples, body.as_bytes()).await.unwrap()).unwrap();
    let error = &answer["error"];
    assert_eq!((&error["code"], &error["data"]["code"]), (&json!(-32602), &json!("invalid_params")));
    assert_eq!(error["data"]["fields"][0]["pointer"], "/minuend");
    assert_eq!(
        Error::from(serde_json::from_value::<hero_sdk::rpc::Failure>(error.clone()).unwrap()).code,
        ErrorCode::InvalidParams
    );
}

/// The codes of the answers to a batch; none of a result.
fn codes(answer: &str) -> Vec<Option<String>> {
    let answers: Vec<Value> = serde_json::from_str(answer).unwrap();
    let code = |answer: &Value| {
        let error = answer.get("error")?;
        assert!(error["data"]["hint"].is_string(), "{error}");
        Some(error["data"]["code"].as_str().unwrap().to_owned())
    };
    answers.iter().map(code).collect()
}

#[tokio::test]
async fn a_batch_ends_where_its_results_are_too_much() {
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"large"}"#;
    let body = format!("[{}]", [call; 400].join(","));
    let answer = answer(&Examples, body.as_bytes()).await.unwrap();
    let codes = codes(&answer);
    let fit = BATCH_BYTES_MAX / LARGE_BYTES + 1;
    assert_eq!(codes.len(), 400);
    assert_eq!(codes.iter().position(|code| code.is_some()), Some(fit), "it takes what is begun");
    assert!(codes.iter().skip(fit).all(|code| code.as_deref() == Some("busy")));
    assert!(answer.len() < (fit + 1) * LARGE_BYTES, "{}", answer.len());
}

#[tokio::test]
async fn all_answers_together_have_their_room() {
    let room = Room::of(2 * LARGE_BYTES as u32 + 100);
    let call = br#"{"jsonrpc":"2.0","id":1,"method":"large"}"#;
    let asked = async || super::answer(&Examples, call, &room).await.unwrap();
    let is_refused = |answer: &super::Answer| answer.as_str().contains(r#""busy""#);
    let kept = [asked().await, asked().await];
    assert!(!kept.iter().any(is_refused));
    assert!(is_refused(&asked().await), "somebody else has not read his");
    let small = super::answer(&Examples, br#"{"jsonrpc":"2.0","id":1,"method":"get_data"}"#, &room).await;
    assert!(small.unwrap().as_str().contains("hello"), "what is small goes on");
    drop(kept);
    assert!(!is_refused(&asked().await), "what was sent takes none");
    // One that is larger than all of it has it alone.
    let room = Room::of(100);
    let alone = super::answer(&Examples, call, &room).await.unwrap();
    assert!(!is_refused(&alone));
    let beside = super::answer(&Examples, call, &room).await.unwrap();
    assert!(is_refused(&beside));
}

/// On the one thread that there is, somebody else is asked in the middle of a batch that waits for nothing.
#[tokio::test]
async fn a_batch_lets_others_go_on() {
    let body = format!("[{}]", [r#"{"jsonrpc":"2.0","id":1,"method":"get_data"}"#; BATCH_MAX].join(","));
    let room = Room::default();
    let mut batch = std::pin::pin!(super::answer(&Examples, body.as_bytes(), &room));
    let mut turns = 0;
    let answer = std::future::poll_fn(|context| {
        turns += 1;
        batch.as_mut().poll(context)
    });
    assert!(answer.await.is_some());
    assert!(turns > 10, "{turns}");
}
