//! What becomes of plays whose collector does not do its part, and of settings that cannot be followed.

use std::net::TcpListener;

use hero_e2e::{Served, Stage, stage::eventually};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::collector::Collector;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

#[test]
fn no_collector_and_one_that_never_answers_harm_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", dead.local_addr().unwrap());
    drop(dead);
    for url in [nobody, format!("http://{}", silent.local_addr().unwrap())] {
        let served = Served::new();
        served.flow("traced.py");
        let run = ["run", "traced.py", "--entry", "main", "--json"];
        let embedded = served.hero(run).env("HERO_LOGIC_EMBEDDED", "1").env(ENDPOINT, &url).finish().exits(0);
        assert_eq!(embedded.settled().outputs(), 3);
        let server = served.hero(["serve"]).env(ENDPOINT, &url).start();
        assert!(eventually(|| served.listens()), "{}", server.stderr());
        for _ in 0..3 {
            assert_eq!(served.hero(run).finish().exits(0).settled().outputs(), 3);
        }
        kill(Pid::from_raw(server.pid().try_into().unwrap()), Signal::SIGTERM).unwrap();
        let told = server.finish().exits(0).stderr;
        assert!(told.contains("dropped") || told.contains("did not take the last ones"), "{told}");
    }
}

#[test]
fn what_is_refused_for_now_is_sent_again() {
    let served = Served::new();
    served.flow("traced.py");
    let collector = Collector::refusing(&served, &["503", "429"]);
    let server = collector.watch(served.hero(["serve"])).start();
    assert!(eventually(|| served.listens()), "{}", server.stderr());
    let run = served.hero(["run", "traced.py", "--entry", "main", "--json"]);
    let play = run.finish().exits(0).settled().play;
    collector.trace(&play.play_sid);
    kill(Pid::from_raw(server.pid().try_into().unwrap()), Signal::SIGTERM).unwrap();
    let told = server.finish().exits(0).stderr;
    assert_eq!(told.matches("the collector takes no spans").count(), 1, "{told}");
    assert!(told.contains("the collector takes spans again") && !told.contains("dropped"), "{told}");
    collector.check(&play);
}

#[test]
fn what_is_refused_for_good_is_dropped_and_told() {
    let stage = Stage::new();
    stage.flow("traced.py");
    let collector = Collector::refusing(&stage, &["400"]);
    let server = collector.watch(stage.hero(["serve"])).start();
    let socket = stage.home().join("hero/var/sockets/hero_logic/rpc.sock");
    assert!(eventually(|| std::os::unix::net::UnixStream::connect(&socket).is_ok()), "{}", server.stderr());
    let run = stage.hero(["run", "traced.py", "--entry", "main", "--json"]).without("HERO_LOGIC_EMBEDDED");
    run.finish().exits(0);
    assert!(eventually(|| server.stderr().contains("spans were dropped")), "{}", server.stderr());
    kill(Pid::from_raw(server.pid().try_into().unwrap()), Signal::SIGTERM).unwrap();
    server.finish().exits(0);
}

#[test]
fn settings_that_cannot_be_followed_are_told_at_the_start() {
    let stage = Stage::new();
    stage.flow("traced.py");
    for (name, value, told) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "no gRPC"),
        (ENDPOINT, "https://collector.example.com", "https is not spoken"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon", "milliseconds"),
    ] {
        for command in [&["run", "traced.py", "--entry", "main"][..], &["serve"]] {
            let run = stage.hero(command).env(ENDPOINT, "http://127.0.0.1:1").env(name, value);
            let outcome = run.finish().exits(2);
            assert!(outcome.stderr.contains(name) && outcome.stderr.contains(told), "{outcome}");
        }
        // Whoever only looks sends nothing.
        stage.hero(["play", "list"]).env(ENDPOINT, "http://127.0.0.1:1").env(name, value).finish().exits(0);
    }
}
