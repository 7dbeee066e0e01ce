//! The commands: what they print on stdout and on stderr, how inputs are given, and with which code they exit.

use hero_e2e::{Stage, redact};
use serde_json::json;

const TYPES: &str = "\
from enum import Enum
from typing import Any

from hero_tracing import flow


class Colour(Enum):
    RED = 'red'


@flow
def main(text: str, count: int, ratio: float, on: bool, colour: Colour, words: list[str]) -> list[Any]:
    return [text, count, ratio, on, colour.name, words]
";

#[track_caller]
fn golden(stage: &Stage, name: &str, text: &str) {
    let home = stage.home().display().to_string();
    let directory = stage.directory().display().to_string();
    let text = redact::text(text, &[(home.as_str(), "[home]"), (directory.as_str(), "[here]")]);
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn run_puts_the_result_alone_on_stdout() {
    let outcome = Stage::new().hero(["run", "hello"]).finish().exits(0);
    assert_eq!(outcome.json(), json!({"greeting": "Hello, World!"}), "{outcome}");
    assert!(outcome.stderr.contains("compose"), "the steps are on stderr\n{outcome}");
    assert!(!outcome.stderr.contains('\u{1b}'), "no colour where there is no terminal\n{outcome}");
}

#[test]
fn run_as_json() {
    let stage = Stage::new();
    let outcome = stage.hero(["run", "hello", "--json"]).finish().exits(0);
    golden(&stage, "run_as_json", &redact::json(&outcome.json(), &[]));
}

#[test]
fn run_as_json_while_it_waits() {
    let stage = Stage::new();
    let outcome = stage.hero(["run", "approval", "--no-input", "--json"]).finish().exits(3);
    golden(&stage, "run_as_json_while_it_waits", &redact::json(&outcome.json(), &[]));
}

#[test]
fn list_show_and_tree_as_json() {
    let stage = Stage::new();
    let settled = stage.hero(["run", "hello", "--json", "--tag", "nightly"]).finish().exits(0).settled();
    let sid = settled.play.play_sid.as_str();
    let list = stage.hero(["play", "list", "--json"]).finish().exits(0);
    golden(&stage, "list_as_json", &redact::json(&list.json(), &[]));
    let show = stage.hero(["play", "show", sid, "--json"]).finish().exits(0);
    assert_eq!(show.settled().play, settled.play);
    let tree = stage.hero(["play", "tree", sid, "--json"]).finish().exits(0);
    golden(&stage, "tree_as_json", &redact::json(&tree.json(), &[]));
}

#[test]
fn list_filters() {
    let stage = Stage::new();
    stage.hero(["run", "hello", "--tag", "nightly"]).finish().exits(0);
    stage.hero(["run", "approval", "--no-input"]).finish().exits(3);
    let count = |filter: &[&str]| {
        let outcome = stage.hero(["play", "list", "--json"].iter().chain(filter)).finish().exits(0);
        outcome.json()["plays"].as_array().unwrap().len()
    };
    assert_eq!(count(&[]), 2);
    assert_eq!(count(&["--status", "awaiting_resume"]), 1);
    assert_eq!(count(&["--workflow", "hello"]), 1);
    assert_eq!(count(&["--tag", "nightly"]), 1);
    assert_eq!(count(&["--tag", "nightly", "--status", "failed"]), 0);
}

#[test]
fn for_people() {
    let stage = Stage::new();
    let sid = stage.hero(["run", "hello", "--json"]).finish().exits(0).settled().play.play_sid;
    let list = stage.hero(["play", "list"]).finish().exits(0);
    assert!(list.stdout.contains(sid.as_str()) && list.stdout.contains("succeeded"), "{list}");
    let show = stage.hero(["play", "show", sid.as_str()]).finish().exits(0);
    assert!(show.stdout.contains("Hello, World!"), "{show}");
    let tree = stage.hero(["play", "tree", sid.as_str()]).finish().exits(0);
    assert!(tree.stdout.contains("compose"), "{tree}");
    assert!(
        tree.stdout.contains("composing a greeting for World"),
        "a printed line stands at its step\n{tree}"
    );
}

#[test]
fn inputs_are_read_by_their_declared_type() {
    let stage = Stage::new();
    stage.write("types.py", TYPES);
    let inputs = ["text=12", "count=12", "ratio=0.5", "on=true", "colour=red", r#"words=["a", "b"]"#];
    let inputs = inputs.iter().flat_map(|input| ["--input", input]);
    let arguments = ["run", "types.py", "--json"].into_iter().chain(inputs);
    let settled = stage.hero(arguments).finish().exits(0).settled();
    assert_eq!(settled.outputs(), json!(["12", 12, 0.5, true, "RED", ["a", "b"]]));
}

#[test]
fn inputs_as_json_from_text_file_and_stdin() {
    let stage = Stage::new();
    let text = r#"{"name": "Ada"}"#;
    stage.write("inputs.json", text);
    for given in [text, "@inputs.json", "-"] {
        let run = stage.hero(["run", "hello", "--inputs", given, "--json"]).stdin(text);
        assert_eq!(run.finish().exits(0).settled().outputs(), json!({"greeting": "Hello, Ada!"}), "{given}");
    }
}

#[test]
fn cancel_ends_a_waiting_play() {
    let stage = Stage::new();
    let asked = stage.hero(["run", "approval", "--no-input", "--json"]).finish().exits(3).settled();
    let sid = asked.play.play_sid.as_str();
    stage.hero(["play", "cancel", sid]).finish();
    let show = stage.hero(["play", "show", sid, "--json"]).finish().exits(0).settled();
    assert_eq!(show.play.status.as_str(), "cancelled");
    assert!(show.resumes.is_empty(), "its question is withdrawn");
    let resume =
        ["resume", sid, asked.question("decision").resume_id.as_str(), "--payload", "\"drop\"", "--json"];
    assert_eq!(stage.hero(resume).finish().error_code(), "conflict");
}

#[test]
fn a_wait_for_the_end_says_that_somebody_has_to_answer() {
    let stage = Stage::new();
    let asked = stage.hero(["run", "approval", "--no-input", "--json"]).finish().exits(3).settled();
    let sid = asked.play.play_sid.as_str();
    let wait = ["play", "wait", sid, "--until", "terminal", "--timeout", "0.2", "--json"];
    let outcome = stage.hero(wait).finish().exits(6);
    assert_eq!(outcome.error_code(), "timeout");
    assert!(outcome.stderr.contains("the play waits for an answer"), "{outcome}");
    assert!(outcome.stderr.contains(&format!("hero_logic play follow {sid}")), "{outcome}");
}

#[test]
fn the_next_page_is_of_the_same_list() {
    let stage = Stage::new();
    for tag in ["a b", "other", "a b"] {
        stage.hero(["run", "hello", "--tag", tag]).finish().exits(0);
    }
    let first = stage.hero(["play", "list", "--tag", "a b", "--limit", "1"]).finish().exits(0);
    let more = first.stderr.strip_prefix("more: hero_logic ").unwrap().trim_end();
    assert!(more.starts_with("play list --tag 'a b' --limit 1 --cursor play_"), "{first}");
    let (_, cursor) = more.rsplit_once(' ').unwrap();
    let next = ["play", "list", "--tag", "a b", "--limit", "1", "--cursor", cursor, "--json"];
    let plays = stage.hero(next).finish().exits(0).json()["plays"].clone();
    assert_eq!(plays.as_array().unwrap().len(), 1);
    assert_eq!(plays[0]["tags"], json!(["a b"]));
}

#[test]
fn whoever_reads_may_leave_early() {
    let stage = Stage::new();
    let sid = stage.hero(["run", "fan_out", "--json"]).finish().exits(0).settled().play.play_sid;
    let hero_logic = hero_e2e::binary::hero_logic().to_str().unwrap();
    for command in ["play list", "play show $1", "play tree $1", "completions bash", "run hello"] {
        let pipe = format!("set -o pipefail; $0 {command} | true");
        let outcome = stage.program("bash", ["-c", &pipe, hero_logic, sid.as_str()]).finish().exits(0);
        assert!(!outcome.stderr.contains("panic") && !outcome.stderr.contains("error"), "{outcome}");
    }
}

#[test]
fn unused_answers_are_told() {
    let outcome = Stage::new().hero(["run", "hello", "--answer", "nobody_asks=1"]).finish().exits(0);
    assert!(outcome.stderr.contains("nobody_asks"), "{outcome}");
}

#[test]
fn print_and_logging_land_on_their_step() {
    let stage = Stage::new();
    stage.write(
        "talk.py",
        "import logging\nimport sys\n\nfrom hero_tracing import flow\n\n\
         @flow\ndef step() -> None:\n    print('printed')\n    print('on stderr', file=sys.stderr)\n    \
             logging.getLogger('mine').warning('logged %d', 3)\n    flow.current_span.log('told')\n    \
             flow.current_span.tag('rows', 3)\n    flow.current_span.cost(usd=0.5, tokens_in=10, tokens_out=20)\n    \
             flow.current_span.progress(1, 2)\n\n\
         @flow\ndef main() -> None:\n    with flow.step('block', tier='gold'):\n        step()\n",
    );
    let settled = stage.hero(["run", "talk.py", "--json"]).finish().exits(0).settled();
    let page = crate::kills::tree(&stage, &settled);
    let span = page.spans.iter().find(|span| span.name == "step").unwrap();
    let texts: Vec<&str> = page
        .logs
        .iter()
        .filter(|line| line.span_id == Some(span.span_id))
        .map(|line| line.text.as_str())
        .collect();
    assert_eq!(texts.len(), 4, "{texts:?}");
    for (text, part) in texts.iter().zip(["printed", "on stderr", "logged 3", "told"]) {
        assert!(text.contains(part), "{texts:?}");
    }
    assert_eq!(span.tags["rows"].as_str(), "3");
    assert!((settled.play.cost_usd - 0.5).abs() < 1e-9);
    assert_eq!((settled.play.tokens_in, settled.play.tokens_out), (10, 20));
    assert_eq!(span.progress.map(|progress| (progress.done, progress.total)), Some((1.0, Some(2.0))));
    let block = page.spans.iter().find(|span| span.name == "block").unwrap();
    assert_eq!(block.tags["tier"].as_str(), "\"gold\"");
    assert_eq!(span.parent, Some(block.span_id));
}

#[test]
fn text_of_a_flow_cannot_command_the_terminal() {
    let stage = Stage::new();
    stage.write(
        "escape.py",
        "from hero_tracing import flow\n\n@flow\ndef main() -> str:\n    print('\\x1b[2J\\x1b]0;owned\\x07\\u202e')\n    return 'done'\n",
    );
    let outcome = stage.hero(["run", "escape.py", "--color", "always"]).finish().exits(0);
    assert!(!outcome.stderr.contains("\u{1b}[2J") && !outcome.stderr.contains("\u{1b}]0;"), "{outcome}");
    assert!(!outcome.stderr.contains('\u{202e}'), "{outcome}");
    assert!(outcome.stderr.contains("owned"), "{outcome}");
}

#[test]
fn a_file_may_be_called_like_a_module_of_python() {
    // Neither the look for an interpreter nor the play may import from where the command was started.
    let stage = Stage::new();
    for name in ["json.py", "types.py", "site.py"] {
        stage.write(name, "from hero_tracing import flow\n\n@flow\ndef main() -> int:\n    return 1\n");
        let outcome = stage.hero(["run", name]).finish().exits(0);
        assert_eq!(outcome.json(), 1, "{outcome}");
    }
}

#[test]
fn plays_of_two_homes_do_not_meet() {
    let stage = Stage::new();
    stage.hero(["run", "hello"]).finish().exits(0);
    let other = stage.directory().join("other");
    let list = stage.hero(["--home", other.to_str().unwrap(), "play", "list", "--json"]).finish().exits(0);
    assert_eq!(list.json()["plays"], json!([]));
}

#[test]
fn doctor_finds_nothing_wrong() {
    let outcome = Stage::new().hero(["doctor"]).finish().exits(0);
    assert!(outcome.stdout.to_lowercase().contains("python"), "{outcome}");
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let outcome = Stage::new().hero(["completions", shell]).finish().exits(0);
        assert!(outcome.stdout.contains("hero_logic"), "{outcome}");
    }
}
