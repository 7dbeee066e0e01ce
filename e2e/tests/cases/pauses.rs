//! Questions: side by side, deep down, swallowed by the flow, answered wrongly.

use hero_e2e::{Outcome, Settled, Stage};
use serde_json::{Value, json};

use crate::kills::assert_each_once;

/// A play of `pauses.py` that waits for answers.
struct Asked {
    stage: Stage,
    now: Settled,
}

impl Asked {
    #[track_caller]
    fn new(entry: &str) -> Self {
        let stage = Stage::new();
        stage.flow("pauses.py");
        let run = stage.hero(["run", "pauses.py", "--entry", entry, "--no-input", "--json"]);
        let now = run.finish().exits(3).settled();
        Self { stage, now }
    }

    /// Answers an open question by a command of its own.
    #[track_caller]
    fn answer(&self, name: &str, payload: &Value) -> Outcome {
        let sid = self.now.play.play_sid.as_str();
        let resume_id = self.now.question(name).resume_id.as_str();
        let payload = payload.to_string();
        self.stage.hero(["resume", sid, resume_id, "--payload", &payload, "--json"]).finish()
    }

    fn effects(&self) -> Vec<String> {
        self.stage.effects(&self.now.play.play_sid)
    }

    fn status(&self) -> Settled {
        let sid = self.now.play.play_sid.as_str();
        self.stage.hero(["play", "show", sid, "--json"]).finish().exits(0).settled()
    }
}

#[test]
fn two_side_by_side_answered_in_reverse() {
    let mut asked = Asked::new("parallel");
    assert_eq!(asked.now.questions(), ["first", "second"]);
    asked.now = asked.answer("second", &json!("2")).exits(3).settled();
    assert_eq!(asked.now.questions(), ["first"]);
    assert_each_once(&asked.effects(), &["before", "second=2"]);
    let ended = asked.answer("first", &json!("1")).exits(0).settled();
    assert_eq!(ended.outputs(), json!({"before": "BEFORE", "first": "FIRST=1", "second": "SECOND=2"}));
    assert_each_once(&asked.effects(), &["before", "second=2", "first=1"]);
}

#[test]
fn two_in_threads_answered_in_reverse() {
    let mut asked = Asked::new("parallel_in_threads");
    assert_eq!(asked.now.questions(), ["first", "second"]);
    asked.now = asked.answer("second", &json!("2")).exits(3).settled();
    let ended = asked.answer("first", &json!("1")).exits(0).settled();
    assert_eq!(ended.outputs(), json!({"first": "FIRST=1", "second": "SECOND=2"}));
    assert_each_once(&asked.effects(), &["second=2", "first=1"]);
}

#[test]
fn three_levels_down() {
    let asked = Asked::new("deep");
    assert_eq!(asked.now.question("deep").path, "deep#0/middle#0/inner#0/deep#0");
    let before = ["top before", "middle before", "inner before"];
    assert_each_once(&asked.effects(), &before);
    let ended = asked.answer("deep", &json!("it")).exits(0).settled();
    let outputs = json!({"answer": "INNER AFTER ITMIDDLE AFTER", "after": "TOP AFTER"});
    assert_eq!(ended.outputs(), outputs);
    let after = ["inner after it", "middle after", "top after"];
    assert_each_once(&asked.effects(), &[before, after].concat());
}

#[test]
fn a_bare_except_loses_nothing() {
    let asked = Asked::new("swallow");
    assert_eq!(asked.now.questions(), ["swallowed"]);
    assert!(asked.effects().is_empty(), "what follows the question ran before its answer");
    let ended = asked.answer("swallowed", &json!("go")).exits(0).settled();
    assert_eq!(ended.outputs(), json!({"answer": "go", "after": "AFTER GO"}));
    assert_each_once(&asked.effects(), &["after go"]);
}

#[test]
fn an_answer_that_breaks_the_schema_leaves_the_question_open() {
    let asked = Asked::new("with_schema");
    for payload in [json!({"count": 0}), json!({}), json!("three"), json!(null)] {
        let refused = asked.answer("order", &payload).exits(2);
        assert_eq!(refused.error_code(), "invalid_payload", "{payload}");
    }
    assert_eq!(asked.status().questions(), ["order"]);
    let ended = asked.answer("order", &json!({"count": 3})).exits(0).settled();
    assert_eq!(ended.outputs(), json!({"count": 3, "type": "int"}));
    assert_each_once(&asked.effects(), &["before"]);
}

#[test]
fn a_wrong_answer_names_the_field() {
    let asked = Asked::new("with_schema");
    let refused = asked.answer("order", &json!({"count": 0})).exits(2);
    assert_eq!(refused.json().pointer("/error/fields/0/pointer"), Some(&json!("/count")), "{refused}");
}

#[test]
fn the_first_answer_wins() {
    let asked = Asked::new("with_schema");
    asked.answer("order", &json!({"count": 3})).exits(0);
    // The same answer again gets the same play; another is refused.
    let again = asked.answer("order", &json!({"count": 3})).exits(0).settled();
    assert_eq!(again.outputs(), json!({"count": 3, "type": "int"}));
    let refused = asked.answer("order", &json!({"count": 4}));
    assert_eq!(refused.error_code(), "conflict");
}

#[test]
fn every_kind_is_answered_beforehand() {
    let stage = Stage::new();
    stage.flow("pauses.py");
    let answers = [
        "what_is_your_name=\"Ada\"",
        "how_many=3",
        "which_colour=\"green\"",
        "which_services=[\"web\",\"dns\"]",
        "is_it_right=true",
    ];
    let answers = answers.iter().flat_map(|answer| ["--answer", answer]);
    let arguments: Vec<&str> = ["run", "pauses.py", "--entry", "every_kind", "--no-input", "--json"]
        .into_iter()
        .chain(answers)
        .collect();
    let ended = stage.hero(arguments).finish().exits(0).settled();
    let outputs = json!({
        "text": "Ada",
        "number": 3,
        "choice": "green",
        "multi_choice": ["web", "dns"],
        "confirm": true,
    });
    assert_eq!(ended.outputs(), outputs);
}

#[test]
fn a_question_tells_its_kind() {
    let asked = Asked::new("every_kind");
    let question = asked.now.question("what_is_your_name");
    assert_eq!(question.question.as_deref(), Some("What is your name?"));
    assert_eq!(question.ui.to::<Value>().unwrap()["kind"], "text");
    let human = asked.stage.hero(["play", "show", asked.now.play.play_sid.as_str()]).finish().exits(0);
    assert!(human.stdout.contains("What is your name?"), "{human}");
    assert!(human.stdout.contains(question.resume_id.as_str()), "{human}");
}

#[test]
fn without_input_it_says_how_to_answer() {
    let stage = Stage::new();
    stage.flow("pauses.py");
    let outcome = stage.hero(["run", "pauses.py", "--entry", "with_schema", "--no-input"]).finish().exits(3);
    assert_eq!(outcome.stdout, "", "nothing is known yet");
    assert!(outcome.stderr.contains("hero_logic resume play_"), "{outcome}");
}
