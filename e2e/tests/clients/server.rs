//! A server of a stage's home.

use std::path::{Path, PathBuf};

use hero_e2e::{Running, Stage, stage::eventually};
use hero_sdk::{Client, client::Endpoint};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// By which clients come in over TCP.
pub(crate) const TOKEN: &str = "token of the test";

/// A server in the foreground, on its socket and on TCP.
pub(crate) struct Server<'a> {
    running: Running<'a>,
    socket: PathBuf,
    /// Host and port.
    authority: String,
}

impl<'a> Server<'a> {
    /// Starts it, and returns when it listens.
    #[track_caller]
    pub(crate) fn start(stage: &'a Stage) -> Self {
        let running = stage.hero(["serve", "--listen", "127.0.0.1:0"]).env("HERO_LOGIC_TOKEN", TOKEN).start();
        let mut authority = None;
        let listens = eventually(|| {
            let told = running.stderr();
            let line = told.lines().find_map(|line| line.strip_prefix("listening on http://"));
            authority = line.filter(|_| told.ends_with('\n')).map(str::to_owned);
            authority.is_some()
        });
        assert!(listens, "it does not listen: {}", running.stderr());
        let socket = stage.home().join("hero/var/sockets/hero_logic/rpc.sock");
        Self { running, socket, authority: authority.unwrap() }
    }

    /// A client over each of its listeners.
    pub(crate) fn clients(&self) -> [Client; 2] {
        let tcp = Endpoint::Tcp { authority: self.authority.clone(), token: TOKEN.to_owned() };
        [Endpoint::Unix(self.socket.clone()), tcp].map(Client::new)
    }

    /// Where it is on this machine.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Where it is on TCP.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// Stops it as Ctrl-C does.
    #[track_caller]
    pub(crate) fn stop(self) {
        let pid = Pid::from_raw(self.running.pid().try_into().unwrap());
        kill(pid, Signal::SIGINT).unwrap();
        self.running.finish().exits(0);
    }
}
