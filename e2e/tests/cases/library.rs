//! The library from one process to the next: what is saved is found, run and deleted by others.

use hero_e2e::Stage;
use serde_json::json;

const TRIP: &str = "\
from hero_tracing import ask_user, flow


@flow
def main(to: str, seats: int = 1) -> str:
    if to == 'nowhere':
        raise ValueError(to)
    return f'{seats} to {to}, ' + ask_user.choice('When?', ['now', 'later'])
";

#[test]
fn a_workflow_lives_from_process_to_process() {
    let stage = Stage::new();
    stage.write("trip.py", TRIP);
    stage.hero(["workflow", "add", "trip.py", "--tag", "travel"]).finish().exits(0);
    std::fs::remove_file(stage.directory().join("trip.py")).unwrap();

    let add = ["example", "add", "trip", "graz", "--input", "to=Graz", "--answer", "when=\"now\""];
    stage.hero(add).finish().exits(0);
    let run = stage.hero(["run", "trip", "--example", "graz", "--input", "seats=2", "--json"]);
    let played = run.finish().exits(0).settled();
    assert_eq!(played.outputs(), json!("2 to Graz, now"));
    assert_eq!((played.play.workflow.as_str(), played.play.version), ("trip", Some(1)));
    let failed = stage.hero(["run", "trip", "--input", "to=nowhere"]).finish().exits(1);
    assert!(failed.stderr.contains("File \"trip.py\", line 7"), "the file's own name\n{failed}");

    // What `example inputs` gives is what `run` takes.
    let inputs = stage.hero(["example", "inputs", "trip", "graz"]).finish().exits(0).stdout;
    assert_eq!(inputs, "{\"to\":\"Graz\",\"seats\":1}\n");
    let run = stage.hero(["run", "trip", "--inputs", "-", "--no-input", "--json"]).stdin(&inputs);
    let waiting = run.finish().exits(3).settled();

    stage.hero(["workflow", "delete", "trip"]).finish().exits(2);
    let refused = stage.hero(["workflow", "delete", "trip", "--yes", "--json"]).finish().exits(2);
    assert_eq!(refused.error_code(), "conflict");
    assert!(refused.stderr.contains(waiting.play.play_sid.as_str()), "{refused}");
    stage.hero(["workflow", "delete", "trip", "--yes", "--force"]).finish().exits(0);
    let gone = stage.hero(["run", "trip", "--input", "to=Graz", "--json"]).finish().exits(2);
    assert_eq!(gone.error_code(), "not_found");
    let sid = waiting.play.play_sid.as_str();
    let show = stage.hero(["play", "show", sid, "--json"]).finish().exits(0).settled();
    assert_eq!(show.play.status.as_str(), "cancelled");
    stage.hero(["play", "tree", played.play.play_sid.as_str()]).finish().exits(0);
}

#[test]
fn a_source_comes_back_byte_for_byte() {
    let stage = Stage::new();
    for (name, end) in [("unix", "\n"), ("windows", "\r\n"), ("open", "\n# Grüße 日本 \u{1b}[31m\u{202e}\n#")]
    {
        let source =
            format!("from hero_tracing import flow{end}@flow{end}def main(): ...{end}").replace("#@", "#\n@");
        let source = source.replace("#def", "#\ndef");
        let file = format!("{name}.py");
        stage.write(&file, &source);
        stage.hero(["workflow", "add", &file]).finish().exits(0);
        assert_eq!(stage.hero(["workflow", "fetch", name]).finish().exits(0).stdout, source, "{name}");
        let copy = format!("{name}.copy");
        let fetched = stage.hero(["workflow", "fetch", name, "--output", &copy]).finish().exits(0);
        assert_eq!(fetched.stdout, "");
        assert_eq!(std::fs::read_to_string(stage.directory().join(copy)).unwrap(), source, "{name}");
        // The same text by another way is the same version.
        let again = stage.hero(["workflow", "add", "-", "--to", name, "--json"]).stdin(&source);
        assert_eq!(again.finish().exits(0).json()["version"], 1, "{name}");
    }
}

#[test]
fn a_second_start_with_the_same_key_tells_of_the_first() {
    let stage = Stage::new();
    let start = |name: &str| {
        let name = format!("name={name}");
        stage.hero(["run", "hello", "--input", &name, "--idempotency-key", "order 17", "--json"]).finish()
    };
    let (first, second) = (start("Ada").exits(0), start("Ada").exits(0));
    assert_eq!(first.settled().play.play_sid, second.settled().play.play_sid);
    assert_eq!(second.settled().outputs(), json!({"greeting": "Hello, Ada!"}));
    assert!(!second.stderr.contains("sandbox"), "it wished for nothing\n{second}");
    let other = start("Grace").exits(2);
    assert_eq!(other.error_code(), "conflict");
    assert!(other.stderr.contains(first.settled().play.play_sid.as_str()), "{other}");
}

#[test]
fn every_command_completes_in_every_shell() {
    let stage = Stage::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stage.hero(["completions", shell]).finish().exits(0).stdout;
        for word in ["set-current", "unarchive", "idempotency-key", "example"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
}
