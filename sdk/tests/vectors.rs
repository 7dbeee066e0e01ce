//! The golden frames, which the Python tests read as well.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::collections::BTreeMap;

use hero_sdk::{
    Json, SecretValue,
    frame::{Down, RecordStatus, ResolvedWorkflow, Start, Up},
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Vector {
    name: String,
    line: String,
}

fn vectors(file: &str) -> Vec<Vector> {
    let path = format!("{}/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_frame_from_python_is_understood() {
    for Vector { name, line } in vectors("up.json") {
        let frame = Up::parse(&line).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(frame.number(), value.get("n").and_then(Value::as_u64), "{name}");
        if let Up::Hello(hello) = &frame {
            assert_eq!(hello.code.as_deref(), value.get("code").and_then(Value::as_str), "{name}");
        }
        if let Up::End(end) = &frame {
            let sent = value.get("value").map(ToString::to_string);
            let kept = end.value.as_ref().map(|kept| kept.to::<Value>().unwrap().to_string());
            assert_eq!(kept, sent, "{name}");
        }
    }
}

#[test]
fn every_frame_to_python_is_written_as_agreed() {
    let record = |path: &str, status, text: Option<&str>, time, blob: Option<(&str, u64)>| {
        let kind =
            if matches!(status, RecordStatus::Answered | RecordStatus::Expired) { "pause" } else { "flow" };
        let blob = blob.map(|(digest, size)| (digest.to_owned(), size));
        let path = format!("main#0/{path}#0");
        (path, kind.to_owned(), "0123456789abcdef".to_owned(), status, text.map(str::to_owned), time, blob)
    };
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let start = Start {
        v: 1,
        play_sid: "play_01arz3ndektsv4rrffq69g5fav".into(),
        attempt: 2,
        file_name: "flow.py".into(),
        source: "pass\n".into(),
        code: None,
        entry: Some("main".into()),
        inputs: Json::parse("{\"name\":\"World\"}").unwrap(),
        secrets: BTreeMap::new(),
        env: BTreeMap::new(),
        workflows: Vec::new(),
        workdir: "/w".into(),
        blob_dir: "/b".into(),
        records: vec![
            record("a", RecordStatus::Ok, Some("[1,2]"), Some(0.5), None),
            record("b", RecordStatus::Failed, Some("[]"), None, None),
            record("c", RecordStatus::Cancelled, None, None, None),
            record("d", RecordStatus::Ok, None, None, Some((digest, 2_097_152))),
            record("p", RecordStatus::Answered, Some("\"web\""), None, None),
            record("q", RecordStatus::Expired, None, None, None),
        ],
        started: vec![("main#0/pay#0".into(), 1)],
    };
    let compiled = Start {
        attempt: 1,
        code: Some("4wAAAA==".into()),
        inputs: Json::parse("{}").unwrap(),
        records: Vec::new(),
        started: Vec::new(),
        ..start.clone()
    };
    let value = SecretValue::try_from("correct horse \"battery\"".to_owned()).unwrap();
    let secret = Start {
        code: None,
        secrets: BTreeMap::from([("API_KEY".parse().unwrap(), value)]),
        env: BTreeMap::from([("REGION".into(), "north".into())]),
        ..compiled.clone()
    };
    let workflow = ResolvedWorkflow {
        name: "helper".into(),
        workflow: "helper".into(),
        version: 3,
        version_sid: "ver_01arz3ndektsv4rrffq69g5fav".parse().unwrap(),
        file_name: "helper.py".into(),
        source: "pass\n".into(),
        entry: "main".into(),
        inputs: Json::parse("{\"type\":\"object\"}").unwrap(),
        outputs: Json::parse("{}").unwrap(),
    };
    let invoking = Start { code: None, workflows: vec![workflow.clone()], ..compiled.clone() };
    let not_resolved = |n, code: &str, message: &str, hint: Option<&str>| Down::NotResolved {
        n,
        code: code.into(),
        message: message.into(),
        hint: hint.map(str::to_owned),
    };
    let answer = |status, payload: &str, use_default| Down::Answer {
        path: "main#0/p#0".into(),
        status,
        payload: Json::parse(payload).unwrap(),
        use_default,
    };
    let frames = [
        Down::Describe {
            v: 1,
            file_name: "flow.py".into(),
            source: "from hero_tracing import flow\n".into(),
            entry: None,
        },
        Down::Start(Box::new(start)),
        Down::Start(Box::new(compiled)),
        Down::Start(Box::new(secret)),
        Down::Ack { n: 12 },
        answer(RecordStatus::Answered, "{\"a\":1.50}", false),
        answer(RecordStatus::Expired, "\"web\"", true),
        Down::Refused { n: 13, code: "unknown_parent".into(), message: "span 9 has no parent 8".into() },
        Down::Kept { n: 14, digest: digest.into(), size: 4 },
        Down::NotKept { n: 15, code: "not_found".into(), message: "there is no such file".into() },
        Down::Start(Box::new(invoking)),
        Down::Resolved { n: 16, workflow: Box::new(workflow) },
        not_resolved(17, "not_found", "no workflow \"helpr\"", Some("did you mean helper?")),
        not_resolved(18, "busy", "too many", None),
        Down::LibraryResult { n: 17, result: Json::parse("{\"hits\":[],\"searched\":4}").unwrap() },
        Down::LibraryError {
            n: 18,
            code: "invalid_params".into(),
            message: "the query is empty".into(),
            hint: Some("say what".into()),
        },
    ];
    let expected = vectors("down.json");
    assert_eq!(frames.len(), expected.len());
    for (frame, Vector { name, line }) in frames.iter().zip(expected) {
        assert_eq!(frame.to_line(), format!("{line}\n"), "{name}");
    }
}
