//! The server that a command starts for itself.

use std::fs;

use hero_e2e::{Gate, Served, Stage, stage::eventually};
use hero_sdk::{
    Logic as _,
    logic::{PlayList, PlayWait, Until},
    model::Status,
};
use nix::sys::signal::Signal;
use serde_json::json;

use crate::world::{QUICK, ask, gate, run_to, signal};

#[test]
fn runs_at_the_same_time_share_one() {
    let served = Served::new();
    served.write("quick.py", QUICK);
    let all: Vec<_> = (0..6)
        .map(|number| {
            let input = format!("a={number}");
            served.hero(["run", "quick.py", "--input", &input, "--json"]).start()
        })
        .collect();
    for (number, running) in all.into_iter().enumerate() {
        assert_eq!(running.finish().exits(0).settled().outputs(), json!(number + 2));
    }
    let info = ask(&served, async |client| client.server_info().await.unwrap());
    let process = info.process.unwrap();
    assert!(process.background.is_some());
    assert_eq!(Some(process.pid), served.pid());
    assert_eq!(process.listening, [served.socket().display().to_string()]);
}

#[test]
fn a_play_outlives_the_terminal_that_started_it() {
    for how in [Signal::SIGHUP, Signal::SIGKILL] {
        let served = Served::new();
        let gate = gate(&served);
        let first = run_to(&served, &gate);
        let arrived = gate.arrival();
        signal(first.pid(), how);
        assert_ne!(first.finish().code, 0);
        arrived.open("opened");
        ask(&served, async |client| {
            let plays = client.play_list(PlayList::default()).await.unwrap().plays;
            let [play] = &plays[..] else { panic!("{plays:?}") };
            let until =
                PlayWait { play_sid: play.play_sid.clone(), timeout_ms: None, until: Until::Terminal };
            let play = client.play_wait(until).await.unwrap();
            assert_eq!((play.status, play.attempt), (Status::Succeeded, 1), "{how}");
        });
    }
}

/// A shell, a test runner or a build waits until everybody has closed what it opened.
#[test]
fn it_keeps_nothing_open_of_whoever_started_it() {
    let served = Served::new();
    served.write("quick.py", QUICK);
    let script =
        format!("{} run quick.py 3>&1 4>&2 | cat; echo closed", hero_e2e::binary::hero_logic().display());
    let run = served.program("bash", ["-c", &script]).without(hero_e2e::stage::EMBEDDED);
    assert_eq!(run.finish().exits(0).stdout, "3\nclosed\n");
    let pid = served.pid().unwrap();
    for open in fs::read_dir(format!("/proc/{pid}/fd")).unwrap() {
        let target = match fs::read_link(open.unwrap().path()) {
            // It was closed meanwhile: the server goes on.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            target => target.unwrap(),
        };
        assert!(!target.starts_with(served.directory()), "{target:?}");
    }
    assert_eq!(fs::read_link(format!("/proc/{pid}/cwd")).unwrap(), std::path::Path::new("/"));
}

#[test]
fn ctrl_c_cancels_the_play_that_it_watches_and_no_other() {
    let served = Served::new();
    let (gate, other_gate) = (gate(&served), Gate::new(served.directory().join("other_gate")));
    let (first, second) = (run_to(&served, &gate), run_to(&served, &other_gate));
    let (one, other) = (gate.arrival(), other_gate.arrival());
    signal(first.pid(), Signal::SIGINT);
    first.finish().exits(4);
    drop(one);
    other.open("opened");
    let status = second.finish().exits(0).settled().play.status;
    assert_eq!(status, Status::Succeeded);
}

#[test]
fn it_leaves_when_nobody_needs_it() {
    let served = Served::new();
    served.write("quick.py", QUICK);
    served.hero(["run", "quick.py"]).env("HERO_LOGIC_IDLE_S", "0.2").finish().exits(0);
    assert!(eventually(|| !served.listens() && served.pid().is_none()), "it stays");
    assert_eq!(served.processes_left(), []);
    assert!(!served.socket().exists());
}

#[test]
fn it_stays_while_a_play_runs_that_nobody_watches() {
    let served = Served::new();
    let gate = gate(&served);
    let input = format!("gate={}", gate.path().display());
    let run = ["run", "gate.py", "--entry", "main", "--input", &input];
    let first = served.hero(run).env("HERO_LOGIC_IDLE_S", "0").start();
    let arrived = gate.arrival();
    let pid = served.pid_once_there();
    first.kill();
    // It has looked many times by then: once for each of these calls, which come one after the other.
    for _ in 0..20 {
        served.hero(["play", "list"]).finish().exits(0);
    }
    assert_eq!(served.pid(), Some(pid));
    arrived.open("opened");
    assert!(eventually(|| !served.listens()), "it stays");
}

#[test]
fn one_with_other_settings_gives_way_when_it_is_idle_and_not_before() {
    let served = Served::new();
    served.write("quick.py", QUICK);
    let gate = gate(&served);
    let first = run_to(&served, &gate);
    let arrived = gate.arrival();
    let pid = served.pid_once_there();
    let strict = ["--sandbox", "strict", "run", "quick.py", "--json"];
    let refused = served.hero(strict).finish().exits(2);
    assert_eq!(refused.error_code(), "conflict");
    assert!(refused.stderr.contains("hero_logic --stop"), "{refused}");
    assert!(refused.stderr.contains("server with another confinement\n"), "{refused}");
    let refused = served.hero(["run", "quick.py"]).env("HERO_SECRET_KEY", "of-nobody").finish().exits(2);
    let named = "server with another environment (other values of HERO_SECRET_KEY)\n";
    assert!(refused.stderr.contains(named) && !refused.stderr.contains("of-nobody"), "{refused}");
    // What reaches no play is no reason to be refused.
    let told = served.hero(["run", "quick.py"]).env("HERO_WORK_DAYS", "3").finish().exits(0);
    assert!(told.stderr.contains("note: play_") && told.stderr.contains("HERO_WORK_DAYS"), "{told}");
    // It tells how long it has worked so far.
    let listed = served.hero(["play", "list", "--status", "running"]).finish().exits(0).stdout;
    let row = listed.lines().find(|line| line.contains("running"));
    assert!(row.is_some_and(|row| row.ends_with("s")), "{listed}");
    // Whoever watches is told that it runs otherwise.
    let running = served.hero(["play", "list", "--status", "running", "--json"]).finish().exits(0).json();
    let sid = running["plays"][0]["play_sid"].as_str().unwrap();
    let wait = ["--sandbox", "strict", "play", "wait", sid, "--timeout", "10ms"];
    let waited = served.hero(wait).finish().exits(6);
    assert!(waited.stderr.contains("server with another confinement\n"), "{waited}");
    // Whoever only looks does not care how plays run.
    served.hero(["--sandbox", "strict", "play", "list"]).finish().exits(0);
    arrived.open("opened");
    first.finish().exits(0);
    let play = served.hero(strict).finish().exits(0).settled().play;
    assert_eq!(play.sandbox.unwrap().level.as_str(), "strict");
    assert_ne!(served.pid().unwrap(), pid);
}

#[test]
fn who_wants_no_server_is_told_that_one_is_in_the_way() {
    let served = Served::started(&[]);
    served.write("quick.py", QUICK);
    let refused = served.hero(["--embedded", "run", "quick.py", "--json"]).finish().exits(6);
    assert_eq!(refused.error_code(), "store_locked");
    assert!(refused.stderr.contains("leave out --embedded"), "{refused}");
    for (value, code) in [("0", 0), ("", 0), ("maybe", 2)] {
        served.hero(["run", "quick.py"]).env(hero_e2e::stage::EMBEDDED, value).finish().exits(code);
    }
}

#[test]
fn a_secret_of_the_environment_makes_another_one() {
    let served = Served::new();
    let source = "from hero_tracing import flow\n\n\n@flow(secrets=[\"KEY\"])\ndef main() -> int:\n    return len(flow.secret(\"KEY\"))\n";
    served.write("secret.py", source);
    let length = |value: &str| {
        let run = served.hero(["run", "secret.py", "--json"]).env("HERO_SECRET_KEY", value);
        run.finish().exits(0).settled().outputs()
    };
    assert_eq!(length("four-words-long"), json!(15));
    let first = served.pid();
    assert_eq!(length("four-words-long"), json!(15));
    assert_eq!(served.pid(), first);
    assert_eq!(length("more-than-four-words"), json!(20));
    assert_ne!(served.pid(), first);
}

#[test]
fn a_home_too_deep_for_a_socket_has_none() {
    let stage = Stage::new();
    let deep = stage.directory().join("deep".repeat(30));
    fs::create_dir(&deep).unwrap();
    stage.write("quick.py", QUICK);
    let hero = |arguments: &[&str]| {
        stage.hero(arguments).arg("--home").arg(&deep).without(hero_e2e::stage::EMBEDDED).finish()
    };
    hero(&["run", "quick.py"]).exits(0);
    assert!(!deep.join(".hero/var/hero_logic/server.pid").exists());
    let refused = hero(&["serve"]).exits(2);
    assert!(refused.stderr.contains("bytes long; a socket's path has at most"), "{refused}");
    assert!(refused.stderr.contains("HERO_HOME"), "{refused}");
}
