//! Starts a server behind the terminal, and ends one.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs::File,
    io::{BufRead as _, BufReader},
    os::{
        fd::OwnedFd,
        unix::{ffi::OsStrExt as _, net::UnixStream},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use hero_sdk::{Error, ErrorCode};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{FlockOperation, flock},
    io::{Errno, retry_on_intr},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use serde::Deserialize;

use super::{pid_file::PidFile, places::Places};

/// How long a server may take to end: it drains for ten seconds at most, and then waits for processes to be gone.
const END_LIMIT: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };
/// How long the kernel may take to end one that is killed.
const KILL_LIMIT: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// What a server says on its standard output once it listens, or instead of that.
#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Listens { listening: Vec<String> },
    Failed { error: Refusal },
}

/// Why a server has not started, in its own words.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// What its process has ended with.
    #[serde(skip)]
    pub(crate) exit: Option<i32>,
}

/// Why there is no new server.
#[derive(Debug)]
pub(crate) enum NotStarted {
    /// It could not be started, or there is one.
    Here(Error),
    /// It did not like what it found.
    There(Refusal),
}

impl From<Error> for NotStarted {
    fn from(error: Error) -> Self {
        Self::Here(error)
    }
}

/// The program that serves: the one that is there for it, else this one.
pub(crate) fn program() -> Result<(PathBuf, Vec<OsString>), Error> {
    const NAME: &str = "hero_logic_server";
    let own =
        std::env::current_exe().map_err(|error| failed(&format!("its program is not found: {error}")))?;
    let beside = own.with_file_name(NAME);
    Ok(if beside.is_file() { (beside, Vec::new()) } else { (own, vec!["serve".into()]) })
}

/// Starts a server with these arguments, and returns where it listens once it does. One at a time: whoever wants to at
/// the same time waits, and is told that there is one.
///
/// Errors: `conflict` where one listens; what the server says of itself; `spawn_failed`.
pub(crate) async fn start(places: &Places, mut arguments: Vec<OsString>) -> Result<Vec<String>, NotStarted> {
    let places = places.clone();
    arguments.extend(["--json".into(), "--log-to-files".into()]);
    let starting = move || {
        let lock = lock(&places)?;
        if UnixStream::connect(places.socket()).is_ok() {
            return Err(conflict("a server listens already").into());
        }
        wait_for_last(&places)?;
        let started = spawn(&arguments, &places.logs());
        drop(lock);
        started
    };
    blocking(starting).await
}

/// The environment that a process of this user began with, if that can be seen.
pub(crate) fn environment(pid: u32) -> Option<BTreeMap<OsString, OsString>> {
    let text = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let of = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    let variables = text.split(|byte| *byte == 0).filter_map(|variable| {
        let end = variable.iter().position(|byte| *byte == b'=')?;
        let (name, value) = variable.split_at(end);
        Some((of(name), of(value.get(1..)?)))
    });
    Some(variables.collect())
}

/// Refuses to serve a home that has its server.
pub(crate) fn refuse_second(places: &Places) -> Result<(), Error> {
    match PidFile::holder(&places.pid_file()) {
        Some(pid) => Err(conflict(&format!("process {pid} serves this home already"))),
        None if UnixStream::connect(places.socket()).is_ok() => Err(conflict("a server listens already")),
        None => Ok(()),
    }
}

fn conflict(message: &str) -> Error {
    Error::new(ErrorCode::Conflict, message)
        .hint("`hero_logic --info` tells of it, `hero_logic --stop` stops it")
}

/// Waits until one is gone that takes nobody any more: it drains, or has lost its socket.
fn wait_for_last(places: &Places) -> Result<(), Error> {
    let Some(pid) = PidFile::holder(&places.pid_file()) else { return Ok(()) };
    match open(pid)? {
        Some(process) if !has_ended(pid, &process, END_LIMIT)? => {
            let message = format!("the server of this home, process {pid}, takes nobody and does not end");
            Err(Error::new(ErrorCode::Unreachable, message).hint("`hero_logic --stop` ends it"))
        }
        _ => Ok(()),
    }
}

/// Locks the starting of servers of a home, until the file is closed.
fn lock(places: &Places) -> Result<File, Error> {
    let path = places.start_lock();
    let opened = places.make_own().and_then(|()| {
        let file = File::options().create(true).truncate(false).write(true).open(&path)?;
        flock(&file, FlockOperation::LockExclusive)?;
        Ok(file)
    });
    opened.map_err(|error| {
        Error::new(ErrorCode::StorageFailed, format!("cannot lock {}: {error}", path.display()))
    })
}

fn spawn(arguments: &[OsString], log: &Path) -> Result<Vec<String>, NotStarted> {
    let (program, command) = program()?;
    #[expect(clippy::disallowed_methods, reason = "a server is no play: it outlives whoever starts it")]
    let mut child = Command::new(program)
        .args(command)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&error.to_string()))?;
    let mut said = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut said).map_err(|error| failed(&error.to_string()))?;
    }
    match serde_json::from_str(&said) {
        Ok(Said::Listens { listening }) => Ok(listening),
        Ok(Said::Failed { error }) => {
            // It says no more, and ends at once.
            let exit = child.wait().ok().and_then(|status| status.code());
            Err(NotStarted::There(Refusal { exit, ..error }))
        }
        Err(_) => {
            let end = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
            Err(failed(&format!("it ended before it listened ({end})"))
                .hint(format!("its log is in {}", log.display()))
                .into())
        }
    }
}

/// How a server has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was not there any more.
    Before,
    /// As it was told to.
    InTime,
    /// It was killed, since it did not.
    Killed,
}

/// Has the server of these places end, whether it answers or not, and waits until it has.
pub(crate) async fn stop(places: &Places) -> Result<Ended, Error> {
    let path = places.pid_file();
    blocking(move || {
        let Some(pid) = PidFile::holder(&path) else { return Ok(Ended::Before) };
        let Some(process) = open(pid)? else { return Ok(Ended::Before) };
        // Between these looks the number might have become that of another process.
        if PidFile::holder(&path) != Some(pid) {
            return Ok(Ended::Before);
        }
        end_process(pid, &process, END_LIMIT)
    })
    .await
}

/// Has the server with this process end, and waits until it has.
pub(crate) async fn end(pid: u32) -> Result<Ended, Error> {
    blocking(move || match open(pid)? {
        Some(process) => end_process(pid, &process, END_LIMIT),
        None => Ok(Ended::Before),
    })
    .await
}

/// Tells it to end, and kills it where it does not.
fn end_process(pid: u32, process: &OwnedFd, limit: Timespec) -> Result<Ended, Error> {
    let send = |signal| match pidfd_send_signal(process, signal) {
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(error) => Err(cannot_end(pid, error)),
    };
    send(Signal::TERM)?;
    // One that is stopped is told nothing before.
    send(Signal::CONT)?;
    if has_ended(pid, process, limit)? {
        return Ok(Ended::InTime);
    }
    send(Signal::KILL)?;
    if has_ended(pid, process, KILL_LIMIT)? {
        return Ok(Ended::Killed);
    }
    let message = format!("the server, process {pid}, is killed and still there");
    Err(Error::new(ErrorCode::Timeout, message).hint("the system's log may tell what its kernel waits for"))
}

/// A process that cannot become another one. None where there is none of this number.
fn open(pid: u32) -> Result<Option<OwnedFd>, Error> {
    let Some(id) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(None) };
    match pidfd_open(id, PidfdFlags::empty()) {
        Ok(process) => Ok(Some(process)),
        Err(Errno::SRCH) => Ok(None),
        Err(error) => Err(cannot_end(pid, error)),
    }
}

fn has_ended(pid: u32, process: &OwnedFd, limit: Timespec) -> Result<bool, Error> {
    let ended = retry_on_intr(|| poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&limit)));
    ended.map(|count| count > 0).map_err(|error| cannot_end(pid, error))
}

fn cannot_end(pid: u32, error: Errno) -> Error {
    Error::new(ErrorCode::Internal, format!("the server, process {pid}, cannot be told to end: {error}"))
}

async fn blocking<T: Send + 'static, E: From<Error> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))?
}

/// Closes what whoever started this process has left open: he may wait for it to be closed. Before anything is opened.
pub(crate) fn let_go() {
    const FIRST: i32 = 3;
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<i32> = open
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd >= FIRST)
        .collect();
    for descriptor in open {
        // That of the listing itself is closed by now.
        nix::unistd::close(descriptor).ok();
    }
}

fn failed(reason: &str) -> Error {
    Error::new(ErrorCode::SpawnFailed, format!("the server could not be started: {reason}"))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

    #[expect(clippy::disallowed_methods, reason = "a process that stands for a server")]
    fn shell(script: &str) -> std::process::Child {
        let mut child = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = [0; 1];
        child.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
        child
    }

    #[test]
    fn one_that_is_deaf_is_killed_and_one_that_is_stopped_ends() {
        let mut deaf = shell("trap '' TERM; echo; while :; do read -r line; done </dev/zero");
        let process = open(deaf.id()).unwrap().unwrap();
        assert_eq!(end_process(deaf.id(), &process, AT_ONCE).unwrap(), Ended::Killed);
        deaf.wait().unwrap();
        assert_eq!(end_process(deaf.id(), &process, AT_ONCE).unwrap(), Ended::InTime);
        assert!(open(deaf.id()).unwrap().is_none());

        let mut stopped = shell("trap 'exit 7' TERM; echo; while :; do :; done");
        let process = open(stopped.id()).unwrap().unwrap();
        pidfd_send_signal(&process, Signal::STOP).unwrap();
        assert_eq!(end_process(stopped.id(), &process, END_LIMIT).unwrap(), Ended::InTime);
        assert_eq!(stopped.wait().unwrap().code(), Some(7));
    }
}
