//! A home that cannot be used: one line that says why, and nothing harmed.

use std::{fs, path::Path};

use hero_e2e::{Outcome, Stage, binary};
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::kills::only_play;

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

/// A mount of a directory on itself that cannot be written; only for who may mount.
struct ReadOnly<'a>(&'a Path);

impl<'a> ReadOnly<'a> {
    fn mount(path: &'a Path) -> Option<Self> {
        let nothing = None::<&str>;
        mount(Some(path), path, nothing, MsFlags::MS_BIND, nothing).ok()?;
        let mounted = Self(path);
        let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
        mount(nothing, path, nothing, flags, nothing).ok()?;
        Some(mounted)
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        umount2(self.0, MntFlags::MNT_DETACH).expect("it is mounted");
    }
}

/// Exit code 6, and one line that says why, beside the hint.
#[track_caller]
fn is_refused(human: Outcome, machine: Outcome) {
    let (human, machine) = (human.exits(6), machine.exits(6));
    assert_eq!(human.stdout, "", "{human}");
    let lines: Vec<&str> = human.stderr.lines().collect();
    let reasons = lines.iter().filter(|line| line.contains("read-only")).count();
    assert!(reasons == 1 && lines.len() <= 2, "{human}");
    let error = &machine.json()["error"];
    assert_eq!(error["code"], "storage_failed", "{machine}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("read-only") && !message.contains('\n'), "{machine}");
    assert!(error["hint"].is_string(), "{machine}");
}

#[test]
fn home_that_is_read_only() {
    let stage = Stage::new();
    stage.hero(["run", "hello"]).finish().exits(0);
    let home = stage.home();
    if let Some(_mounted) = ReadOnly::mount(&home) {
        is_refused(stage.hero(["run", "hello"]).finish(), stage.hero(["run", "hello", "--json"]).finish());
    }
    stage.set_writable(false);
    let run = |arguments: &[&str]| stage.hero(arguments).as_ordinary_user().finish();
    let (human, machine) = (run(&["run", "hello"]), run(&["run", "hello", "--json"]));
    stage.set_writable(true);
    is_refused(human, machine);
    only_play(&stage); // unharmed
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
    only_play(&stage);
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

    let (sid, status) = only_play(&stage);
    assert_ne!(status, "succeeded");
    let settled = stage.hero(["play", "wait", &sid, "--json"]).finish().exits(0).settled();
    assert_eq!(settled.outputs(), 500_000);
    let effects = stage.effects(&settled.play.play_sid);
    assert!(effects.len() <= 51, "only the step that found the disk full ran again: {effects:?}");
}
