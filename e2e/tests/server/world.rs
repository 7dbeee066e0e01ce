//! What the tests of the server share.

use hero_e2e::{Gate, Running, Served};
use hero_sdk::Client;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Adds two numbers.
pub(crate) const QUICK: &str =
    "from hero_tracing import flow\n\n\n@flow\ndef main(a: int = 1, b: int = 2) -> int:\n    return a + b\n";

/// By which clients come in over TCP.
pub(crate) const TOKEN: &str = "a-token-for-tests-only";

/// A server that listens on TCP as well, with these options, and its host and port there.
#[track_caller]
pub(crate) fn on_tcp(options: &[&str]) -> (Served, String) {
    let served = Served::new();
    let start = ["--start", "--listen", "127.0.0.1:0", "--json"];
    let start = served.hero(start.iter().chain(options)).env("HERO_LOGIC_TOKEN", TOKEN);
    let started = start.env("RUST_LOG", "trace").finish().exits(0).json();
    let address = started["listening"][1].as_str().unwrap();
    let authority = address.strip_prefix("http://").unwrap().to_owned();
    (served, authority)
}

/// What the server has written to its log.
pub(crate) fn log(served: &Served) -> String {
    let files = std::fs::read_dir(served.home().join(".hero/var/log/hero_logic")).unwrap();
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

/// A gate that flows of the stage may come to.
pub(crate) fn gate(served: &Served) -> Gate {
    served.let_plays_meet_us();
    served.flow("gate.py");
    Gate::new(served.directory().join("gate"))
}

/// Starts `gate.py`, whose second step stops at the gate.
pub(crate) fn run_to<'a>(served: &'a Served, gate: &Gate) -> Running<'a> {
    let input = format!("gate={}", gate.path().display());
    served.hero(["run", "gate.py", "--entry", "main", "--input", &input, "--json"]).start()
}

/// Sends a signal to a process.
pub(crate) fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.try_into().unwrap()), signal).unwrap();
}

/// Does something with a client of the server.
pub(crate) fn ask<T>(served: &Served, work: impl AsyncFnOnce(&Client) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work(&served.client()))
}
