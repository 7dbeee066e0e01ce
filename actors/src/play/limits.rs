//! Watches that a process uses no more than it may, where the kernel does not: with all that it started, its
//! directory, and its time.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use hero_sdk::model::{Allowance, PlayError, SandboxLevel};
use tokio::task::AbortHandle;

use super::{
    disk,
    environment::Environment,
    held::Held,
    usage::{self, Usage},
};
use crate::{clock::Clock, launcher::Process};

/// Between two looks. A play that ends before the first one is never looked at.
const LOOK: Duration = Duration::from_millis(250);
/// A look at files takes at most this part of the time: so long as it takes, nobody knows what became of the disk.
const FILES_SHARE: u32 = 4;
/// One in so many looks at files is for what has no name as well, which takes longer than all the rest where there are
/// many processes and few files.
const LOOKS_PER_HELD: u32 = 4;
const MEBI: u64 = 1 << 20;

/// What is watched.
pub(crate) struct Watched {
    /// The first process, by its number here.
    pid: u32,
    /// Whether that is the first of a namespace.
    is_first: bool,
    /// What it may use.
    allowance: Allowance,
    /// The directory in which it may write.
    home: Option<PathBuf>,
    /// How long earlier processes have worked on the same, in milliseconds.
    worked_ms: f64,
    /// Tells the time, on a clock that never jumps.
    clock: Arc<dyn Clock>,
    /// When the watch began.
    began: Duration,
}

/// A watch that ends when it is dropped.
pub(super) struct Watch(AbortHandle);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Watched {
    /// A process that writes nowhere. None where nothing is limited.
    pub(crate) fn of(environment: &Environment, process: &Process, allowance: &Allowance) -> Option<Self> {
        let is_confined = environment.sandbox.level != SandboxLevel::Off;
        is_confined.then(|| Self {
            pid: process.pid,
            is_first: process.layers.has_namespace(),
            allowance: allowance.clone(),
            home: None,
            worked_ms: 0.0,
            began: now(&*environment.clock),
            clock: Arc::clone(&environment.clock),
        })
    }

    /// A process that works on a play, in this directory; how long others have.
    pub(super) fn in_play(self, home: PathBuf, worked_ms: f64) -> Self {
        Self { home: Some(home), worked_ms, ..self }
    }

    /// Looks until it is told not to, and tells once what is beyond its limit.
    pub(super) fn start(self, tell: impl FnOnce(PlayError) + Send + 'static) -> Watch {
        Watch(tokio::spawn(async move { tell(self.beyond().await) }).abort_handle())
    }

    /// What is beyond its limit, as soon as something is.
    pub(crate) async fn beyond(self) -> PlayError {
        let this = Arc::new(self);
        // Each in a loop of its own: there may be many files, and memory fills quickly meanwhile.
        tokio::select! {
            error = watch_processes(&this) => error,
            error = watch_files(&this) => error,
        }
    }

    fn until_next_look(&self) -> Duration {
        self.wall_left().map_or(LOOK, |left| left.min(LOOK))
    }

    fn wall_left(&self) -> Option<Duration> {
        let worked = Duration::try_from_secs_f64(self.worked_ms / 1000.0).unwrap_or_default();
        let allowed = Duration::from_secs(self.allowance.wall_s?);
        Some(allowed.saturating_sub(worked).saturating_sub(now(&*self.clock).saturating_sub(self.began)))
    }

    fn look_at_processes(&self) -> Option<PlayError> {
        if self.wall_left() == Some(Duration::ZERO) {
            let allowed = self.allowance.wall_s.unwrap_or_default();
            return Some(beyond("wall_s", format!("it worked for {allowed} s"), allowed));
        }
        self.beyond_usage(usage::usage(self.pid, self.is_first, self.allowance.memory_mb * MEBI))
    }

    fn look_at_directory(&self) -> Option<PlayError> {
        self.beyond_disk(self.home.as_deref()?, &Held::default())
    }

    fn look_at_all_files(&self) -> Option<PlayError> {
        let home = self.home.as_deref();
        let held = Held::of(&usage::processes(self.pid, self.is_first), home);
        // More may be behind a mapping than the addresses that are left of it.
        self.beyond_memory(held.memory()).or_else(|| self.beyond_disk(home?, &held))
    }

    fn beyond_disk(&self, home: &Path, held: &Held) -> Option<PlayError> {
        let allowed = self.allowance.disk_mb;
        // In whole megabytes: a file that is as large as it may be has directories above it.
        let enough = (allowed + 1) * MEBI - 1;
        let what = match disk::disk(home, held, enough) {
            Ok(Some(bytes)) if bytes <= enough => return None,
            Ok(Some(bytes)) => match held.files() / MEBI {
                0 => format!("its directory holds {} MB or more", bytes / MEBI),
                deleted => format!(
                    "its directory holds {} MB or more, with {deleted} MB that are deleted and in use",
                    bytes / MEBI
                ),
            },
            Ok(None) => format!("its directory is nested more than {} deep", disk::DEPTH_MAX),
            // What cannot be read now is read with the next look.
            Err(_) => return None,
        };
        Some(beyond("disk_mb", what, allowed))
    }

    fn beyond_memory(&self, bytes: u64) -> Option<PlayError> {
        let allowed = self.allowance.memory_mb;
        let what = || format!("it used {} MB of memory", bytes / MEBI);
        (bytes > allowed * MEBI).then(|| beyond("memory_mb", what(), allowed))
    }

    fn beyond_usage(&self, used: Usage) -> Option<PlayError> {
        if let Some(error) = self.beyond_memory(used.memory) {
            return Some(error);
        }
        let Allowance { processes, cpu_s, .. } = &self.allowance;
        if used.processes > *processes as usize {
            return Some(beyond("processes", format!("it had {} processes", used.processes), *processes));
        }
        match cpu_s {
            Some(allowed) if used.cpu_s >= *allowed as f64 => {
                Some(beyond("cpu_s", format!("it used {:.0} s of CPU time", used.cpu_s), *allowed))
            }
            _ => None,
        }
    }
}

async fn watch_processes(watched: &Arc<Watched>) -> PlayError {
    loop {
        tokio::time::sleep(watched.until_next_look()).await;
        if let Some(error) = look(watched, Watched::look_at_processes).await {
            return error;
        }
    }
}

async fn watch_files(watched: &Arc<Watched>) -> PlayError {
    let mut pause = LOOK;
    let mut looks = 0;
    loop {
        tokio::time::sleep(pause).await;
        let began = now(&*watched.clock);
        let is_for_all = looks % LOOKS_PER_HELD == 0;
        let how = if is_for_all { Watched::look_at_all_files } else { Watched::look_at_directory };
        if let Some(error) = look(watched, how).await {
            return error;
        }
        looks += 1;
        pause = LOOK.max(now(&*watched.clock).saturating_sub(began) * FILES_SHARE);
    }
}

/// Looks where it may take long.
async fn look(watched: &Arc<Watched>, how: fn(&Watched) -> Option<PlayError>) -> Option<PlayError> {
    let watched = Arc::clone(watched);
    match tokio::task::spawn_blocking(move || how(&watched)).await {
        Ok(found) => found,
        // The runtime ends, or we have a bug; there is no more to be seen.
        Err(_) => std::future::pending().await,
    }
}

fn now(clock: &dyn Clock) -> Duration {
    Duration::from_micros(clock.now().monotonic_us)
}

fn beyond(limit: &str, what: String, allowed: impl std::fmt::Display) -> PlayError {
    PlayError {
        code: "limit_exceeded".to_owned(),
        message: format!("{what}; the sandbox allows {limit} {allowed}"),
        hint: Some(format!("allow more with @flow(sandbox={{\"{limit}\": …}})")),
        ..PlayError::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SandboxConfig, clock::SystemClock};

    fn watched(change: impl FnOnce(&mut Allowance)) -> Watched {
        let mut allowance = SandboxConfig::default().defaults;
        change(&mut allowance);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        Watched { pid: 0, is_first: true, allowance, home: None, worked_ms: 0.0, began: now(&*clock), clock }
    }

    #[test]
    fn each_limit_is_named_with_what_was_used() {
        let used = Usage { processes: 65, memory: 1500 * MEBI, cpu_s: 3.0 };
        let enough = Usage { processes: 64, memory: 1024 * MEBI, cpu_s: 1e6 };
        assert_eq!(watched(|_| ()).beyond_usage(enough), None);
        for (watched, words) in [
            (watched(|_| ()), "it used 1500 MB of memory; the sandbox allows memory_mb 1024"),
            (watched(|may| may.memory_mb = 2048), "it had 65 processes; the sandbox allows processes 64"),
            (
                watched(|may| (may.memory_mb, may.processes, may.cpu_s) = (2048, 99, Some(3))),
                "it used 3 s of CPU time; the sandbox allows cpu_s 3",
            ),
        ] {
            let error = watched.beyond_usage(used).unwrap();
            assert_eq!((error.code.as_str(), error.message.as_str()), ("limit_exceeded", words));
        }
    }

    #[test]
    fn the_time_is_that_of_all_attempts() {
        let mut watched = watched(|may| may.wall_s = Some(60));
        watched.worked_ms = 59_900.0;
        assert!(watched.until_next_look() <= Duration::from_millis(100));
        watched.worked_ms = 60_001.0;
        let error = watched.look_at_processes().unwrap();
        assert_eq!(error.message, "it worked for 60 s; the sandbox allows wall_s 60");
    }

    #[test]
    fn the_disk_is_measured_in_whole_megabytes() {
        let home = tempfile::tempdir().unwrap();
        let watched = watched(|may| may.disk_mb = 2).in_play(home.path().to_owned(), 0.0);
        std::fs::write(home.path().join("as_large_as_may_be"), vec![1; 2 << 20]).unwrap();
        assert_eq!(watched.look_at_directory(), None);
        std::fs::write(home.path().join("too_much"), vec![1; 1 << 20]).unwrap();
        let error = watched.look_at_directory().unwrap();
        assert_eq!(error.message, "its directory holds 3 MB or more; the sandbox allows disk_mb 2");
    }
}
