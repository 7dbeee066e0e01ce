//! Starts a server behind the terminal, and ends one.

use std::{
    ffi::OsString,
    fs::File,
    io::{BufRead as _, BufReader},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use hero_sdk::{Error, ErrorCode};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{FlockOperation, flock},
    io::Errno,
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use serde::Deserialize;

use super::places::Places;

/// How many seconds a server may take to end: it drains for some, and then waits for processes to be gone.
const END_LIMIT_S: i64 = 30;

/// What a server says on its standard output once it listens, or instead of that.
#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Listens { listening: Vec<String> },
    Failed { error: Refusal },
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: String,
    hint: Option<String>,
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
pub(crate) async fn start(places: &Places, mut arguments: Vec<OsString>) -> Result<Vec<String>, Error> {
    let places = places.clone();
    arguments.extend(["--json".into(), "--log-to-files".into()]);
    let starting = move || {
        let lock = lock(&places)?;
        if UnixStream::connect(places.socket()).is_ok() {
            return Err(Error::new(ErrorCode::Conflict, "a server listens already")
                .hint("`hero_logic --info` tells of it, `hero_logic --stop` stops it"));
        }
        let started = spawn(&arguments, &places.logs());
        drop(lock);
        started
    };
    tokio::task::spawn_blocking(starting).await.map_err(|error| failed(&error.to_string()))?
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

fn spawn(arguments: &[OsString], log: &Path) -> Result<Vec<String>, Error> {
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
            drop(child.wait());
            let code = ErrorCode::ALL.iter().find(|code| code.as_str() == error.code).copied();
            let mut failure = Error::new(code.unwrap_or(ErrorCode::SpawnFailed), error.message);
            failure.hint = error.hint;
            Err(failure)
        }
        Err(_) => {
            let end = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
            Err(failed(&format!("it ended before it listened ({end})"))
                .hint(format!("its log is in {}", log.display())))
        }
    }
}

/// Has a server end, and waits until it has. False where there was none.
pub(crate) async fn end(pid: u32) -> Result<bool, Error> {
    let ending = move || {
        let Some(id) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(false) };
        let cannot = |error: Errno| {
            Error::new(
                ErrorCode::Internal,
                format!("the server, process {pid}, cannot be told to end: {error}"),
            )
        };
        let process = match pidfd_open(id, PidfdFlags::empty()) {
            Ok(process) => process,
            Err(Errno::SRCH) => return Ok(false),
            Err(error) => return Err(cannot(error)),
        };
        pidfd_send_signal(&process, Signal::TERM).map_err(cannot)?;
        let limit = Timespec { tv_sec: END_LIMIT_S, tv_nsec: 0 };
        match poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&limit)).map_err(cannot)? {
            0 => {
                let message = format!("the server, process {pid}, has not ended within {END_LIMIT_S} s");
                Err(Error::new(ErrorCode::Timeout, message))
            }
            _ => Ok(true),
        }
    };
    tokio::task::spawn_blocking(ending)
        .await
        .map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))?
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
