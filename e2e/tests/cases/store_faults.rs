//! A home that cannot be used: one line that says why, and nothing harmed.

use std::fs;

use hero_e2e::{Stage, binary};

#[test]
fn home_that_cannot_be_made() {
    let stage = Stage::new();
    let file = stage.write("a_file", "");
    for home in [file.join("home"), "/proc/no/home".into()] {
        let outcome = stage.hero(["run", "hello", "--json"]).env("HERO_HOME", &home).finish().exits(6);
        let error = &outcome.json()["error"];
        assert!(error["message"].as_str().unwrap().contains(home.to_str().unwrap()), "{outcome}");
        assert!(error["hint"].is_string(), "{outcome}");
    }
}

#[test]
fn home_that_is_read_only() {
    let stage = Stage::new();
    stage.hero(["run", "hello"]).finish().exits(0);
    stage.set_writable(false);
    let outcome = stage.hero(["run", "hello", "--json"]).as_ordinary_user().finish();
    stage.set_writable(true);
    let outcome = outcome.exits(6);
    assert!(outcome.json()["error"]["hint"].is_string(), "{outcome}");
    stage.hero(["play", "list"]).finish().exits(0);
}

#[test]
fn store_of_a_newer_version() {
    let stage = Stage::new();
    stage.hero(["run", "hello"]).finish().exits(0);
    let version = stage.store().join("format");
    let original = fs::read(&version).unwrap_or_else(|error| panic!("{version:?}: {error}"));
    fs::write(&version, "hero_store 999\n").unwrap();
    let outcome = stage.hero(["play", "list", "--json"]).finish().exits(6);
    assert_eq!(outcome.error_code(), "store_newer");
    assert_eq!(fs::read_to_string(&version).unwrap(), "hero_store 999\n", "left as it was");
    fs::write(&version, original).unwrap();
    let list = stage.hero(["play", "list", "--json"]).finish().exits(0);
    assert_eq!(list.json()["plays"].as_array().unwrap().len(), 1);
}

#[test]
fn disk_that_is_full() {
    let stage = Stage::new();
    stage.write(
        "fill.py",
        "from hero_tracing import flow\n\n\
         @flow\ndef fill(number: int) -> str:\n    \
             with open('effects.log', 'a') as log:\n        log.write(f'{flow.attempt} {number}\\n')\n    \
             return 'x' * 10_000\n\n\
         @flow\ndef main() -> int:\n    return sum(len(fill(number)) for number in range(50))\n",
    );
    stage.hero(["play", "list"]).finish().exits(0);
    // No file may grow beyond this: to a program that is a full disk, and it needs no mount.
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let hero_logic = binary::hero_logic().to_str().unwrap();
    let full = stage
        .program("bash", ["-c", script, "bash", hero_logic, "run", "fill.py", "--json"])
        .finish()
        .exits(6);
    assert_eq!(full.error_code(), "storage_full");

    let list = stage.hero(["play", "list", "--json"]).finish().exits(0).json();
    assert_eq!(list["plays"].as_array().unwrap().len(), 1);
    assert_ne!(list["plays"][0]["status"], "succeeded");
    let sid = list["plays"][0]["play_sid"].as_str().unwrap();
    let settled = stage.hero(["play", "wait", sid, "--json"]).finish().exits(0).settled();
    assert_eq!(settled.outputs(), 500_000);
    let effects = stage.effects(&settled.play.play_sid);
    assert!(effects.len() <= 51, "only the step that found the disk full ran again: {effects:?}");
}
