//! Numbers, and whether the server is able to work.

use std::collections::BTreeMap;

use hero_sdk::Logic as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{client::ask, stage::Stage};

const STEPS: &str = "
@flow
def step(n: int) -> int:
    return n

@flow
def main() -> int:
    return sum(step(n) for n in range(5))
";

impl Stage {
    /// Each line of the numbers, by what stands before the number.
    pub(super) async fn numbers(&self) -> BTreeMap<String, f64> {
        let answer = self.get("/metrics").send().await;
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        let lines = answer.body.lines().filter(|line| !line.starts_with('#'));
        lines
            .map(|line| {
                let (name, value) = line.rsplit_once(' ').unwrap();
                (name.strip_prefix("hero_logic_").unwrap().to_owned(), value.parse().unwrap())
            })
            .collect()
    }

    async fn call(&self, method: &str, params: serde_json::Value) -> serde_json::Value {
        let call = serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let token = format!("Bearer {}", super::stage::TOKEN);
        let request = ask(self.address, "POST", "/rpc").header("authorization", &token);
        request.body("application/json", call.to_string()).send().await.json()
    }
}

#[tokio::test]
async fn numbers_are_those_of_what_happened() {
    let stage = Stage::new().await;
    let before = stage.numbers().await;
    let of = |numbers: &BTreeMap<String, f64>, name: &str| numbers.get(name).copied().unwrap_or(0.0);
    let play_sid = stage.start(STEPS).await;
    stage.settled(&play_sid).await;
    let failed = stage.start("@flow\ndef main() -> None:\n    raise ValueError\n").await;
    stage.settled(&failed).await;
    let asks = stage.start("@flow\ndef main() -> bool:\n    return ask_user.confirm('Go on?')\n").await;
    stage.settled(&asks).await;
    for method in ["play_status", "nothing", "more\"{}\n", "play_status"] {
        stage.call(method, serde_json::json!({ "play_sid": play_sid })).await;
    }
    stage.call("play_status", serde_json::json!({ "play_sid": "x" })).await;
    let stream = stage.get("/events").stream().await;
    let after = stage.numbers().await;
    for (name, expected) in [
        ("plays{status=\"awaiting_resume\"}", 1.0),
        ("plays{status=\"queued\"}", 0.0),
        ("plays_ended_total{status=\"succeeded\"}", 1.0),
        ("plays_ended_total{status=\"failed\"}", 1.0),
        ("play_start_seconds_count", 3.0),
        ("play_start_seconds_bucket{le=\"+Inf\"}", 3.0),
        ("queue_length", 0.0),
        ("event_streams{of=\"all\"}", 1.0),
        ("event_streams{of=\"play\"}", 0.0),
        ("restarts_total{what=\"process\"}", 0.0),
        ("rpc_calls_total{method=\"play_status\",outcome=\"ok\"}", 2.0),
        ("rpc_calls_total{method=\"play_status\",outcome=\"invalid_params\"}", 1.0),
        ("rpc_calls_total{method=\"unknown\",outcome=\"method_not_found\"}", 2.0),
        ("rpc_seconds_count{method=\"play_status\"}", 3.0),
    ] {
        assert_eq!(of(&after, name), expected, "{name}");
    }
    // A step each, and the outermost flows.
    assert!(of(&after, "step_commit_seconds_count") >= 5.0, "{after:?}");
    assert!(of(&after, "step_commit_seconds_sum") > 0.0);
    assert!(of(&after, "spans_written_total") >= 8.0);
    assert!(of(&after, "store_bytes") > of(&before, "store_bytes"));
    assert!(after.keys().any(|name| name.starts_with("build_info{version=\"")));
    let series = after.len();
    for number in 0..50 {
        stage.call(&format!("nothing_{number}"), serde_json::json!({})).await;
    }
    assert_eq!(stage.numbers().await.len(), series, "nobody makes labels");
    drop(stream);
    stage.close().await;
}

#[tokio::test]
async fn a_process_that_crashes_is_a_restart() {
    let stage = Stage::new().await;
    let play_sid = stage
        .start("import os\n\n@flow\ndef main() -> int:\n    if flow.attempt == 1:\n        os._exit(3)\n    return flow.attempt\n")
        .await;
    assert_eq!(stage.outputs(&play_sid).await, "2");
    let numbers = stage.numbers().await;
    assert_eq!(
        (numbers["restarts_total{what=\"process\"}"], numbers["play_start_seconds_count"]),
        (1.0, 1.0)
    );
    stage.close().await;
}

#[tokio::test]
async fn numbers_need_the_token_and_health_does_not() {
    let stage = Stage::new().await;
    for path in ["/metrics", "/events", "/openrpc.json"] {
        assert_eq!(ask(stage.address, "GET", path).send().await.status, 401, "{path}");
    }
    let health = ask(stage.address, "GET", "/health").send().await;
    assert_eq!((health.status, health.body.as_str()), (200, "{\"status\":\"ok\"}"));
    // Nobody comes any more when the runtime has ended; one who is there is told.
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    let request = format!("GET /health HTTP/1.1\r\nHost: {}\r\n\r\n", stage.address);
    let mut health = async |ends_with: &str| {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut said = String::new();
        while !said.ends_with(ends_with) {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).await.unwrap();
            assert!(count > 0, "{said}");
            said.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        said
    };
    assert!(health("{\"status\":\"ok\"}").await.starts_with("HTTP/1.1 200 OK\r\n"));
    stage.runtime.shutdown().await.unwrap();
    let said = health("\"id\":null}").await;
    assert!(said.starts_with("HTTP/1.1 503 ") && said.contains("\"shutting_down\""), "{said}");
    assert!(stage.runtime.server_metrics().await.is_err());
}
