//! Ids of plays that are none: each command that takes one refuses it before it becomes part of a path.

use std::{collections::BTreeSet, fs, path::Path};

use hero_e2e::Stage;

/// Commands that take an id, where it stands for `SID`.
const COMMANDS: [&[&str]; 8] = [
    &["play", "show", "SID"],
    &["play", "tree", "SID"],
    &["play", "follow", "SID"],
    &["play", "wait", "SID"],
    &["play", "cancel", "SID"],
    &["play", "retry", "SID"],
    &["play", "list", "--cursor", "SID"],
    &["resume", "SID", "ask_01arz3ndektsv4rrffq69g5fav", "--payload", "1"],
];

fn hostile() -> Vec<String> {
    let mut all: Vec<String> = [
        "../../x",
        "..",
        ".",
        "/",
        "/etc/passwd",
        "%2e%2e",
        "%2e%2e%2f%2e%2e%2fx",
        "%00",
        "",
        " ",
        "play_",
        "play_../../../../../../etc/passwd",
        "play_01arz3ndektsv4rrffq69g5fav/../x",
        "play_01arz3ndektsv4rrffq69g5fav%00",
        "play_01arz3ndektsv4rrffq69g5fav\n",
        "play_01arz3ndektsv4rrffq69g5fa\u{202e}",
        "ver_01arz3ndektsv4rrffq69g5fav",
        "play_01arz3ndektsv4rrffq69g5fav*",
    ]
    .map(str::to_owned)
    .into();
    all.push("play_".repeat(2_000));
    all.push(format!("play_{}", "0".repeat(10_000)));
    all.push("../".repeat(3_000));
    all
}

fn files(directory: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        found.insert(path.display().to_string());
        if path.is_dir() && !path.is_symlink() {
            found.extend(files(&path));
        }
    }
    found
}

#[test]
fn what_is_no_id_is_refused_and_leaves_nothing() {
    let stage = Stage::new();
    let play = stage.hero(["run", "hello", "--json"]).finish().exits(0).settled().play;
    let before = files(&stage.home().join(".hero/var/plays"));
    for sid in hostile() {
        for command in COMMANDS {
            let arguments = command.iter().map(|word| if *word == "SID" { sid.as_str() } else { word });
            let outcome = stage.hero(arguments.chain(["--json"])).finish().exits(2);
            assert_eq!(outcome.error_code(), "invalid_params", "{outcome}");
        }
    }
    assert_eq!(files(&stage.home().join(".hero/var/plays")), before);
    // The same commands know an id that is one.
    for (command, code) in [("show", 0), ("tree", 0), ("wait", 0)] {
        stage.hero(["play", command, play.play_sid.as_str()]).finish().exits(code);
    }
    // An argument with NUL is none to the kernel; in an id it comes by JSON only, and is refused where it is parsed.
    let inputs = "{\"sid\": \"play_01arz3ndektsv4rrffq69g5fav\\u0000\"}";
    stage.write(
        "nul.py",
        "from hero_tracing import flow\n\n\n@flow\ndef main(sid: str) -> str:\n    return sid\n",
    );
    stage.hero(["run", "nul.py", "--inputs", inputs]).finish().exits(0);
}
