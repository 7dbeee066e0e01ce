//! The bundled flows: by name and by file, and killed after every record.

use std::collections::BTreeMap;

use hero_e2e::{Stage, binary};
use hero_sdk::model::LogStream;
use serde_json::{Value, json};

use crate::kills;

#[test]
fn hello_by_name() {
    let settled = Stage::new().hero(["run", "hello", "--json"]).finish().exits(0).settled();
    assert_eq!(settled.outputs(), json!({"greeting": "Hello, World!"}));
    assert_eq!(settled.play.workflow, "hello");
    assert!(settled.play.workflow_sid.is_some(), "a bundled flow is a workflow of the library");
}

#[test]
fn hello_by_file() {
    let file = seed_file("hello");
    let stage = Stage::new();
    let settled = stage.hero(["run", &file, "--input", "name=Ada", "--json"]).finish().exits(0).settled();
    assert_eq!(settled.outputs(), json!({"greeting": "Hello, Ada!"}));
}

#[test]
fn all_are_listed() {
    let outcome = Stage::new().hero(["workflow", "list", "--json"]).finish().exits(0);
    for name in ["hello", "approval", "fan_out", "retry"] {
        assert!(outcome.stdout.contains(&format!("\"{name}\"")), "{outcome}");
    }
}

#[test]
fn hello_killed_after_every_record() {
    check("hello", &[], &json!({"greeting": "Hello, World!"}));
}

#[test]
fn approval_killed_after_every_record() {
    let answers = ["--answer", "decision=\"publish\"", "--answer", "note=\"Well done.\""];
    let outputs = json!({
        "title": "News: the new release",
        "decision": "publish",
        "note": "Well done.",
        "link": "https://example.org/news/the-new-release",
    });
    check("approval", &answers, &outputs);
}

#[test]
fn fan_out_killed_after_every_record() {
    let outputs = json!({
        "words": 12,
        "longest": "so it goes round and round",
        "digests": ["b094729d", "de6308a9", "18c16e4d"],
    });
    check("fan_out", &[], &outputs);
}

#[test]
fn retry_killed_after_every_record() {
    check("retry", &[], &json!({"amount": "12.50", "currency": "EUR", "usd": "13.50", "guessed": true}));
}

#[test]
fn approval_asks_twice() {
    let stage = Stage::new();
    let asked = stage.hero(["run", "approval", "--no-input", "--json"]).finish().exits(3).settled();
    assert_eq!(asked.questions(), ["decision"]);
    let resume = |resume_id: &str, payload: &str| {
        let sid = asked.play.play_sid.as_str();
        stage.hero(["resume", sid, resume_id, "--payload", payload, "--json"]).finish()
    };
    let decision = asked.question("decision").resume_id.clone();
    let asked_again = resume(decision.as_str(), "\"drop\"").exits(3).settled();
    assert_eq!(asked_again.questions(), ["note"]);
    let note = asked_again.question("note").resume_id.clone();
    let ended = resume(note.as_str(), "\"too early\"").exits(0).settled();
    assert_eq!(ended.outputs()["decision"], "drop");
    assert_eq!(ended.outputs()["link"], Value::Null);
}

#[test]
fn a_step_retried_twice_shows_three_attempts() {
    let stage = Stage::new();
    let settled = stage.hero(["run", "retry", "--json"]).finish().exits(0).settled();
    let page = kills::tree(&stage, &settled);
    let span = page.spans.iter().find(|span| span.name == "fetch_rate").unwrap();
    let failed: Vec<u32> = span.tries.iter().map(|failed| failed.number).collect();
    assert_eq!(failed, [1, 2], "two failed tries, and the third worked");
    assert!(span.tries.iter().all(|failed| failed.error.kind.as_deref() == Some("ConnectionError")));
}

fn seed_file(name: &str) -> String {
    binary::repository().join(format!("seeds/flows/{name}.py")).display().to_string()
}

/// Every step of a seed prints a line in its body, so lines tell how often a body ran.
#[track_caller]
fn check(name: &str, arguments: &[&str], outputs: &Value) {
    let stage = Stage::new();
    let arguments: Vec<&str> = [name].iter().chain(arguments).copied().collect();
    kills::after_each_record(&stage, &arguments, |killed| {
        assert_eq!(&killed.settled.outputs(), outputs);
        let page = kills::tree(killed.stage, &killed.settled);
        let root = page.spans.iter().find(|span| span.parent.is_none()).unwrap().span_id;
        let mut attempts: BTreeMap<(u32, &str), Vec<u32>> = BTreeMap::new();
        for line in page.logs.iter().filter(|line| line.stream == LogStream::Stdout) {
            let span_id = line.span_id.expect("printed in a step");
            if span_id != root {
                attempts.entry((span_id, &line.text)).or_default().push(line.attempt);
            }
        }
        // Where steps run side by side, one that was under way when its process was killed runs again: it had no
        // record yet. Those with a record never do.
        let ran_again = attempts.values().filter(|attempts| attempts.len() > 1).count();
        let steps = page.spans.iter().filter(|span| span.recorded).count();
        let under_way_max = if name == "fan_out" { steps - killed.records.min(steps) } else { 0 };
        assert!(ran_again <= under_way_max, "killed after {}: {attempts:?}", killed.records);
    });
}
