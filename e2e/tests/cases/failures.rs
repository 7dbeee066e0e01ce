//! Failures that a flow handles take the same branch live and on replay; those that it does not end the play.

use hero_e2e::Stage;
use serde_json::json;

use crate::kills::{self, assert_each_once};

const STEPS: [&str; 4] = ["value_error", "out_of_stock", "did_not_work", "remember"];

#[test]
fn the_same_branch_live_and_on_replay() {
    let stage = Stage::new();
    stage.flow("failures.py");
    let branches = json!([
        ["ValueError", "ValueError", "not a number", ["not a number"]],
        ["OutOfStock", "OutOfStock", "bolt: only 3 left", "bolt", 3],
        ["Failed", "Failed", "nobody is at home"],
    ]);
    let outputs = json!({"live": branches, "replayed": branches});
    let arguments = ["failures.py", "--answer", "go_on=true"];
    kills::after_each_record(&stage, &arguments, |killed| {
        assert_eq!(killed.settled.outputs(), outputs);
        assert_each_once(&killed.stage.effects(&killed.settled.play.play_sid), &STEPS);
    });
}

#[test]
fn the_same_step_with_the_same_input_runs_twice() {
    let stage = Stage::new();
    stage.write(
        "twice.py",
        "from hero_tracing import flow\n\n\
         @flow\ndef count(by: int) -> int:\n    \
             with open('effects.log', 'a') as log:\n        log.write(f'{flow.attempt} count\\n')\n    \
             return len(open('effects.log').readlines()) * by\n\n\
         @flow\ndef main() -> list[int]:\n    return [count(10), count(10)]\n",
    );
    kills::after_each_record(&stage, &["twice.py"], |killed| {
        assert_eq!(killed.settled.outputs(), json!([10, 20]));
        assert_each_once(&killed.stage.effects(&killed.settled.play.play_sid), &["count", "count"]);
    });
}

#[test]
fn an_undeclared_exception_shows_the_flows_own_frames() {
    let stage = Stage::new();
    stage.write(
        "boom.py",
        "from hero_tracing import flow\n\n\
         def helper() -> int:\n    return {}['nothing']\n\n\
         @flow\ndef step() -> int:\n    return helper()\n\n\
         @flow\ndef main() -> int:\n    return step()\n",
    );
    let outcome = stage.hero(["run", "boom.py", "--json"]).finish().exits(1);
    let error = outcome.settled().play.error.unwrap();
    assert_eq!(error.kind.as_deref(), Some("KeyError"));
    let traceback = error.traceback.unwrap();
    for frame in ["line 4, in helper", "line 8, in step", "line 12, in main"] {
        assert!(traceback.contains(frame), "{traceback}");
    }
    assert!(!traceback.contains("hero_tracing"), "{traceback}");
}

#[test]
fn failed_is_clean() {
    let stage = Stage::new();
    stage.write(
        "clean.py",
        "from hero_tracing import flow\n\n\
         @flow\ndef main() -> None:\n    raise flow.Failed('the shop is closed')\n",
    );
    let outcome = stage.hero(["run", "clean.py", "--json"]).finish().exits(1);
    let error = outcome.settled().play.error.unwrap();
    assert_eq!(error.code, "failed");
    assert_eq!(error.message, "the shop is closed");
    assert_eq!(error.traceback, None);
    let human = stage.hero(["run", "clean.py"]).finish().exits(1);
    assert!(human.stderr.contains("the shop is closed"), "{human}");
    assert!(!human.stderr.contains("Traceback"), "{human}");
}

#[test]
fn a_retry_runs_failed_steps_again_and_no_others() {
    let stage = Stage::new();
    let switch = stage.directory().join("works");
    stage.write(
        "mend.py",
        &format!(
            "from pathlib import Path\nfrom hero_tracing import flow\n\n\
             def effect(name):\n    with open('effects.log', 'a') as log:\n        log.write(f'{{flow.attempt}} {{name}}\\n')\n\n\
             @flow\ndef good() -> int:\n    effect('good')\n    return 1\n\n\
             @flow\ndef bad() -> int:\n    effect('bad')\n    if not Path({switch:?}).exists():\n        raise OSError('down')\n    return 2\n\n\
             @flow\ndef main() -> int:\n    return good() + bad()\n"
        ),
    );
    let failed = stage.hero(["run", "mend.py", "--json"]).finish().exits(1).settled();
    stage.write("works", "");
    let sid = failed.play.play_sid.as_str();
    stage.hero(["play", "retry", sid]).finish().exits(0);
    let mended = stage.hero(["play", "show", sid, "--json"]).finish().exits(0).settled();
    assert_eq!(mended.outputs(), json!(3));
    assert_each_once(&stage.effects(&failed.play.play_sid), &["good", "bad", "bad"]);
}

#[test]
fn a_replay_that_does_not_match_its_record_diverges() {
    let stage = Stage::new();
    stage.write(
        "drift.py",
        "from hero_tracing import ask_user, flow\n\n\
         @flow\ndef left(n: int) -> int:\n    return n\n\n\
         @flow\ndef main() -> int:\n    n = left(flow.attempt)\n    ask_user.confirm('Go on?', name='go_on')\n    return n\n",
    );
    let outcome = stage.hero(["run", "drift.py", "--answer", "go_on=true", "--json"]).finish().exits(5);
    let error = outcome.settled().play.error.unwrap();
    assert_eq!(error.code, "diverged");
    assert!(error.location.as_deref().unwrap().contains("drift.py:9"), "{error:?}");
    assert!(error.expected.is_some() && error.actual.is_some() && error.hint.is_some(), "{error:?}");
}
