//! A stage whose commands talk to a server.

use std::{ffi::OsStr, ops::Deref, os::unix::net::UnixStream, path::PathBuf};

use hero_sdk::{Client, client::Endpoint};

use crate::{
    Stage,
    stage::{EMBEDDED, Run, eventually},
};

/// The stage. When it goes, its server does.
#[derive(Debug)]
pub struct Served(Stage);

impl Served {
    /// An empty home that no server serves yet.
    #[expect(clippy::new_without_default, reason = "each call makes directories, which `default` would hide")]
    pub fn new() -> Self {
        Self(Stage::new())
    }

    /// The same over a stage that is there.
    pub fn over(stage: Stage) -> Self {
        Self(stage)
    }

    /// The same with a server that somebody has started, with these options.
    #[track_caller]
    pub fn started(options: &[&str]) -> Self {
        let served = Self::new();
        served.hero(["--start"].iter().chain(options)).finish().exits(0);
        served
    }

    /// A `hero_logic` command that asks a server, not yet started.
    pub fn hero<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run<'_> {
        self.0.hero(arguments).without(EMBEDDED)
    }

    /// Where the server listens.
    pub fn socket(&self) -> PathBuf {
        self.home().join("hero/var/sockets/hero_logic/rpc.sock")
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        Client::new(Endpoint::Unix(self.socket()))
    }

    /// Whether anybody listens.
    pub fn listens(&self) -> bool {
        UnixStream::connect(self.socket()).is_ok()
    }

    /// The number of the server's process, by its file.
    pub fn pid(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.home().join(".hero/var/hero_logic/server.pid")).ok()?;
        text.trim().parse().ok()
    }

    /// The number of the server's process, once there is one.
    #[track_caller]
    pub fn pid_once_there(&self) -> u32 {
        assert!(eventually(|| self.pid().is_some()), "no server has come");
        self.pid().expect("it was there a moment ago")
    }
}

impl Deref for Served {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.0
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let stopped = self.hero(["--stop"]).finish();
        if !std::thread::panicking() {
            assert_eq!(stopped.code, 0, "{stopped}");
        }
    }
}
