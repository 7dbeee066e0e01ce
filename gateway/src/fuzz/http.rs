//! The bytes of a connection, against what HTTP/1.1 says of the answers.

use std::sync::{Arc, LazyLock};

use hero_sdk::{Client, Json, client::Endpoint};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    runtime::{Builder, Runtime},
};

use crate::server::{Access, answer};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// Bytes that are on their way.
const UNDERWAY_MAX: usize = 4 << 10;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime can be built"));

/// A letter for the listener, and the bytes of a connection to it, with the end of them. It comes to its end; what comes
/// back are whole answers, no more than there were requests, and nothing is told on TCP without the token. Methods fail:
/// the server passes them on to one that is not there.
pub(super) fn http(data: &[u8]) {
    let Some((letter, requests)) = data.split_first() else { return };
    let access = match letter {
        b't' => Access::token(TOKEN, vec!["localhost".to_owned()]),
        _ => Access::Owner,
    };
    let nobody = Arc::new(Client::new(Endpoint::Unix("/nonexistent/rpc.sock".into())));
    let mut answers = Vec::new();
    RUNTIME.block_on(async {
        let (mut client, server) = duplex(UNDERWAY_MAX);
        let talk = async {
            let (mut receiving, mut sending) = tokio::io::split(&mut client);
            let send = async {
                // It hangs up on what is no HTTP.
                drop(sending.write_all(requests).await);
                drop(sending.shutdown().await);
            };
            let receive = async { receiving.read_to_end(&mut answers).await.expect("it is in memory") };
            tokio::join!(send, receive)
        };
        tokio::join!(talk, answer(server, nobody, access));
    });
    let answers = Answers(&answers).all();
    let told = answers.iter().filter(|answer| answer.status != 100).count();
    assert!(told <= count(requests, b"HTTP/1.") + 1, "more answers than requests: {answers:?}");
    for answer in &answers {
        let is_json = answer.header("content-type").is_some_and(|value| value == "application/json");
        if is_json && !answer.body.is_empty() {
            let body = std::str::from_utf8(answer.body).expect("JSON is UTF-8");
            Json::parse(body).expect("what is called JSON is JSON");
        }
        if !answer.body.is_empty() {
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer:?}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
        }
        let is_told = (200..300).contains(&answer.status);
        assert!(
            !is_told || *letter != b't' || count(requests, TOKEN.as_bytes()) > 0,
            "it tells anybody: {answer:?}"
        );
    }
}

fn count(text: &[u8], part: &[u8]) -> usize {
    text.windows(part.len()).filter(|window| *window == part).count()
}

#[derive(Debug)]
struct Answer<'a> {
    status: u16,
    headers: Vec<(String, &'a str)>,
    body: &'a [u8],
}

impl Answer<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }
}

/// Answers that are left to be read.
struct Answers<'a>(&'a [u8]);

impl<'a> Answers<'a> {
    fn all(mut self) -> Vec<Answer<'a>> {
        let mut all = Vec::new();
        while !self.0.is_empty() {
            all.push(self.next());
        }
        all
    }

    fn next(&mut self) -> Answer<'a> {
        let status_line = self.line();
        let (version, status) = status_line.split_once(' ').expect("a status line has a status");
        assert!(matches!(version, "HTTP/1.1" | "HTTP/1.0"), "{status_line:?}");
        let (digits, _) = status.split_once(' ').expect("a space stands before the reason");
        assert_eq!(digits.len(), 3, "{status_line:?}");
        let status = digits.parse().expect("a status is a number");
        assert!((100..600).contains(&status), "{status_line:?}");
        let mut headers: Vec<(String, &str)> = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else {
                assert_eq!(line, "", "a head ends with an empty line");
                break;
            };
            let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            assert!(!name.is_empty() && name.bytes().all(is_of_name), "{line:?}");
            headers.push((name.to_ascii_lowercase(), value.trim()));
        }
        let of = |name: &str| headers.iter().filter(|(known, _)| known == name).count();
        assert!(of("content-length") <= 1 && of("transfer-encoding") == 0, "{headers:?}");
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length: usize = length.map_or(0, |(_, value)| value.parse().expect("a length is a number"));
        // The answer to HEAD tells the length of what does not come; no body of ours begins as an answer does.
        let has_body = !self.0.is_empty() && !self.0.starts_with(b"HTTP/1.");
        let (body, rest) =
            self.0.split_at_checked(if has_body { length } else { 0 }).expect("a body comes whole");
        self.0 = rest;
        Answer { status, headers, body }
    }

    fn line(&mut self) -> &'a str {
        let end = self.0.windows(2).position(|pair| pair == b"\r\n").expect("a line ends");
        let (line, rest) = self.0.split_at(end);
        self.0 = rest.get(2..).unwrap_or_default();
        let line = std::str::from_utf8(line).expect("a head is text");
        assert!(!line.chars().any(char::is_control), "{line:?}");
        line
    }
}
