//! A node of a play's tree, and the text that was printed there.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Json, Timestamp,
    model::{PlayError, Status},
};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// A call of a `@flow` function.
    Flow,
    /// A `flow.run` call or a `flow.step` block.
    Step,
    /// A `flow.span` block.
    Span,
    /// A call of an instrumented client.
    Rpc,
    /// A question.
    Pause,
    /// A sub-flow by name.
    Invoke,
    /// A durable sleep.
    Sleep,
    /// A task, thread or job.
    Branch,
}

impl SpanKind {
    /// The stable text of the kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Step => "step",
            Self::Span => "span",
            Self::Rpc => "rpc",
            Self::Pause => "pause",
            Self::Invoke => "invoke",
            Self::Sleep => "sleep",
            Self::Branch => "branch",
        }
    }
}

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpanStatus {
    /// Entered and not left.
    Running,
    /// A pause whose question is open.
    Waiting,
    /// Left with a value.
    Ok,
    /// Left with an exception.
    Failed,
    /// Left because it was cancelled.
    Cancelled,
    /// Its process ended first; the next attempt enters it again.
    Interrupted,
}

/// A try of a retried call that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Try {
    /// From 1.
    pub number: u32,
    /// Why it failed.
    pub error: PlayError,
    /// When it failed.
    pub ended_at: Timestamp,
    /// Milliseconds until the next one.
    pub delay_ms: f64,
}

/// How far a node is, as its flow told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// Units done.
    pub done: f64,
    /// Units in all, where known.
    pub total: Option<f64>,
}

/// A node of a play's tree. The same path entered again by a later attempt is the same node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// Number of the node within its play, from 1, in order of first entry.
    pub span_id: u32,
    /// The node above; none for the root.
    pub parent: Option<u32>,
    /// Sequence number of the newest change.
    pub seq: u64,
    /// Unique within the play.
    pub path: String,
    /// What it is.
    pub kind: SpanKind,
    /// The last part of the path, for people.
    pub name: String,
    /// Where it stands.
    pub status: SpanStatus,
    /// True where the outcome is a record, which replay answers from.
    pub recorded: bool,
    /// The attempt that entered it last.
    pub attempt: u32,
    /// The tries that failed, oldest first.
    pub tries: Vec<Try>,
    /// Source line of the call.
    pub line: Option<u32>,
    /// Arguments, shortened, as JSON text.
    pub inputs: Option<String>,
    /// Result, shortened, as JSON text.
    pub output: Option<String>,
    /// Why it failed.
    pub error: Option<PlayError>,
    /// Data that the flow put on it.
    pub tags: BTreeMap<String, Json>,
    /// How far it is.
    pub progress: Option<Progress>,
    /// Cost told on this node, in USD.
    pub cost_usd: f64,
    /// Input tokens told on this node.
    pub tokens_in: u64,
    /// Output tokens told on this node.
    pub tokens_out: u64,
    /// When it was entered last.
    pub started_at: Timestamp,
    /// When it was left.
    pub ended_at: Option<Timestamp>,
    /// Milliseconds from entry to end by the monotonic clock.
    pub duration_ms: Option<f64>,
}

/// How grave a line of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For the developer.
    Debug,
    /// Plain news, `print` among it.
    Info,
    /// Something to look at.
    Warning,
    /// Something failed.
    Error,
}

/// Where a line of text came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    /// `print`.
    Stdout,
    /// Writes to `sys.stderr`.
    Stderr,
    /// `logging` or `flow.current_span.log`.
    Log,
    /// The runtime itself: truncated spans, orphans, refused frames.
    Runtime,
}

/// A line of text on a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// Sequence number within the play.
    pub seq: u64,
    /// The node; none for the play as a whole.
    pub span_id: Option<u32>,
    /// The attempt that wrote it.
    pub attempt: u32,
    /// How grave.
    pub level: LogLevel,
    /// From where.
    pub stream: LogStream,
    /// The text, without a newline at its end.
    pub text: String,
    /// When it arrived.
    pub at: Timestamp,
}

/// What changed in a play after a sequence number, each node once, in its newest state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpanPage {
    /// Changed nodes, in order of `seq`.
    pub spans: Vec<Span>,
    /// New lines of text, in order of `seq`.
    pub logs: Vec<LogLine>,
    /// Pass this as `after_seq` to go on.
    pub last_seq: u64,
    /// The play's status when the page was read.
    pub status: Status,
}
