//! The row types that are the store's own; the others are those of `hero_sdk::model`.
//!
//! They are kept by bincode, which is not self-describing: a change of shape is a new row version (see `codec`).

use hero_sdk::{
    Json, VersionSid,
    frame::{Blob, ResumeWhen},
    model::{Benchmark, Example, LogLine, Play, Span},
};
use serde::{Deserialize, Serialize};

use crate::{Distribution, Tally};

/// A play with what only the runtime needs to know of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlayRow {
    /// What everybody sees.
    pub play: Play,
    /// What the runtime remembers.
    pub memory: PlayMemory,
}

/// What the runtime remembers of a play between its attempts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlayMemory {
    /// Attempts that ended by themselves without a word, in a row; a limit ends the play.
    pub crashes: u32,
    /// Somebody wanted it cancelled, for this reason, and it has not ended yet.
    pub cancel: Option<String>,
    /// Which answers end the park.
    pub resume_when: ResumeWhen,
    /// The caller's key, which finds this play again.
    pub idempotency_key: Option<String>,
    /// A mark of what was asked for with that key, by which the same is told from anything else. None for a play that
    /// was started without one, or before these were kept.
    pub asked: Option<String>,
    /// How long it may take, from its creation and again from each retry.
    pub timeout_ms: Option<u64>,
    /// What the names of workflows stand for that it has invoked in its own process.
    pub workflows: Vec<Resolution>,
    /// The node that runs it, for a store that several share.
    pub owner: Option<String>,
}

/// A version of a workflow of the library, and how a play calls it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// The name that the play asked for.
    pub name: String,
    /// The workflow's own name.
    pub workflow: String,
    /// What it stands for in this play, whatever becomes of the workflow.
    pub version_sid: VersionSid,
}

/// A benchmark with what only the runtime needs to know of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkRow {
    /// What everybody sees.
    pub benchmark: Benchmark,
    /// What its runs come to.
    pub measured: Measured,
}

/// What the measured runs of a benchmark come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// How they ended, what they took and cost.
    pub tally: Tally,
    /// Their scores, in millionths.
    pub scores: Distribution,
    /// Runs that an evaluator should have judged and did not.
    pub unscored: u32,
}

/// What a benchmark runs: the examples as they were when it was started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkPlan {
    /// In the order of their runs.
    pub examples: Vec<Example>,
    /// What judges, where something does, whatever becomes of its workflow.
    pub evaluator: Option<VersionSid>,
}

/// The durable state of a recorded call, one per play and path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Unique within the play.
    pub path: String,
    /// `flow`, `step`, `pause`, `value`, `pick`, …
    pub kind: String,
    /// Of the inputs.
    pub fingerprint: String,
    /// The attempt that wrote it.
    pub attempt: u32,
    /// Its place in the play's order of outcomes.
    pub seq: u64,
    /// The loop's clock, in seconds.
    pub loop_time: Option<f64>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a recorded call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// Its body was entered and has not ended.
    Started {
        /// The try, from 1.
        number: u32,
    },
    /// It returned a value of the codec.
    Ok(Payload),
    /// It raised a failure of the codec.
    Failed(Payload),
    /// It was cancelled.
    Cancelled,
    /// A person answered, in plain JSON.
    Answered(Json),
    /// Nobody answered in time; the default, where there is one.
    Expired(Option<Json>),
}

impl Outcome {
    /// True for an outcome that a retry keeps: a value or an answer. What failed, was cancelled (often because
    /// something beside it failed) or never ended runs again.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Ok(_) | Self::Answered(_) | Self::Expired(_))
    }
}

/// A recorded value, here or in a file beside the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Payload {
    /// The value itself.
    Inline(Json),
    /// The file that holds it.
    Blob(Blob),
}

/// A change of a play that a follower sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "they live only as long as one page; a box for each costs more"
)]
pub enum Change {
    /// A node, in its newest state.
    Span(Span),
    /// A new line of text.
    Log(LogLine),
}

impl Change {
    /// Its place in the play's order of changes.
    pub fn seq(&self) -> u64 {
        match self {
            Self::Span(span) => span.seq,
            Self::Log(line) => line.seq,
        }
    }
}
