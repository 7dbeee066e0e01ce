//! A server that has no descriptor left. (FAULTS 13)

use std::{fs, os::unix::net::UnixStream};

use hero_e2e::{Served, stage::eventually};
use hero_sdk::Logic as _;
use nix::unistd::{SysconfVar, sysconf};

use crate::world::{QUICK, ask};

/// Descriptors that the server may have.
const DESCRIPTORS: usize = 64;
/// Times that it tries in vain while we look, a tenth of a second apart.
const TRIES: usize = 20;

/// Seconds of processor time that a process has taken.
fn cpu_s(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // Behind its name: from the third field on.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: u32 = fields[11].parse::<u32>().unwrap() + fields[12].parse::<u32>().unwrap();
    f64::from(ticks) / sysconf(SysconfVar::CLK_TCK).unwrap().unwrap() as f64
}

#[test]
fn without_descriptors_it_waits_and_recovers() {
    let served = Served::new();
    let server = served.hero(["serve"]).start();
    assert!(eventually(|| served.listens()), "{}", server.stderr());
    let refused = || server.stderr().matches("a connection could not be taken").count();
    served.write("quick.py", QUICK);
    served.hero(["run", "quick.py"]).finish().exits(0);
    let limit = format!("--nofile={DESCRIPTORS}:");
    served.program("prlimit", ["--pid", &server.pid().to_string(), &limit]).finish().exits(0);

    let mut held = Vec::new();
    while held.len() < 2 * DESCRIPTORS {
        held.push(UnixStream::connect(served.socket()).unwrap());
    }
    assert!(eventually(|| refused() > 0), "{}", server.stderr());
    let (before_s, tried) = (cpu_s(server.pid()), refused());
    assert!(eventually(|| refused() >= tried + TRIES), "{}", server.stderr());
    // Two seconds and more have gone by.
    let taken_s = cpu_s(server.pid()) - before_s;
    assert!(taken_s < 0.5, "{taken_s} s of processor time for {TRIES} tries");
    assert!(refused() < tried + 5 * TRIES, "it tries without a pause");

    drop(held);
    ask(&served, async |client| client.server_info().await.unwrap());
    served.hero(["run", "quick.py"]).finish().exits(0);
    served.hero(["--stop"]).finish().exits(0);
    server.finish().exits(0);
}
