//! The server that somebody starts, and what must happen when that goes wrong.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
};

use hero_e2e::{Served, stage::eventually};
use hero_sdk::Logic as _;
use nix::sys::signal::Signal;

use crate::world::{QUICK, ask, gate, log, run_to, signal};

#[test]
fn it_is_started_told_of_and_stopped() {
    let served = Served::new();
    let told = served.hero(["--info", "--json"]).finish().exits(6);
    assert_eq!(told.error_code(), "unreachable");
    served.hero(["--stop"]).finish().exits(0);

    let started = served.hero(["--start", "--json"]).finish().exits(0).json();
    assert_eq!(started["listening"][0], served.socket().display().to_string());
    let info = served.hero(["--info", "--json"]).finish().exits(0).json();
    assert_eq!(info["process"]["pid"], served.pid().unwrap());
    assert_eq!(info["process"]["background"], serde_json::Value::Null);
    served.write("quick.py", QUICK);
    served.hero(["run", "quick.py"]).finish().exits(0);

    served.hero(["--stop"]).finish().exits(0);
    assert_eq!(served.processes_left(), []);
    assert_eq!((served.pid(), served.socket().exists()), (None, false));
}

#[test]
fn one_that_answers_nothing_is_told_of_and_stopped() {
    let served = Served::started(&[]);
    let pid = served.pid().unwrap();
    signal(pid, Signal::SIGSTOP);
    let told = served.hero(["--info", "--json"]).finish().exits(6);
    assert_eq!(told.error_code(), "unreachable");
    assert!(told.stderr.contains(&format!("process {pid}")) && told.stderr.contains("--stop"), "{told}");

    // Whoever waits for it can be told to leave.
    let asking = served.hero(["--info"]).start();
    assert!(eventually(|| listens_for_signals(asking.pid())), "it has not come so far");
    signal(asking.pid(), Signal::SIGTERM);
    asking.finish().exits(130);

    // And where its socket is gone as well, it is found by its file.
    fs::remove_file(served.socket()).unwrap();
    let told = served.hero(["--info", "--json"]).finish().exits(6);
    assert!(told.stderr.contains(&format!("process {pid}")), "{told}");
    let stopped = served.hero(["--stop", "--json"]).finish().exits(0).json();
    assert_eq!(stopped, serde_json::json!({"stopped": true, "killed": false}));
    assert_eq!(served.processes_left(), []);
}

/// Whether the process does something of its own when it gets SIGTERM.
fn listens_for_signals(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    caught & (1 << (Signal::SIGTERM as u64 - 1)) != 0
}

#[test]
fn one_that_lost_its_socket_ends_and_the_next_one_goes_on() {
    let served = Served::new();
    let gate = gate(&served);
    let first = run_to(&served, &gate);
    let arrived = gate.arrival();
    let pid = served.pid_once_there();
    // Another file is as bad as none.
    let other = served.write("other", "");
    fs::rename(other, served.socket()).unwrap();
    assert!(eventually(|| served.pid() != Some(pid)), "it stays");
    assert!(served.socket().exists(), "that of somebody else is let be");
    drop(arrived);
    let left = first.finish().exits(6);
    let play_sid = ask_play_sid(&left.stderr);
    fs::remove_file(served.socket()).unwrap();
    let following = served.hero(["play", "wait", &play_sid]).start();
    gate.arrival().open("opened");
    following.finish().exits(0);
    assert_ne!(served.pid(), Some(pid));
}

/// The play that a message is about.
fn ask_play_sid(text: &str) -> String {
    let start = text.find("play_").unwrap_or_else(|| panic!("no play is named: {text}"));
    text[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

#[test]
fn another_server_is_not_what_is_stopped_or_started() {
    let served = Served::started(&[]);
    let pid = served.pid();
    let url = "http://127.0.0.1:9";
    for what in [&["--stop"][..], &["--start"], &["serve"], &["doctor"]] {
        let refused = served.hero(what.iter().chain(&["--server", url, "--json"])).finish().exits(2);
        assert_eq!(refused.error_code(), "usage", "{refused}");
        let refused = served.hero(what).env("HERO_LOGIC_SERVER", url).finish().exits(2);
        assert!(refused.stderr.contains("HERO_LOGIC_SERVER"), "{refused}");
    }
    assert_eq!(served.pid(), pid);
}

#[test]
fn only_its_owner_reaches_it() {
    let served = Served::started(&[]);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let socket = served.socket();
    assert_eq!((mode(&socket), mode(socket.parent().unwrap())), (0o600, 0o700));
    assert_eq!(mode(&served.home().join(".hero/var/hero_logic/server.pid")), 0o600);
    assert_eq!(mode(&served.home().join(".hero/var/log/hero_logic")), 0o700);
}

#[test]
fn a_second_one_ends_and_the_first_is_unharmed() {
    let served = Served::started(&[]);
    let pid = served.pid();
    let second = served.hero(["--start", "--json"]).finish().exits(2);
    assert_eq!(second.error_code(), "conflict");
    let in_front = served.hero(["serve", "--json"]).finish().exits(2);
    assert_eq!(in_front.error_code(), "conflict");
    assert_eq!(served.pid(), pid);
    served.write("quick.py", QUICK);
    served.hero(["run", "quick.py"]).finish().exits(0);
}

#[test]
fn what_a_killed_one_left_does_not_stand_in_the_way() {
    let served = Served::started(&[]);
    let pid = served.pid().unwrap();
    signal(pid, Signal::SIGKILL);
    assert!(eventually(|| !served.listens()));
    assert!(served.socket().exists(), "nobody could delete it");
    served.hero(["--info"]).finish().exits(6);
    served.hero(["--start"]).finish().exits(0);
    assert_ne!(served.pid(), Some(pid));
    ask(&served, async |client| client.server_info().await.unwrap());
}

#[test]
fn how_plays_are_confined_is_decided_where_it_is_started() {
    let served = Served::started(&["--sandbox", "strict"]);
    served.write("quick.py", QUICK);
    let play = served.hero(["run", "quick.py", "--json"]).finish().exits(0).settled().play;
    assert_eq!(play.sandbox.unwrap().level.as_str(), "strict");
    let refused = served.hero(["--sandbox", "off", "run", "quick.py", "--json"]).finish().exits(2);
    assert_eq!(refused.error_code(), "usage");
    assert!(refused.stderr.contains("where the server is started"), "{refused}");
}

#[test]
fn what_keeps_it_from_starting_is_told() {
    let served = Served::new();
    served.settings("[sandbox]\nlevel = \"quite\"\n");
    let refused = served.hero(["--start", "--json"]).finish().exits(2);
    assert_eq!(refused.error_code(), "invalid_configuration");
    assert!(refused.stderr.contains("sandbox.level") && refused.stderr.contains("hint:"), "{refused}");
    served.settings("");
    for (wrong, code) in [
        (&["--listen", "127.0.0.1"][..], "usage"),
        (&["--listen", "127.0.0.1:seven"], "usage"),
        (&["--listen", "192.0.2.1:0", "--token-file", "token"], "invalid_params"),
        (&["--listen", "127.0.0.1:0", "--token-file", "/no/such/file"], "unreadable_file"),
    ] {
        let token = served.write("token", "of no use to anybody");
        fs::set_permissions(token, Permissions::from_mode(0o600)).unwrap();
        let refused = served.hero(["--start", "--json"].iter().chain(wrong)).finish().exits(2);
        assert_eq!(refused.error_code(), code, "{refused}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = served.hero(["--start", "--json", "--listen", &address, "--token-file", "token"]);
    assert_eq!(refused.finish().exits(2).error_code(), "conflict");
    served.write("quick.py", QUICK);
    let refused = served.hero(["run", "quick.py", "--json"]).env("HERO_LOGIC_IDLE_S", "abc");
    assert_eq!(refused.finish().exits(2).error_code(), "usage");
    let refused = served.hero(["--start", "--listen", "127.0.0.1:0", "--json"]).finish();
    assert_eq!(refused.error_code(), "unauthorized");
    assert!(refused.stderr.contains("token"), "{refused}");
    assert_eq!(served.pid(), None);
    for wrong in [&["--start", "run", "x.py"][..], &["--start", "--stop"], &["--json"], &["--listen", "x"]] {
        let refused = served.hero(wrong).finish();
        assert_eq!(refused.code, 2, "{refused}");
    }
}

#[test]
fn who_wants_quiet_has_it() {
    let served = Served::new();
    for command in ["--start", "--stop"] {
        assert_eq!(served.hero([command, "-q"]).finish().exits(0).stderr, "", "{command}");
    }
    let in_front = served.hero(["serve", "-q"]).start();
    assert!(eventually(|| served.listens()));
    signal(in_front.pid(), Signal::SIGTERM);
    assert_eq!(in_front.finish().exits(0).stderr, "");

    let in_front = served.hero(["serve"]).start();
    assert!(eventually(|| served.listens()));
    signal(in_front.pid(), Signal::SIGTERM);
    let told = in_front.finish().exits(0);
    assert!(told.stderr.contains("starts") && !told.stderr.contains("[service]"), "{told}");
}

#[test]
fn a_unit_can_listen_on_tcp_by_a_token_in_a_file() {
    let served = Served::new();
    let listen = ["service-unit", "--listen", "127.0.0.1:7410", "--public-url", "https://flows.example"];
    assert_eq!(served.hero(listen.iter().chain(&["--json"])).finish().exits(2).error_code(), "usage");
    let unit = served.hero(listen.iter().chain(&["--token-file", "token"])).finish().exits(0).stdout;
    let token = served.directory().join("token").display().to_string();
    let line = format!(
        " --listen 127.0.0.1:7410 --public-url https://flows.example --token-file {token} --home {}\n",
        served.home().display()
    );
    assert!(unit.contains(&line), "{unit}");
}

#[test]
fn its_log_is_an_object_a_line() {
    let served = Served::started(&[]);
    served.hero(["--stop"]).finish().exits(0);
    let text = log(&served);
    let messages: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| line["fields"]["message"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(messages, ["starts", "listens", "drains", "has ended"]);
    assert!(text.contains("hero_logic_server"), "the description of the service");
}
