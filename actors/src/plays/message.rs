//! What the directory of plays is told.

use hero_sdk::{Error, PlaySid, WorkflowSid};
use hero_store::PlayRow;
use ractor::RpcReplyPort;

use super::{admission::Turn, timers::Due};
use crate::play::{ReplyPort, Wish};

/// How many plays there are in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// With a place.
    pub(crate) running: usize,
    /// That wait for one.
    pub(crate) queued: usize,
    /// With an actor, for whatever reason.
    pub(crate) living: usize,
}

/// Messages of the directory.
pub(crate) enum Message {
    /// Take up what an earlier runtime left unfinished.
    Sweep {
        /// False to set things right without running anything.
        runs: bool,
        /// How many plays were taken up.
        reply: RpcReplyPort<Result<usize, Error>>,
    },
    /// Accept a new play.
    Start {
        /// It, not yet in the store.
        row: Box<PlayRow>,
        /// The play once it is durable.
        reply: ReplyPort,
    },
    /// Hand a wish to a play, alive or not.
    Wish {
        /// Which play.
        play_sid: PlaySid,
        /// What.
        wish: Wish,
    },
    /// A play wants to run.
    WantPlace {
        /// Which play.
        play_sid: PlaySid,
        /// Where it stands in the queue.
        turn: Turn,
    },
    /// A play no longer runs.
    LeavePlace(PlaySid),
    /// A play has nothing left to do by itself, and everything that it wrote is through, having seen so many wishes.
    Idle {
        /// Which play.
        play_sid: PlaySid,
        /// How many wishes it has seen.
        wishes: u64,
    },
    /// Tell a play at that moment that a time is over.
    RingAt(Due),
    /// That need not be told any more.
    Unring(Due),
    /// Some moment has come.
    Ring,
    /// Take up a play again whose actor has failed.
    Revive(PlaySid),
    /// Which plays of a workflow have an actor. One that came before is among them, or has had one.
    LivingOf {
        /// Which workflow.
        workflow_sid: WorkflowSid,
        /// They.
        reply: RpcReplyPort<Vec<PlaySid>>,
    },
    /// How many plays there are.
    Count(RpcReplyPort<Counts>),
    /// Interrupt every play, and say when none is left.
    Shutdown(RpcReplyPort<()>),
}
