//! Requests as no well-meaning client sends them, byte by byte.

use std::io::{Read as _, Write as _};

use hero_e2e::Served;

use crate::wire::{connect, resident_kb, rest, statuses};

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"server_info"}"#;

fn exchange(served: &Served, request: impl AsRef<[u8]>) -> String {
    crate::wire::exchange(connect(served), request)
}

/// A call with these headers beside its own.
fn post(headers: &str, body: &str) -> String {
    format!("POST /rpc HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{headers}\r\n{body}")
}

fn call() -> String {
    post(&format!("content-length: {}\r\n", CALL.len()), CALL)
}

fn is_well(served: &Served) {
    let answer = exchange(served, call());
    assert_eq!(statuses(&answer), [200], "{answer}");
    assert!(answer.contains(r#""result":{"#), "{answer}");
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    let served = Served::started(&[]);
    let length = CALL.len();
    for (what, request) in [
        (
            "two lengths",
            post(&format!("content-length: {length}\r\ncontent-length: {}\r\n", length - 1), CALL),
        ),
        ("a list of lengths", post(&format!("content-length: {length}, {}\r\n", length - 1), CALL)),
        ("a signed length", post(&format!("content-length: +{length}\r\n"), CALL)),
        ("a length of hexadecimal digits", post("content-length: 0x2d\r\n", CALL)),
        ("a length beyond all numbers", post("content-length: 99999999999999999999999\r\n", CALL)),
        ("an unknown transfer encoding", post("transfer-encoding: gzip\r\n", CALL)),
        ("chunked before another", post("transfer-encoding: chunked, identity\r\n", CALL)),
        ("a space before the colon", post(&format!("content-length : {length}\r\n"), CALL)),
        ("a folded header", post(&format!("x: a\r\n b\r\ncontent-length: {length}\r\n"), CALL)),
        ("NUL in a header", post(&format!("x: a\0b\r\ncontent-length: {length}\r\n"), CALL)),
        ("a lone CR in a header", post(&format!("x: a\rb\r\ncontent-length: {length}\r\n"), CALL)),
        (
            "a chunk that is no number",
            post("transfer-encoding: chunked\r\n", &format!("zz\r\n{CALL}\r\n0\r\n\r\n")),
        ),
        (
            "a chunk of negative length",
            post("transfer-encoding: chunked\r\n", &format!("-1\r\n{CALL}\r\n0\r\n\r\n")),
        ),
        ("a chunk beyond all numbers", post("transfer-encoding: chunked\r\n", "fffffffffffffffff\r\n")),
        ("no request at all", "hello\r\n\r\n".to_owned()),
        ("another protocol", "POST /rpc HTTP/2.0\r\nhost: localhost\r\n\r\n".to_owned()),
        ("a space in the path", "GET /health /x HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned()),
    ] {
        let answer = exchange(&served, &request);
        assert!(matches!(statuses(&answer)[..], [] | [400..=499 | 505]), "{what}: {answer}");
    }
    is_well(&served);
}

/// A proxy that reads the length, and a server that reads the chunks, would not agree where the next request begins.
#[test]
fn a_length_beside_chunks_smuggles_nothing() {
    let served = Served::started(&[]);
    let smuggled = "GET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let body = format!("0\r\n\r\n{smuggled}");
    for headers in [
        format!("content-length: {}\r\ntransfer-encoding: chunked\r\n", body.len()),
        format!("transfer-encoding: chunked\r\ncontent-length: {}\r\n", body.len()),
    ] {
        let answer = exchange(&served, post(&headers, &body));
        assert!(!answer.contains("smuggled"), "{answer}");
        // The chunks count, as the specification has it, and nothing behind them is taken for a request.
        assert_eq!(statuses(&answer), [200], "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n") && answer.contains("parse_error"), "{answer}");
    }
    is_well(&served);
}

/// A proxy that goes by one name, and a server that goes by the other, would not agree who is asked.
#[test]
fn two_names_are_refused_and_end_the_connection() {
    let served = Served::started(&[]);
    for names in ["host: localhost\r\n", "host: evil.example\r\n", "Host:\r\n"] {
        let twice = call().replace("content-length", &format!("{names}content-length"));
        let answer = exchange(&served, format!("{twice}{}", call()));
        assert_eq!(statuses(&answer), [400], "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(answer.contains(r#""code":"invalid_request","hint":"#), "{answer}");
    }
    is_well(&served);
}

#[test]
fn what_is_only_unusual_is_answered() {
    let served = Served::started(&[]);
    let (head, tail) = CALL.split_at(7);
    let chunks = format!(
        "{:x};a=b;c=\"d\"\r\n{head}\r\n{:X}\r\n{tail}\r\n0\r\nx-trailer: y\r\n\r\n",
        head.len(),
        tail.len()
    );
    let length = format!("content-length: {}\r\n", CALL.len());
    for (what, request) in [
        ("chunks with extensions and a trailer", post("transfer-encoding: chunked\r\n", &chunks)),
        ("LF alone", post(&length, CALL).replace("\r\n", "\n")),
        ("empty lines in front", format!("\r\n\r\n{}", call())),
        (
            "capitals",
            call()
                .replace("content-length", "CONTENT-LENGTH")
                .replace("application/json", "Application/JSON; charset=utf-8"),
        ),
        ("HTTP/1.0", call().replace("HTTP/1.1", "HTTP/1.0")),
        ("an absolute address", call().replace("/rpc", "http://localhost/rpc")),
        ("the same length twice", post(&format!("{length}{length}"), CALL)),
    ] {
        let answer = exchange(&served, &request);
        let is_ok = answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.0 200");
        assert!(is_ok && answer.contains(r#""result":{"#), "{what}: {answer}");
    }
}

#[test]
fn requests_in_one_packet_are_answered_in_order() {
    let served = Served::started(&[]);
    let ids = 0..50;
    let calls: String = ids
        .clone()
        .map(|id| {
            let body = CALL.replace("\"id\":1", &format!("\"id\":{id}"));
            post(&format!("content-length: {}\r\n", body.len()), &body)
        })
        .collect();
    let answer = exchange(&served, calls);
    assert_eq!(statuses(&answer), [200; 50]);
    let answered: Vec<i32> = answer
        .split(r#""id":"#)
        .skip(1)
        .map(|rest| rest.split('}').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(answered, ids.collect::<Vec<_>>());
}

#[test]
fn whoever_says_that_he_waits_is_told_to_go_on() {
    let served = Served::started(&[]);
    let mut stream = connect(&served);
    let expects = format!("content-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n", CALL.len());
    stream.write_all(post(&expects, "").as_bytes()).unwrap();
    let mut told = [0; 25];
    stream.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(CALL.as_bytes()).unwrap();
    assert_eq!(statuses(&rest(stream)), [200]);

    // He is not told to send what is refused anyway.
    let mut stream = connect(&served);
    let huge = format!("content-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n", 1_u64 << 30);
    stream.write_all(post(&huge, "").as_bytes()).unwrap();
    assert_eq!(statuses(&rest(stream)), [413]);
}

#[test]
fn what_goes_nowhere_says_so() {
    let served = Served::started(&[]);
    let get = |line: &str| {
        exchange(&served, format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"))
    };
    for (line, status) in [
        ("GET /health", 200),
        ("GET /openrpc.json", 200),
        ("GET /metrics", 200),
        ("GET /events?colour=red", 400),
        ("PUT /events", 405),
        ("POST /events", 405),
        ("GET /plays/%ff/events", 400),
        ("GET /r/", 404),
        ("DELETE /r/x", 405),
        ("GET /", 404),
        ("GET /rpc", 405),
        ("DELETE /health", 405),
        ("BREW /health", 405),
        ("GET /plays/../health", 404),
        ("GET /plays/%2e%2e/events", 400),
        ("GET /plays/play_x/events", 400),
        ("GET /plays/play_01m8n4ccpm4axbs9kzdh7wgw1m/events", 404),
        ("OPTIONS *", 404),
    ] {
        let answer = get(line);
        assert_eq!(statuses(&answer), [status], "{line}: {answer}");
        assert!(answer.contains("x-content-type-options: nosniff"), "{line}: {answer}");
        assert!(status < 400 || answer.contains(r#""hint":"#), "{line}: {answer}");
        assert_eq!(status == 405, answer.contains("\r\nallow: "), "{line}: {answer}");
    }
    let head = get("HEAD /health");
    assert_eq!(statuses(&head), [200]);
    assert!(head.ends_with("\r\n\r\n"), "no body: {head}");
    let long = get(&format!("GET /{}", "x".repeat(100_000)));
    assert!(matches!(statuses(&long)[..], [414 | 431 | 400]), "{long}");
    let many: String = (0..200).map(|number| format!("x-{number}: y\r\n")).collect();
    let many = exchange(&served, post(&many, ""));
    assert_eq!(statuses(&many), [431], "{many}");
}

#[test]
fn only_json_is_taken() {
    let served = Served::started(&[]);
    for media_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
    {
        let request = call().replace("application/json", media_type);
        let answer = exchange(&served, &request);
        assert_eq!(statuses(&answer), [415], "{answer}");
    }
}

/// FAULTS 34: 1 GB is refused by its length, and without one when there is too much of it.
#[test]
fn a_huge_body_is_refused_and_not_kept() {
    let served = Served::started(&[]);
    let answer = exchange(&served, post(&format!("content-length: {}\r\n", 1 << 30), ""));
    assert_eq!(statuses(&answer), [413], "{answer}");

    let pid = served.pid().unwrap();
    let before = resident_kb(pid);
    let mut stream = connect(&served);
    stream.write_all(post("transfer-encoding: chunked\r\n", "").as_bytes()).unwrap();
    let chunk = format!("100000\r\n{}\r\n", " ".repeat(0x10_0000));
    let mut sent = 0_u64;
    while sent < 1 << 30 && stream.write_all(chunk.as_bytes()).is_ok() {
        sent += 0x10_0000;
    }
    assert!(sent < 1 << 30, "all of it was taken");
    assert_eq!(statuses(&rest(stream)), [413]);
    let grown = resident_kb(pid).saturating_sub(before);
    assert!(grown < 64 << 10, "{grown} kB more are held");
    is_well(&served);
}

/// FAULTS 33: a header byte a second.
#[test]
fn whoever_takes_too_long_is_left() {
    let served = Served::started(&[]);
    let mut stream = connect(&served);
    stream.write_all(b"POST /rpc HTTP/1.1\r\nhost: loc").unwrap();
    let answer = rest(stream);
    assert!(matches!(statuses(&answer)[..], [] | [408]), "{answer}");
    is_well(&served);
}
