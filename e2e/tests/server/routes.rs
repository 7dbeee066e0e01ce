//! Everything that is at some path on TCP, asked for without a token and in every spelling that could be taken for it:
//! one layer in front of all of it lets in what it knows, and nothing else. (ATTACKS 21)

use std::{collections::BTreeSet, fs};

use hero_e2e::binary;

use crate::{
    wire::{connect_tcp, exchange, status},
    world::{TOKEN, on_tcp},
};

/// What is told without a token.
const OPEN: &str = "/health";
/// Every path of the router, as its source has it, and one that fits it. Whoever adds one says here what it is.
const ROUTES: [(&str, &str); 8] = [
    ("rpc::PATH", "/rpc"),
    ("\"/openrpc.json\"", "/openrpc.json"),
    ("\"/health\"", OPEN),
    ("\"/metrics\"", "/metrics"),
    ("\"/events\"", "/events"),
    // A link has a token of its own, and this is none.
    ("\"/r/{*token}\"", "/r/x"),
    ("\"/plays/{play_sid}/events\"", "/plays/play_01m8n4ccpm4axbs9kzdh7wgw1m/events"),
    ("\"/plays/{play_sid}/artifacts/{name}\"", "/plays/play_01m8n4ccpm4axbs9kzdh7wgw1m/artifacts/x"),
];
const METHODS: [&str; 13] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get",
    "Post", "BREW",
];

/// Spellings that some server, proxy or file system would take for the path.
fn spellings(path: &str) -> Vec<String> {
    let rest = path.trim_start_matches('/');
    let (first, others) = rest.split_at(1);
    let encoded = rest.replace('/', "%2f");
    let all = [
        path.to_uppercase(),
        format!("/{}{others}", first.to_uppercase()),
        format!("{path}/"),
        format!("{path}//"),
        format!("/{path}"),
        format!("//evil.example{path}"),
        path.replace('/', "//"),
        path.replace('/', "/./"),
        path.replace('/', "\\"),
        format!("/{encoded}"),
        format!("/%2f{encoded}"),
        format!("/%{:02x}{others}", first.as_bytes()[0]),
        format!("/%25{:02x}{others}", first.as_bytes()[0]),
        format!("{path};jsessionid=1"),
        format!("/;{path}"),
        format!("{path}.json"),
        format!("{path}.html"),
        format!("{path}%00"),
        format!("{path}%00.html"),
        format!("{path}%20"),
        format!("{path}%09"),
        format!("{path}%0d%0a"),
        format!("{path}/."),
        format!("{path}/.."),
        format!("/x/..{path}"),
        format!("/x/%2e%2e{path}"),
        format!("/x%2f..{path}"),
        // From what is open to what is not.
        format!("{OPEN}{path}"),
        format!("{OPEN}/..{path}"),
        format!("{OPEN}/%2e%2e{path}"),
        format!("{OPEN}%2f..%2f{rest}"),
        format!("{OPEN}/..;{path}"),
        format!("{OPEN}%3f/..{path}"),
        format!("{OPEN}%23/..{path}"),
        format!("/r/..{path}"),
        format!("/r/%2e%2e{path}"),
    ];
    all.into_iter().filter(|spelling| spelling != path).collect()
}

fn asked(authority: &str, method: &str, path: &str, token: Option<&str>) -> u16 {
    let token = token.map_or_else(String::new, |token| format!("authorization: Bearer {token}\r\n"));
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n{token}\
         content-type: application/json\r\ncontent-length: 2\r\n\r\n[]"
    );
    status(&exchange(connect_tcp(authority), request))
}

/// Whether a request without a token may be let in: it goes exactly where all may go.
fn is_open(path: &str) -> bool {
    path == OPEN || path.split_once('?').is_some_and(|(path, _)| path == OPEN)
}

/// Whether it is looked up as the token of a link.
fn is_link(path: &str) -> bool {
    path.starts_with("/r/")
}

#[test]
fn without_a_token_nothing_is_reached_however_it_is_spelt() {
    let (served, authority) = on_tcp(&[]);
    for (_, path) in ROUTES {
        let exact = [path.to_owned(), format!("{path}?x=y"), format!("{path}?"), format!("{path}?/health")];
        for spelling in exact.into_iter().chain(spellings(path)) {
            for method in METHODS {
                let status = asked(&authority, method, &spelling, None);
                let is_as_it_should = match status {
                    // What is no request, such as CONNECT to a path.
                    400 => true,
                    200 => is_open(&spelling),
                    405 => is_open(&spelling) || is_link(&spelling),
                    404 => is_link(&spelling),
                    status => status == 401,
                };
                assert!(is_as_it_should, "{method} {spelling}: {status}");
            }
        }
    }
    served.hero(["play", "list"]).finish().exits(0);
}

/// With the token, only the path itself is the path: what one layer takes for it, all others do.
#[test]
fn with_a_token_another_spelling_is_another_path() {
    let (_served, authority) = on_tcp(&[]);
    for (_, path) in ROUTES {
        // A stream of events has no end.
        let there = asked(&authority, "HEAD", path, Some(TOKEN));
        assert!(matches!(there, 200 | 404 | 405), "{path}: {there}");
        for spelling in spellings(path) {
            for method in METHODS {
                let status = asked(&authority, method, &spelling, Some(TOKEN));
                // A method that a path does not know, and an id that is none, are still of that path.
                let is_near = status == 405 && (spelling.starts_with("/plays/") || is_link(&spelling));
                assert!(matches!(status, 400 | 404) || is_near, "{method} {spelling}: {status}");
            }
        }
    }
}

/// Fails when a path is added that this file does not know.
#[test]
fn every_route_is_known_here() {
    let directory = binary::repository().join("gateway/src/server");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let source: String = fs::read_to_string(&path).unwrap().split_whitespace().collect();
        for other in [".nest(", ".nest_service(", ".route_service(", ".fallback_service("] {
            assert!(!source.contains(other), "{}: {other} adds paths that nobody lists", path.display());
        }
        found.extend(source.split(".route(").skip(1).map(|rest| rest.split(',').next().unwrap().to_owned()));
    }
    let known: BTreeSet<String> = ROUTES.iter().map(|(declared, _)| (*declared).to_owned()).collect();
    assert_eq!(found, known, "say in `ROUTES` what is there, and see that nobody reaches it without a token");
}
