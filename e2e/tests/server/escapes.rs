//! Codes by which a text would act on the terminal that shows it, or show another order than it has, in everything that
//! a flow can name or say: people see which they are. (ATTACKS 25)

use hero_e2e::{Outcome, Served};
use serde_json::Value;

use crate::world::log;

/// Sets the title, clears the screen, hides what follows, starts a link, rings, goes back, and turns round what follows:
/// as C0, as C1, and as marks of Unicode.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[8m\u{1b}]8;;http://evil.example\u{1b}\\\u{9b}2J\u{9d}0;owned\u{9c}\r\u{8}\u{7f}\u{202e}txt.exe\u{2066}\u{200f}\u{2028}";

/// Says it in each way that there is. What it says is its input.
const SOURCE: &str = r#"
import sys
from hero_tracing import ask_user, flow

@flow
def step(text: str) -> str:
    print(text)
    print(text, file=sys.stderr)
    flow.current_span.tag(text, text)
    flow.current_span.log(text)
    return text

@flow
def fails(text: str) -> None:
    raise ValueError(text)

@flow
def main(text: str) -> str:
    with flow.step(text):
        step(text)
    flow.run(text, str, text)
    with open("file", "w") as file:
        file.write(text)
    flow.artifact("file", name="file\u202e\u2066.txt")
    answer = ask_user.choice(text, [text, "other"], name="asked")
    try:
        fails(text)
    except ValueError:
        pass
    if answer == "other":
        raise flow.Failed(text)
    return text
"#;

/// What a terminal would act on, or show elsewhere than it stands.
fn acts(character: char) -> bool {
    (character.is_control() && !matches!(character, '\n' | '\t'))
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}' | '\u{2029}')
        || ('\u{202a}'..='\u{202e}').contains(&character)
        || ('\u{2066}'..='\u{2069}').contains(&character)
}

/// The outcome, of which nothing acts.
#[track_caller]
fn tame(outcome: Outcome) -> Outcome {
    for text in [&outcome.stdout, &outcome.stderr] {
        let found: Vec<char> = text.chars().filter(|character| acts(*character)).collect();
        assert!(found.is_empty(), "{found:?} in {outcome}");
    }
    outcome
}

#[test]
fn nothing_that_a_flow_says_acts_on_a_terminal() {
    let served = Served::started(&[]);
    served.write("says.py", SOURCE);
    let inputs = serde_json::json!({ "text": HOSTILE }).to_string();
    let run = ["run", "says.py", "--entry", "main", "--inputs", &inputs, "--tag", HOSTILE, "--no-input"];
    let waits = tame(served.hero(run).finish().exits(3));
    assert!(waits.stderr.contains("owned"), "it is shown: {waits}");
    let list = served.hero(["play", "list", "--json"]).finish().exits(0).json();
    let sid = list["plays"][0]["play_sid"].as_str().unwrap().to_owned();
    tame(served.hero(["play", "wait", &sid]).finish().exits(3));
    let shown = served.hero(["play", "show", &sid, "--json"]).finish().exits(0);
    let resume_id = shown.settled().question("asked").resume_id.to_string();
    for command in ["show", "tree", "artifacts"] {
        let outcome = tame(served.hero(["play", command, &sid]).finish().exits(0));
        assert!(!outcome.stdout.is_empty(), "{outcome}");
    }
    tame(served.hero(["play", "list"]).finish().exits(0));
    tame(served.hero(["play", "list", "--tag", HOSTILE]).finish().exits(0));
    let wrong = serde_json::json!(format!("{HOSTILE}x")).to_string();
    tame(served.hero(["resume", &sid, &resume_id, "--payload", &wrong]).finish().exits(2));
    tame(served.hero(["resume", &sid, &resume_id, "--payload", "\"other\""]).finish().exits(1));
    tame(served.hero(["play", "wait", &sid]).finish().exits(1));
    for command in ["show", "tree", "follow"] {
        tame(served.hero(["play", command, &sid]).finish());
    }
    // What machines read is JSON, whose text has no code below U+0020.
    for command in ["show", "tree"] {
        let outcome = served.hero(["play", command, &sid, "--json"]).finish().exits(0);
        assert!(!outcome.stdout.contains(|character: char| character.is_control() && character != '\n'));
        assert!(outcome.json().to_string().contains("owned"), "{outcome}");
    }
    served.hero(["--stop"]).finish().exits(0);
    for line in log(&served).lines() {
        assert!(!line.contains(acts), "{line}");
        serde_json::from_str::<Value>(line).unwrap();
    }
}

/// Errors that tell again what they were asked for.
#[test]
fn nothing_that_is_asked_for_acts_on_a_terminal() {
    let served = Served::started(&[]);
    for command in [
        &["run", HOSTILE][..],
        &["run", "hello", "--input", HOSTILE],
        &["run", "hello", "--entry", HOSTILE],
        &["play", "show", HOSTILE],
        &["play", HOSTILE],
        &["play", "list", "--cursor", HOSTILE],
        &["play", "list", "--status", HOSTILE],
        &["workflow", "list", "--tag", HOSTILE],
        &["--server", HOSTILE, "play", "list"],
        &["secret", "remove", HOSTILE],
        &[HOSTILE],
    ] {
        tame(served.hero(command).finish());
    }
}
