//! The runtime of hero_logic: supervised plays, their processes, admission and recovery.
//!
//! [`Runtime`] is usable as a library and implements [`hero_sdk::Logic`] by messages to actors. This crate knows no
//! transport, no terminal and no page.

mod adopted;
mod artifacts;
mod benchmarks;
mod beneath;
mod call;
mod clock;
mod config;
mod doctor;
mod event_log;
mod failpoint;
mod feeds;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod handle;
mod launcher;
mod meters;
mod paths;
mod play;
mod plays;
mod private;
mod registry;
mod root;
mod runtime;
mod sandbox;
mod seal;
pub mod search;
mod secrets;
mod transfer;
mod wipe;
mod working;

pub use adopted::Adopted;
pub use config::{Config, Recover};
pub use doctor::{Check, CheckState, doctor};
pub use launcher::interpreters;
pub use registry::BundledFlow;
pub use runtime::Runtime;
pub use sandbox::{Excess, SandboxConfig};
