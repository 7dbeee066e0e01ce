//! Steps side by side, by every means of Python, with a question after them: right on replay.

use hero_e2e::Stage;
use serde_json::{Value, json};

use crate::kills::{self, assert_each_once, names};

#[test]
fn gather_of_steps_and_of_sequences() {
    let sequences = ["left0", "left1", "left2", "right0", "right1", "right2"];
    let steps: Vec<&str> = ["step0", "step1", "step2"].into_iter().chain(sequences).collect();
    check(
        "gather",
        &steps,
        &json!({
            "steps": ["STEP0", "STEP1", "STEP2"],
            "left": ["LEFT0", "LEFT1", "LEFT2"],
            "right": ["RIGHT0", "RIGHT1", "RIGHT2"],
            "go_on": true,
        }),
    );
}

#[test]
fn task_group() {
    check(
        "task_group",
        &["task0", "task1", "task2", "seq0", "seq1"],
        &json!({"steps": ["TASK0", "TASK1", "TASK2"], "both": ["SEQ0", "SEQ1"], "go_on": true}),
    );
}

#[test]
fn executor_map() {
    check(
        "pool_map",
        &["job0", "job1", "job2", "job3", "job4", "left0", "left1", "left2", "right0", "right1", "right2"],
        &json!({
            "steps": ["JOB0", "JOB1", "JOB2", "JOB3", "JOB4"],
            "left": ["LEFT0", "LEFT1", "LEFT2"],
            "right": ["RIGHT0", "RIGHT1", "RIGHT2"],
            "go_on": true,
        }),
    );
}

#[test]
fn to_thread() {
    check(
        "to_thread",
        &["job0", "job1", "job2", "job3", "left0", "left1", "left2", "right0", "right1", "right2"],
        &json!({
            "steps": ["JOB0", "JOB1", "JOB2", "JOB3"],
            "left": ["LEFT0", "LEFT1", "LEFT2"],
            "right": ["RIGHT0", "RIGHT1", "RIGHT2"],
            "go_on": true,
        }),
    );
}

#[test]
fn flow_map_under_a_limit() {
    check(
        "flow_map",
        &["item0", "item1", "item2", "item3", "item4"],
        &json!({"steps": ["ITEM0", "ITEM1", "ITEM2", "ITEM3", "ITEM4"], "go_on": true}),
    );
}

/// Once with a question that is answered by a later command, and then killed after every record.
#[track_caller]
fn check(entry: &str, steps: &[&str], outputs: &Value) {
    let stage = Stage::new();
    stage.flow("concurrency.py");
    let arguments = ["concurrency.py", "--entry", entry];

    let run = ["run", "--no-input", "--json"].iter().chain(&arguments);
    let asked = stage.hero(run).finish().exits(3).settled();
    let sid = asked.play.play_sid.as_str();
    assert_each_once(&stage.effects(&asked.play.play_sid), steps);
    let question = asked.question("go_on").resume_id.as_str();
    let answered =
        stage.hero(["resume", sid, question, "--payload", "true", "--json"]).finish().exits(0).settled();
    assert_eq!(&answered.outputs(), outputs);
    assert_each_once(&stage.effects(&asked.play.play_sid), steps);

    let answered_before: Vec<&str> = arguments.into_iter().chain(["--answer", "go_on=true"]).collect();
    kills::after_each_record(&stage, &answered_before, |killed| {
        assert_eq!(&killed.settled.outputs(), outputs);
        let effects = killed.stage.effects(&killed.settled.play.play_sid);
        for step in steps {
            assert!(
                names(&effects, Some(1)).contains(step) || names(&effects, Some(2)).contains(step),
                "{step}"
            );
        }
        // What had a record when the process was killed did not run again; what was under way did.
        let ran_later = effects.len() - names(&effects, Some(1)).len();
        let without_record = steps.len().saturating_sub(killed.records);
        assert!(ran_later <= without_record, "killed after {}: {effects:?}", killed.records);
    });
}
