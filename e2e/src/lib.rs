//! Drives the real `hero_logic` from outside: each test has a `Stage`, which is a home directory of its own and a
//! directory to start commands in, and reads what a command left: exit code, stdout, stderr, files of the play.
//!
//! This crate knows the contract (hero_sdk) and the binaries, and nothing of what is inside them.

pub mod binary;
pub mod gate;
pub mod outcome;
pub mod processes;
pub mod redact;
pub mod served;
pub mod stage;

pub use gate::Gate;
pub use outcome::{Outcome, Settled};
pub use served::Served;
pub use stage::{Run, Running, Stage};
