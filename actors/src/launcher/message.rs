//! What the launcher is told.

use std::path::PathBuf;

use hero_sdk::model::Allowance;
use ractor::RpcReplyPort;

use super::{LaunchError, LayerLook, Layers, Process, control::Packet, process::Signal};

/// What a child needs beside its socket.
#[derive(Clone, Debug)]
pub(crate) struct Spawn {
    /// Its current directory; must exist.
    pub(crate) workdir: PathBuf,
    /// The directory in which it may write, and which holds `workdir`; a process without one writes nowhere.
    pub(crate) home: Option<PathBuf>,
    /// The file to which everything goes that is written past `print`.
    pub(crate) output: Option<PathBuf>,
    /// Modules that it will probably import.
    pub(crate) imports: Vec<String>,
    /// What it may do.
    pub(crate) allowance: Allowance,
}

/// Messages of the launcher.
pub(crate) enum Message {
    /// Starts a child.
    Spawn {
        /// What it needs.
        spawn: Box<Spawn>,
        /// The child, connected.
        reply: RpcReplyPort<Result<Process, LaunchError>>,
    },
    /// Asks by what children are confined.
    Layers {
        /// As soon as it is known.
        reply: RpcReplyPort<Result<Layers, LaunchError>>,
    },
    /// Has a child put on each layer alone, and try what that must refuse.
    Probe {
        /// What they found, in order.
        reply: RpcReplyPort<Result<Vec<LayerLook>, LaunchError>>,
    },
    /// Signals a child's whole group; one that has ended is ignored.
    Signal {
        /// The launcher's number for the child.
        id: u64,
        /// Which.
        signal: Signal,
    },
    /// Time has passed while the fork server owed an answer.
    Tick,
    /// The fork server said something.
    Received {
        /// Which fork server, by number of its start.
        server: u64,
        /// What.
        packet: Packet,
    },
    /// The fork server's socket is closed.
    Closed {
        /// Which fork server.
        server: u64,
    },
    /// The fork server's process has ended.
    Ended {
        /// Which fork server.
        server: u64,
        /// The end of what it wrote to its standard error.
        stderr: String,
    },
}
