//! The life of a play as a pure state machine: an event and a moment in, effects out.
//!
//! No I/O, no clock, no actors, no randomness: the same events give the same effects. It decides first and says what
//! to commit; consequences stand in the commit's `then`, so that nothing happens before it is durable.

mod artifacts;
mod frames;
mod library;
mod lifecycle;
mod media_type;
mod questions;
mod secrets;
mod workflows;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use hero_sdk::{
    Error, ErrorCode, Json, ResumeId,
    frame::{AskLibrary, Down, PutArtifact},
    model::{Artifact, LogLevel, LogStream, Play, ResumeRequest, Status},
};
use hero_store::{PlayRow, Run};

pub(crate) use artifacts::{ARTIFACTS_MAX, is_name as is_artifact_name};
pub(crate) use frames::is_digest;
pub(crate) use media_type::is_media_type;
pub(crate) use questions::are_too_many;
pub(crate) use workflows::WORKFLOWS_MAX;
pub(super) use workflows::told;

use super::{
    effect::{Durable, Effect, Reply, Write},
    event::{Caller, Event, Now, Past},
    tree::Tree,
};
use crate::secrets::Screen;

/// Attempts in a row that may end without a word and without a new record, before the play counts as poisonous.
const CRASHES_MAX: u32 = 3;
/// Lines that are not frames, before the process counts as hostile or broken.
const REFUSALS_MAX: u32 = 1_000;
/// Refusals that are told in the log one by one.
const REFUSALS_TOLD_MAX: u32 = 20;

/// Where the play's process stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Process {
    /// There is none.
    None,
    /// A place was asked for.
    Wanted,
    /// It is being started.
    Starting,
    /// It works.
    Alive,
    /// It has parked and is on its way out; nothing of it counts any more. A play that is `queued` meanwhile goes on
    /// as soon as it is gone.
    Parking,
    /// It was told to go, or has said its last word; nothing of it counts any more.
    Leaving,
}

/// A play.
#[derive(Debug)]
pub(crate) struct Machine {
    row: PlayRow,
    outputs_schema: Json,
    /// Where the play has secrets: what keeps their values out of everything that is kept.
    screen: Option<Screen>,
    new_resume_id: fn() -> ResumeId,
    resumes: Vec<ResumeRequest>,
    /// By name.
    artifacts: BTreeMap<String, Artifact>,
    /// Files that the living process wants kept, each with the path of its node; the first is being copied. One after
    /// the other, so that of each it is known what those before it have left.
    copies: VecDeque<(String, PutArtifact)>,
    /// Workflows that the living process wants to run, each with the number by which it asked; the first is looked up.
    lookups: VecDeque<(String, u64)>,
    /// Questions of the living process to the library; the first is being answered.
    library_asks: VecDeque<AskLibrary>,
    /// How often the living process asked the library to save something.
    library_saves: u32,
    tree: Tree,
    next_seq: u64,
    /// Paths of the recorded calls that failed, were cancelled or have no outcome: what a retry runs again.
    failed: BTreeSet<String>,
    process: Process,
    /// Paths of the pauses that the living process has sent.
    asked: HashSet<String>,
    /// Who waits for its end as cancelled.
    cancel_callers: Vec<Caller>,
    /// Who wants it run again while its last process is on its way out.
    retry_callers: Vec<Caller>,
    interrupted: bool,
    /// Its deadline has passed, and it is being ended.
    is_overdue: bool,
    /// The living attempt has recorded something.
    progressed: bool,
    refusals: u32,
    /// When the living process began to work.
    working_since_us: Option<u64>,
    pending: Vec<Write>,
    row_changed: bool,
    /// How it counts in the statistics of its version, as far as it has ended.
    counted: Option<Run>,
}

impl Machine {
    /// A play, new or found in the store.
    pub(crate) fn new(
        row: PlayRow,
        outputs_schema: Json,
        past: Past,
        new_resume_id: fn() -> ResumeId,
    ) -> Self {
        Self {
            counted: Run::of(&row.play),
            row,
            outputs_schema,
            screen: None,
            new_resume_id,
            resumes: past.resumes,
            artifacts: past.artifacts.into_iter().map(|artifact| (artifact.name.clone(), artifact)).collect(),
            copies: VecDeque::new(),
            lookups: VecDeque::new(),
            library_asks: VecDeque::new(),
            library_saves: 0,
            tree: Tree::of(past.spans, past.logs),
            next_seq: past.last_seq + 1,
            failed: past.failed.into_iter().collect(),
            process: Process::None,
            asked: HashSet::new(),
            cancel_callers: Vec::new(),
            retry_callers: Vec::new(),
            interrupted: false,
            is_overdue: false,
            progressed: false,
            refusals: 0,
            working_since_us: None,
            pending: Vec::new(),
            row_changed: false,
        }
    }

    /// The play as it stands.
    pub(crate) fn play(&self) -> &Play {
        &self.row.play
    }

    /// When its process began to work, where it has one.
    pub(crate) fn working_since_us(&self) -> Option<u64> {
        self.working_since_us
    }

    /// True when nothing happens any more without a wish.
    pub(crate) fn is_idle(&self) -> bool {
        self.process == Process::None
    }

    /// What follows from an event.
    pub(crate) fn handle(&mut self, event: Event, now: Now) -> Vec<Effect> {
        match event {
            Event::Accept { caller } => self.accept(caller),
            Event::Recover { progressed, caller } => self.recover(progressed, caller, now),
            Event::Admitted => self.admitted(now),
            Event::Spawned { attempt, sandbox } if self.is_current(attempt) => self.spawned(*sandbox),
            Event::SpawnFailed { attempt, error } if self.is_current(attempt) => {
                self.spawn_failed(error, now)
            }
            Event::Received { attempt, frame } if self.listens_to(attempt) => self.screened(frame, now),
            Event::Garbled { attempt, garbled } if self.listens_to(attempt) => self.garbled(&garbled, now),
            Event::ArtifactCopied { attempt, result } if self.listens_to(attempt) => {
                self.artifact_copied(result, now)
            }
            Event::LookedUp { attempt, result } if self.listens_to(attempt) => self.looked_up(result, now),
            Event::LibraryAnswered { attempt, result } if self.listens_to(attempt) => {
                self.library_answered(result)
            }
            Event::Overflowed { attempt } if self.listens_to(attempt) => {
                self.protocol_error("a line without end", now)
            }
            Event::BeyondLimit { attempt, error } if self.listens_to(attempt) => {
                self.beyond_limit(*error, now)
            }
            Event::Exited { attempt, status } if self.is_current(attempt) => self.exited(status, now),
            Event::GraceEnded { attempt } if self.is_current(attempt) => self.grace_ended(),
            Event::FlushDue => self.flush(now),
            Event::Answer { resume_id, payload, answered_by, caller } => {
                self.answer(&resume_id, payload, answered_by, caller, now)
            }
            Event::Expire { resume_id } => self.expire(&resume_id, now),
            Event::DeadlinePassed => self.deadline_passed(now),
            Event::Cancel { reason, caller } => self.cancel(reason, caller, now),
            Event::Retry { caller } => self.retry(caller, now),
            Event::Interrupt => self.interrupt(),
            // Stamped with an attempt that is over: it no longer has a say.
            Event::Spawned { .. }
            | Event::SpawnFailed { .. }
            | Event::Received { .. }
            | Event::Garbled { .. }
            | Event::ArtifactCopied { .. }
            | Event::LookedUp { .. }
            | Event::LibraryAnswered { .. }
            | Event::Overflowed { .. }
            | Event::BeyondLimit { .. }
            | Event::Exited { .. }
            | Event::GraceEnded { .. } => Vec::new(),
        }
    }

    fn is_current(&self, attempt: u32) -> bool {
        self.row.play.attempt == attempt && !matches!(self.process, Process::None | Process::Wanted)
    }

    fn listens_to(&self, attempt: u32) -> bool {
        self.is_current(attempt) && matches!(self.process, Process::Starting | Process::Alive)
    }

    /// One commit of everything that has changed, with what follows from it.
    fn commit(&mut self, durable: Durable, then: Vec<Effect>) -> Effect {
        let mut writes = std::mem::take(&mut self.pending);
        if std::mem::take(&mut self.row_changed) {
            writes.push(Write::Play(Box::new(self.row.clone())));
            let run = Run::of(&self.row.play);
            if run != self.counted {
                writes.extend(std::mem::replace(&mut self.counted, run.clone()).map(Write::TakeOut));
                writes.extend(run.map(Write::Count));
            }
        }
        writes.extend(self.tree.drain(&mut self.next_seq));
        Effect::Commit { writes, durable, then }
    }

    fn flush(&mut self, now: Now) -> Vec<Effect> {
        let mut effects = self.let_overdue_go(now);
        if !self.pending.is_empty() || self.row_changed || self.tree.has_changes() {
            effects.push(self.commit(Durable::Later, Vec::new()));
        }
        effects
    }

    fn take_seq(&mut self) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        seq
    }

    fn set_status(&mut self, status: Status) {
        self.row.play.status = status;
        self.row_changed = true;
    }

    fn reply(&self, caller: Caller, runs_again: Vec<String>) -> Effect {
        let reply = Reply { play: self.row.play.clone(), runs_again };
        Effect::Reply { caller, result: Box::new(Ok(reply)) }
    }

    fn say(&mut self, level: LogLevel, text: &str, now: Now) {
        self.tree.log(None, level, LogStream::Runtime, text, self.row.play.attempt, now);
    }

    fn send(&self, frame: Down) -> Effect {
        Effect::Send { attempt: self.row.play.attempt, frame }
    }
}

fn refusal(caller: Caller, error: Error) -> Vec<Effect> {
    vec![Effect::Reply { caller, result: Box::new(Err(error)) }]
}

fn conflict(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::Conflict, message)
}
