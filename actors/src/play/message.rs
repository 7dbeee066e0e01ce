//! What a play is told.

use hero_sdk::{Error, Json, ResumeId, frame::Up, model::PlayError};
use hero_store::PlayRow;
use ractor::RpcReplyPort;
use tokio::sync::OwnedSemaphorePermit;

use super::{
    attempt::First,
    effect::Reply,
    event::{Found, Garbled},
    timer::Timer,
};
use crate::{
    artifacts::{Held, NotKept},
    launcher::Process,
};

/// Where the answer to a wish goes.
pub(crate) type ReplyPort = RpcReplyPort<Result<Reply, Error>>;

/// What a play starts from: its row.
pub(crate) enum Start {
    /// It is not in the store yet.
    New(PlayRow),
    /// As it stands in the store, unless an earlier actor of the play has handed in more.
    Stored(PlayRow),
}

impl Start {
    pub(crate) fn row(&self) -> &PlayRow {
        match self {
            Self::New(row) | Self::Stored(row) => row,
        }
    }
}

/// Something that somebody outside wants of a play. These are counted, so that a play is not let go with one unread.
pub(crate) enum Wish {
    /// Accept it: it is new.
    Accept {
        /// The play, durable.
        reply: ReplyPort,
    },
    /// The runtime found it at its start.
    Recover {
        /// The play once the store says where it goes on.
        reply: ReplyPort,
    },
    /// It may run now.
    Admitted,
    /// Answer one of its questions.
    Answer {
        /// Which.
        resume_id: ResumeId,
        /// The answer.
        payload: Json,
        /// Who.
        answered_by: Option<String>,
        /// The play afterwards.
        reply: ReplyPort,
    },
    /// A time may be over.
    Ring(Timer),
    /// End it.
    Cancel {
        /// Why.
        reason: Option<String>,
        /// The play once it is cancelled.
        reply: ReplyPort,
    },
    /// Run it again.
    Retry {
        /// The play, queued.
        reply: ReplyPort,
    },
    /// The runtime goes down.
    Interrupt,
}

/// Messages of a play.
pub(crate) enum Message {
    /// The first of all: read what the store has of it.
    Load,
    /// Somebody wants something.
    Wish(Wish),
    /// Its process was started, or was not.
    Started {
        /// Which attempt.
        attempt: u32,
        /// The process and what it is told first.
        result: Result<(Process, First), Error>,
    },
    /// Python said something; bulk, so it carries a permit.
    Received {
        /// Which attempt.
        attempt: u32,
        /// Frames, in order.
        frames: Vec<Result<Up, Garbled>>,
        /// Lets the next batch be read when dropped.
        permit: Option<OwnedSemaphorePermit>,
    },
    /// A file was copied, or was not.
    ArtifactCopied {
        /// Which attempt.
        attempt: u32,
        /// The content, or why there is none.
        result: Result<Held, NotKept>,
    },
    /// A workflow was looked up, or cannot be run in this play.
    LookedUp {
        /// Which attempt.
        attempt: u32,
        /// What the name stands for.
        result: Result<Box<Found>, Error>,
    },
    /// The library has answered.
    LibraryAnswered {
        /// Which attempt.
        attempt: u32,
        /// What it said.
        result: Result<Json, Error>,
    },
    /// Python sent a line without end, or asks and never reads the answers.
    Overflowed {
        /// Which attempt.
        attempt: u32,
    },
    /// The play uses more than it may.
    BeyondLimit {
        /// Which attempt.
        attempt: u32,
        /// Of what, and how much.
        error: Box<PlayError>,
    },
    /// The process and its group are gone.
    Exited {
        /// Which attempt.
        attempt: u32,
        /// Its exit status, where somebody saw it.
        status: Option<i32>,
    },
    /// The process has had its time to end.
    GraceEnded {
        /// Which attempt.
        attempt: u32,
    },
    /// Changes have waited long enough.
    FlushDue,
    /// A commit is through.
    Committed {
        /// Which.
        commit: u64,
        /// Whether it is in the store.
        result: Result<(), Error>,
    },
    /// A failpoint of the tests: the process ends here, as if the power had gone.
    Fail {
        /// Which attempt.
        attempt: u32,
    },
}
