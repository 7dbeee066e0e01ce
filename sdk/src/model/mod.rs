//! What the API shows: plays, spans, questions, workflows and their versions.
//!
//! These types are also what the store keeps, by bincode, which is not self-describing: no `flatten`, `untagged`
//! or skipped fields here, and a change of shape is a new format version of the store.

mod artifact;
mod benchmark;
mod play;
mod resume;
mod sandbox;
mod span;
mod statistics;
mod workflow;

pub use artifact::Artifact;
pub use benchmark::{
    Benchmark, BenchmarkStatus, BenchmarkSummary, Estimate, Measurement, Scoring, ScoringMode,
};
pub use play::{Play, PlayError, Status};
pub use resume::{ResumeRequest, ResumeStatus};
pub use sandbox::{Allowance, BadSetting, Network, PartialAllowance, Sandbox, SandboxLevel};
pub use span::{LogLevel, LogLine, LogStream, Progress, Span, SpanKind, SpanPage, SpanStatus, Try};
pub use statistics::{Statistics, VersionStatistics};
pub use workflow::{Example, VersionChoice, Workflow, WorkflowVersion};
