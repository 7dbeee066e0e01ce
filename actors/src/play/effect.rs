//! What a play wants done. The machine decides; the actor acts, in this order.

use hero_sdk::{
    Error, Json, PlaySid, Timestamp,
    frame::{Blob, Down},
    model::{Artifact, LogLine, Play, ResumeRequest, Span},
};
use hero_store::{Batch, PlayRow, Record, Resolution, Run};

use super::{event::Caller, timer::Timer};
use crate::artifacts::Limit;

/// A change of the store.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    /// The play itself.
    Play(Box<PlayRow>),
    /// An outcome.
    Record(Record),
    /// The outcome at this path no longer counts.
    DropRecord(String),
    /// A node in its newest state; the row at the sequence number `replaces` goes.
    Span { span: Box<Span>, replaces: Option<u64> },
    /// A line of text.
    Log(LogLine),
    /// A question in its newest state.
    Resume(Box<ResumeRequest>),
    /// An artifact; the content of the digest that it `replaces` is no longer its own.
    Artifact { artifact: Box<Artifact>, replaces: Option<String> },
    /// It has ended, and counts in the statistics of its version.
    Count(Run),
    /// How it had ended counts no longer.
    TakeOut(Run),
}

impl Write {
    /// Adds it to a batch of this play's.
    pub(crate) fn add_to(&self, batch: &mut Batch, play_sid: &PlaySid) {
        match self {
            Self::Play(row) => batch.put_play(row),
            Self::Record(record) => batch.put_record(play_sid, record),
            Self::DropRecord(path) => batch.delete_record(play_sid, path),
            Self::Span { span, replaces } => batch.put_span(play_sid, span, *replaces),
            Self::Log(line) => batch.put_log(play_sid, line),
            Self::Resume(resume) => batch.put_resume(resume),
            Self::Artifact { artifact, replaces } => batch.put_artifact(artifact, replaces.as_deref()),
            Self::Count(run) => batch.count(run.clone()),
            Self::TakeOut(run) => batch.take_out(run.clone()),
        }
    }
}

/// Whether a commit must survive power loss before its consequences happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durable {
    /// Yes.
    Yes,
    /// The next durable one will cover it.
    Later,
}

/// An effect.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Write, and once that is durable do the rest. A failed commit does none of it.
    Commit { writes: Vec<Write>, durable: Durable, then: Vec<Effect> },
    /// Say something to the process of this attempt.
    Send { attempt: u32, frame: Down },
    /// Ask for a place to run.
    WantPlace,
    /// Start the process of this attempt.
    StartProcess { attempt: u32 },
    /// TERM to the group of this attempt; its grace begins.
    Terminate { attempt: u32 },
    /// The process of this attempt should end by itself; raise `GraceEnded` when it has had its time.
    GraceBegins { attempt: u32 },
    /// KILL to the group of this attempt.
    Kill { attempt: u32 },
    /// Give the place back.
    LeavePlace,
    /// Raise `FlushDue` soon.
    FlushSoon,
    /// Raise the timer's event at that moment.
    RingAt { timer: Timer, at: Timestamp },
    /// The timer of that moment need not ring any more.
    Unring { timer: Timer, at: Timestamp },
    /// Answer a wish.
    Reply { caller: Caller, result: Box<Result<Reply, Error>> },
    /// Read the outputs from this file, then raise `Received` with them inline.
    LoadOutputs { attempt: u32, n: u64, blob: Blob },
    /// Copy the file at `path` of the working directory, if it is within `limit`; then raise `ArtifactCopied`.
    CopyArtifact { attempt: u32, path: String, limit: Option<Limit> },
    /// Look up the workflow of this name, or read the version that it stands for; then raise `LookedUp`.
    LookUp { attempt: u32, name: String, known: Option<Resolution> },
    /// Ask this of the library; then raise `LibraryAnswered`.
    AskLibrary { attempt: u32, ask: String, params: Json },
    /// Delete the content of this digest, unless another artifact has it.
    ForgetContent { digest: String },
}

/// The answer to a wish.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    /// The play as it stands.
    pub(crate) play: Play,
    /// For a retry: what runs again.
    pub(crate) runs_again: Vec<String>,
}
