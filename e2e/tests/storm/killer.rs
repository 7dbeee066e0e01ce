//! Who kills the server and its flows, and starts it again.

use std::{
    fmt::Write as _,
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use hero_e2e::{Served, processes, stage::eventually};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{draw::Draw, ledger::Ledger};

/// When it is enough.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// So often was the server killed.
    Kills(u64),
    /// So much time has gone by.
    Elapsed(Duration),
}

/// Of so many kills one is of the server.
const SERVER: u64 = 3;
/// Between two looks at what was acknowledged.
const LOOK: Duration = Duration::from_millis(5);
/// Between two lines of figures.
const REPORT: Duration = Duration::from_secs(30);
/// Most that a server may take to be there again, its plays with it.
const BACK_MAX: Duration = Duration::from_secs(30);

/// The killer.
pub(crate) struct Killer<'a> {
    served: &'a Served,
    ledger: &'a Ledger,
    draw: Draw,
    began: Instant,
    servers: u64,
    flows: u64,
    /// The most memory that any server had, in kB.
    most_kb: u64,
    /// The longest that a start took.
    longest: Duration,
    figures: String,
}

impl Until {
    /// Starts that are acknowledged between two kills, at least and below.
    fn starts(self) -> (u64, u64) {
        match self {
            Self::Kills(_) => (5, 60),
            Self::Elapsed(_) => (25, 250),
        }
    }
}

impl<'a> Killer<'a> {
    pub(crate) fn new(served: &'a Served, ledger: &'a Ledger, draw: Draw) -> Self {
        Self {
            served,
            ledger,
            draw,
            began: now(),
            servers: 0,
            flows: 0,
            most_kb: 0,
            longest: Duration::ZERO,
            figures: String::new(),
        }
    }

    /// Kills one after the other until it is enough, or somebody else says so.
    pub(crate) fn rage(&mut self, until: Until, ends: &AtomicBool) {
        let mut told = Duration::ZERO;
        loop {
            let is_enough = match until {
                Until::Kills(count) => self.servers >= count,
                Until::Elapsed(limit) => self.began.elapsed() >= limit,
            };
            if is_enough || !self.wait(until, ends) {
                return;
            }
            if self.draw.between(0, SERVER) == 0 {
                self.kill_server()
            } else {
                self.kill_flow()
            }
            if self.began.elapsed() >= told + REPORT {
                told = self.began.elapsed();
                self.note();
            }
        }
    }

    /// Waits for some starts; false where there will be no more.
    fn wait(&mut self, until: Until, ends: &AtomicBool) -> bool {
        let (first, end) = until.starts();
        let wanted = self.ledger.count() + usize::try_from(self.draw.between(first, end)).unwrap();
        while self.ledger.count() < wanted {
            if ends.load(Ordering::Relaxed) {
                return false;
            }
            thread::sleep(LOOK);
        }
        true
    }

    pub(crate) fn kill_server(&mut self) {
        let pid = self.served.pid_once_there();
        self.most_kb = self.most_kb.max(resident_kb(pid).unwrap_or_default());
        kill(Pid::from_raw(pid.try_into().unwrap()), Signal::SIGKILL).unwrap();
        self.servers += 1;
        let is_gone = || !self.served.listens() && resident_kb(pid).is_none();
        assert!(eventually(is_gone), "it cannot be killed");
        let before = self.began.elapsed();
        self.served.hero(["--start"]).finish().exits(0);
        let took = self.began.elapsed() - before;
        assert!(took < BACK_MAX, "it took {took:?} to start");
        self.longest = self.longest.max(took);
    }

    /// Kills a process of some play, if one runs.
    fn kill_flow(&mut self) {
        let plays = self.served.home().join(".hero/var/plays");
        let works = |process: &processes::Process| {
            let directory = fs::read_link(format!("/proc/{}/cwd", process.pid));
            directory.is_ok_and(|directory| directory.starts_with(&plays))
        };
        let flows: Vec<_> = processes::beneath(&plays).into_iter().filter(works).collect();
        let drawn = self.draw.between(0, 1 << 32);
        let Some(flow) = flows.get(usize::try_from(drawn).unwrap() % flows.len().max(1)) else { return };
        // It may have ended by itself.
        if works(flow) && kill(Pid::from_raw(flow.pid.try_into().unwrap()), Signal::SIGKILL).is_ok() {
            self.flows += 1;
        }
    }

    fn note(&mut self) {
        let resident = self.served.pid().and_then(resident_kb).unwrap_or_default();
        self.most_kb = self.most_kb.max(resident);
        let Self { servers, flows, .. } = self;
        let (seconds, plays) = (self.began.elapsed().as_secs(), self.ledger.count());
        let line = format!(
            "{seconds:>5} s  {plays:>6} plays  {servers:>4} servers and {flows:>4} flows killed  {resident:>7} kB"
        );
        println!("{line}");
        writeln!(self.figures, "{line}").unwrap();
    }

    /// Says what there was.
    pub(crate) fn report(&mut self) {
        self.note();
        println!("at most {} kB of a server; the longest start {:?}", self.most_kb, self.longest);
        assert!(self.servers > 1 && self.flows > 0, "too few kills prove nothing");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long something takes here is not read by the program under test"
)]
fn now() -> Instant {
    Instant::now()
}

/// None where it has ended.
fn resident_kb(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
