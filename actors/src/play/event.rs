//! What can happen to a play. Facts are in the past tense, wishes in the imperative.

use hero_sdk::{
    Error, Json, ResumeId, Timestamp,
    frame::Up,
    model::{Artifact, PlayError, ResumeRequest, Sandbox, WorkflowVersion},
};

use crate::artifacts::NotKept;

/// Names a caller who waits for the answer to a wish.
pub(crate) type Caller = u64;

/// A moment, on both clocks: one for people, one for durations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Now {
    /// The wall clock.
    pub(crate) wall: Timestamp,
    /// Microseconds of a clock that never jumps.
    pub(crate) monotonic_us: u64,
}

/// An event of a play's life. Whatever stems from a process carries its attempt, and late ones are dropped.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "frames are most of all events, and each is moved once or twice"
)]
pub(crate) enum Event {
    /// The play was just accepted; commit it.
    Accept { caller: Caller },
    /// The runtime came up and found the play; `progressed` says whether its last attempt recorded anything.
    Recover { progressed: bool, caller: Caller },
    /// There is a place for it to run.
    Admitted,
    /// Its process runs, confined so.
    Spawned { attempt: u32, sandbox: Box<Sandbox> },
    /// Its process could not be started.
    SpawnFailed { attempt: u32, error: Error },
    /// Python said something.
    Received { attempt: u32, frame: Up },
    /// Python sent a line that is not a frame.
    Garbled { attempt: u32, garbled: Garbled },
    /// The file that was to be copied was, or was not: its digest and size, or why not.
    ArtifactCopied { attempt: u32, result: Result<(String, u64), NotKept> },
    /// A workflow was looked up, or cannot be run in this play.
    LookedUp { attempt: u32, result: Result<Box<Found>, Error> },
    /// The library has answered.
    LibraryAnswered { attempt: u32, result: Result<Json, Error> },
    /// Python sent a line without end; nothing can be read any more.
    Overflowed { attempt: u32 },
    /// The play uses more than it may.
    BeyondLimit { attempt: u32, error: Box<PlayError> },
    /// The process and its whole group are gone.
    Exited { attempt: u32, status: Option<i32> },
    /// The group was asked to end and has had its time.
    GraceEnded { attempt: u32 },
    /// Changes have waited long enough to be written without an acknowledgement that asks for it.
    FlushDue,
    /// Somebody answers a question.
    Answer { resume_id: ResumeId, payload: Json, answered_by: Option<String>, caller: Caller },
    /// A question's time ran out.
    Expire { resume_id: ResumeId },
    /// The play's own time may have run out.
    DeadlinePassed,
    /// Somebody wants it ended.
    Cancel { reason: Option<String>, caller: Caller },
    /// Somebody wants it run again.
    Retry { caller: Caller },
    /// The runtime is going down; the play goes on at the next start.
    Interrupt,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    /// The workflow's own name.
    pub(crate) workflow: String,
    /// It is no longer listed.
    pub(crate) is_archived: bool,
    /// Of the workflow.
    pub(crate) version: WorkflowVersion,
}

/// A line that is not a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Garbled {
    /// Why not.
    pub(crate) reason: String,
    /// The number by which Python waits for an answer to it.
    pub(crate) n: Option<u64>,
    /// It was to be the attempt's last word.
    pub(crate) is_done: bool,
}

/// What a machine is made of when the play exists already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    /// All its questions.
    pub(crate) resumes: Vec<ResumeRequest>,
    /// All its artifacts.
    pub(crate) artifacts: Vec<Artifact>,
    /// All its nodes.
    pub(crate) spans: Vec<hero_sdk::model::Span>,
    /// How many lines of text it has.
    pub(crate) logs: u32,
    /// The highest sequence number in use.
    pub(crate) last_seq: u64,
    /// Paths of the recorded calls that failed, were cancelled or have no outcome.
    pub(crate) failed: Vec<String>,
}
