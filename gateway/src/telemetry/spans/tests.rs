//! Tests of how plays and nodes become spans.

use std::time::UNIX_EPOCH;

use serde_json::json;

use super::*;
use crate::cli::testing;

const MOMENT_US: i64 = 1_763_930_000_123_456;

fn play_sid() -> PlaySid {
    "play_01kar9v3zv5w8x2b7c6d4e0f1g".parse().unwrap()
}

fn root() -> PlaySid {
    "play_01kar9v3zv5w8x2b7c6d4e0000".parse().unwrap()
}

/// A node that has ended, with these fields instead.
fn node(changes: serde_json::Value) -> Span {
    let mut node = json!({
        "span_id": 2, "parent": 1, "seq": 9, "path": "main#0/step#0", "kind": "flow", "name": "step",
        "status": "ok", "recorded": true, "attempt": 3, "tries": [], "line": 12, "inputs": "{}", "output": "1",
        "error": null, "tags": {}, "progress": null, "cost_usd": 0.0, "tokens_in": 0, "tokens_out": 0,
        "started_at": Timestamp(MOMENT_US).to_string(), "ended_at": Timestamp(MOMENT_US + 900).to_string(),
        "duration_ms": 1500.0,
    });
    node.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_str(&node.to_string()).unwrap()
}

/// The span of one with this result.
pub(in crate::telemetry) fn sent_node(output: &str) -> SpanData {
    of_node(&play_sid(), &root(), &node(json!({ "output": output })), Lines::default()).unwrap()
}

fn of(changes: serde_json::Value) -> SpanData {
    of_node(&play_sid(), &root(), &node(changes), Lines::default()).unwrap()
}

fn value(span: &SpanData, key: &str) -> Option<Value> {
    let mut found = span.attributes.iter().filter(|attribute| attribute.key.as_str() == key);
    let value = found.next().map(|attribute| attribute.value.clone());
    assert!(found.next().is_none(), "{key} is there twice");
    value
}

#[test]
fn a_node_has_the_ids_times_and_parent_of_its_tree() {
    let span = of(json!({}));
    assert_eq!(span.span_context.trace_id(), trace_id(&root()));
    assert_eq!(span.span_context.span_id(), node_span_id(&play_sid(), 2));
    assert_eq!(span.parent_span_id, node_span_id(&play_sid(), 1));
    assert_eq!(of(json!({ "parent": null })).parent_span_id, play_span_id(&play_sid()));
    let start = UNIX_EPOCH + Duration::from_micros(MOMENT_US as u64);
    assert_eq!(span.start_time, start);
    assert_eq!(span.end_time, start + Duration::from_millis(1500), "the wall clock was set meanwhile");
    assert_eq!(of(json!({ "duration_ms": null })).end_time, start + Duration::from_micros(900));
    assert_eq!(value(&span, "code.line.number"), Some(12.into()));
    assert_eq!(value(&span, "hero_logic.attempt"), Some(3.into()));
    assert_eq!(value(&span, "gen_ai.usage.input_tokens"), None);
    let running = node(json!({ "status": "running", "ended_at": null, "duration_ms": null }));
    assert_eq!(of_node(&play_sid(), &root(), &running, Lines::default()), None);
}

#[test]
fn times_that_no_clock_gives_break_nothing() {
    for (started_at, duration_ms) in
        [("1960-01-01T00:00:00Z", -5.0), ("9999-01-01T00:00:00Z", 1e300), ("2025-01-01T00:00:00Z", 1e22)]
    {
        let span = of(json!({ "started_at": started_at, "duration_ms": duration_ms }));
        assert!(span.end_time >= span.start_time);
    }
}

#[test]
fn a_status_is_an_error_where_something_failed() {
    let error = json!({ "code": "exception", "type": "ValueError", "message": "no", "traceback": "line 1" });
    let failed = of(json!({ "status": "failed", "error": error }));
    assert_eq!(failed.status, trace::Status::error("no"));
    assert_eq!(value(&failed, "error.type"), Some("ValueError".into()));
    let events: Vec<_> = failed.events.iter().map(|event| event.name.clone()).collect();
    assert_eq!(events, ["exception"]);
    assert_eq!(of(json!({})).status, trace::Status::Ok);
    assert_eq!(of(json!({ "status": "cancelled" })).status, trace::Status::Unset);
    assert!(matches!(of(json!({ "status": "interrupted" })).status, trace::Status::Error { .. }));
}

#[test]
fn tags_keep_their_types() {
    let tags = json!({ "text": "a", "truth": true, "whole": 7, "part": 0.5, "list": [1, 2], "none": null });
    let span = of(json!({ "tags": tags, "kind": "rpc", "tokens_in": 5, "cost_usd": 0.1 }));
    let of = |name: &str| value(&span, &format!("hero_logic.tag.{name}")).unwrap();
    assert_eq!(of("text"), "a".into());
    assert_eq!(of("truth"), true.into());
    assert_eq!(of("whole"), 7.into());
    assert_eq!(of("part"), 0.5.into());
    assert_eq!(of("list"), "[1,2]".into());
    assert_eq!(of("none"), "null".into());
    assert_eq!(span.span_kind, trace::SpanKind::Client);
    assert_eq!(value(&span, "gen_ai.usage.input_tokens"), Some(5.into()));
}

#[test]
fn of_a_thousand_tries_the_last_are_told() {
    let failed = |number| json!({ "number": number, "error": { "message": "no" }, "ended_at": "2025-01-01T00:00:00Z", "delay_ms": 5.0 });
    let span = of(json!({ "tries": (1..=1000).map(failed).collect::<Vec<_>>() }));
    assert_eq!((span.events.len(), span.events.dropped_count), (32, 968));
    let last = span.events.last().unwrap();
    assert!(last.attributes.contains(&KeyValue::new("hero_logic.try", 1000_i64)));
}

#[test]
fn a_play_is_the_span_above_and_lies_beneath_the_play_that_spawned_it() {
    let mut play = testing::play(Status::Running);
    assert_eq!(of_play(&play, Lines::default()), None);
    play.status = Status::Failed;
    play.ended_at = Some(play.created_at.plus_ms(3_600_000));
    play.error = Some(PlayError { code: "process_crashed".into(), ..PlayError::default() });
    let span = of_play(&play, Lines::default()).unwrap();
    assert_eq!(span.span_context.span_id(), play_span_id(&play.play_sid));
    assert_eq!(span.parent_span_id, SpanId::INVALID);
    assert_eq!(span.end_time.duration_since(span.start_time).unwrap(), Duration::from_secs(3600));
    assert_eq!(span.status, trace::Status::error("failed"));
    assert_eq!(value(&span, "error.type"), Some("process_crashed".into()));
    play.parent_play_sid = Some(root());
    play.root_play_sid = root();
    let child = of_play(&play, Lines::default()).unwrap();
    assert_eq!(child.span_context.trace_id(), trace_id(&root()));
    assert_eq!(child.parent_span_id, play_span_id(&root()));
}
