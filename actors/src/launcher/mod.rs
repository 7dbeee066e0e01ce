//! Python processes: which interpreter, the fork server that it runs, and the children that play.
//!
//! The launcher knows nothing of plays: it is asked for a process with a work directory, told what that will probably
//! import, and gives one that is connected by a socket.

mod actor;
mod control;
mod fork_server;
mod imports;
mod layers;
mod message;
mod orders;
mod process;
mod python;
mod stage;

pub(crate) use actor::Launcher;
pub(crate) use imports::imports;
pub(crate) use layers::{KnownLayers, LayerLook, Layers};
pub(crate) use message::{Message, Spawn};
pub(crate) use process::{Process, Signal};
pub(crate) use python::Python;
pub use python::interpreters;
pub(crate) use stage::stage_sdk;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;

/// Why no process could be had.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum LaunchError {
    /// The fork server does not start or does not stay.
    #[error("the fork server does not work: {0}")]
    ForkServer(String),
    /// It could not fork or hand over.
    #[error("no process could be forked: {0}")]
    Fork(String),
    /// Confinement is required and not all of it is there.
    #[error("the sandbox is required, and this is missing: {0}")]
    Unconfined(String),
}
