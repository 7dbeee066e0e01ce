//! hero_logic or the flow itself is killed, interrupted or told to stop, mostly in the middle of a step.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use hero_e2e::{Gate, Outcome, Running, Stage, processes};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};

use crate::kills::{self, assert_each_once, names, only_play};

/// Until when a flow that does not listen is gone, with everything that it has started.
const END_TIME_MAX: Duration = Duration::from_secs(5);

/// Starts `gate.py`, whose second step stops at a named pipe.
fn start<'a>(stage: &'a Stage, gate: &Gate, entry: &str) -> Running<'a> {
    stage.flow("gate.py");
    let input = format!("gate={}", gate.path().display());
    stage.hero(["run", "gate.py", "--entry", entry, "--input", &input, "--json"]).start()
}

fn gate(stage: &Stage) -> Gate {
    stage.let_plays_meet_us();
    Gate::new(stage.directory().join("gate"))
}

fn signal(running: &Running<'_>, signal: Signal) {
    kill(Pid::from_raw(running.pid().try_into().unwrap()), signal).unwrap();
}

/// The processes of plays: they work in their play's directory.
fn flows(stage: &Stage) -> Vec<Pid> {
    let works = |process: &processes::Process| {
        let directory = fs::read_link(format!("/proc/{}/cwd", process.pid));
        directory.is_ok_and(|directory| directory.starts_with(stage.home().join(".hero/var/plays")))
    };
    let found = processes::beneath(&stage.home()).into_iter().filter(works);
    found.map(|process| Pid::from_raw(process.pid.try_into().unwrap())).collect()
}

/// Kills the only flow that runs, as somebody from outside might.
#[track_caller]
fn kill_flow(stage: &Stage) {
    let flows = flows(stage);
    let [flow] = flows[..] else { panic!("one flow runs, not {flows:?}") };
    kill(flow, Signal::SIGKILL).unwrap();
    // Until it has let go of the gate, nobody else can be told from it there: files are closed last of all.
    let has_ended = |stat: String| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['Z', 'X']));
    while !fs::read_to_string(format!("/proc/{flow}/stat")).map_or(true, has_ended) {
        thread::yield_now();
    }
}

#[test]
fn killed_in_mid_step_and_recovered_by_the_next_command() {
    let stage = Stage::new();
    let gate = gate(&stage);
    let running = start(&stage, &gate, "main");
    let arrived = gate.arrival();
    assert_eq!(running.kill().code, 128 + 9);
    drop(arrived);
    assert_eq!(stage.processes_left(), [], "the flow's processes outlived hero_logic");

    let (sid, status) = only_play(&stage);
    assert!(["queued", "running"].contains(&status.as_str()), "{status}");
    let waiting = stage.hero(["play", "wait", &sid, "--json"]).start();
    gate.arrival().open("opened");
    let settled = waiting.finish().exits(0).settled();
    assert_eq!(settled.outputs(), json!(["before", "opened", "after"]));
    assert_eq!(settled.play.attempt, 2);
    let effects = stage.effects(&settled.play.play_sid);
    assert_eq!(effects, ["1 before", "1 wait_at", "2 wait_at", "2 after"]);
}

#[test]
fn killed_it_leaves_no_helper_of_a_play() {
    let stage = Stage::new();
    let gate = gate(&stage);
    let running = start(&stage, &gate, "with_busy_helper");
    let arrived = gate.arrival();
    running.kill();
    assert_eq!(stage.processes_left(), [], "the flow's processes outlived hero_logic");
    drop(arrived);
}

/// A play whose `hero_logic run` was killed while its flow stood at the gate, and its id.
fn killed_at_the_gate(stage: &Stage) -> (Gate, String) {
    let gate = gate(stage);
    let running = start(stage, &gate, "main");
    drop((gate.arrival(), running.kill()));
    stage.processes_left();
    let (sid, _) = only_play(stage);
    (gate, sid)
}

#[test]
fn killed_again_it_still_ends() {
    let stage = Stage::new();
    let (gate, sid) = killed_at_the_gate(&stage);
    let waiting = stage.hero(["play", "wait", &sid, "--json"]).start();
    drop((gate.arrival(), waiting.kill()));
    stage.processes_left();
    let waiting = stage.hero(["play", "wait", &sid, "--json"]).start();
    gate.arrival().open("at last");
    let settled = waiting.finish().exits(0).settled();
    assert_eq!(settled.outputs(), json!(["before", "at last", "after"]));
    let effects = stage.effects(&settled.play.play_sid);
    assert_eq!(effects, ["1 before", "1 wait_at", "2 wait_at", "3 wait_at", "3 after"]);
}

#[test]
fn killed_until_it_fails_and_retried() {
    let stage = Stage::new();
    let (gate, sid) = killed_at_the_gate(&stage);
    for _ in 0..2 {
        let waiting = stage.hero(["play", "wait", &sid, "--json"]).start();
        drop((gate.arrival(), waiting.kill()));
        stage.processes_left();
    }
    // Three runtimes in a row that ended while it ran: it may be the reason, and is not run again unasked.
    let failed = stage.hero(["play", "wait", &sid, "--json"]).finish().exits(1).settled();
    assert_eq!(failed.play.error.unwrap().code, "process_crashed");
    let retrying = stage.hero(["play", "retry", &sid, "--json"]).start();
    gate.arrival().open("at last");
    let settled = retrying.finish().exits(0).settled();
    assert_eq!(settled.outputs(), json!(["before", "at last", "after"]));
    let effects = stage.effects(&settled.play.play_sid);
    assert_eq!(effects, ["1 before", "1 wait_at", "2 wait_at", "3 wait_at", "4 wait_at", "4 after"]);
}

#[test]
fn killed_and_retried_at_once() {
    let stage = Stage::new();
    let (gate, sid) = killed_at_the_gate(&stage);
    let retrying = stage.hero(["play", "retry", &sid, "--json"]).start();
    gate.arrival().open("opened");
    let settled = retrying.finish().exits(0).settled();
    assert_eq!(settled.outputs(), json!(["before", "opened", "after"]));
}

#[test]
fn interrupted_once_it_cancels() {
    for wish in [Signal::SIGINT, Signal::SIGTERM] {
        let stage = Stage::new();
        let gate = gate(&stage);
        let running = start(&stage, &gate, "main");
        let _arrived = gate.arrival();
        signal(&running, wish);
        let settled = running.finish().exits(4).settled();
        assert_eq!(settled.play.status.as_str(), "cancelled");
        assert_each_once(&stage.effects(&settled.play.play_sid), &["before", "wait_at"]);
        assert_eq!(only_play(&stage).1, "cancelled");
    }
}

/// Asks a flow that stands at the gate to end, waits until it has with everything that it started, and says how long
/// that took.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "the time is what is promised")]
fn end_at_the_gate(entry: &str, wish: Signal, effects: &[&str]) -> Duration {
    let stage = Stage::new();
    let gate = gate(&stage);
    let running = start(&stage, &gate, entry);
    let _arrived = gate.arrival();
    let asked_at = Instant::now();
    signal(&running, wish);
    let settled = running.finish().exits(4).settled();
    assert_eq!(stage.processes_left(), [], "{entry}");
    let took = asked_at.elapsed();
    assert_eq!(settled.play.status.as_str(), "cancelled", "{entry}");
    assert_eq!(stage.effects(&settled.play.play_sid), effects, "{entry}: nothing ran again");
    took
}

#[test]
fn a_flow_that_does_not_end_is_asked_and_then_ended_with_everything_in_time() {
    // What this machine takes for one that does, with whatever else it has to do.
    let floor = end_at_the_gate("main", Signal::SIGINT, &["1 before", "1 wait_at"]);
    for (entry, wish, effect) in
        [("stubborn", Signal::SIGINT, "1 wait_at"), ("hang", Signal::SIGTERM, "1 asked")]
    {
        // The effect of "hang" shows that TERM came before KILL.
        let took = end_at_the_gate(entry, wish, &[effect]);
        assert!(took < END_TIME_MAX + 4 * floor, "{entry}: {took:?}, where one that ends takes {floor:?}");
    }
}

#[test]
fn a_helper_process_ends_with_its_play() {
    let stage = Stage::new();
    stage.flow("gate.py");
    stage.hero(["run", "gate.py", "--entry", "with_helper", "--json"]).finish().exits(0);
    assert_eq!(stage.processes_left(), []);
}

#[test]
fn a_flow_that_crashes_is_tried_again_within_a_limit() {
    for way in ["exit", "kill"] {
        let stage = Stage::new();
        stage.flow("crashes.py");
        let input = format!("way={way}");
        let run = stage.hero(["run", "crashes.py", "--entry", "crash", "--input", &input, "--json"]);
        let settled = run.finish().exits(1).settled();
        assert_eq!(settled.play.error.unwrap().code, "process_crashed");
        let effects = stage.effects(&settled.play.play_sid);
        assert_eq!(names(&effects, None).iter().filter(|name| **name == "before").count(), 1, "{effects:?}");
        assert_eq!(settled.play.attempt, 3, "{effects:?}");
    }
}

#[test]
fn a_flow_killed_in_mid_step_goes_on_in_its_next_attempt() {
    let stage = Stage::new();
    let gate = gate(&stage);
    let running = start(&stage, &gate, "main");
    let arrived = gate.arrival();
    kill_flow(&stage);
    drop(arrived);
    gate.arrival().open("opened");
    let settled = running.finish().exits(0).settled();
    assert_eq!((settled.outputs(), settled.play.attempt), (json!(["before", "opened", "after"]), 2));
    let effects = stage.effects(&settled.play.play_sid);
    assert_eq!(effects, ["1 before", "1 wait_at", "2 wait_at", "2 after"], "the recorded step stays");
}

#[test]
fn a_flow_killed_in_mid_step_fails_where_that_is_declared() {
    let stage = Stage::new();
    let gate = gate(&stage);
    let running = start(&stage, &gate, "at_most_once");
    let arrived = gate.arrival();
    kill_flow(&stage);
    drop(arrived);
    let settled = running.finish().exits(1).settled();
    assert_eq!(settled.play.attempt, 2);
    assert!(settled.play.error.unwrap().message.contains("on_unknown='fail'"));
    let effects = stage.effects(&settled.play.play_sid);
    assert_eq!(effects, ["1 before", "1 wait_once_at"], "it is not run again");
}

/// Its last word is durable by then, and its end is what it said.
#[test]
fn a_flow_that_falls_after_its_last_word_keeps_its_exit_code() {
    for (end, code) in [("succeeded", 0), ("failed", 1)] {
        let stage = Stage::new();
        stage.flow("crashes.py");
        let input = format!("end={end}");
        let run = stage.hero(["run", "crashes.py", "--entry", "fall", "--input", &input, "--json"]);
        let settled = run.finish().exits(code).settled();
        assert_eq!((settled.play.status.as_str(), settled.play.attempt), (end, 1));
        let sid = settled.play.play_sid.as_str();
        let later = stage.hero(["play", "wait", sid, "--json"]).finish().exits(code).settled();
        assert_eq!(later.play, settled.play, "the end is what it was");
    }
}

#[test]
fn another_command_meanwhile_says_who_holds_the_store() {
    let stage = Stage::new();
    let gate = gate(&stage);
    let running = start(&stage, &gate, "main");
    let arrived = gate.arrival();
    let refused: Outcome = stage.hero(["play", "list", "--json"]).finish().exits(6);
    assert_eq!(refused.error_code(), "store_locked");
    let message = refused.json().pointer("/error/message").and_then(Value::as_str).unwrap().to_owned();
    assert!(message.contains(&running.pid().to_string()), "{message}");
    arrived.open("opened");
    let settled = running.finish().exits(0).settled();
    assert_eq!(settled.outputs(), json!(["before", "opened", "after"]), "the first is unharmed");
    assert_eq!(kills::tree(&stage, &settled).status.as_str(), "succeeded");
}
