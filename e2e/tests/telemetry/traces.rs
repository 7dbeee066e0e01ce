//! What comes of plays that have their collector.

use std::collections::BTreeMap;

use hero_e2e::{Outcome, Running, Served, Stage, stage::eventually};
use hero_sdk::PlaySid;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::collector::{Collector, Sent};

#[test]
fn a_play_is_a_trace_once_its_command_has_ended() {
    let stage = Stage::new();
    stage.flow("traced.py");
    let collector = Collector::start(&stage);
    let run = stage.hero(["run", "traced.py", "--entry", "main", "--tag", "nightly", "--json"]);
    let run = collector
        .watch(run)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20of-the-test,x-one=1")
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=a%20test%2Cor%20two,x=1");
    let play = run.finish().exits(0).settled().play;
    assert!(collector.sent().iter().any(|sent| sent.text("kind") == "play"), "nothing may come later");
    let trace = collector.check(&play);
    let of = |path: &str| -> &Sent {
        let found =
            trace.values().find(|sent| sent.attributes.get("hero_logic.path").is_some_and(|at| at == path));
        found.unwrap_or_else(|| panic!("{path}: {trace:#?}"))
    };
    for sent in trace.values() {
        assert_eq!(sent.path, "/v1/traces");
        assert_eq!(sent.headers["authorization"], "Bearer of-the-test");
        assert_eq!(sent.headers["x-one"], "1");
        assert_eq!(sent.resource["service.name"], "hero_logic");
        assert_eq!(sent.resource["deployment.environment.name"], "a test,or two");
        assert_eq!(sent.kind, "SPAN_KIND_INTERNAL");
    }
    let top = &trace[&0];
    assert_eq!(top.status, "STATUS_CODE_OK");
    assert_eq!(top.attributes["hero_logic.tags"], serde_json::json!(["nightly"]));
    assert_eq!(top.attributes["hero_logic.total_tokens_in"], 201);
    let double = of("main#0/outer#0/both#0/double#1");
    assert_eq!(double.attributes["hero_logic.tag.parity"], "odd");
    assert_eq!(double.attributes["hero_logic.cost_usd"], 0.25);
    assert_eq!(double.attributes["gen_ai.usage.input_tokens"], 101);
    assert_eq!(double.attributes["gen_ai.usage.output_tokens"], 7);
    assert_eq!(double.attributes["hero_logic.output"], "2");
    assert_eq!(double.lines(), ["doubling 1"]);
    let broken = of("main#0/broken#0");
    assert_eq!((broken.status.as_str(), broken.message.as_str()), ("STATUS_CODE_ERROR", "no such number"));
    assert_eq!(broken.attributes["error.type"], "ValueError");
    let raised = broken.events.iter().find(|event| event.name == "exception").unwrap();
    assert!(raised.attributes["exception.stacktrace"].as_str().unwrap().contains("traced.py"));
    let unsteady = of("main#0/unsteady#0");
    assert_eq!(unsteady.status, "STATUS_CODE_OK");
    let tried = unsteady.events.iter().find(|event| event.name == "exception").unwrap();
    assert_eq!(tried.attributes["exception.message"], "the other side hung up");
    assert_eq!(tried.attributes["hero_logic.try"], 1);
}

#[test]
fn a_process_that_was_killed_is_seen_by_its_attempt() {
    let stage = Stage::new();
    stage.flow("traced.py");
    let collector = Collector::start(&stage);
    let run = stage.hero(["run", "traced.py", "--entry", "main", "--json"]).killed_after_record(2);
    let play = collector.watch(run).finish().exits(0).settled().play;
    assert_eq!(play.attempt, 2);
    let trace = collector.check(&play);
    let attempts: Vec<_> = trace.values().map(|sent| &sent.attributes["hero_logic.attempt"]).collect();
    assert!(attempts.iter().any(|attempt| **attempt == 1), "{attempts:?}");
    assert!(attempts.iter().any(|attempt| **attempt == 2), "{attempts:?}");
}

#[test]
fn a_server_sends_what_has_ended_while_its_play_waits() {
    let served = Served::new();
    served.flow("traced.py");
    let collector = Collector::start(&served);
    let server = collector
        .watch(served.hero(["serve"]))
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
        .env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        .env("OTEL_SERVICE_NAME", "of the test")
        .start();
    assert!(eventually(|| served.listens()), "{}", server.stderr());
    let waiting = served.hero(["run", "traced.py", "--entry", "asks", "--no-input", "--json"]).finish();
    let waiting = waiting.exits(3).settled();
    let step = || collector.sent().into_iter().find(|sent| sent.name == "double");
    assert!(eventually(|| step().is_some()), "{:#?}", collector.sent());
    assert_eq!(step().unwrap().headers["content-type"], "application/json");
    assert_eq!(collector.sent().len(), 1, "nothing else has ended");
    let resume = waiting.resumes[0].resume_id.to_string();
    let resume =
        served.hero(["resume", waiting.play.play_sid.as_str(), &resume, "--payload", "true", "--json"]);
    let play = resume.finish().exits(0).settled().play;
    // The trace comes while the server runs, and its tree can be read by a command beside it.
    collector.trace(&play.play_sid);
    kill(Pid::from_raw(server.pid().try_into().unwrap()), Signal::SIGTERM).unwrap();
    server.finish().exits(0);
    let trace = collector.check(&play);
    assert_eq!(trace[&0].resource["service.name"], "of the test");
    assert_eq!(trace[&0].status, "STATUS_CODE_OK");
}

/// A server that sends its spans, once it listens.
#[track_caller]
fn served<'a>(served: &'a Served, collector: &Collector<'_>) -> Running<'a> {
    let server = collector.watch(served.hero(["serve"])).start();
    assert!(eventually(|| served.listens()), "{}", server.stderr());
    server
}

#[track_caller]
fn stop(server: Running<'_>) {
    kill(Pid::from_raw(server.pid().try_into().unwrap()), Signal::SIGTERM).unwrap();
    server.finish().exits(0);
}

/// Says yes to the open question of a play, which goes on until it waits or ends.
#[track_caller]
fn confirm(stage: &Served, play_sid: &PlaySid) -> Outcome {
    let shown = stage.hero(["play", "show", play_sid.as_str(), "--json"]).finish().exits(0).settled();
    let resume = shown.resumes[0].resume_id.to_string();
    stage.hero(["resume", play_sid.as_str(), &resume, "--payload", "true", "--no-input", "--json"]).finish()
}

#[test]
fn what_was_sent_before_a_restart_does_not_come_again() {
    let stage = Served::new();
    stage.flow("traced.py");
    let collector = Collector::start(&stage);
    let first = served(&stage, &collector);
    let pid = first.pid();
    let run = stage.hero(["run", "traced.py", "--entry", "asks_twice", "--no-input", "--json"]).finish();
    let play_sid = run.exits(3).settled().play.play_sid;
    confirm(&stage, &play_sid).exits(3);
    stop(first);
    let before = collector.sent().len();
    assert_eq!(before, 3, "two steps, and the first question: {:#?}", collector.sent());
    let second = served(&stage, &collector);
    let play = confirm(&stage, &play_sid).exits(0).settled().play;
    assert_eq!(play.attempt, 3);
    collector.trace(&play_sid);
    stop(second);
    let trace = collector.check(&play);
    assert_eq!(trace.len(), before + 3, "the second question, the flow, and the play: {trace:#?}");
    for sent in trace.values() {
        let is_of_first = sent.resource["process.pid"] == pid;
        assert_eq!(is_of_first, ["double", "first"].contains(&sent.name.as_str()), "{sent:#?}");
    }
    let steps = trace.values().filter(|sent| sent.name == "double");
    let attempts: Vec<_> = steps.map(|sent| &sent.attributes["hero_logic.attempt"]).collect();
    assert_eq!(attempts, [1, 2], "what is replayed was executed when it was");
}

#[test]
fn a_play_that_a_lost_server_ran_comes_whole_and_with_the_same_ids() {
    let stage = Served::new();
    stage.flow("traced.py");
    let collector = Collector::start(&stage);
    let first = served(&stage, &collector);
    let run = stage.hero(["run", "traced.py", "--entry", "is_lost", "--json"]).start();
    assert!(eventually(|| !collector.sent().is_empty()), "{}", run.stderr());
    let play_sid: PlaySid = collector.sent()[0].text("play_sid").parse().unwrap();
    first.kill();
    run.kill();
    let second = served(&stage, &collector);
    let ended = || collector.sent().iter().any(|sent| sent.text("kind") == "play");
    assert!(eventually(ended), "{}", second.stderr());
    stop(second);
    let mut ids: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for sent in collector.sent() {
        assert_eq!(sent.text("play_sid"), play_sid.as_str());
        let path = sent.attributes.get("hero_logic.path").map_or("", |path| path.as_str().unwrap());
        ids.entry(path.to_owned()).or_default().push(sent.span_id);
    }
    let counts: Vec<(&str, usize)> = ids.iter().map(|(path, ids)| (path.as_str(), ids.len())).collect();
    let step = "is_lost#0/double#0";
    assert_eq!(counts, [("", 1), ("is_lost#0", 1), (step, 2), ("is_lost#0/double#1", 1)]);
    assert_eq!(ids[step][0], ids[step][1]);
}
