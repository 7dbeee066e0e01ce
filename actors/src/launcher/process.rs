//! A child that plays, held so that it cannot outlive its holder.

use std::os::fd::{AsRawFd as _, OwnedFd};

use ractor::ActorRef;
use tokio::{net::UnixStream, sync::oneshot};

use super::{Layers, Message};

/// A running child and our end of its span socket. Dropping it kills its whole group.
pub(crate) struct Process {
    /// The launcher's number for it.
    pub(crate) id: u64,
    /// Its process id, which is its process group's as well.
    pub(crate) pid: u32,
    /// The span socket; taken once by who reads it.
    pub(crate) stream: Option<UnixStream>,
    /// Its exit status (minus the signal where one ended it); none where nobody saw it. Fires when the group is dead.
    pub(crate) exited: Option<oneshot::Receiver<Option<i32>>>,
    /// By what it is confined.
    pub(crate) layers: Layers,
    pub(super) launcher: ActorRef<Message>,
}

impl Process {
    /// Signals the whole group. Without effect once it has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        // A launcher that is gone has taken every child along.
        drop(self.launcher.cast(Message::Signal { id: self.id, signal }));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::Kill);
    }
}

/// The process id here of whoever a pidfd names: the fork server knows him by another one. 0 once he has ended.
pub(super) fn number_of(pidfd: &OwnedFd) -> u32 {
    let text =
        std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).unwrap_or_default();
    let number = text.lines().find_map(|line| line.strip_prefix("Pid:"));
    number.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

/// The signals that end a play's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Asks: Python raises `KeyboardInterrupt` in the flow.
    Terminate,
    /// Ends.
    Kill,
}

impl Signal {
    /// Its number on Linux.
    pub(super) fn number(self) -> i32 {
        match self {
            Self::Terminate => 15,
            Self::Kill => 9,
        }
    }
}
