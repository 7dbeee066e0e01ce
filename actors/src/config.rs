//! What a runtime is opened with.

use std::path::PathBuf;

use crate::BundledFlow;

/// What happens to the plays that an earlier runtime left unfinished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recover {
    /// They go on, as their next attempts.
    #[default]
    Run,
    /// They are set right in the store, and nothing runs: for commands that only look.
    Mark,
}

/// Where a runtime lives and within which limits.
#[derive(Clone, Debug)]
pub struct Config {
    /// The directory under which everything is kept.
    pub home: PathBuf,
    /// Flows that are part of the library from the start.
    pub library: Vec<BundledFlow>,
    /// Plays that may have a process at once; more wait in order of arrival. 64 unless told: at 1.4 MB each they stay
    /// below 100 MB.
    pub running_max: usize,
    /// The interpreter; else `HERO_PYTHON`, else the first real `python3` of at least 3.11 on `PATH`.
    pub python: Option<PathBuf>,
    /// What happens to unfinished plays.
    pub recover: Recover,
    /// How long to wait for another process that holds the store, in milliseconds.
    pub lock_wait_ms: u64,
}

impl Config {
    /// The defaults, under `home`.
    pub fn new(home: impl Into<PathBuf>) -> Self {
        Self {
            home: home.into(),
            library: Vec::new(),
            running_max: 64,
            python: None,
            recover: Recover::Run,
            lock_wait_ms: 2_000,
        }
    }
}
