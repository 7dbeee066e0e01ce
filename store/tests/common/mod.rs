//! Rows of every kind, a store in a directory of its own, and the engine in memory.
#![allow(dead_code, unreachable_pub, clippy::allow_attributes, reason = "each test file uses a part of it")]

#[path = "../../src/memory.rs"]
pub mod memory;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use hero_sdk::{
    Json, PlaySid, ResumeId, Timestamp, VersionSid, WorkflowSid,
    frame::{Blob, ResumeWhen},
    model::*,
};
use hero_store::*;

pub const NOW: Timestamp = Timestamp(1_763_930_000_123_456);

/// A directory that goes with the test.
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join("store")
    }

    pub fn open(&self) -> Tables {
        open(&self.path()).unwrap()
    }
}

pub fn open(path: &Path) -> Result<Tables, Error> {
    Tables::open(path, OpenOptions { lock_wait: Duration::ZERO })
}

pub fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

/// An id with a number in it, the same in every run.
pub fn play_sid(number: u32) -> PlaySid {
    format!("play_{number:026}").parse().unwrap()
}

pub fn resume_id(number: u32) -> ResumeId {
    format!("ask_{number:026}").parse().unwrap()
}

pub fn workflow_sid(number: u32) -> WorkflowSid {
    format!("wf_{number:026}").parse().unwrap()
}

pub fn version_sid(number: u32) -> VersionSid {
    format!("ver_{number:026}").parse().unwrap()
}

pub fn play(number: u32, status: Status) -> PlayRow {
    let error = PlayError {
        code: "exception".into(),
        kind: Some("ValueError".into()),
        message: "no such page".into(),
        traceback: Some("Traceback …".into()),
        path: Some("main#0/fetch#0".into()),
        expected: None,
        actual: None,
        location: Some("hello.py:3".into()),
        hint: None,
    };
    PlayRow {
        play: Play {
            play_sid: play_sid(number),
            workflow_sid: Some(workflow_sid(1)),
            workflow: if number.is_multiple_of(2) { "even" } else { "odd" }.into(),
            version_sid: version_sid(1),
            version: Some(1),
            status,
            inputs: json("{\"name\": \"Wörld\", \"ratio\": 1.50}"),
            outputs: (status == Status::Succeeded).then(|| json("[1, 2.0, null]")),
            error: (status == Status::Failed).then_some(error),
            attempt: 2,
            trigger: "cli".into(),
            tags: vec!["all".into(), format!("mod{}", number % 3)],
            priority: -3,
            parent_play_sid: None,
            root_play_sid: play_sid(number),
            cost_usd: 0.25,
            tokens_in: 10,
            tokens_out: 20,
            created_at: NOW,
            deadline_at: Some(NOW.plus_ms(60_000)),
            started_at: Some(NOW.plus_ms(1)),
            ended_at: status.is_terminal().then(|| NOW.plus_ms(500)),
            duration_ms: 12.5,
            pending_resumes: 1,
            sandbox: Some(sandbox()),
        },
        memory: PlayMemory {
            crashes: 1,
            cancel: Some("enough".into()),
            resume_when: ResumeWhen::All,
            idempotency_key: Some(format!("key {number}")),
            asked: Some("0f3a".into()),
            timeout_ms: Some(60_000),
            workflows: vec![Resolution {
                name: "helper".into(),
                workflow: "helper".into(),
                version_sid: version_sid(2),
            }],
            owner: None,
        },
    }
}

fn sandbox() -> Sandbox {
    Sandbox {
        level: SandboxLevel::Strict,
        layers: vec!["landlock".into(), "seccomp".into()],
        allowance: Allowance {
            network: Network::Ports(vec![53, 443]),
            subprocess: Some(false),
            memory_mb: 1024,
            processes: 64,
            disk_mb: 1 << 20,
            cpu_s: Some(10),
            wall_s: None,
            read: vec!["/data".into()],
            write: Vec::new(),
            env: vec!["REGION".into()],
        },
    }
}

pub fn record(seq: u64, outcome: Outcome) -> Record {
    Record {
        path: format!("main#0/fetch#{seq}"),
        kind: "flow".into(),
        fingerprint: "00112233".into(),
        attempt: 1,
        seq,
        loop_time: Some(1.5),
        outcome,
    }
}

/// A record of every outcome, in order of `seq`.
pub fn records() -> Vec<Record> {
    let blob = Blob { digest: "ab".repeat(32), size: 1 << 40 };
    [
        Outcome::Started { number: 3 },
        Outcome::Ok(Payload::Inline(json("{\"a\": 1e400}"))),
        Outcome::Ok(Payload::Blob(blob.clone())),
        Outcome::Failed(Payload::Inline(json("{\"~e\": \"ValueError\"}"))),
        Outcome::Failed(Payload::Blob(blob)),
        Outcome::Cancelled,
        Outcome::Answered(json("\"yes\"")),
        Outcome::Expired(None),
        Outcome::Expired(Some(json("null"))),
    ]
    .into_iter()
    .zip(1..)
    .map(|(outcome, seq)| record(seq, outcome))
    .collect()
}

pub fn span(span_id: u32, seq: u64) -> Span {
    Span {
        span_id,
        parent: (span_id > 1).then_some(1),
        seq,
        path: format!("main#0/fetch#{span_id}"),
        kind: SpanKind::Step,
        name: "fetch".into(),
        status: SpanStatus::Failed,
        recorded: true,
        attempt: 1,
        tries: vec![Try { number: 1, error: PlayError::default(), ended_at: NOW, delay_ms: 10.5 }],
        line: Some(12),
        inputs: Some("[1]".into()),
        output: None,
        error: Some(PlayError { code: "failed".into(), message: "no".into(), ..PlayError::default() }),
        tags: BTreeMap::from([("model".into(), json("\"x\"")), ("n".into(), json("3"))]),
        progress: Some(Progress { done: 1.0, total: Some(3.0) }),
        cost_usd: 0.5,
        tokens_in: 1,
        tokens_out: 2,
        started_at: NOW,
        ended_at: Some(NOW.plus_ms(5)),
        duration_ms: Some(5.0),
    }
}

pub fn log(seq: u64) -> LogLine {
    LogLine {
        seq,
        span_id: Some(1),
        attempt: 1,
        level: LogLevel::Warning,
        stream: LogStream::Stderr,
        text: format!("line {seq} ✓"),
        at: NOW,
    }
}

pub fn resume(number: u32, play: u32, status: ResumeStatus) -> ResumeRequest {
    ResumeRequest {
        resume_id: resume_id(number),
        play_sid: play_sid(play),
        path: format!("main#0/ask#{number}"),
        name: "ask".into(),
        question: Some("Go on?".into()),
        schema: json("{\"type\": \"boolean\"}"),
        ui: json("{\"kind\": \"confirm\"}"),
        fingerprint: "ff".into(),
        default: None,
        created_at: NOW,
        expires_at: Some(NOW.plus_ms(60_000)),
        status,
        payload: (status == ResumeStatus::Answered).then(|| json("true")),
        answered_by: Some("me".into()),
        answered_at: None,
        url: None,
    }
}

pub fn artifact(play: u32, name: &str, digest: &str) -> Artifact {
    Artifact {
        play_sid: play_sid(play),
        path: "main#0/fetch#0".into(),
        name: name.into(),
        digest: digest.repeat(32),
        size: 1 << 33,
        media_type: "text/csv".into(),
        created_at: NOW,
    }
}

pub fn workflow(number: u32, name: &str) -> Workflow {
    Workflow {
        workflow_sid: workflow_sid(number),
        name: name.into(),
        description: "says hello".into(),
        tags: vec!["demo".into()],
        current_version: 1,
        archived: false,
        created_at: NOW,
    }
}

pub fn version(sid: u32, of: Option<(u32, u32)>, digest: &str) -> WorkflowVersion {
    WorkflowVersion {
        version_sid: version_sid(sid),
        workflow_sid: of.map(|(workflow, _)| workflow_sid(workflow)),
        version: of.map(|(_, number)| number),
        source: "from hero_tracing import flow\n".into(),
        digest: digest.into(),
        file_name: "hello.py".into(),
        entry: "main".into(),
        name: "hello".into(),
        description: String::new(),
        inputs: json("{}"),
        outputs: json("true"),
        options: json("{\"retries\": 3}"),
        dependencies: vec!["httpx>=0.27".into()],
        note: Some("first".into()),
        created_at: NOW,
    }
}

pub fn example(workflow: u32, name: &str) -> Example {
    Example {
        workflow_sid: workflow_sid(workflow),
        name: name.into(),
        inputs: json("{\"name\": \"World\"}"),
        expected_outputs: Some(json("\"Hello\"")),
        answers: BTreeMap::from([("ask".into(), json("true"))]),
        note: None,
        updated_at: NOW,
    }
}
