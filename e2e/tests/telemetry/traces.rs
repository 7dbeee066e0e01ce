//! What comes of plays that have their collector.

use hero_e2e::{Served, Stage, stage::eventually};
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
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test");
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
        assert_eq!(sent.resource["deployment.environment.name"], "test");
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
