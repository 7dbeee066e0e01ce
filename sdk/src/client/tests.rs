//! Servers that say nothing, or what a client does not expect.

use std::{path::Path, time::Duration};

use futures_util::StreamExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, UnixListener},
    task::JoinHandle,
};

use super::{Client, Endpoint};
use crate::{
    Error, ErrorCode, PlaySid,
    logic::{EventFilter, EventId, Logic as _, News, PlayWait, Until},
};

const PATIENCE: Duration = Duration::from_millis(20);

fn is_told<T>(answer: Result<T, Error>) {
    let Err(error) = answer else { panic!("nobody has answered") };
    assert_eq!(error.code, ErrorCode::Unreachable);
    assert!(error.message.contains("nothing came within 0.02 s"), "{error}");
}

#[tokio::test]
async fn nobody_waits_for_ever_for_one_who_says_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rpc.sock");
    let _silent = UnixListener::bind(&path).unwrap();
    let also_silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = also_silent.local_addr().unwrap().to_string();
    for endpoint in [Endpoint::Unix(path), Endpoint::Tcp { authority, token: "token".to_owned() }] {
        let client = Client::new(endpoint).patience(PATIENCE);
        is_told(client.server_info().await);
        is_told(client.events(EventFilter::default(), None).await);
        is_told(client.resume_of_link("token").await);
    }
}

#[test]
fn a_wait_may_take_as_long_as_it_was_told_to_and_then_some() {
    let client = Client::new(Endpoint::Unix("/nowhere".into())).patience(PATIENCE);
    let wait = |timeout_ms| PlayWait { play_sid: PlaySid::new(), timeout_ms, until: Until::Settled };
    let of = |timeout_ms| client.patience_of_wait(&serde_json::to_value(wait(timeout_ms)).unwrap());
    assert_eq!([of(None), of(Some(5))], [None, Some(Duration::from_millis(25))]);
}

/// Gives each connection one of these answers, and then nothing any more. What they ask to go on behind comes back.
fn server_that_says(path: &Path, answers: Vec<String>) -> JoinHandle<Vec<Option<String>>> {
    let listener = UnixListener::bind(path).unwrap();
    tokio::spawn(async move {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            let head = String::from_utf8(head).unwrap();
            let last = head.lines().find_map(|line| line.strip_prefix("last-event-id: "));
            asked.push(last.map(str::to_owned));
        }
        asked
    })
}

fn events(events: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{events}")
}

fn error(code: ErrorCode) -> String {
    format!(r#"{{"code":{},"message":"not now","data":{{"code":"{}"}}}}"#, code.number(), code.as_str())
}

fn refusal(code: ErrorCode) -> String {
    let body = format!(r#"{{"jsonrpc":"2.0","id":null,"error":{}}}"#, error(code));
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn id(number: u64) -> EventId {
    EventId { boot: "0".repeat(26), number }
}

fn event(kind: &str, number: u64) -> String {
    let (id, at) = (id(number), crate::Timestamp(0));
    let data = serde_json::json!({"id": id, "at": at, "event": kind, "reason": "start"});
    format!("event: {kind}\nid: {id}\ndata: {data}\n\n")
}

#[tokio::test]
async fn events_of_a_later_server_are_passed_over_and_a_busy_one_is_asked_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rpc.sock");
    let told = format!("event: error\ndata: {}\n\n", error(ErrorCode::ShuttingDown));
    let answers = vec![
        events(&(event("reset", 1) + &event("moon_risen", 2))),
        refusal(ErrorCode::ShuttingDown),
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
        refusal(ErrorCode::Busy),
        events(&(event("reset", 3) + &told)),
        events(&event("reset", 4)),
        refusal(ErrorCode::Unauthorized),
    ];
    let server = server_that_says(&path, answers);
    let client = Client::new(Endpoint::Unix(path));
    let mut feed = client.events(EventFilter::default(), None).await.unwrap();
    for number in [1, 3, 4] {
        let event = feed.next().await.unwrap().unwrap();
        assert!(matches!(event.news, News::Reset { .. }), "{event:?}");
        assert_eq!(event.id, id(number));
    }
    assert_eq!(feed.next().await.unwrap().unwrap_err().code, ErrorCode::Unauthorized);
    assert!(feed.next().await.is_none());
    let behind = [None, Some(2), Some(2), Some(2), Some(2), Some(3), Some(4)];
    let behind = behind.map(|number| number.map(|number| id(number).to_string()));
    assert_eq!(server.await.unwrap(), behind);
}

#[tokio::test]
async fn pages_of_a_play_go_on_where_a_server_was_busy() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rpc.sock");
    let page = |last_seq: u64| {
        let data = serde_json::json!({"spans": [], "logs": [], "last_seq": last_seq, "status": "running"});
        format!("event: spans\nid: {last_seq}\ndata: {data}\n\n")
    };
    let answers = vec![
        events(&(page(7) + "event: moon_risen\nid: 8\ndata: {}\n\n")),
        refusal(ErrorCode::Busy),
        refusal(ErrorCode::ShuttingDown),
        events(&(page(9) + "event: end\ndata: {}\n\n")),
    ];
    let server = server_that_says(&path, answers);
    let client = Client::new(Endpoint::Unix(path));
    let pages: Vec<_> = client.play_feed(PlaySid::new(), 0).await.unwrap().collect().await;
    let pages: Vec<u64> = pages.into_iter().map(|page| page.unwrap().last_seq).collect();
    assert_eq!(pages, [7, 9]);
    assert_eq!(
        server.await.unwrap(),
        [None, Some("8"), Some("8"), Some("8")].map(|last| last.map(str::to_owned))
    );
}

#[tokio::test]
async fn who_begins_is_told_that_a_server_is_busy() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rpc.sock");
    let server = server_that_says(&path, vec![refusal(ErrorCode::Busy)]);
    let client = Client::new(Endpoint::Unix(path));
    let Err(error) = client.events(EventFilter::default(), None).await else { panic!("it is busy") };
    assert_eq!(error.code, ErrorCode::Busy);
    assert_eq!(server.await.unwrap(), [None]);
}
