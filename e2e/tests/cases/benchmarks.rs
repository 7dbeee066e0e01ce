//! Benchmarks by the real binary: versions that differ by construction, what is decided by them, and a benchmark that is
//! cancelled, or goes on with the next server.

use std::collections::BTreeSet;

use hero_e2e::{Served, Stage, stage::eventually};
use hero_sdk::logic::{BenchmarkReport, WorkflowStatistics};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

/// Right, and dear.
const SORT: &str = "\
from hero_tracing import flow


@flow
def main(text: str) -> str:
    \"\"\"Sorts a letter of a customer into complaint or praise.\"\"\"
    flow.current_span.cost(usd=0.002)
    return 'complaint' if 'bad' in text or 'late' in text else 'praise'
";

/// Waits for a file that the test makes.
const GATED: &str = "\
import time
from pathlib import Path

from hero_tracing import flow


@flow(sandbox={'read': ['[gate]']})
def main(number: int) -> int:
    while number > 4 and not Path('[gate]/open').exists():
        time.sleep(0.01)
    return number
";

/// Two versions: the first one right, the second one cheap and wrong about what is late.
fn sorted(stage: &Stage) {
    stage.write("sort.py", SORT);
    let cheap = SORT.replace("0.002", "0.0005").replace(" or 'late' in text", "");
    stage.write("cheap.py", &cheap);
    stage.hero(["workflow", "add", "sort.py"]).finish().exits(0);
    stage.hero(["workflow", "add", "cheap.py", "--to", "sort", "--no-set-current"]).finish().exits(0);
    for (name, text, expected) in
        [("bad", "bad", "complaint"), ("late", "late", "complaint"), ("nice", "so nice", "praise")]
    {
        let (text, expected) = (format!("text={text}"), format!("{expected:?}"));
        let add = ["example", "add", "sort", name, "--input", &text, "--expected", &expected];
        stage.hero(add).finish().exits(0);
    }
}

/// A directory beneath the stage that plays may read, and a workflow of ten examples of which the later ones wait for it.
fn gated(served: &Served, concurrency: &str) -> [String; 5] {
    served.let_plays_meet_us();
    let gate = served.directory().display().to_string();
    served.write("gated.py", &GATED.replace("[gate]", &gate));
    served.settings(&format!("[sandbox.defaults]\nread = [{gate:?}]\n[sandbox.caps]\nread = [{gate:?}]\n"));
    served.hero(["workflow", "add", "gated.py"]).finish().exits(0);
    for number in 0..10 {
        let (name, input) = (format!("e{number}"), format!("number={number}"));
        let expected = number.to_string();
        let add = ["example", "add", "gated", &name, "--input", &input, "--expected", &expected];
        served.hero(add).finish().exits(0);
    }
    ["bench", "run", "gated", "--concurrency", concurrency].map(str::to_owned)
}

fn report(json: &str) -> BenchmarkReport {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("stdout is no report: {error}\n{json}"))
}

#[test]
fn versions_are_told_apart_by_what_was_measured() {
    let stage = Stage::new();
    sorted(&stage);
    let run = ["bench", "run", "sort", "--version", "1", "--version", "2", "--repeats", "3", "--json"];
    let measured = stage.hero(run).finish().exits(0).json();
    let accuracy =
        |index: usize| measured["reports"][index]["benchmark"]["summary"]["accuracy"]["mean"].as_f64();
    assert_eq!((accuracy(0), accuracy(1)), (Some(1.0), Some(2.0 / 3.0)));
    assert!(measured["comparisons"][0]["accuracy"]["change"].as_f64() < Some(0.0), "{measured}");

    let compared = stage.hero(["bench", "compare", "sort", "1", "2"]).finish().exits(0);
    for line in ["- accuracy", "+ cost", "version 2 against version 1, over 3 examples"] {
        assert!(compared.stdout.contains(line), "{line}\n{compared}");
    }
    for (counts, number) in [("--accuracy", "1\n"), ("--cost", "2\n")] {
        let picked = stage.hero(["pick", "sort", counts, "1", "--quiet"]).finish().exits(0);
        assert_eq!((picked.stdout.as_str(), picked.stderr.as_str()), (number, ""));
    }
    let none = stage.hero(["pick", "sort", "--max-cost", "0.0001", "--json"]).finish().exits(1);
    assert_eq!(none.error_code(), "no_version_fits");

    let gate = ["workflow", "set-current", "sort", "2", "--gate", "--max-latency-increase", "1000000"];
    let current = || stage.hero(["workflow", "show", "sort", "--json"]).finish().exits(0).json();
    let refused = stage.hero(gate).finish().exits(1);
    assert!(refused.stdout.contains("✗ accuracy") && refused.stdout.contains("✓ cost"), "{refused}");
    assert_eq!(current()["workflow"]["current_version"], 1);
    let passed = stage.hero(gate.into_iter().chain(["--max-accuracy-loss", "0.5", "--json"]));
    assert_eq!(passed.finish().exits(0).json()["is_current"], true);
    assert_eq!(current()["workflow"]["current_version"], 2);
    assert_eq!(current()["statistics"]["workflow"]["runs"], 18, "nothing was measured twice");
}

#[test]
fn the_library_is_searched_and_says_where_it_has_nothing() {
    let stage = Stage::new();
    sorted(&stage);
    let found = stage.hero(["search", "letter", "of", "a", "customer"]).finish().exits(0);
    assert!(found.stdout.starts_with("sort  "), "{found}");
    assert!(found.stdout.contains("version 1: never run"), "{found}");
    let none = stage.hero(["search", "photosynthesis of orchids"]).finish().exits(1);
    assert!(none.stdout.is_empty() && none.stderr.contains("nothing in the library answers"), "{none}");
    assert_eq!(
        stage.hero(["search", "photosynthesis", "--json"]).finish().exits(1).json()["hits"],
        Value::Array(vec![])
    );
}

#[test]
fn an_interrupted_benchmark_is_cancelled_and_keeps_what_it_measured() {
    let served = Served::new();
    let run = gated(&served, "1");
    let running = served.hero(&run).arg("--json").start();
    assert!(eventually(|| running.stderr().contains("measured   e4")), "{}", running.stderr());
    kill(Pid::from_raw(running.pid().try_into().unwrap()), Signal::SIGTERM).unwrap();
    let cancelled = running.finish().exits(4);
    let BenchmarkReport { benchmark, measurements } = report(&cancelled.stdout);
    assert_eq!((benchmark.status.as_str(), measurements.len()), ("cancelled", 5), "{cancelled}");
    assert!(cancelled.stderr.contains("cancelling; Ctrl-C again"), "{cancelled}");
    let sid = benchmark.benchmark_sid.as_str();
    let again = served.hero(["bench", "cancel", sid, "--json"]).finish().exits(2);
    assert_eq!(again.error_code(), "conflict");
    // What was cut short is no evidence.
    let pick = served.hero(["bench", "compare", "gated", "1", "1", "--json"]).finish().exits(2);
    assert_eq!(pick.error_code(), "not_found");
}

#[test]
fn a_benchmark_goes_on_with_the_next_server_and_counts_nothing_twice() {
    let served = Served::new();
    let run = gated(&served, "3");
    let running = served.hero(&run).start();
    assert!(eventually(|| running.stderr().contains("measured   e4")), "{}", running.stderr());
    let server = Pid::from_raw(served.pid_once_there().try_into().unwrap());
    kill(server, Signal::SIGKILL).unwrap();
    let lost = running.finish().exits(6);
    let again = lost.stderr.rsplit_once("bench follow ").map(|(_, sid)| sid.trim().to_owned());
    let sid = again.unwrap_or_else(|| panic!("no way to go on\n{lost}"));

    served.write("open", "");
    let ended = served.hero(["bench", "follow", &sid, "--json"]).finish().exits(0);
    let BenchmarkReport { benchmark, measurements } = report(&ended.stdout);
    assert_eq!(benchmark.status.as_str(), "completed");
    let indices: BTreeSet<u32> = measurements.iter().map(|run| run.index).collect();
    let plays: BTreeSet<_> = measurements.iter().filter_map(|run| run.play_sid.clone()).collect();
    assert_eq!((indices.len(), plays.len(), measurements.len()), (10, 10, 10), "{ended}");
    let summary = &benchmark.summary;
    assert_eq!((summary.runs, summary.succeeded, summary.scored), (10, 10, 10), "{ended}");
    assert_eq!(summary.accuracy.map(|accuracy| accuracy.mean), Some(1.0));
    let shown = served.hero(["workflow", "show", "gated", "--json"]).finish().exits(0).json();
    let statistics: WorkflowStatistics = serde_json::from_value(shown["statistics"].clone()).unwrap();
    assert_eq!(statistics.workflow.runs, 10);
    let plays = served.hero(["play", "list", "--tag", &sid, "--json"]).finish().exits(0).json();
    assert_eq!(plays["plays"].as_array().map(Vec::len), Some(10));
}
