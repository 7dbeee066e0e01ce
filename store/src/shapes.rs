//! The shapes that rows have had. Each is read for ever; only the newest is written.

use hero_sdk::{
    BenchmarkSid, Json, PlaySid, ResumeId, Timestamp, VersionSid, WorkflowSid,
    frame::ResumeWhen,
    model::{
        Artifact, Example, LogLine, Measurement, Play, PlayError, ResumeRequest, Sandbox, Span, Status,
        Workflow, WorkflowVersion,
    },
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{BenchmarkPlan, BenchmarkRow, Change, PlayMemory, PlayRow, Record, Resolution, Tally};

/// What can stand in a row.
pub(crate) trait Shaped: DeserializeOwned {
    /// Its shape in rows of version 1.
    type One: DeserializeOwned + Into<Self>;
    /// Its shape in rows of version 2.
    type Two: DeserializeOwned + Into<Self>;
    /// Its shape in rows of version 3.
    type Three: DeserializeOwned + Into<Self>;
}

/// Those that have not changed.
macro_rules! unchanged {
    ($($row:ty),*) => { $(impl Shaped for $row { type One = Self; type Two = Self; type Three = Self; })* };
}

unchanged!(Artifact, Change, Example, LogLine, Record, ResumeRequest, Span, Tally, Workflow, WorkflowVersion);
unchanged!(BenchmarkPlan, BenchmarkRow, Measurement);
unchanged!(BenchmarkSid, PlaySid, ResumeId, VersionSid, WorkflowSid);

impl Shaped for PlayRow {
    type One = PlayRowOne;
    type Two = PlayRowTwo;
    type Three = PlayRowThree;
}

/// Before plays had a sandbox.
#[derive(Deserialize)]
pub(crate) struct PlayRowOne {
    play: PlayOne,
    memory: MemoryOne,
}

/// Before plays had a priority and a deadline.
#[derive(Deserialize)]
pub(crate) struct PlayRowTwo {
    play: PlayTwo,
    memory: MemoryOne,
}

/// Before it was kept what was asked for with an idempotency key.
#[derive(Deserialize)]
pub(crate) struct PlayRowThree {
    play: Play,
    memory: MemoryThree,
}

#[derive(Deserialize)]
struct PlayOne {
    play_sid: PlaySid,
    workflow_sid: Option<WorkflowSid>,
    workflow: String,
    version_sid: VersionSid,
    version: Option<u32>,
    status: Status,
    inputs: Json,
    outputs: Option<Json>,
    error: Option<PlayError>,
    attempt: u32,
    trigger: String,
    tags: Vec<String>,
    parent_play_sid: Option<PlaySid>,
    root_play_sid: PlaySid,
    cost_usd: f64,
    tokens_in: u64,
    tokens_out: u64,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    duration_ms: f64,
    pending_resumes: u32,
}

/// Nested structs lie in a row as their fields do.
#[derive(Deserialize)]
struct PlayTwo {
    play: PlayOne,
    sandbox: Option<Sandbox>,
}

#[derive(Deserialize)]
struct MemoryOne {
    crashes: u32,
    cancel: Option<String>,
    resume_when: ResumeWhen,
    idempotency_key: Option<String>,
    owner: Option<String>,
}

#[derive(Deserialize)]
struct MemoryThree {
    crashes: u32,
    cancel: Option<String>,
    resume_when: ResumeWhen,
    idempotency_key: Option<String>,
    timeout_ms: Option<u64>,
    workflows: Vec<Resolution>,
    owner: Option<String>,
}

impl From<PlayRowOne> for PlayRow {
    fn from(PlayRowOne { play, memory }: PlayRowOne) -> Self {
        PlayRowTwo { play: PlayTwo { play, sandbox: None }, memory }.into()
    }
}

impl From<PlayRowTwo> for PlayRow {
    fn from(PlayRowTwo { play: PlayTwo { play, sandbox }, memory }: PlayRowTwo) -> Self {
        let MemoryOne { crashes, cancel, resume_when, idempotency_key, owner } = memory;
        let play = Play {
            play_sid: play.play_sid,
            workflow_sid: play.workflow_sid,
            workflow: play.workflow,
            version_sid: play.version_sid,
            version: play.version,
            status: play.status,
            inputs: play.inputs,
            outputs: play.outputs,
            error: play.error,
            attempt: play.attempt,
            trigger: play.trigger,
            tags: play.tags,
            priority: 0,
            parent_play_sid: play.parent_play_sid,
            root_play_sid: play.root_play_sid,
            cost_usd: play.cost_usd,
            tokens_in: play.tokens_in,
            tokens_out: play.tokens_out,
            created_at: play.created_at,
            deadline_at: None,
            started_at: play.started_at,
            ended_at: play.ended_at,
            duration_ms: play.duration_ms,
            pending_resumes: play.pending_resumes,
            sandbox,
        };
        let (timeout_ms, workflows) = (None, Vec::new());
        let memory =
            MemoryThree { crashes, cancel, resume_when, idempotency_key, timeout_ms, workflows, owner };
        PlayRowThree { play, memory }.into()
    }
}

impl From<PlayRowThree> for PlayRow {
    fn from(PlayRowThree { play, memory }: PlayRowThree) -> Self {
        let MemoryThree { crashes, cancel, resume_when, idempotency_key, timeout_ms, workflows, owner } =
            memory;
        let asked = None;
        let memory =
            PlayMemory { crashes, cancel, resume_when, idempotency_key, asked, timeout_ms, workflows, owner };
        Self { play, memory }
    }
}
