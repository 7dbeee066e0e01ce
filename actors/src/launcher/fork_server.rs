//! The thread that starts fork servers, and waits for them.
//!
//! A fork server ends when its control socket closes, and so with the launcher, however that ends. It is not started
//! by `pre_exec`: a plain spawn is vfork, whatever the size of this process.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, OnceLock, mpsc},
    thread,
};

use rustix::{
    fs::{MemfdFlags, memfd_create},
    process::{Pid, PidfdFlags, pidfd_open},
};

use super::Python;

/// How many bytes of a fork server's last words are kept.
const STDERR_BYTES_MAX: usize = 4096;

/// An order to start a fork server.
pub(crate) struct Start {
    /// Its end of the control socket.
    pub(crate) control: OwnedFd,
    /// The interpreter.
    pub(crate) python: Python,
    /// The directory that holds `hero_tracing`.
    pub(crate) sdk: PathBuf,
    /// Where its pidfd is put once it has started.
    pub(crate) process: Arc<OnceLock<OwnedFd>>,
    /// Called when it has ended, or could not be started, with the end of its standard error.
    pub(crate) ended: Box<dyn FnOnce(String) + Send>,
}

/// Starts the thread; it ends when the sender is dropped and its last fork server has ended.
pub(crate) fn thread() -> io::Result<mpsc::SyncSender<Start>> {
    // One fork server at a time, and one order that waits while the last one ends.
    let (sender, orders) = mpsc::sync_channel::<Start>(1);
    thread::Builder::new().name("launcher".to_owned()).spawn(move || {
        for order in orders {
            let Start { control, python, sdk, process, ended } = order;
            ended(run(control, &python, &sdk, &process));
        }
    })?;
    Ok(sender)
}

#[expect(clippy::disallowed_methods, reason = "the launcher is the place where processes are started")]
fn run(control: OwnedFd, python: &Python, sdk: &Path, process: &OnceLock<OwnedFd>) -> String {
    // -s and -P keep the user's and the current directory out of `sys.path`, -S keeps `site` from running code of
    // installed packages; the paths that `site` would have added are appended after the SDK's. Not -I or -E: they
    // would ignore PYTHONHASHSEED.
    let mut command = Command::new(&python.executable);
    command
        .args(["-s", "-P", "-S", "-c"])
        .arg("import sys; sys.path.insert(0, sys.argv[1]); sys.path.extend(sys.argv[2:]); from hero_tracing._fork_server import main; main()")
        .arg(sdk)
        .args(&python.site_paths)
        .env_clear()
        .envs(scrubbed_environment())
        .current_dir("/")
        .stdin(Stdio::from(control))
        .stdout(Stdio::null());
    // Not a pipe: a process that outlives the fork server may hold its end.
    let words = memfd_create("stderr", MemfdFlags::CLOEXEC).map(File::from);
    let ended = words.map_err(io::Error::from).and_then(|mut words| {
        let mut child = command.stderr(words.try_clone()?).spawn()?;
        // Nobody but this thread reaps it, so the number is still its own.
        if let Ok(pidfd) = pidfd_open(Pid::from_child(&child), PidfdFlags::empty()) {
            process.get_or_init(|| pidfd);
        }
        child.wait()?;
        let mut text = Vec::new();
        words.rewind()?;
        words.read_to_end(&mut text)?;
        Ok(tail(&text))
    });
    ended.unwrap_or_else(|error| format!("{}: {error}", python.executable.display()))
}

/// The same for every attempt of every play, so that nothing of the server's environment decides what a flow does.
fn scrubbed_environment() -> [(&'static str, &'static str); 6] {
    [
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("LANG", "C.UTF-8"),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "UTC"),
        ("PYTHONHASHSEED", "0"),
        ("HERO_TRACING", "1"),
    ]
}

fn tail(bytes: &[u8]) -> String {
    let start = bytes.len().saturating_sub(STDERR_BYTES_MAX);
    String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).trim().to_owned()
}
