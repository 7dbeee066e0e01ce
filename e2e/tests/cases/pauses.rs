//! Questions: side by side, deep down, swallowed by the flow, answered wrongly.

use hero_e2e::{Outcome, Run, Running, Settled, Stage};
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
        Self::with_inputs(entry, &json!({}))
    }

    #[track_caller]
    fn with_inputs(entry: &str, inputs: &Value) -> Self {
        let stage = Stage::new();
        stage.flow("pauses.py");
        let inputs = inputs.to_string();
        let arguments = ["run", "pauses.py", "--entry", entry, "--inputs", &inputs, "--no-input", "--json"];
        let now = stage.hero(arguments).finish().exits(3).settled();
        Self { stage, now }
    }

    /// Answers an open question by a command of its own.
    #[track_caller]
    fn answer(&self, name: &str, payload: &Value) -> Outcome {
        self.answering(name, payload).finish()
    }

    /// The command that does it.
    #[track_caller]
    fn answering(&self, name: &str, payload: &Value) -> Run<'_> {
        let sid = self.now.play.play_sid.as_str();
        let resume_id = self.now.question(name).resume_id.as_str();
        let payload = payload.to_string();
        self.stage.hero(["resume", sid, resume_id, "--payload", &payload, "--json"])
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

/// Steps and results of a fan-out of a hundred whose branches ask as told, each answered by its number and `!`.
fn hundred(asking: &[u32]) -> (Vec<String>, Value) {
    let answer = |number| if asking.contains(&number) { format!("{number}!") } else { "none".to_owned() };
    let steps: Vec<String> = (0..100).map(|number| format!("{number}={}", answer(number))).collect();
    let outputs = steps.iter().map(|step| step.to_uppercase()).collect();
    (steps, outputs)
}

#[test]
fn one_in_a_fan_out_of_a_hundred() {
    for entry in ["fan_out", "fan_out_in_threads"] {
        let asked = Asked::with_inputs(entry, &json!({"asking": [57]}));
        assert_eq!(asked.now.questions(), ["ask57"]);
        let (steps, outputs) = hundred(&[57]);
        let mut steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let beside: Vec<&str> = steps.iter().copied().filter(|step| *step != "57=57!").collect();
        assert_each_once(&asked.effects(), &beside);
        let ended = asked.answer("ask57", &json!("57!")).exits(0).settled();
        assert_eq!(ended.outputs(), outputs, "{entry}");
        steps.sort_unstable();
        assert_each_once(&asked.effects(), &steps);
    }
}

#[test]
fn many_in_a_fan_out_of_a_hundred_answered_from_the_last() {
    let asking = [3, 14, 15, 92, 65];
    let mut asked = Asked::with_inputs("fan_out", &json!({"asking": asking}));
    assert_eq!(asked.now.resumes.len(), asking.len(), "all are shown together");
    for number in [65, 15, 92, 3] {
        asked.now = asked.answer(&format!("ask{number}"), &json!(format!("{number}!"))).exits(3).settled();
    }
    let ended = asked.answer("ask14", &json!("14!")).exits(0).settled();
    let (steps, outputs) = hundred(&asking);
    assert_eq!(ended.outputs(), outputs);
    assert_each_once(&asked.effects(), &steps.iter().map(String::as_str).collect::<Vec<_>>());
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
fn the_same_answer_again_while_another_question_is_open() {
    let asked = Asked::new("parallel");
    let after_one = asked.answer("second", &json!("2")).exits(3).settled();
    let again = asked.answer("second", &json!("2")).exits(3).settled();
    assert_eq!(again.play, after_one.play, "nothing has happened");
    let refused = asked.answer("second", &json!("two")).exits(2);
    assert_eq!(refused.error_code(), "conflict");
    let ended = asked.answer("first", &json!("1")).exits(0).settled();
    assert_eq!(ended.outputs(), json!({"before": "BEFORE", "first": "FIRST=1", "second": "SECOND=2"}));
    assert_each_once(&asked.effects(), &["before", "second=2", "first=1"]);
}

#[test]
fn of_two_answers_at_once_one_wins() {
    let asked = Asked::new("swallow");
    let answers = ["left", "right"];
    let running = answers.map(|answer| asked.answering("swallowed", &json!(answer)).start());
    let outcomes = running.map(Running::finish);
    let won: Vec<usize> = (0..2).filter(|index| outcomes[*index].code == 0).collect();
    let [winner] = won.as_slice() else { panic!("not one has won: {outcomes:#?}") };
    let (winner, loser) = (*winner, 1 - *winner);
    let outputs =
        json!({"answer": answers[winner], "after": format!("AFTER {}", answers[winner].to_uppercase())});
    assert_eq!(outcomes[winner].settled().outputs(), outputs);
    // The second comes to the store when the first has left it, or is told who holds it.
    let lost = outcomes[loser].error_code();
    assert!(["conflict", "store_locked"].contains(&lost.as_str()), "{}", outcomes[loser]);
    let refused = asked.answer("swallowed", &json!(answers[loser])).exits(2);
    assert_eq!(refused.error_code(), "conflict");
    assert_eq!(asked.answer("swallowed", &json!(answers[winner])).exits(0).settled().outputs(), outputs);
    assert_each_once(&asked.effects(), &[&format!("after {}", answers[winner])]);
}

#[test]
fn the_file_changes_while_it_waits() {
    let stage = Stage::new();
    let source = |word: &str, names: [&str; 2]| {
        let [first, second] = names;
        format!(
            "from hero_tracing import ask_user, flow\n\n\
             @flow\ndef {first}(word: str) -> str:\n    \
                 with open('effects.log', 'a') as log:\n        log.write(f'{{flow.attempt}} {first} {{word}}\\n')\n    \
                 return word\n\n\
             @flow\ndef main() -> list[str]:\n    \
                 return [{first}('{word}'), ask_user.text('What?', name='{second}'), {first}('{word} again')]\n"
        )
    };
    let run = ["run", "changing.py", "--no-input", "--json"];
    stage.write("changing.py", &source("old", ["step", "what"]));
    let old = stage.hero(run).finish().exits(3).settled();
    let resume = |settled: &Settled, name: &str| {
        let (sid, resume_id) = (&settled.play.play_sid, &settled.question(name).resume_id);
        stage.hero(["resume", sid.as_str(), resume_id.as_str(), "--payload", "\"it\"", "--json"]).finish()
    };
    // Other steps, other arguments, another question: a replay by this source would diverge.
    stage.write("changing.py", &source("new", ["other", "question"]));
    let new = stage.hero(run).finish().exits(3).settled();
    assert_ne!(old.play.version_sid, new.play.version_sid);
    let ended = resume(&old, "what").exits(0).settled();
    assert_eq!(ended.outputs(), json!(["old", "it", "old again"]), "the version that it began with");
    assert_eq!(stage.effects(&old.play.play_sid), ["1 step old", "2 step old again"]);
    // Nor does it matter whether it can still be run, or is there.
    stage.write("changing.py", "no Python at all");
    let ended = resume(&new, "question").exits(0).settled();
    assert_eq!(ended.outputs(), json!(["new", "it", "new again"]));
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
