//! Plays as they might have been exported.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hero_sdk::{
    Json, ResumeId, Timestamp, VersionSid, WorkflowSid,
    document::{
        Document, ExportedArtifact, ExportedPlay, ExportedQuestion, ExportedRecord, ExportedValue,
        InvokedWorkflow, RecordedOutcome,
    },
    frame::Blob,
    model::{
        LogLevel, LogLine, LogStream, PlayError, ResumeStatus, Span, SpanKind, SpanStatus, Status, Try,
        WorkflowVersion,
    },
};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::{
    artifacts::hex,
    play::sample::row,
    registry::{Source, digest},
};

pub(super) const AT: Timestamp = Timestamp(1_763_930_000_123_456);

pub(super) fn parsed(text: &str) -> Json {
    Json::parse(text).unwrap()
}

/// The same play each time, with one of each thing that a play may have.
pub(super) fn sample() -> Document<ExportedPlay> {
    let mut content = bare();
    (content.play.status, content.play.outputs) = (Status::Failed, None);
    content.play.error =
        Some(PlayError { code: "exception".into(), message: "no".into(), ..PlayError::default() });
    content.timeout_ms = Some(1_000);
    content.workflows = vec![InvokedWorkflow {
        name: "helper".into(),
        workflow: "helper".into(),
        version: version(Some((WorkflowSid::new(), 3))),
    }];
    content.spans = vec![span(1, None, 1), span(2, Some(1), 4)];
    content.logs = vec![line(2, Some(2)), line(3, None)];
    content.records = vec![
        record(0, RecordedOutcome::Started, None),
        record(1, RecordedOutcome::Ok, Some("{\"a\":[1.50,1e2]}")),
        record(2, RecordedOutcome::Failed, Some("null")),
        record(3, RecordedOutcome::Cancelled, None),
        record(4, RecordedOutcome::Answered, Some("null")),
        record(5, RecordedOutcome::Expired, None),
        record(6, RecordedOutcome::Expired, Some("null")),
    ];
    put_value(&mut content, 7, b"[\"large\"]");
    content.questions = vec![question(1, ResumeStatus::Answered), question(2, ResumeStatus::Withdrawn)];
    content.artifacts = vec![artifact("a.txt", b"content")];
    Document::of(content, AT).unwrap()
}

/// A play that did nothing.
pub(super) fn bare() -> ExportedPlay {
    let version = version(None);
    let mut play = row(&version.version_sid).play;
    (play.status, play.attempt, play.ended_at) = (Status::Succeeded, 2, Some(AT));
    (play.outputs, play.sandbox) = (Some(parsed("null")), None);
    ExportedPlay {
        play,
        timeout_ms: None,
        version,
        workflows: Vec::new(),
        spans: Vec::new(),
        logs: Vec::new(),
        records: Vec::new(),
        questions: Vec::new(),
        artifacts: Vec::new(),
        values: Vec::new(),
    }
}

pub(super) fn version(of: Option<(WorkflowSid, u32)>) -> WorkflowVersion {
    let source = Source { source: format!("# of {of:?}\n"), file_name: "flow.py".into(), entry: None };
    let (workflow_sid, version) = of.unzip();
    WorkflowVersion {
        version_sid: VersionSid::new(),
        workflow_sid,
        version,
        digest: digest(&source),
        source: source.source,
        file_name: source.file_name,
        entry: "main".into(),
        name: "main".into(),
        description: String::new(),
        inputs: parsed("{}"),
        outputs: parsed("{}"),
        options: parsed("{}"),
        dependencies: Vec::new(),
        note: None,
        created_at: AT,
    }
}

fn span(span_id: u32, parent: Option<u32>, seq: u64) -> Span {
    let error = PlayError { code: "exception".into(), ..PlayError::default() };
    Span {
        span_id,
        parent,
        seq,
        path: format!("main#0/s#{span_id}"),
        kind: SpanKind::Step,
        name: "s".into(),
        status: SpanStatus::Ok,
        recorded: true,
        attempt: 1,
        tries: vec![Try { number: 1, error, ended_at: AT, delay_ms: 0.1 }],
        line: Some(7),
        inputs: Some("{}".into()),
        output: None,
        error: None,
        tags: [("tag".to_owned(), parsed("[1.50]"))].into(),
        progress: None,
        cost_usd: 1e-5,
        tokens_in: 1,
        tokens_out: 2,
        started_at: AT,
        ended_at: Some(AT),
        duration_ms: Some(0.1),
    }
}

fn line(seq: u64, span_id: Option<u32>) -> LogLine {
    let (level, stream) = (LogLevel::Info, LogStream::Stdout);
    LogLine { seq, span_id, attempt: 1, level, stream, text: "said \u{202e}".into(), at: AT }
}

fn record(number: u64, outcome: RecordedOutcome, value: Option<&str>) -> ExportedRecord {
    ExportedRecord {
        path: format!("main#0/r#{number}"),
        kind: "flow".into(),
        fingerprint: "0123456789abcdef".into(),
        attempt: 1,
        seq: number + 1,
        loop_time: Some(0.1 + 0.2),
        outcome,
        number: (outcome == RecordedOutcome::Started).then_some(1),
        value: value.map(parsed),
        file: None,
    }
}

fn put_value(content: &mut ExportedPlay, number: u64, bytes: &[u8]) {
    let digest = hex(Sha256::new_with_prefix(bytes));
    let file = Some(Blob { digest: digest.clone(), size: bytes.len() as u64 });
    content.records.push(ExportedRecord { file, ..record(number, RecordedOutcome::Ok, None) });
    let value = ExportedValue { content_digest: digest.clone(), digest, content: STANDARD.encode(bytes) };
    if !content.values.contains(&value) {
        content.values.push(value);
        content.values.sort_by(|one, other| one.digest.cmp(&other.digest));
    }
}

fn question(number: u64, status: ResumeStatus) -> ExportedQuestion {
    ExportedQuestion {
        resume_id: ResumeId::new(),
        path: format!("main#0/q#{number}"),
        name: "q".into(),
        question: Some("Which?".into()),
        schema: parsed("true"),
        ui: parsed("null"),
        fingerprint: "0123456789abcdef".into(),
        default: Some(parsed("null")),
        created_at: Timestamp(AT.0 + i64::try_from(number).unwrap()),
        expires_at: None,
        status,
        payload: (status == ResumeStatus::Answered).then(|| parsed("[1.50]")),
        answered_by: None,
        answered_at: Some(AT),
    }
}

fn artifact(name: &str, content: &[u8]) -> ExportedArtifact {
    ExportedArtifact {
        path: "main#0".into(),
        name: name.into(),
        digest: hex(Sha256::new_with_prefix(content)),
        size: content.len() as u64,
        media_type: "text/plain".into(),
        created_at: AT,
        content: STANDARD.encode(content),
    }
}

/// JSON of any kind, as a flow may give it.
fn any_json() -> impl Strategy<Value = Json> {
    let texts = prop_oneof![
        ".{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        "-?[1-9][0-9]{0,30}",
        "-?0\\.[0-9]{1,20}",
        "[1-9]\\.[0-9]{1,4}e-?[0-9]{1,3}",
        Just("null".to_owned()),
        Just("\"\\ud800 \\u005b\"".to_owned()),
    ];
    prop::collection::vec(texts, 0..4).prop_map(|items| parsed(&format!("{{\"k\":[{}]}}", items.join(","))))
}

prop_compose! {
    /// A play with any number of everything.
    pub(super) fn any_play()(
        status in prop_oneof![Just(Status::Succeeded), Just(Status::Failed), Just(Status::Diverged)],
        parents in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        lines in prop::collection::vec(".{0,40}", 0..6),
        outcomes in prop::collection::vec((0usize..6, any_json(), any::<f64>().prop_filter("JSON has it", |n| n.is_finite())), 0..8),
        values in prop::collection::vec(any_json(), 0..3),
        answers in prop::collection::vec(prop::option::of(any_json()), 0..4),
        files in prop::collection::btree_map("[a-zé ]{1,8}", prop::collection::vec(any::<u8>(), 0..60), 0..4),
        inputs in any_json(),
        cost in 0.0f64..1e-3,
        tags in prop::collection::vec(".{0,8}", 0..3),
    ) -> ExportedPlay {
        let mut content = bare();
        content.play.status = status;
        content.play.outputs = (status == Status::Succeeded).then(|| inputs.clone());
        (content.play.inputs, content.play.cost_usd, content.play.tags) = (inputs, cost, tags);
        let mut seq = 0;
        for (at, parent) in parents.iter().enumerate() {
            seq += 1;
            let span_id = u32::try_from(at + 1).unwrap();
            let parent = (at > 0).then(|| u32::try_from(parent.index(at) + 1).unwrap());
            content.spans.push(span(span_id, parent, seq));
        }
        for text in lines {
            seq += 1;
            content.logs.push(LogLine { text, ..line(seq, None) });
        }
        for (at, (kind, json, loop_time)) in outcomes.into_iter().enumerate() {
            use RecordedOutcome::{Answered, Cancelled, Expired, Failed, Ok, Started};
            let outcome = [Started, Ok, Failed, Cancelled, Answered, Expired][kind];
            let has_value = !matches!(outcome, Started | Cancelled);
            let value = has_value.then_some(json.as_str());
            let number = u64::try_from(at).unwrap();
            content.records.push(ExportedRecord { loop_time: Some(loop_time), ..record(number, outcome, value) });
        }
        for (at, value) in values.iter().enumerate() {
            put_value(&mut content, 100 + u64::try_from(at).unwrap(), value.as_str().as_bytes());
        }
        for (at, answer) in answers.into_iter().enumerate() {
            let status = if answer.is_some() { ResumeStatus::Answered } else { ResumeStatus::Expired };
            let asked = question(u64::try_from(at).unwrap(), status);
            let default = answer.as_ref().map_or(Some(parsed("null")), |_| None);
            content.questions.push(ExportedQuestion { payload: answer, default, ..asked });
        }
        content.artifacts = files.iter().map(|(name, file)| artifact(name, file)).collect();
        content
    }
}
