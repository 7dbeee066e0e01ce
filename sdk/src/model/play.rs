//! One run of one version.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Sandbox;
use crate::{Json, PlaySid, Timestamp, VersionSid, WorkflowSid};

/// Where a play stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Accepted and durable; waits for a free place, or for its next attempt after an interruption.
    Queued,
    /// A process works on it.
    Running,
    /// No process; at least one question is open.
    AwaitingResume,
    /// No process; a sub-flow with a play of its own works.
    AwaitingChild,
    /// No process; a timer will wake it.
    Sleeping,
    /// Ended with outputs.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Ended by a wish to cancel.
    Cancelled,
    /// Ended because a replay did not match its record.
    Diverged,
}

impl Status {
    /// True for the statuses that never change again, but by an explicit retry.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::Diverged)
    }

    /// True when nothing happens without somebody else: terminal, or waiting for a person.
    pub fn is_settled(self) -> bool {
        self.is_terminal() || self == Self::AwaitingResume
    }

    /// The stable text of the status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::AwaitingResume => "awaiting_resume",
            Self::AwaitingChild => "awaiting_child",
            Self::Sleeping => "sleeping",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Diverged => "diverged",
        }
    }
}

/// Why a play, or a step of it, did not succeed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PlayError {
    /// A stable code: `exception`, `failed`, `diverged`, `invalid_outputs`, `process_crashed`, …
    pub code: String,
    /// The exception's class, where there was one.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What happened.
    pub message: String,
    /// The flow's own frames.
    pub traceback: Option<String>,
    /// The path of the step.
    pub path: Option<String>,
    /// What the record holds, for `diverged`.
    pub expected: Option<String>,
    /// What the replay asked for, for `diverged`.
    pub actual: Option<String>,
    /// `file:line`, for `diverged` and for source that cannot be loaded.
    pub location: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
}

/// One run of one version, pinned to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Play {
    /// The play's id.
    pub play_sid: PlaySid,
    /// The workflow, unless the source is unsaved.
    pub workflow_sid: Option<WorkflowSid>,
    /// The workflow's name; for unsaved source its file name.
    pub workflow: String,
    /// The version that every attempt runs.
    pub version_sid: VersionSid,
    /// The version's number within its workflow.
    pub version: Option<u32>,
    /// Where it stands.
    pub status: Status,
    /// Validated inputs, a JSON object.
    pub inputs: Json,
    /// What the flow returned, once it succeeded.
    pub outputs: Option<Json>,
    /// Why it did not succeed.
    pub error: Option<PlayError>,
    /// The newest attempt, from 1; 0 before the first. Also the fencing epoch.
    pub attempt: u32,
    /// What started it: `cli`, `api`, …
    pub trigger: String,
    /// Labels, for lists.
    pub tags: Vec<String>,
    /// While places are short, plays of a higher number go first.
    pub priority: i32,
    /// The play that spawned it.
    pub parent_play_sid: Option<PlaySid>,
    /// The play at the top.
    pub root_play_sid: PlaySid,
    /// Sum of the costs that its spans told, in USD.
    pub cost_usd: f64,
    /// Sum of input tokens.
    pub tokens_in: u64,
    /// Sum of output tokens.
    pub tokens_out: u64,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it fails with `timeout` unless it has ended, where it was given a time.
    pub deadline_at: Option<Timestamp>,
    /// When its first process started.
    pub started_at: Option<Timestamp>,
    /// When it became terminal.
    pub ended_at: Option<Timestamp>,
    /// Milliseconds in which a process worked on it, by the monotonic clock, over all attempts.
    pub duration_ms: f64,
    /// How many of its questions are open.
    pub pending_resumes: u32,
    /// What its process may do; none for plays of before there was a sandbox.
    pub sandbox: Option<Sandbox>,
}
