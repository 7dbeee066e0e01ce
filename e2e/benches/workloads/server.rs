//! A server as a process of its own.

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use hero_sdk::{Client, client::Endpoint};

use crate::Result;

/// The process, and where it listens.
pub(crate) struct Server {
    child: Child,
    socket: PathBuf,
}

impl Server {
    /// Starts one on a home, and returns once it listens.
    pub(crate) fn start(home: &Path) -> Result<Self> {
        let binary = binary()?.with_file_name("hero_logic_server");
        let mut child = Command::new(binary)
            .args(["--json", "--home"])
            .arg(home)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = String::new();
        BufReader::new(child.stdout.take().ok_or("it has the pipe that it was given")?)
            .read_line(&mut said)?;
        let document: serde_json::Value = serde_json::from_str(&said)?;
        let socket = document.pointer("/listening/0").and_then(|place| place.as_str()).ok_or(said)?.into();
        Ok(Self { child, socket })
    }

    /// The same, and how long it took until it listened.
    pub(crate) fn timed(home: &Path) -> Result<(Self, Duration)> {
        let start = Instant::now();
        Ok((Self::start(home)?, start.elapsed()))
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(Endpoint::Unix(self.socket.clone()))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to end, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id())?);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM)?;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the server: {status}").into()) }
    }
}

/// The `hero_logic` that is measured.
pub(crate) fn binary() -> Result<PathBuf> {
    let binary = env::var_os("HERO_LOGIC_BIN");
    Ok(binary.ok_or("HERO_LOGIC_BIN names the release binary: use ./e2e/bench")?.into())
}
