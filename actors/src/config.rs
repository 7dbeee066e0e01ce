//! What a runtime is opened with.

use std::{ffi::OsString, path::PathBuf};

use crate::{BundledFlow, SandboxConfig};

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
    /// Plays that may have a process at once; more wait, by priority and creation. 64 unless told: at 1.4 MB each they stay
    /// below 100 MB.
    pub running_max: usize,
    /// Plays that may run or wait for a place at once; another one is refused with `busy`. 10,000 unless told: with
    /// some 20 kB each they stay below 200 MB.
    pub living_max: usize,
    /// The interpreter; else `HERO_PYTHON`, else the first real `python3` of at least 3.11 on `PATH`.
    pub python: Option<PathBuf>,
    /// How plays are confined.
    pub sandbox: SandboxConfig,
    /// What happens to unfinished plays.
    pub recover: Recover,
    /// Largest file that a flow may keep as an artifact, in bytes. 1 GiB unless told.
    pub artifact_bytes_max: u64,
    /// How long the working directory of a play stays once it has ended, in milliseconds. Seven days unless told.
    /// Artifacts stay as long as their play.
    pub work_kept_ms: u64,
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
            living_max: 10_000,
            python: None,
            sandbox: SandboxConfig::default(),
            recover: Recover::Run,
            artifact_bytes_max: 1 << 30,
            work_kept_ms: 7 * 24 * 3_600_000,
            lock_wait_ms: 2_000,
        }
    }

    /// The interpreter that is asked for, here or by the environment.
    pub(crate) fn wished_python(&self) -> Option<PathBuf> {
        self.python.clone().or_else(|| named(std::env::var_os("HERO_PYTHON")))
    }
}

/// An empty variable is as good as none.
fn named(variable: Option<OsString>) -> Option<PathBuf> {
    variable.filter(|path| !path.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_names_no_interpreter() {
        assert_eq!(
            [None, Some(""), Some("/bin/python3")].map(|path| named(path.map(Into::into))),
            [None, None, Some("/bin/python3".into())]
        );
    }
}
