//! Who comes in on TCP, request by request: under which name, from which page, with which content and which token.

use std::fs;

use serde_json::Value;

use crate::{
    wire::{connect_tcp, exchange, status},
    world::{TOKEN, log, on_tcp},
};

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"server_info"}"#;
/// Where a call goes that has all that it needs.
const PATHS: [&str; 4] =
    ["/health", "/openrpc.json", "/plays/play_01m8n4ccpm4axbs9kzdh7wgw1m/events", "/nowhere"];

/// A request without what all others have.
fn bare(authority: &str, line: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut request = format!("{line} HTTP/1.1\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    let answer = exchange(connect_tcp(authority), request);
    // A page of another site may send what it likes, and must not read what comes back.
    assert!(!answer.to_ascii_lowercase().contains("\r\naccess-control-"), "{answer}");
    answer
}

/// A request by somebody who knows the server's name and its token.
fn sent(authority: &str, line: &str, headers: &[(&str, &str)], body: &str) -> String {
    let bearer = format!("Bearer {TOKEN}");
    let own = [("host", authority), ("authorization", bearer.as_str())];
    bare(authority, line, &[&own, headers].concat(), body)
}

/// ATTACKS 17: a page whose name the attacker has led to this machine.
#[test]
fn a_server_answers_to_its_own_names_only() {
    let (_served, authority) = on_tcp(&["--host", "flows.example", "--host", "Flows.Example:8443"]);
    let port = authority.rsplit_once(':').unwrap().1;
    let named = |line: &str, hosts: &[&str]| {
        let bearer = format!("Bearer {TOKEN}");
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(hosts.iter().map(|host| ("host", *host)));
        status(&bare(&authority, line, &headers, ""))
    };
    let localhost = format!("localhost:{port}");
    let shouted = format!("LocalHost:{port}");
    for host in [&authority, &localhost, &shouted, "flows.example", "FLOWS.EXAMPLE", "flows.example:8443"] {
        assert_eq!(named("GET /health", &[host]), 200, "{host}");
    }
    let with_port = |name: &str| format!("{name}:{port}");
    let wrong = [
        with_port("evil.example"),
        with_port("flows.example"),
        with_port("localhost."),
        with_port("127.0.0.1.evil.example"),
        with_port("evil@127.0.0.1"),
        with_port("127.1"),
        with_port("2130706433"),
        with_port("0x7f000001"),
        with_port("[::1]"),
        with_port("0.0.0.0"),
        format!("{authority}.evil.example"),
        format!("{authority}0"),
        format!("{authority}, evil.example"),
        format!("evil.example, {authority}"),
        "127.0.0.1".to_owned(),
        "localhost".to_owned(),
        "flows.example.".to_owned(),
        "evil.example".to_owned(),
        "flows.example:".to_owned(),
        String::new(),
    ];
    for path in PATHS {
        for host in &wrong {
            assert_eq!(named(&format!("GET {path}"), &[host]), 421, "{path} at {host:?}");
        }
        assert_eq!(named(&format!("GET {path}"), &[]), 421, "{path} at nobody");
        for twice in [[authority.as_str(), "evil.example"], ["evil.example", &authority]] {
            assert_eq!(named(&format!("GET {path}"), &twice), 400, "{path} at {twice:?}");
        }
        // What stands in the line goes before the header.
        let line = format!("GET http://evil.example{path}");
        assert_eq!(named(&line, &[&authority]), 421, "{line}");
    }
    assert_eq!(named(&format!("GET http://{authority}/health"), &[&authority]), 200);
}

/// ATTACKS 18: a page of another site, of a sandboxed frame, or of another port of this machine.
#[test]
fn pages_of_other_sites_are_refused() {
    let (_served, authority) = on_tcp(&[]);
    let (own, tls) = (format!("http://{authority}"), format!("https://{authority}"));
    let (other_port, longer, name) =
        ("http://127.0.0.1:1".to_owned(), format!("{own}.evil.example"), authority.clone());
    let with_user = format!("http://evil@{authority}");
    let sites: [(&[&str], bool); 8] = [
        (&[], true),
        (&["same-origin"], true),
        (&["none"], true),
        (&["cross-site"], false),
        (&["same-site"], false),
        (&["Same-Origin"], false),
        (&[""], false),
        (&["same-origin", "cross-site"], false),
    ];
    let origins: [(&[&str], bool); 10] = [
        (&[], true),
        (&[&own], true),
        (&[&tls], true),
        (&["null"], false),
        (&["http://evil.example"], false),
        (&[&other_port], false),
        (&[&longer], false),
        (&[&with_user], false),
        (&[&name], false),
        (&[&own, "http://evil.example"], false),
    ];
    for (site, is_ours) in sites {
        for (origin, is_own) in origins {
            let mut headers = vec![("content-type", "application/json")];
            headers.extend(site.iter().map(|site| ("sec-fetch-site", *site)));
            headers.extend(origin.iter().map(|origin| ("origin", *origin)));
            let answer = sent(&authority, "POST /rpc", &headers, CALL);
            // A browser that tells the site need not tell more.
            let comes_in = is_ours && (is_own || site.len() == 1);
            assert_eq!(status(&answer), if comes_in { 200 } else { 403 }, "{headers:?}: {answer}");
        }
    }
    // A page asks first whether it may send JSON with a token; nobody says that it may.
    let asks = [
        ("origin", "http://evil.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    assert!(status(&sent(&authority, "OPTIONS /rpc", &asks, "")) >= 400);
}

/// ATTACKS 19: what a form of any page can send without asking.
#[test]
fn what_a_form_can_send_is_no_call() {
    let (served, authority) = on_tcp(&[]);
    let start = r#"{"jsonrpc":"2.0","method":"play_run_async","params":{"source":"x"},"id":1}"#;
    for media_type in [
        "text/plain",
        "text/plain;charset=application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json",
        "application/jsonx",
        "application/ json",
        "application/json, text/plain",
        "",
    ] {
        for path in ["/rpc", "/rpc?content-type=application/json"] {
            let answer = sent(&authority, &format!("POST {path}"), &[("content-type", media_type)], start);
            assert_eq!(status(&answer), 415, "{media_type}: {answer}");
        }
    }
    let twice = [("content-type", "application/json"), ("content-type", "text/plain")];
    assert_eq!(status(&sent(&authority, "POST /rpc", &twice, start)), 415);
    assert_eq!(status(&sent(&authority, "POST /rpc", &[], start)), 415);
    let listed = served.hero(["play", "list", "--json"]).finish().exits(0).json();
    assert_eq!(listed["plays"], serde_json::json!([]), "nothing was started");
    for media_type in ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8"] {
        let answer = sent(&authority, "POST /rpc", &[("content-type", media_type)], CALL);
        assert_eq!(status(&answer), 200, "{answer}");
    }
}

/// ATTACKS 20: who has no token, or has put it where it is seen.
#[test]
fn a_token_counts_in_one_place_and_is_told_nowhere() {
    let (served, authority) = on_tcp(&[]);
    let called = |line: &str, headers: &[(&str, &str)]| {
        let own = [("host", authority.as_str()), ("content-type", "application/json")];
        let answer = bare(&authority, line, &[&own, headers].concat(), CALL);
        assert!(!answer.contains(TOKEN), "{answer}");
        status(&answer)
    };
    let bearer = |token: &str| format!("Bearer {token}");
    let (right, wrong) = (bearer(TOKEN), bearer("quite-another-one"));
    assert_eq!(called("POST /rpc", &[("authorization", &right)]), 200);
    for headers in [
        &[][..],
        &[("authorization", TOKEN)],
        &[("authorization", "Bearer")],
        &[("authorization", "Bearer ")],
        &[("authorization", &wrong)],
        &[("authorization", &format!("{right},{wrong}"))],
        &[("authorization", &format!("{right}\t{TOKEN}"))],
        &[("authorization", &format!("Basic {TOKEN}"))],
        &[("authorization", &right), ("authorization", &wrong)],
        &[("authorization", &wrong), ("authorization", &right)],
        &[("proxy-authorization", &right)],
        &[("x-authorization", &right)],
        &[("cookie", &format!("token={TOKEN}; authorization={right}"))],
    ] {
        assert_eq!(called("POST /rpc", headers), 401, "{headers:?}");
    }
    for query in ["token", "access_token", "authorization", "Authorization"] {
        for value in [TOKEN, &format!("Bearer%20{TOKEN}")] {
            assert_eq!(called(&format!("POST /rpc?{query}={value}"), &[]), 401, "{query}={value}");
        }
    }
    assert_eq!(called(&format!("POST /{TOKEN}/rpc"), &[]), 401);
    assert_eq!(called(&format!("POST http://{TOKEN}@{authority}/rpc"), &[]), 421);

    // Nobody who may read less than the server's owner sees it, and who reads its log does not either.
    let source = "import os\nfrom hero_tracing import flow\n\n\n@flow\ndef main() -> dict[str, str]:\n    return dict(os.environ)\n";
    served.write("environment.py", source);
    let outputs: Value =
        served.hero(["run", "environment.py", "--json"]).finish().exits(0).settled().outputs();
    assert!(outputs.as_object().is_some_and(|variables| !variables.is_empty()));
    assert!(!outputs.to_string().contains(TOKEN), "{outputs}");
    let info = served.hero(["--info", "--json"]).finish().exits(0);
    let arguments = fs::read_to_string(format!("/proc/{}/cmdline", served.pid().unwrap())).unwrap();
    served.hero(["--stop"]).finish().exits(0);
    let log = log(&served);
    assert!(log.contains("\"TRACE\""), "{log}");
    for (what, text) in [("info", &info.stdout), ("arguments", &arguments), ("log", &log)] {
        assert!(!text.contains(TOKEN), "{what}: {text}");
    }
}
