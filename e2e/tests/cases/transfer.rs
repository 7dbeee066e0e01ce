//! Workflows and plays from one home to another, as files.

use std::fs;

use hero_e2e::{Outcome, Served, Stage};
use serde_json::{Value, json};

/// Five steps, of which the fourth works only where READY is set. Each says that its body ran.
const STEPS: &str = "\
import os
from pathlib import Path

from hero_tracing import flow


@flow
def step(number: int) -> str:
    with open('effects.log', 'a') as effects:
        effects.write(f'{number}\\n')
    if number == 4 and 'READY' not in os.environ:
        raise flow.Failed('not ready')
    if number == 2:
        Path('two.txt').write_text('of the second step')
        flow.artifact('two.txt')
    return str(number) * (200_000 if number == 3 else 1)


@flow(sandbox={'env': ['READY']})
def main(count: int) -> list[int]:
    return [len(step(number)) for number in range(1, count + 1)]
";

/// A play of the flow that failed, and the file with it.
fn exported(stage: &Stage) -> (String, String) {
    stage.write("steps.py", STEPS);
    let run = stage.hero(["run", "steps.py", "--input", "count=5", "--allow-env", "READY", "--json"]);
    let play = run.without("READY").finish().exits(1).settled().play;
    let file = stage.directory().join("play.json").display().to_string();
    let play_sid = play.play_sid.to_string();
    assert_eq!(stage.effects(&play.play_sid), ["1", "2", "3", "4"]);
    stage.hero(["play", "export", &play_sid, "-o", &file]).finish().exits(0);
    (play_sid, file)
}

fn import(stage: &Stage, file: &str) -> Outcome {
    stage.hero(["play", "import", file, "--json"]).finish()
}

#[test]
fn a_play_is_retried_from_its_file_in_a_home_that_never_saw_it() {
    let (one, other) = (Stage::new(), Stage::new());
    let (play_sid, file) = exported(&one);
    let imported = import(&other, &file).exits(0).json();
    assert_eq!((&imported["is_new"], &imported["play"]["status"]), (&json!(true), &json!("failed")));
    assert_eq!(import(&other, &file).exits(0).json()["is_new"], false);
    let shown =
        |stage: &Stage, command: &str| stage.hero(["play", command, &play_sid]).finish().exits(0).stdout;
    for command in ["tree", "artifacts"] {
        assert_eq!(shown(&other, command), shown(&one, command), "{command}");
    }
    let artifact = other.hero(["play", "artifact", &play_sid, "two.txt"]).finish().exits(0);
    assert_eq!(artifact.stdout, "of the second step");

    let retry = other.hero(["play", "retry", &play_sid, "--allow-env", "READY", "--json"]).env("READY", "1");
    let retried = retry.finish().exits(0).settled();
    assert_eq!(retried.outputs(), json!([1, 1, 200_000, 1, 1]));
    assert_eq!(other.effects(&retried.play.play_sid), ["4", "5"], "the others are in the file");
    assert_eq!(import(&other, &file).exits(2).error_code(), "conflict");

    // What came of it goes back, as something else than what is there.
    other.hero(["play", "export", &play_sid, "--output", &file]).finish().exits(0);
    assert_eq!(import(&one, &file).exits(2).error_code(), "conflict");
    let third = Stage::new();
    assert_eq!(import(&third, &file).exits(0).json()["play"]["status"], "succeeded");
    let promoted = third.hero(["play", "promote", &play_sid, "--name", "steps", "--json"]).finish().exits(0);
    assert_eq!(promoted.json()["version"]["version"], 1);
    third.hero(["play", "save-as-example", &play_sid, "five", "--to", "steps"]).finish().exits(0);
    let run = third.hero(["run", "steps", "--example", "five", "--allow-env", "READY", "--json"]);
    assert_eq!(run.env("READY", "1").finish().exits(0).settled().outputs(), retried.outputs());
}

#[test]
fn a_runtime_that_ends_within_an_import_leaves_no_play() {
    let (one, other) = (Stage::new(), Stage::new());
    let (play_sid, file) = exported(&one);
    let failpoint =
        other.hero(["play", "import", &file]).env("HERO_LOGIC_FAILPOINT", "end_runtime_in_import");
    assert!(failpoint.finish().code > 128, "it was ended");
    let show = other.hero(["play", "show", &play_sid, "--json"]).finish().exits(2);
    assert_eq!(show.error_code(), "not_found");
    let listed = other.hero(["play", "list", "--json"]).finish().exits(0).json();
    assert_eq!(listed["plays"], json!([]));
    // It was somewhere between its files and its rows, and is whole the next time.
    assert_eq!(import(&other, &file).exits(0).json()["is_new"], true);
    let digest =
        |stage: &Stage| stage.hero(["play", "export", &play_sid]).finish().exits(0).json()["digest"].clone();
    assert_eq!(digest(&other), digest(&one));
}

#[test]
fn a_workflow_goes_through_a_pipe_and_is_there_once() {
    let (one, other) = (Stage::new(), Stage::new());
    one.write("steps.py", STEPS);
    one.hero(["workflow", "add", "steps.py", "--tag", "a"]).finish().exits(0);
    one.hero(["example", "add", "steps", "three", "--input", "count=3"]).finish().exits(0);
    let document = one.hero(["workflow", "export", "steps"]).finish().exits(0).stdout;
    let import = |options: &[&str]| {
        let command = [&["workflow", "import", "-", "--json"], options].concat();
        other.hero(command).stdin(&document).finish()
    };
    let imported = import(&[]).exits(0).json();
    assert_eq!((&imported["versions_added"], &imported["examples_added"]), (&json!(1), &json!(1)));
    let again = import(&[]).exits(0).json();
    assert_eq!((&again["is_new"], &again["versions_added"]), (&json!(false), &json!(0)));
    assert_eq!(import(&["--name", "other"]).exits(2).error_code(), "conflict");
    let run = other.hero(["run", "steps", "--example", "three", "--allow-env", "READY", "--json"]);
    assert_eq!(run.finish().exits(0).settled().outputs(), json!([1, 1, 200_000]));
    let versions = |stage: &Stage| {
        stage.hero(["workflow", "versions", "steps", "--json"]).finish().exits(0).json()["versions"].clone()
    };
    assert_eq!(versions(&other), versions(&one));
}

/// What can be the matter with a file.
#[test]
fn no_other_file_is_taken() {
    let stage = Stage::new();
    stage.write("steps.py", STEPS);
    stage.hero(["workflow", "add", "steps.py"]).finish().exits(0);
    let whole = stage.hero(["workflow", "export", "steps"]).finish().exits(0).stdout;
    stage.hero(["workflow", "delete", "steps", "--yes"]).finish().exits(0);
    let value: Value = serde_json::from_str(&whole).unwrap();
    let with = |name: &str, to: Value| {
        let mut changed = value.clone();
        changed[name] = to;
        changed.to_string()
    };
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let files = [
        ("empty", String::new(), "import_invalid"),
        ("cut", whole[..whole.len() / 2].to_owned(), "import_invalid"),
        ("source", STEPS.to_owned(), "import_invalid"),
        ("foreign", json!({"format": "other"}).to_string(), "import_invalid"),
        ("play", with("format", json!("hero_logic.play")), "import_invalid"),
        ("newer", with("format_version", json!(2)), "import_newer"),
        ("tampered", whole.replace("not ready", "not reedy"), "import_invalid"),
        ("digest", with("digest", json!("sha256:00")), "import_invalid"),
        (
            "twice",
            whole.replace(r#""archived":false"#, r#""archived":false,"archived":true"#),
            "import_invalid",
        ),
        (
            "deep",
            with("content", json!(1)).replace(r#""content":1"#, &format!(r#""content":{deep}"#)),
            "import_invalid",
        ),
        ("missing", String::new(), "unreadable_file"),
        ("large", String::new(), "document_too_large"),
        ("bytes", String::new(), "unreadable_file"),
    ];
    for (name, text, code) in files {
        let path = stage.directory().join(name);
        match name {
            "missing" => {}
            "large" => fs::File::create(&path).unwrap().set_len((256 << 20) + 1).unwrap(),
            "bytes" => fs::write(&path, [0xff, 0xfe]).unwrap(),
            _ => fs::write(&path, &text).unwrap(),
        }
        let refused = stage.hero(["workflow", "import", name, "--json"]).finish().exits(2);
        assert_eq!(refused.error_code(), code, "{name}\n{refused}");
        assert!(refused.json()["error"]["hint"].is_string(), "{refused}");
    }
    let shown = stage.hero(["workflow", "show", "steps", "--json"]).finish().exits(2);
    assert_eq!(shown.error_code(), "not_found", "nothing was imported");
    stage.hero(["workflow", "import", "-"]).stdin(&whole).finish().exits(0);
}

/// A call has a limit, and a document need not have that.
#[test]
fn a_document_that_no_server_takes_is_taken_without_one() {
    let one = Stage::new();
    one.write(
        "large.py",
        "from pathlib import Path\n\nfrom hero_tracing import flow\n\n\n@flow\ndef main() -> None:\n    \
         Path('large').write_bytes(bytes(13 << 20))\n    flow.artifact('large')\n",
    );
    let play = one.hero(["run", "large.py", "--json"]).finish().exits(0).settled().play;
    let file = one.directory().join("play.json").display().to_string();
    one.hero(["play", "export", play.play_sid.as_str(), "-o", &file]).finish().exits(0);

    let served = Served::started(&[]);
    let refused = served.hero(["play", "import", &file, "--json"]).finish().exits(2);
    assert_eq!(refused.error_code(), "document_too_large");
    let hint = refused.json()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("--stop") && hint.contains("--embedded"), "{hint}");
    served.hero(["--stop"]).finish().exits(0);
    served.hero(["play", "import", &file, "--embedded"]).finish().exits(0);
    let fetched =
        served.hero(["play", "artifacts", play.play_sid.as_str(), "--json"]).finish().exits(0).json();
    assert_eq!(fetched["artifacts"][0]["size"], 13 << 20);
}
