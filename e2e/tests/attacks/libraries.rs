//! Libraries that flows use for real keep working in a confined play.

use std::{os::unix::fs::PermissionsExt as _, path::Path};

use hero_e2e::{Stage, binary, stage::eventually};
use serde_json::{Value, json};

use crate::world::{User, as_user, command, stage, users};

/// The interpreter that has them, made where it is missing.
fn interpreter() -> String {
    let stage = Stage::new();
    let run = stage.program(binary::repository().join("e2e/libraries"), [] as [&str; 0]);
    let outcome = run.within(std::time::Duration::from_secs(600)).finish().exits(0);
    outcome.stdout.trim().to_owned()
}

/// Whether directories let others pass, to the interpreter and to where it stands really.
fn everybody_reaches(python: &Path) -> bool {
    let paths = [python.to_owned(), python.canonicalize().unwrap()];
    let passes = |path: &Path| path.metadata().is_ok_and(|found| found.permissions().mode() & 0o001 != 0);
    paths.iter().all(|path| path.ancestors().all(passes))
}

const OFFLINE: [&str; 14] = [
    "numbers",
    "tables",
    "database",
    "authorities",
    "programs",
    "asynchronous_programs",
    "pool",
    "executor",
    "shared_memory",
    "many_threads",
    "temporary",
    "zones",
    "logs",
    "odds_and_ends",
];
const ONLINE: [&str; 2] = ["client", "opened"];

fn expected(online: bool) -> Value {
    let mut all = json!({
        "numbers": 31_249_875_000.0_f64, "tables": 4, "database": 4950, "authorities": true, "programs": "ab",
        "asynchronous_programs": "hello", "pool": 285, "executor": 285, "shared_memory": 4950, "many_threads": 40,
        "temporary": "text", "zones": 9, "logs": "to a file", "odds_and_ends": "2cf24dba",
    });
    if online {
        all["client"] = json!(["hello", "hello"]);
        all["opened"] = json!("hello");
    }
    all
}

#[track_caller]
fn check(level: &str, online: bool, place: impl Fn(User) -> Stage) {
    let python = interpreter();
    let servers_stage = Stage::new();
    let script = binary::repository().join("e2e/flows/attacks/servers.py");
    let servers = servers_stage.program(&python, [script]).start();
    assert!(eventually(|| servers.stdout().ends_with('\n')), "{}", servers.stderr());
    let world: Value = serde_json::from_str(&servers.stdout()).unwrap();
    let uses = if online { [&OFFLINE[..], &ONLINE[..]].concat() } else { OFFLINE.to_vec() };
    let source =
        std::fs::read_to_string(binary::repository().join("e2e/flows/attacks/libraries.py")).unwrap();
    let inputs = json!({"world": world, "uses": uses}).to_string();
    for user in users() {
        if user == User::Ordinary && !everybody_reaches(Path::new(&python)) {
            continue; // the repository is in the home of root; what an ordinary user has there is nothing
        }
        let stage = place(user);
        let arguments = ["--sandbox", level, "--require-sandbox", "--inputs", &inputs].map(str::to_owned);
        let run =
            as_user(command(&stage, "libraries.py", &source, &arguments).env("HERO_PYTHON", &python), user);
        assert_eq!(run.finish().exits(0).settled().outputs(), expected(online), "{level} {user:?}");
    }
    servers.kill();
}

#[test]
fn all_work_in_default() {
    check("default", true, stage);
}

/// Where hero_logic itself lives in `/tmp`, a play has no `/tmp` of its own.
#[test]
fn all_work_from_a_home_among_temporary_files() {
    check("default", true, |user| {
        let stage = Stage::new();
        if user == User::Ordinary {
            stage.give_to_ordinary_user();
        }
        stage
    });
}

#[test]
fn all_but_the_network_work_in_strict() {
    check("strict", false, stage);
}
