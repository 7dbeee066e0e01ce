//! What is no document of a play, and what is none any more.

use hero_sdk::{ErrorCode, Json, document::digest_of};
use serde_json::{Value, json};

use super::{json, read, sample::sample, signed};
use crate::transfer::checks::checked;

/// Each member of the content at any depth in the place of which something else is put.
fn pointers(value: &Value, above: &str, all: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in members {
        let pointer = format!("{above}/{name}");
        pointers(value, &pointer, all);
        all.push(pointer);
    }
}

#[test]
fn no_member_changes_without_the_digest() {
    let whole = json(&sample());
    assert!(read(&whole).is_ok());
    let mut all = Vec::new();
    pointers(&whole["content"], "/content", &mut all);
    assert!(all.len() > 250, "{}", all.len());
    for pointer in all {
        let mut changed = whole.clone();
        let place = changed.pointer_mut(&pointer).unwrap();
        *place = if place.is_null() { json!(1) } else { Value::Null };
        let error = read(&changed).unwrap_err();
        assert_eq!(error.code, ErrorCode::ImportInvalid, "{pointer}");
        assert_eq!(error.fields[0].pointer, "/digest", "{pointer}");
        // With a digest of its own it is refused for what it is, or is a play as there could be one.
        if let Err(error) = read(&signed(changed)) {
            assert!([ErrorCode::ImportInvalid].contains(&error.code), "{pointer}: {error}");
            assert!(error.hint.is_some() && error.fields[0].pointer.starts_with("/content"), "{pointer}");
        }
    }
}

#[test]
fn no_byte_changes_without_the_digest() {
    let whole = Json::of(&sample()).unwrap();
    let expected = digest_of(&checked(&whole).unwrap()).unwrap();
    let mut refused = 0;
    for (at, byte) in whole.as_str().bytes().enumerate() {
        let mut bytes = whole.as_str().as_bytes().to_vec();
        bytes[at] = byte ^ [1, 0x20][at % 2];
        let Some(text) = String::from_utf8(bytes).ok().and_then(|text| Json::parse(&text).ok()) else {
            continue;
        };
        match checked(&text) {
            Ok(came) => assert_eq!(digest_of(&came).unwrap(), expected, "byte {at}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 2_000, "{refused}");
}

#[test]
fn what_was_cut_off_is_no_json() {
    let whole = serde_json::to_string(&sample()).unwrap();
    for (length, _) in whole.char_indices() {
        assert!(Json::parse(&whole[..length]).is_err());
    }
}

#[test]
fn what_no_play_can_be_is_refused() {
    let digest = "0".repeat(64);
    let long = "x".repeat(20_000);
    let cases: &[(&str, Value)] = &[
        ("/play/status", json!("running")),
        ("/play/status", json!("queued")),
        ("/play/status", json!("succeeded?")),
        ("/play/ended_at", Value::Null),
        ("/play/attempt", json!(u32::MAX)),
        ("/play/inputs", json!([])),
        ("/play/pending_resumes", json!(1)),
        ("/play/outputs", json!(1)),
        ("/play/version_sid", json!("ver_0000000000000000000000000x")),
        ("/play/workflow_sid", json!("wf_0000000000000000000000000x")),
        ("/play/version", json!(1)),
        ("/play/error/message", json!("x".repeat(5 << 20))),
        ("/play/play_sid", json!("../../etc")),
        ("/play/play_sid", json!("play_0000000000000000000000000/")),
        ("/play/created_at", json!("yesterday")),
        ("/play/cost_usd", json!("much")),
        ("/play/cost_usd", json!(-0.01)),
        ("/play/cost_usd", json!(1e308)),
        ("/play/duration_ms", json!(-1.0)),
        ("/play/duration_ms", json!(1e300)),
        ("/spans/0/cost_usd", json!(-0.01)),
        ("/spans/0/duration_ms", json!(1e300)),
        ("/timeout_ms", json!(0)),
        ("/timeout_ms", json!(u64::MAX)),
        ("/workflows/0/version/version", Value::Null),
        ("/spans/0/span_id", json!(0)),
        ("/spans/0/span_id", json!(4_000_000)),
        ("/spans/0/span_id", json!(2)),
        ("/spans/0/parent", json!(2)),
        ("/spans/0/parent", json!(1)),
        ("/spans/1/parent", json!(9)),
        ("/spans/0/path", json!("")),
        ("/spans/0/path", json!("main#0/s#2")),
        ("/spans/0/seq", json!(0)),
        ("/spans/0/seq", json!(u64::MAX)),
        ("/spans/0/seq", json!(2)),
        ("/spans/0/attempt", json!(3)),
        ("/spans/0/status", json!("waiting")),
        ("/spans/0/status", json!("running")),
        ("/spans/0/inputs", json!("x".repeat(5 << 20))),
        ("/logs/0/span_id", json!(9)),
        ("/logs/0/seq", json!(1)),
        ("/logs/0/text", json!(long)),
        ("/logs/0/attempt", json!(3)),
        ("/records/0/path", json!("main#0/r#1")),
        ("/records/0/path", json!(long)),
        ("/records/0/seq", json!(2)),
        ("/records/0/seq", json!(0)),
        ("/records/0/kind", json!(long)),
        ("/records/0/fingerprint", json!(long)),
        ("/records/0/attempt", json!(3)),
        ("/records/0/number", Value::Null),
        ("/records/0/value", json!(1)),
        ("/records/1/value", json!({"a": 1})),
        ("/records/3/value", Value::Null),
        ("/records/7/file/digest", json!("../../../secrets.json")),
        ("/records/7/file/digest", json!(digest)),
        ("/records/7/file/size", json!(1)),
        ("/records/7/file/size", json!(1u64 << 40)),
        ("/values/0/digest", json!(digest)),
        ("/values/0/content_digest", json!(digest)),
        ("/values/0/content", json!("WyJvdGhlciJd")),
        ("/values/0/content", json!("no base64!")),
        ("/values", json!([])),
        ("/questions/0/status", json!("open")),
        ("/questions/0/payload", Value::Null),
        ("/questions/1/payload", json!(1)),
        ("/questions/0/path", json!("")),
        ("/questions/0/resume_id", json!("ask_../")),
        ("/artifacts/0/name", json!("../up")),
        ("/artifacts/0/name", json!("")),
        ("/artifacts/0/digest", json!("../up")),
        ("/artifacts/0/digest", json!(digest)),
        ("/artifacts/0/size", json!(8)),
        ("/artifacts/0/content", json!("b3RoZXI=")),
        ("/artifacts/0/content", json!("====")),
        ("/artifacts/0/media_type", json!("text/plain\r\nx: y")),
    ];
    let whole = json(&sample());
    for (pointer, to) in cases {
        let mut changed = whole.clone();
        let (above, name) = pointer.rsplit_once('/').unwrap();
        match changed.pointer_mut(&format!("/content{above}")).unwrap() {
            Value::Object(members) => drop(members.insert(name.to_owned(), to.clone())),
            other => other[name.parse::<usize>().unwrap()] = to.clone(),
        }
        let answer = read(&signed(changed));
        // A value of `records` that is null says something, and of others that there is none.
        let is_fine = [("/records/1/value", 0), ("/questions/0/payload", 0)].contains(&(pointer, 0));
        let Err(error) = answer else {
            assert!(is_fine, "{pointer}: {to:.100}");
            continue;
        };
        assert_eq!(error.code, ErrorCode::ImportInvalid, "{pointer}");
        let place = error.fields[0].pointer.trim_start_matches("/content");
        let shares =
            place.split('/').nth(1) == pointer.split('/').nth(1) || place.starts_with("/spans or /logs");
        assert!(shares || place.starts_with("/values"), "{pointer}: {place}");
        assert!(error.message.len() < 600 && error.hint.is_some(), "{pointer}: {}", error.message.len());
    }
}

#[test]
fn an_id_is_that_of_one_version() {
    let mut changed = json(&sample());
    let id = changed["content"]["version"]["version_sid"].clone();
    changed["content"]["workflows"][0]["version"]["version_sid"] = id;
    let error = read(&signed(changed)).unwrap_err();
    assert_eq!(error.fields[0].pointer, "/content/workflows/0/version", "{error}");
}

/// Items that were there before, and more than there may be.
#[test]
fn there_is_one_of_each_and_not_too_many() {
    let whole = json(&sample());
    for list in ["workflows", "spans", "logs", "records", "questions", "artifacts", "values"] {
        let mut twice = whole.clone();
        let items = twice["content"][list].as_array_mut().unwrap();
        items.push(items[0].clone());
        assert_eq!(read(&signed(twice)).unwrap_err().code, ErrorCode::ImportInvalid, "{list}");
    }
    for (list, count) in [("workflows", 201), ("questions", 10_001), ("artifacts", 10_001)] {
        let mut many = whole.clone();
        let items = many["content"][list].as_array_mut().unwrap();
        let first = items[0].clone();
        for number in 0..count {
            let mut item = first.clone();
            match list {
                "questions" => item["resume_id"] = json!(format!("ask_{number:026}")),
                _ => item["name"] = json!(number.to_string()),
            }
            items.push(item);
        }
        let error = read(&signed(many)).unwrap_err();
        assert!(
            error.message.ends_with("there are too many") || error.message.contains("too many lines"),
            "{error}"
        );
    }
}
