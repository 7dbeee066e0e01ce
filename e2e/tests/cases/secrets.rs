//! Secrets: a flow has them, and nothing that is kept or shown does.
//!
//! What the flow saw is told by digests, so that a test which finds no value knows that there was one.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use hero_e2e::{Gate, Outcome, Stage};
use serde_json::{Value, json};

use crate::kills;

const API_KEY: &str = "sk_live_4eC39HqLyjWDarjtT1zdp7dc/+Q==";
const PASSWORD: &str = "pä\"ss w%rd' \\ x&y";
const CERTIFICATE: &str = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R\n-----END PRIVATE KEY-----\n";

/// What must not be found: the values, parts of them, and the part that an encoding has wherever it stands.
fn traces() -> Vec<Vec<u8>> {
    let traces = [
        // Halves, so that a value which was split is found as well.
        "sk_live_4eC39HqLyj",
        "WDarjtT1zdp7dc/+Q",
        // base64, at each alignment.
        "c2tfbGl2ZV80ZUMzOUhxTHlqV0Rhcmp0VDF6ZHA3ZGMv",
        "NrX2xpdmVfNGVDMzlIcUx5aldEYXJqdFQxemRwN2Rj",
        "za19saXZlXzRlQzM5SHFMeWpXRGFyanRUMXpkcDdkYy8r",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc%2F",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc%2f",
        "736b5f6c6976655f3465433339",
        "73:6b:5f:6c:69:76:65:5f",
        "73 6B 5F 6C 69 76 65 5F",
        "%73%6b%5f%6c%69%76%65%5f",
        "pä\"ss",
        "pä\\\"ss",
        "p\\u00e4\\\"ss",
        "p\\xc3\\xa4\"ss",
        "p\\\\xc3\\\\xa4\\\"ss",
        "p\\xe4\"ss",
        "p%C3%A4%22ss",
        "cMOkInNzIHclcmQnIFwgeCZ5",
        "70c3a42273732077",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
        "TUlJRXZRSUJBREFOQmdrcWhraUc5dzBCQVFFRkFBU0",
    ];
    traces.map(|trace| trace.as_bytes().to_vec()).to_vec()
}

fn holds(bytes: &[u8], trace: &[u8]) -> bool {
    bytes.windows(trace.len()).any(|window| window == trace)
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if !path.ends_with(".hero/etc/secrets.json") {
            found.push(path);
        }
    }
}

/// Looks through every file of the home but that of the secrets themselves.
#[track_caller]
fn assert_home_is_clean(stage: &Stage) {
    let mut all = Vec::new();
    files(&stage.home(), &mut all);
    let mut read = 0;
    for path in all {
        let bytes = fs::read(&path).unwrap();
        read += bytes.len();
        for trace in traces() {
            assert!(!holds(&bytes, &trace), "{} holds {}", path.display(), String::from_utf8_lossy(&trace));
        }
    }
    assert!(read > 10_000, "the store was looked through");
}

#[track_caller]
fn assert_shows_none(outcome: &Outcome) {
    for trace in traces() {
        let shown = holds(outcome.stdout.as_bytes(), &trace) || holds(outcome.stderr.as_bytes(), &trace);
        assert!(!shown, "{} is shown by {outcome}", String::from_utf8_lossy(&trace));
    }
}

/// A stage with these secrets and the flows that say them.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.flow("secrets.py");
    for (name, value) in [("API_KEY", API_KEY), ("PASSWORD", PASSWORD), ("CERTIFICATE", CERTIFICATE)] {
        set(&stage, name, &format!("{value}\n"));
    }
    stage
}

fn set(stage: &Stage, name: &str, text: &str) {
    stage.hero(["secret", "set", name]).stdin(text).finish().exits(0);
}

fn run<'a>(stage: &'a Stage, entry: &str, arguments: &[&str]) -> hero_e2e::Run<'a> {
    let all = ["run", "secrets.py", "--entry", entry, "--no-input", "--json"];
    stage.hero(all.iter().chain(arguments))
}

/// SHA-256, by Python: nothing else here knows how.
fn digest(stage: &Stage, text: &str) -> String {
    let script = "import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest(), end='')";
    stage.program("python3", ["-c", script]).stdin(text).finish().exits(0).stdout
}

#[test]
fn nothing_that_a_flow_says_is_kept_or_shown() {
    let stage = stage();
    let outcome = run(&stage, "main", &[]).finish().exits(0);
    assert_shows_none(&outcome);
    let settled = outcome.settled();
    let outputs = settled.outputs();
    for (name, value) in [("API_KEY", API_KEY), ("PASSWORD", PASSWORD), ("CERTIFICATE", CERTIFICATE)] {
        assert_eq!(outputs["digests"][name], digest(&stage, value), "{name}");
        assert!(outputs["keys"][name].as_str().unwrap().starts_with(&format!("[secret {name}]")));
        for what in ["text", "object", "encoded", "bytes", "run", "denied"] {
            assert_eq!(outputs["seen"][name][what], true, "{name}: {what}");
        }
    }
    assert_eq!(outputs["url"], "https://host/?key=[secret PASSWORD]");
    assert_home_is_clean(&stage);

    let play_sid = settled.play.play_sid.as_str();
    for command in [["play", "tree"], ["play", "show"]] {
        for more in [&[][..], &["--json"]] {
            assert_shows_none(&stage.hero(command.iter().chain(&[play_sid]).chain(more)).finish().exits(0));
        }
    }
    let tree = kills::tree(&stage, &settled);
    let said = |text: &str| tree.logs.iter().filter(|line| line.text.contains(text)).count();
    // It is there, and only the value is not.
    assert_eq!(said("the key is [secret API_KEY]"), 1);
    assert_eq!((said("in halves [secret PASSWORD]"), said("[secret PASSWORD] and more")), (4, 4));
    assert_eq!(said("client: connecting with [secret API_KEY]"), 1);
    assert!(said("[secret CERTIFICATE]") > 10);
    let raw = stage.home().join(".hero/var/plays").join(play_sid).join("output.log");
    let raw = fs::read_to_string(raw).unwrap();
    assert!(raw.contains("raw [secret API_KEY]\n") && raw.contains("raw [secret PASSWORD]\n"), "{raw}");
}

/// A search that finds nothing proves something only where it would find it: in the store as it is on disk.
#[test]
fn without_a_secret_the_same_texts_are_found() {
    let stage = Stage::new();
    stage.flow("secrets.py");
    let source = fs::read_to_string(stage.directory().join("secrets.py")).unwrap();
    let plain = format!(
        "{}\n\n@flow\ndef plain(key: str) -> Any:\n    return {{**leak(key), 'key': key}}\n",
        source.replace("if key == flow.secret(\"API_KEY\") else \"\"", "")
    );
    stage.write("secrets.py", &plain);
    run(&stage, "plain", &["--input", &format!("key={API_KEY}")]).finish().exits(0);
    let mut all = Vec::new();
    files(&stage.home(), &mut all);
    let texts: Vec<Vec<u8>> = all.iter().map(|path| fs::read(path).unwrap()).collect();
    let of_key = |trace: &&Vec<u8>| {
        !["pä", "p%C3", "p\\", "cMO", "70c", "MII", "BKc", "TUl"]
            .iter()
            .any(|other| trace.starts_with(other.as_bytes()))
    };
    for trace in traces().iter().filter(of_key) {
        let is_found = texts.iter().any(|text| holds(text, trace));
        assert!(is_found, "{}", String::from_utf8_lossy(trace));
    }
}

#[test]
fn a_replay_gives_what_the_first_run_gave() {
    let stage = stage();
    kills::after_each_record(&stage, &["secrets.py", "--entry", "keeps"], |killed| {
        let outputs = killed.settled.outputs();
        assert_eq!(outputs[0], true, "killed after {}", killed.records);
        assert_eq!(outputs[2][0], "Bearer [secret API_KEY]", "killed after {}", killed.records);
    });
    assert_home_is_clean(&stage);
}

#[test]
fn inputs_questions_and_answers_are_kept_without_it() {
    let stage = stage();
    let note = format!("note={API_KEY}");
    let waiting = run(&stage, "asks", &["--input", &note]).finish().exits(3);
    assert_shows_none(&waiting);
    assert_home_is_clean(&stage);
    let settled = waiting.settled();
    let inputs: Value = settled.play.inputs.to().unwrap();
    assert!(inputs["note"].as_str().unwrap().starts_with("[secret API_KEY "), "{inputs}");
    let question = settled.question("typed");
    assert_eq!(question.question.as_deref(), Some("Is it [secret API_KEY]?"));
    let payload = serde_json::to_string(API_KEY).unwrap();
    let (play_sid, resume_id) = (settled.play.play_sid.as_str(), question.resume_id.as_str());
    let resume = ["resume", play_sid, resume_id, "--payload", "-", "--no-input", "--json"];
    let waiting = stage.hero(resume).stdin(&payload).finish().exits(3);
    assert_shows_none(&waiting);
    assert_home_is_clean(&stage);
    let settled = waiting.settled();
    let resume =
        ["resume", play_sid, settled.question("go_on").resume_id.as_str(), "--payload", "true", "--json"];
    let outputs = stage.hero(resume).finish().exits(0).settled().outputs();
    let expected = digest(&stage, API_KEY);
    assert_eq!(outputs, json!({"note": expected, "typed": expected, "kept": expected, "chosen": true}));
    assert_home_is_clean(&stage);
}

#[test]
fn errors_and_large_results_are_kept_without_it() {
    let stage = stage();
    let failed = run(&stage, "fails", &[]).finish().exits(1);
    assert_shows_none(&failed);
    let error = failed.settled().play.error.unwrap();
    assert_eq!(error.message, "lost [secret API_KEY]");
    assert!(error.traceback.unwrap().contains("raise error"));

    let misfit = run(&stage, "returns_too_much", &[]).finish().exits(1);
    assert_shows_none(&misfit);
    assert_eq!(misfit.settled().play.error.unwrap().code, "invalid_outputs");

    let outputs = run(&stage, "returns_much", &[]).finish().exits(0);
    assert_shows_none(&outputs);
    assert_eq!(outputs.settled().outputs()[29_999], "29999 [secret API_KEY]");
    assert_home_is_clean(&stage);
}

#[test]
fn a_secret_that_is_not_set_starts_nothing() {
    let stage = Stage::new();
    stage.flow("secrets.py");
    let outcome = run(&stage, "fails", &[]).finish().exits(2);
    assert_eq!(outcome.error_code(), "secret_missing");
    assert!(outcome.stderr.contains("hero_logic secret set API_KEY"), "{outcome}");
    let listed = stage.hero(["play", "list", "--json"]).finish().exits(0).json();
    assert_eq!(listed["plays"], json!([]));

    let undeclared = run(&stage, "undeclared", &[]).finish().exits(1).settled().play.error.unwrap();
    assert!(undeclared.message.contains("@flow(secrets=['API_KEY'])"), "{undeclared:?}");
}

#[test]
fn it_goes_to_the_process_in_the_first_frame_only() {
    let stage = stage();
    let outputs = run(&stage, "where", &[]).finish().exits(0).settled().outputs();
    assert_eq!(outputs, json!({"cmdline": false, "environ": false, "variable": false}));
}

#[test]
fn a_variable_goes_before_the_file() {
    let stage = stage();
    let of_environment = "sk_live_of_the_environment";
    let run = |note: &str| {
        run(
            &stage,
            "asks",
            &["--input", &format!("note={note}"), "--answer", "typed=\"x\"", "--answer", "go_on=true"],
        )
    };
    let outcome = run(of_environment).env("HERO_SECRET_API_KEY", of_environment).finish().exits(0);
    assert_eq!(outcome.settled().outputs()["kept"], digest(&stage, of_environment));
    assert!(!outcome.stdout.contains(of_environment), "{outcome}");
    let listed = stage.hero(["secret", "list"]).env("HERO_SECRET_API_KEY", of_environment).finish().exits(0);
    assert!(listed.stdout.contains("API_KEY      HERO_SECRET_API_KEY"), "{listed}");
    assert!(listed.stdout.contains("PASSWORD     file"), "{listed}");
    assert_shows_none(&listed);
    let short = run("x").env("HERO_SECRET_API_KEY", "abc").finish().exits(2);
    assert!(short.stderr.contains("HERO_SECRET_API_KEY holds no secret"), "{short}");
}

#[test]
fn a_variable_that_is_empty_is_no_secret() {
    let stage = stage();
    let listed = stage.hero(["secret", "list"]).env("HERO_SECRET_EMPTY", "").finish().exits(0);
    assert!(listed.stdout.contains("API_KEY") && !listed.stdout.contains("EMPTY"), "{listed}");
}

#[test]
fn tags_of_a_play_are_kept_without_it() {
    let stage = stage();
    let tag = format!("for {API_KEY}");
    let run = run(&stage, "asks", &["--input", "note=x", "--tag", &tag, "--tag", "plain"]).finish().exits(3);
    assert_shows_none(&run);
    assert_eq!(run.settled().play.tags, ["for [secret API_KEY]", "plain"]);
    let listed = stage.hero(["play", "list", "--tag", "plain", "--json"]).finish().exits(0);
    assert_eq!(listed.json()["plays"][0]["tags"][0], "for [secret API_KEY]");
    assert_home_is_clean(&stage);
}

/// Of a value that is short, everything that could be tried is quickly tried.
#[test]
fn what_marks_a_value_depends_on_a_file_that_only_the_owner_reads() {
    let mark = || {
        let stage = stage();
        set(&stage, "API_KEY", "4711");
        let waiting = run(&stage, "asks", &["--input", "note=\"4711\""]).finish().exits(3).settled();
        let salt = fs::metadata(stage.home().join(".hero/etc/secrets.salt")).unwrap();
        assert_eq!((salt.permissions().mode() & 0o777, salt.len()), (0o600, 32));
        let inputs: Value = waiting.play.inputs.to().unwrap();
        inputs["note"].as_str().unwrap().to_owned()
    };
    let (one, other) = (mark(), mark());
    assert!(one.starts_with("[secret API_KEY ") && one != other, "{one} {other}");
}

#[test]
fn a_question_keeps_its_meaning_whatever_the_value_is() {
    for word in ["string", "type", "kind", "enum"] {
        let stage = stage();
        set(&stage, "API_KEY", word);
        let answer = |name: &str| format!("{name}=\"{word}\"");
        let (first, second) = (answer("first"), answer("second"));
        let outcome = run(&stage, "is_a_word", &["--answer", &first, "--answer", &second]).finish().exits(0);
        let expected = digest(&stage, word);
        assert_eq!(outcome.settled().outputs(), json!({"first": expected, "second": expected}), "{word}");
    }
}

#[test]
fn a_value_that_is_a_number_is_found_however_it_is_written() {
    let stage = stage();
    set(&stage, "API_KEY", "8675309421");
    let waiting = run(&stage, "is_a_number", &[]).finish().exits(3).settled();
    let (play_sid, resume_id) =
        (waiting.play.play_sid.as_str(), waiting.question("typed").resume_id.as_str());
    let resume = ["resume", play_sid, resume_id, "--payload", "8675309421", "--no-input", "--json"];
    let outputs = stage.hero(resume).finish().exits(0).settled().outputs();
    let mark = "[secret API_KEY]";
    assert_eq!(outputs, json!([true, true, mark, mark, mark, mark]));
    let mut all = Vec::new();
    files(&stage.home(), &mut all);
    for path in all {
        assert!(!holds(&fs::read(&path).unwrap(), b"8675309421"), "{}", path.display());
    }
}

/// P9: a record that holds a value is not answered with another one.
#[test]
fn a_value_that_changed_ends_the_play_until_it_is_set_back() {
    let stage = stage();
    let waiting = run(&stage, "asks", &["--input", "note=x"]).finish().exits(3).settled();
    let (play_sid, resume_id) =
        (waiting.play.play_sid.as_str(), waiting.question("typed").resume_id.as_str());
    set(&stage, "API_KEY", "another value");
    let resume = ["resume", play_sid, resume_id, "--payload", "\"x\"", "--no-input", "--json"];
    let changed = stage.hero(resume).finish().exits(1).settled().play.error.unwrap();
    assert_eq!(changed.code, "secret_changed");
    assert!(changed.message.contains("API_KEY") && changed.message.contains("give#0"), "{changed:?}");

    stage.hero(["secret", "remove", "API_KEY"]).finish().exits(0);
    let retry = ["play", "retry", play_sid, "--no-input", "--json"];
    assert_eq!(stage.hero(retry).finish().exits(1).settled().play.error.unwrap().code, "secret_missing");
    set(&stage, "API_KEY", API_KEY);
    let waiting = stage.hero(retry).finish().exits(3).settled();
    let resume =
        ["resume", play_sid, waiting.question("go_on").resume_id.as_str(), "--payload", "true", "--json"];
    let outputs = stage.hero(resume).finish().exits(0).settled().outputs();
    assert_eq!(outputs["kept"], digest(&stage, API_KEY));
}

#[test]
fn a_key_that_names_a_step_is_refused() {
    let stage = stage();
    let outcome = run(&stage, "named", &[]).finish().exits(1);
    assert_shows_none(&outcome);
    assert_eq!(outcome.settled().play.error.unwrap().code, "secret_in_path");
    assert_home_is_clean(&stage);
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let stage = stage();
    let file = stage.home().join(".hero/etc/secrets.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    for command in [&["secret", "list", "--json"][..], &["run", "secrets.py", "--entry", "fails", "--json"]] {
        let outcome = stage.hero(command).finish().exits(6);
        assert_eq!(outcome.error_code(), "secret_unreadable");
        assert!(outcome.stderr.contains("chmod 600"), "{outcome}");
    }
}

#[test]
fn a_play_that_goes_on_with_such_a_file_fails_at_once_and_says_why() {
    let stage = stage();
    let waiting = run(&stage, "asks", &["--input", "note=x"]).finish().exits(3).settled();
    let (play_sid, resume_id) =
        (waiting.play.play_sid.as_str(), waiting.question("typed").resume_id.as_str());
    let file = stage.home().join(".hero/etc/secrets.json");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let resume = ["resume", play_sid, resume_id, "--payload", "\"x\"", "--no-input", "--json"];
    let failed = stage.hero(resume).finish().exits(1);
    assert!(!failed.stderr.contains("ERROR"), "{failed}");
    let play = failed.settled().play;
    let error = play.error.unwrap();
    assert_eq!((error.code.as_str(), play.attempt), ("secret_unreadable", waiting.play.attempt + 1));
    assert!(error.hint.as_ref().is_some_and(|hint| hint.contains("chmod 600")), "{error:?}");

    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    stage.hero(["play", "retry", play_sid, "--no-input", "--json"]).finish().exits(3);
}

/// The runtime has no time to clean anything; the next one does.
#[test]
fn a_runtime_that_was_killed_leaves_nothing_that_the_next_does_not_clean() {
    let stage = stage();
    stage.let_plays_meet_us();
    let gate = Gate::new(stage.directory().join("gate"));
    let at_gate = format!("gate={}", gate.path().display());
    let running = run(&stage, "waits", &["--input", &at_gate]).start();
    let arrived = gate.arrival();
    let (play_sid, _) = {
        let left = running.kill();
        assert_shows_none(&left);
        drop(arrived);
        kills::only_play(&stage)
    };
    let wait = stage.hero(["play", "wait", &play_sid, "--json"]).start();
    gate.arrival().open("on");
    let outcome = wait.finish().exits(0);
    assert_eq!(outcome.settled().outputs(), json!("on"));
    assert_shows_none(&outcome);
    assert_home_is_clean(&stage);
    let raw = stage.home().join(".hero/var/plays").join(&play_sid).join("output.log");
    assert_eq!(fs::read_to_string(raw).unwrap(), "raw [secret API_KEY]\n".repeat(2));
}
