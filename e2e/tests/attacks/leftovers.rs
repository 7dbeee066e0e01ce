//! Processes that a flow leaves behind, and that do what they can to stay, are gone with their play however it ends:
//! by itself, by its process, by the user, or with the runtime and the fork server.

use std::collections::BTreeSet;

use hero_e2e::{
    Running, Stage, binary,
    processes::{parent_of, with_text},
    stage::eventually,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;

use crate::world::{User, as_user, command, stage, users};

const KINDS: [&str; 7] = ["plain", "session", "orphan", "deaf", "bare", "stopped", "breeding"];

struct Daemons<'a> {
    stage: &'a Stage,
    user: User,
    options: Vec<String>,
    suffix: String,
    without: &'static str,
}

impl<'a> Daemons<'a> {
    fn new(stage: &'a Stage, user: User, level: &str) -> Self {
        let suffix = stage.home().parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        Self { stage, user, options: ["--sandbox", level].map(str::to_owned).to_vec(), suffix, without: "" }
    }

    fn start(&self, how: &str, kinds: &[&str]) -> Running<'a> {
        let source =
            std::fs::read_to_string(binary::repository().join("e2e/flows/attacks/daemons.py")).unwrap();
        let inputs = json!({"suffix": self.suffix, "kinds": kinds, "how": how}).to_string();
        let options = [self.options.clone(), vec!["--inputs".to_owned(), inputs]].concat();
        let run = command(self.stage, "daemons.py", &source, &options)
            .env("HERO_LOGIC_SANDBOX_WITHOUT", self.without);
        as_user(run, self.user).start()
    }

    fn alive(&self) -> Vec<String> {
        with_text(&format!("daemon_of_{}", self.suffix)).into_iter().map(|process| process.command).collect()
    }

    /// Waits until all its daemons have settled and the play stands; gives the fork server.
    #[track_caller]
    fn settled(&self, running: &Running<'_>) -> u32 {
        let server = self.standing(running);
        let kinds: BTreeSet<String> =
            self.alive().iter().filter_map(|line| line.split(' ').rev().nth(2).map(str::to_owned)).collect();
        assert!(kinds.len() >= KINDS.len() - 1, "they are there, whatever breeds at this moment: {kinds:?}");
        server
    }

    /// Waits until the play stands; gives the fork server, which is the runtime's child.
    #[track_caller]
    fn standing(&self, running: &Running<'_>) -> u32 {
        let plays = self.stage.home().join(".hero/var/plays");
        let has_settled = || {
            let entries = std::fs::read_dir(&plays).into_iter().flatten();
            entries.flatten().any(|entry| entry.path().join("work/settled").exists())
        };
        assert!(eventually(has_settled), "{}", running.stderr());
        for entry in std::fs::read_dir(&plays).unwrap() {
            std::fs::remove_file(entry.unwrap().path().join("work/settled")).ok();
        }
        let server = with_text("hero_tracing._fork_server")
            .into_iter()
            .find(|process| parent_of(process.pid) == Some(running.pid()));
        server.expect("the runtime has a fork server").pid
    }

    #[track_caller]
    fn are_gone(&self, how: &str) {
        assert!(eventually(|| self.alive().is_empty()), "{how}: {:#?}", self.alive());
    }
}

fn send(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.try_into().unwrap()), signal).expect("it is alive, and ours");
}

/// Ends a play, whatever it is at.
#[track_caller]
pub(crate) fn cancel(running: Running<'_>) {
    send(running.pid(), Signal::SIGINT);
    running.finish().exits(4);
}

/// Ends of a play that need nobody else.
const BY_ITSELF: [(&str, i32); 5] = [("done", 0), ("fail", 1), ("pause", 3), ("exit", 1), ("kill", 1)];

#[track_caller]
fn check(user: User, level: &str) {
    for (how, code) in BY_ITSELF {
        let stage = stage(user);
        let daemons = Daemons::new(&stage, user, level);
        daemons.start(how, &KINDS).finish().exits(code);
        daemons.are_gone(how);
    }
    let stage = stage(user);
    let daemons = Daemons::new(&stage, user, level);

    let running = daemons.start("wait", &KINDS);
    daemons.settled(&running);
    cancel(running);
    daemons.are_gone("cancelled");

    let running = daemons.start("wait", &KINDS);
    let server = daemons.settled(&running);
    send(server, Signal::SIGKILL);
    running.finish().exits(0);
    daemons.are_gone("the fork server was killed");

    let running = daemons.start("wait", &KINDS);
    daemons.settled(&running);
    running.kill();
    daemons.are_gone("the runtime was killed");

    // Neither can end anything: the kernel does.
    for how in ["wait", "wait, executed"] {
        let running = daemons.start(how, &KINDS);
        let server = daemons.settled(&running);
        let has_executed = || daemons.alive().iter().any(|line| line.ends_with("_executed "));
        assert!(how == "wait" || eventually(has_executed), "{:#?}\n{}", daemons.alive(), running.stderr());
        send(server, Signal::SIGSTOP);
        running.kill();
        send(server, Signal::SIGKILL);
        daemons.are_gone("both were killed");
    }
}

#[test]
fn nothing_is_left_in_default() {
    for user in users() {
        check(user, "default");
    }
}

#[test]
fn nothing_is_left_in_strict() {
    for user in users() {
        check(user, "strict");
    }
}

/// Where a play has no process ids of its own, its processes cannot leave their group, which is killed.
#[test]
fn nothing_is_left_without_namespaces() {
    for user in users() {
        for (how, code) in BY_ITSELF {
            let stage = stage(user);
            let daemons =
                Daemons { without: "user_namespace,pid_namespace", ..Daemons::new(&stage, user, "default") };
            daemons.start(how, &KINDS).finish().exits(code);
            daemons.are_gone(how);
        }
    }
}

/// What neither the kernel nor the runtime could end is in a control group still, and the next one finds it there.
/// Where hero_logic has no group to write to it says so.
#[test]
fn what_outlives_runtime_and_fork_server_is_ended_by_the_next() {
    for user in users() {
        let stage = stage(user);
        let daemons =
            Daemons { without: "user_namespace,pid_namespace", ..Daemons::new(&stage, user, "default") };
        let running = daemons.start("wait", &["plain", "deaf"]);
        let server = daemons.standing(&running);
        send(server, Signal::SIGSTOP);
        running.kill();
        send(server, Signal::SIGKILL);
        // What a fork server that lives still may hold is not touched.
        assert!(eventually(|| with_text("hero_tracing._fork_server").iter().all(|left| left.pid != server)));
        let left = daemons.alive();
        let outcome = daemons.start("done", &["plain"]).finish().exits(0);
        if outcome.settled().play.sandbox.unwrap().layers.contains(&"cgroup".to_owned()) {
            daemons.are_gone("a runtime came after them");
        } else {
            assert!(outcome.stderr.contains("cgroup ("), "{outcome}");
            for process in with_text(&format!("daemon_of_{}", daemons.suffix)) {
                send(process.pid, Signal::SIGKILL);
            }
        }
        assert_eq!(left.len(), 2, "they were there: {left:#?}");
    }
}

/// FAULT 20: signals that ask for an end come to nothing, and the one that does not ask follows.
#[test]
fn a_flow_that_hears_no_signal_is_ended() {
    for user in users() {
        let stage = stage(user);
        let daemons = Daemons::new(&stage, user, "default");
        let running = daemons.start("wait, deaf", &KINDS);
        daemons.settled(&running);
        cancel(running);
        daemons.are_gone("cancelled");
    }
}

/// The same daemons outlive a play that is not confined: it is the sandbox that ends them.
#[test]
fn they_stay_where_nothing_is_confined() {
    for user in users() {
        let stage = stage(user);
        let daemons = Daemons::new(&stage, user, "off");
        daemons.start("done", &["session", "orphan"]).finish().exits(0);
        let left = with_text(&format!("daemon_of_{}", daemons.suffix));
        for process in &left {
            send(process.pid, Signal::SIGKILL);
        }
        daemons.are_gone("we ended them");
        assert_eq!(left.len(), 2, "{left:#?}");
    }
}
