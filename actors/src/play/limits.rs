//! Watches that a play uses no more than it may, where the kernel does not: all of its processes together, its
//! directory, and its time.

use std::{path::PathBuf, sync::Arc, time::Duration};

use hero_sdk::model::{Allowance, Play, PlayError, Sandbox, SandboxLevel};
use ractor::ActorRef;
use tokio::task::AbortHandle;

use super::{
    Message,
    environment::Environment,
    usage::{self, Usage},
};
use crate::{clock::Clock, launcher::Process};

/// Between two looks. A play that ends before the first one is never looked at.
const LOOK: Duration = Duration::from_millis(250);
/// A look at the directory takes at most this part of the time.
const DISK_SHARE: u32 = 20;
const MEBI: u64 = 1 << 20;

/// What is watched.
pub(super) struct Watched {
    /// The play's first process, by its number here.
    pub(super) pid: u32,
    /// Whether that is the first of a namespace.
    pub(super) is_first: bool,
    /// The play's directory.
    pub(super) home: PathBuf,
    /// What it may use.
    pub(super) allowance: Allowance,
    /// How long its earlier attempts have worked, in milliseconds.
    pub(super) worked_ms: f64,
    /// Tells the time.
    pub(super) clock: Arc<dyn Clock>,
}

/// A watch that ends when it is dropped.
pub(super) struct Watch(AbortHandle);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Watched {
    /// None where nothing is limited.
    pub(super) fn of(
        environment: &Environment,
        play: &Play,
        process: &Process,
        sandbox: &Sandbox,
    ) -> Option<Self> {
        let is_confined = sandbox.level != SandboxLevel::Off;
        is_confined.then(|| Self {
            pid: process.pid,
            is_first: process.layers.has_namespace(),
            home: environment.paths.play(&play.play_sid),
            allowance: sandbox.allowance.clone(),
            worked_ms: play.duration_ms,
            clock: Arc::clone(&environment.clock),
        })
    }

    /// Looks every quarter of a second, and tells the play once what is beyond its limit.
    pub(super) fn start(self, attempt: u32, play: ActorRef<Message>) -> Watch {
        let task = tokio::spawn(async move {
            let began = self.now();
            let mut watched = Some((self, began));
            while let Some((this, disk_due)) = watched.take() {
                tokio::time::sleep(this.until_next_look(began)).await;
                let look = tokio::task::spawn_blocking(move || {
                    let (error, disk_due) = this.look(began, disk_due);
                    (this, error, disk_due)
                });
                let Ok((this, error, disk_due)) = look.await else { return };
                if let Some(error) = error {
                    drop(play.cast(Message::BeyondLimit { attempt, error: Box::new(error) }));
                    return;
                }
                watched = Some((this, disk_due));
            }
        });
        Watch(task.abort_handle())
    }

    /// On a clock that never jumps.
    fn now(&self) -> Duration {
        Duration::from_micros(self.clock.now().monotonic_us)
    }

    fn wall_left(&self, began: Duration) -> Option<Duration> {
        let worked = Duration::from_secs_f64(self.worked_ms.max(0.0) / 1000.0);
        let allowed = Duration::from_secs(self.allowance.wall_s?);
        Some(allowed.saturating_sub(worked).saturating_sub(self.now().saturating_sub(began)))
    }

    fn until_next_look(&self, began: Duration) -> Duration {
        self.wall_left(began).map_or(LOOK, |left| left.min(LOOK))
    }

    /// What is beyond its limit, and when the directory is to be looked at next.
    fn look(&self, began: Duration, disk_due: Duration) -> (Option<PlayError>, Duration) {
        if self.wall_left(began) == Some(Duration::ZERO) {
            let allowed = self.allowance.wall_s.unwrap_or_default();
            return (Some(beyond("wall_s", format!("it worked for {allowed} s"), allowed)), disk_due);
        }
        let used = usage::usage(self.pid, self.is_first, self.allowance.memory_mb * MEBI);
        if let Some(error) = self.beyond_usage(used) {
            return (Some(error), disk_due);
        }
        let start = self.now();
        if start < disk_due {
            return (None, disk_due);
        }
        let used = usage::disk(&self.home);
        let allowed = self.allowance.disk_mb;
        let error = match used {
            // In whole megabytes: a file that is as large as it may be has directories above it.
            Ok(Some(bytes)) if bytes / MEBI > allowed => {
                Some(beyond("disk_mb", format!("its directory holds {} MB", bytes / MEBI), allowed))
            }
            Ok(None) => {
                let depth = usage::DEPTH_MAX;
                Some(beyond("disk_mb", format!("its directory is nested more than {depth} deep"), allowed))
            }
            // What cannot be read now is read with the next look.
            Ok(Some(_)) | Err(_) => None,
        };
        let now = self.now();
        (error, now + now.saturating_sub(start) * DISK_SHARE)
    }

    fn beyond_usage(&self, used: Usage) -> Option<PlayError> {
        let Allowance { memory_mb, processes, cpu_s, .. } = &self.allowance;
        if used.memory > memory_mb * MEBI {
            return Some(beyond(
                "memory_mb",
                format!("it used {} MB of memory", used.memory / MEBI),
                *memory_mb,
            ));
        }
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
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };

    use super::*;
    use crate::{SandboxConfig, clock::SystemClock};

    fn watched(change: impl FnOnce(&mut Allowance)) -> Watched {
        let mut allowance = SandboxConfig::default().defaults;
        change(&mut allowance);
        Watched {
            pid: 0,
            is_first: true,
            home: PathBuf::new(),
            allowance,
            worked_ms: 0.0,
            clock: Arc::new(SystemClock::new()),
        }
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
        assert!(watched.until_next_look(watched.now()) <= Duration::from_millis(100));
        watched.worked_ms = 60_001.0;
        let (error, _) = watched.look(watched.now(), watched.now());
        assert_eq!(error.unwrap().message, "it worked for 60 s; the sandbox allows wall_s 60");
    }

    #[test]
    fn a_directory_is_measured_whatever_lies_in_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b");
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("large"), vec![1; 3 << 20]).unwrap();
        std::os::unix::fs::symlink("/usr", path.join("away")).unwrap();
        let used = usage::disk(directory.path()).unwrap().unwrap();
        assert!((3 << 20..4 << 20).contains(&used), "{used}");
        let deep = "d/".repeat(200);
        std::fs::create_dir_all(directory.path().join(deep)).unwrap();
        assert_eq!(usage::disk(directory.path()).unwrap(), None);
        assert!(usage::disk(&directory.path().join("none")).is_err());
    }

    #[expect(clippy::disallowed_methods, reason = "what is measured has to be there")]
    #[test]
    fn processes_are_found_by_descent_and_by_session() {
        // `setsid` makes the shell the first of a session; it says when both of its processes are there.
        let mut shell = Command::new("setsid")
            .args(["sh", "-c", "exec 3<&0; cat <&3 & echo; wait"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let used = [true, false].map(|is_first| usage::usage(shell.id(), is_first, 0));
        drop(shell.stdin.take());
        shell.wait().unwrap();
        for used in used {
            assert_eq!(used.processes, 2, "{used:?}");
            assert!(used.memory > 0, "{used:?}");
        }
    }
}
