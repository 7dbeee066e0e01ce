//! Plays and nodes of their trees as OpenTelemetry has them. Pure.
//!
//! Names of attributes are those of the semantic conventions where they have one (`error.type`, `exception.*`,
//! `code.line.number`, `log.iostream`, `gen_ai.usage.*`), and begin with `hero_logic.` where they have none.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use hero_sdk::{
    Json, PlaySid, Timestamp,
    model::{LogLevel, LogLine, LogStream, Play, PlayError, Span, SpanKind, SpanStatus, Status, Try},
};
use opentelemetry::{
    InstrumentationScope, KeyValue, StringValue, Value,
    trace::{self, Event, SpanContext, SpanId, TraceFlags, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use serde_json::Value as JsonValue;

use super::{
    ids::{node_span_id, play_span_id, trace_id},
    lines::Lines,
};

/// Who made the spans.
const SCOPE: &str = "hero_logic";

/// The span of a node that has ended; none while it has not.
pub(super) fn of_node(play_sid: &PlaySid, root: &PlaySid, node: &Span, lines: Lines) -> Option<SpanData> {
    let ended_at = node.ended_at?;
    let start = moment(node.started_at);
    // The wall clock jumps; how long it took is known better.
    let took =
        node.duration_ms.and_then(|duration_ms| Duration::try_from_secs_f64(duration_ms / 1000.0).ok());
    let end = took.and_then(|took| start.checked_add(took)).unwrap_or_else(|| moment(ended_at).max(start));
    let mut attributes = vec![
        KeyValue::new("hero_logic.play_sid", play_sid.to_string()),
        KeyValue::new("hero_logic.span_id", i64::from(node.span_id)),
        KeyValue::new("hero_logic.path", node.path.clone()),
        KeyValue::new("hero_logic.kind", node.kind.as_str()),
        KeyValue::new("hero_logic.status", node_status(node.status)),
        KeyValue::new("hero_logic.attempt", i64::from(node.attempt)),
        KeyValue::new("hero_logic.recorded", node.recorded),
    ];
    let mut add = |key: &'static str, value: Option<Value>| {
        attributes.extend(value.map(|value| KeyValue::new(key, value)));
    };
    add("code.line.number", node.line.map(|line| i64::from(line).into()));
    add("hero_logic.inputs", node.inputs.clone().map(Value::from));
    add("hero_logic.output", node.output.clone().map(Value::from));
    add("hero_logic.cost_usd", (node.cost_usd > 0.0).then(|| node.cost_usd.into()));
    add("gen_ai.usage.input_tokens", (node.tokens_in > 0).then(|| whole(node.tokens_in)));
    add("gen_ai.usage.output_tokens", (node.tokens_out > 0).then(|| whole(node.tokens_out)));
    add("error.type", node.error.as_ref().map(|error| error_type(error).into()));
    attributes.extend(tags(&node.tags));
    let status = match node.status {
        SpanStatus::Ok => trace::Status::Ok,
        SpanStatus::Failed => trace::Status::error(message(node.error.as_ref(), "failed")),
        SpanStatus::Interrupted => trace::Status::error("its process ended first"),
        SpanStatus::Running | SpanStatus::Waiting | SpanStatus::Cancelled => trace::Status::Unset,
    };
    let parent = node.parent.map_or_else(|| play_span_id(play_sid), |above| node_span_id(play_sid, above));
    let told = node.tries.iter().map(failed_try).chain(node.error.iter().map(|error| exception(error, end)));
    Some(SpanData {
        span_kind: if node.kind == SpanKind::Rpc {
            trace::SpanKind::Client
        } else {
            trace::SpanKind::Internal
        },
        name: node.name.clone().into(),
        ..span(
            root,
            (node_span_id(play_sid, node.span_id), parent),
            (start, end),
            attributes,
            events(told, lines),
            status,
        )
    })
}

/// The span of a play that has ended; none while it has not.
pub(super) fn of_play(play: &Play, lines: Lines) -> Option<SpanData> {
    let start = moment(play.created_at);
    let end = moment(play.ended_at?).max(start);
    let mut attributes = vec![
        KeyValue::new("hero_logic.play_sid", play.play_sid.to_string()),
        KeyValue::new("hero_logic.root_play_sid", play.root_play_sid.to_string()),
        KeyValue::new("hero_logic.workflow", play.workflow.clone()),
        KeyValue::new("hero_logic.version_sid", play.version_sid.to_string()),
        KeyValue::new("hero_logic.kind", "play"),
        KeyValue::new("hero_logic.status", play.status.as_str()),
        KeyValue::new("hero_logic.attempt", i64::from(play.attempt)),
        KeyValue::new("hero_logic.trigger", play.trigger.clone()),
        KeyValue::new("hero_logic.worked_ms", play.duration_ms),
        // Not those of GenAI, which stand on the nodes: whoever adds these up counts nothing twice.
        KeyValue::new("hero_logic.total_cost_usd", play.cost_usd),
        KeyValue::new("hero_logic.total_tokens_in", whole(play.tokens_in)),
        KeyValue::new("hero_logic.total_tokens_out", whole(play.tokens_out)),
    ];
    let mut add = |key: &'static str, value: Option<Value>| {
        attributes.extend(value.map(|value| KeyValue::new(key, value)));
    };
    add("hero_logic.workflow_sid", play.workflow_sid.as_ref().map(|sid| sid.to_string().into()));
    add("hero_logic.version", play.version.map(|version| i64::from(version).into()));
    add("hero_logic.parent_play_sid", play.parent_play_sid.as_ref().map(|sid| sid.to_string().into()));
    add("hero_logic.tags", (!play.tags.is_empty()).then(|| texts(&play.tags)));
    add("error.type", play.error.as_ref().map(|error| error_type(error).into()));
    let status = match play.status {
        Status::Succeeded => trace::Status::Ok,
        Status::Failed | Status::Diverged => {
            trace::Status::error(message(play.error.as_ref(), play.status.as_str()))
        }
        _ => trace::Status::Unset,
    };
    let parent = play.parent_play_sid.as_ref().map_or(SpanId::INVALID, play_span_id);
    let told = play.error.iter().map(|error| exception(error, end));
    Some(SpanData {
        name: play.workflow.clone().into(),
        ..span(
            &play.root_play_sid,
            (play_span_id(&play.play_sid), parent),
            (start, end),
            attributes,
            events(told, lines),
            status,
        )
    })
}

fn span(
    root: &PlaySid,
    (span_id, parent_span_id): (SpanId, SpanId),
    (start_time, end_time): (SystemTime, SystemTime),
    attributes: Vec<KeyValue>,
    events: SpanEvents,
    status: trace::Status,
) -> SpanData {
    let (flags, state) = (TraceFlags::SAMPLED, TraceState::default());
    SpanData {
        span_context: SpanContext::new(trace_id(root), span_id, flags, false, state),
        parent_span_id,
        parent_span_is_remote: false,
        span_kind: trace::SpanKind::Internal,
        name: "".into(),
        start_time,
        end_time,
        attributes,
        dropped_attributes_count: 0,
        events,
        links: SpanLinks::default(),
        status,
        instrumentation_scope: InstrumentationScope::builder(SCOPE)
            .with_version(env!("CARGO_PKG_VERSION"))
            .build(),
    }
}

/// What is told of a node, and the lines that were written there, in the order of their times.
fn events(told: impl Iterator<Item = Event>, lines: Lines) -> SpanEvents {
    /// Those that are told besides lines: a call may be tried a thousand times.
    const TOLD_MAX: usize = 32;
    let mut told: Vec<Event> = told.collect();
    let more = told.len().saturating_sub(TOLD_MAX);
    told.drain(..more);
    told.extend(lines.kept.iter().map(line));
    told.sort_by_key(|event| event.timestamp);
    let mut events = SpanEvents::default();
    events.events = told;
    events.dropped_count = lines.dropped.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
    events
}

fn line(line: &LogLine) -> Event {
    let severity = match line.level {
        LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO",
        LogLevel::Warning => "WARN",
        LogLevel::Error => "ERROR",
    };
    let from = match line.stream {
        LogStream::Stdout => KeyValue::new("log.iostream", "stdout"),
        LogStream::Stderr => KeyValue::new("log.iostream", "stderr"),
        LogStream::Log => KeyValue::new("log.source", "flow"),
        LogStream::Runtime => KeyValue::new("log.source", "runtime"),
    };
    let attributes = vec![
        KeyValue::new("log.message", line.text.clone()),
        KeyValue::new("log.severity", severity),
        from,
        KeyValue::new("hero_logic.attempt", i64::from(line.attempt)),
    ];
    Event::new("log", moment(line.at), attributes, 0)
}

fn exception(error: &PlayError, at: SystemTime) -> Event {
    let mut attributes = vec![
        KeyValue::new("exception.type", error_type(error)),
        KeyValue::new("exception.message", error.message.clone()),
    ];
    attributes.extend(error.traceback.clone().map(|text| KeyValue::new("exception.stacktrace", text)));
    Event::new("exception", at, attributes, 0)
}

fn failed_try(failed: &Try) -> Event {
    let mut event = exception(&failed.error, moment(failed.ended_at));
    event.attributes.push(KeyValue::new("hero_logic.try", i64::from(failed.number)));
    event.attributes.push(KeyValue::new("hero_logic.delay_ms", failed.delay_ms));
    event
}

fn error_type(error: &PlayError) -> String {
    error.kind.clone().unwrap_or_else(|| error.code.clone())
}

fn message(error: Option<&PlayError>, otherwise: &'static str) -> String {
    error.map(|error| error.message.clone()).filter(|text| !text.is_empty()).unwrap_or(otherwise.into())
}

fn node_status(status: SpanStatus) -> &'static str {
    match status {
        SpanStatus::Running => "running",
        SpanStatus::Waiting => "waiting",
        SpanStatus::Ok => "ok",
        SpanStatus::Failed => "failed",
        SpanStatus::Cancelled => "cancelled",
        SpanStatus::Interrupted => "interrupted",
    }
}

fn tags(tags: &BTreeMap<String, Json>) -> impl Iterator<Item = KeyValue> {
    tags.iter().map(|(name, value)| KeyValue::new(format!("hero_logic.tag.{name}"), plain(value)))
}

/// Texts, numbers and truth as what they are, everything else as JSON.
fn plain(json: &Json) -> Value {
    match json.to::<JsonValue>() {
        Ok(JsonValue::String(text)) => text.into(),
        Ok(JsonValue::Bool(truth)) => truth.into(),
        Ok(JsonValue::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(number)) => number.into(),
            (None, None) => json.as_str().to_owned().into(),
        },
        _ => json.as_str().to_owned().into(),
    }
}

fn texts(texts: &[String]) -> Value {
    Value::Array(texts.iter().map(|text| text.clone().into()).collect::<Vec<StringValue>>().into())
}

fn whole(number: u64) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

fn moment(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(u64::try_from(at.0).unwrap_or(0))
}

#[cfg(test)]
pub(super) mod tests;
