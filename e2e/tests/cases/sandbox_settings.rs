//! What an operator says about the sandbox, by file and by flags, and what a flow wishes for against it.

use hero_e2e::{Outcome, Run, Stage};
use hero_sdk::model::{SandboxLevel, Status};
use serde_json::{Value, json};

/// In place of `~`.
const FILE: &str = ".hero/hero_logic.toml";

/// A stage with the flow, and with this text as the file of settings.
fn stage(settings: &str) -> Stage {
    let stage = Stage::new();
    stage.flow("wishes.py");
    stage.settings(settings);
    stage
}

fn run<'a>(stage: &'a Stage, entry: &str, more: &[&str]) -> Run<'a> {
    let arguments = ["run", "wishes.py", "--entry", entry, "--no-input"];
    stage.hero(arguments.iter().chain(more)).env("REGION", "north")
}

/// Plays that there are, as `play list` has them.
fn plays(stage: &Stage) -> Vec<Value> {
    let list = stage.hero(["play", "list", "--json"]).finish().exits(0).json();
    list["plays"].as_array().unwrap().clone()
}

#[track_caller]
fn is_denied(outcome: Outcome, parts: &[&str]) {
    let outcome = outcome.exits(2);
    assert_eq!(outcome.error_code(), "sandbox_denied");
    let message = outcome.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(parts.iter().all(|part| message.contains(part)), "{outcome}");
    assert!(outcome.json()["error"]["hint"].is_string(), "{outcome}");
}

#[test]
fn a_wish_within_the_cap_is_granted_and_shown() {
    let stage = stage("[sandbox.caps]\nmemory_mb = 4096\n");
    let outcome = run(&stage, "memory", &[]).finish().exits(0);
    let first = outcome.stderr.lines().next().unwrap();
    assert_eq!(first, "sandbox    memory 4096 MB", "before anything of the play\n{outcome}");
    let quiet = run(&stage, "memory", &["--quiet"]).finish().exits(0);
    assert_eq!(quiet.stderr, "", "{quiet}");
    let usual = run(&stage, "nothing", &[]).finish().exits(0);
    assert!(!usual.stderr.contains("sandbox"), "{usual}");

    let settled = run(&stage, "memory", &["--json"]).finish().exits(0).settled();
    let sandbox = settled.play.sandbox.as_ref().unwrap();
    assert_eq!((sandbox.level, sandbox.allowance.memory_mb), (SandboxLevel::Default, 4096));
    let show = stage.hero(["play", "show", settled.play.play_sid.as_str()]).finish().exits(0);
    assert!(show.stdout.contains("\nmemory     4096 MB\n"), "{show}");
    assert!(show.stdout.contains("\nsandbox    default"), "{show}");
}

#[test]
fn a_wish_beyond_a_cap_of_the_file_runs_nothing() {
    let stage = stage("[sandbox.caps]\nmemory_mb = 2048\n");
    is_denied(run(&stage, "memory", &["--json"]).finish(), &["memory_mb 4096", "at most 2048"]);
    assert_eq!(plays(&stage), Vec::<Value>::new());
    run(&stage, "nothing", &[]).finish().exits(0);

    // A file that is named goes before the one in the home.
    stage.write("more.toml", "[sandbox.caps]\nmemory_mb = 8192\n");
    run(&stage, "memory", &["--config", "more.toml"]).finish().exits(0);
    run(&stage, "memory", &[]).env("HERO_CONFIG", "more.toml").finish().exits(0);
    stage.write("less.toml", "[sandbox.caps]\nmemory_mb = 1024\n");
    let both = run(&stage, "memory", &["--config", "less.toml", "--json"]).env("HERO_CONFIG", "more.toml");
    is_denied(both.finish(), &["at most 1024"]);
}

#[test]
fn flags_allow_what_is_wished_for() {
    let stage = stage("");
    is_denied(run(&stage, "region", &["--json"]).finish(), &["env \"REGION\"", "allows none"]);
    let allowed = run(&stage, "region", &["--allow-env", "REGION"]).finish().exits(0);
    assert_eq!(allowed.json(), "north");
    let usual = run(&stage, "nothing", &["--allow-env", "REGION", "--json"]).finish().exits(0).settled();
    assert_eq!(usual.play.sandbox.unwrap().allowance.env, Vec::<String>::new(), "a cap is no grant");

    let data = stage.write("data.txt", "some").display().to_string();
    let flow = format!(
        "from hero_tracing import flow\n\n@flow(sandbox={{'read': [{data:?}], 'env': ['REGION']}})\n\
         def main() -> str:\n    return open({data:?}).read()\n"
    );
    stage.write("reads.py", &flow);
    is_denied(stage.hero(["run", "reads.py", "--json"]).finish(), &["read", &data, "allows none"]);
    // On both sides of the command, and from here.
    let typed = ["--allow-read", "/usr", "--allow-env=REGION", "run", "reads.py", "--allow-read", "../work"];
    let outcome = stage.hero(typed).finish().exits(0);
    assert_eq!(outcome.json(), "some");
    assert!(outcome.stderr.contains(&format!("reads {data}")), "{outcome}");
}

#[test]
fn flags_that_cannot_be_meant() {
    let stage = stage("");
    for (flags, part) in [
        (["--sandbox", "of"], "off"),
        (["--allow-read", "no/such/path"], "there is no such path"),
        (["--allow-env", "A=B"], "the name of a variable"),
        (["--config", "no_such.toml"], "there is no file no_such.toml"),
    ] {
        let outcome = run(&stage, "nothing", &flags).finish().exits(2);
        assert!(outcome.stderr.contains(part), "{outcome}");
    }
    assert_eq!(plays(&stage), Vec::<Value>::new());
}

#[test]
fn off_says_so_and_refuses_nothing() {
    let stage = stage("");
    let banner = "warning: plays are not confined: the sandbox is off\n";
    for more in [&["--sandbox", "off"] as &[&str], &["--sandbox", "off", "--quiet"]] {
        let outcome = run(&stage, "memory", more).finish().exits(0);
        assert!(outcome.stderr.starts_with(banner), "{outcome}");
    }
    let settled = run(&stage, "region", &["--sandbox", "off", "--json"]).finish().exits(0).settled();
    assert_eq!(settled.outputs(), "north");
    assert_eq!(settled.play.sandbox.unwrap().level, SandboxLevel::Off);
    let sid = settled.play.play_sid;
    let wait = stage.hero(["--sandbox", "off", "play", "wait", sid.as_str()]).finish().exits(0);
    assert!(wait.stderr.starts_with(banner), "{wait}");
    let show = stage.hero(["--sandbox", "off", "play", "show", sid.as_str()]).finish().exits(0);
    assert!(show.stderr.is_empty(), "nothing runs\n{show}");
    assert!(show.stdout.contains("\nsandbox    off: nothing is confined\n"), "{show}");

    stage.settings("[sandbox]\nlevel = \"off\"\n");
    assert!(run(&stage, "nothing", &[]).finish().exits(0).stderr.starts_with(banner));
    let confined = run(&stage, "nothing", &["--sandbox", "default"]).finish().exits(0);
    assert!(!confined.stderr.contains("not confined"), "the flag goes before the file\n{confined}");
}

#[test]
fn what_is_required_and_missing_runs_nothing() {
    const WITHOUT: &str = "HERO_LOGIC_SANDBOX_WITHOUT";
    let stage = stage("");
    let asked =
        run(&stage, "nothing", &["--require-sandbox", "--json"]).env(WITHOUT, "seccomp").finish().exits(6);
    assert_eq!(asked.error_code(), "sandbox_unavailable");
    assert!(asked.stderr.contains("seccomp"), "{asked}");
    // With one layer less nothing else is refused.
    run(&stage, "nothing", &[]).env(WITHOUT, "seccomp").finish().exits(0);
    assert_eq!(plays(&stage).len(), 1);
    stage.settings("[sandbox]\nrequire = true\n");
    run(&stage, "nothing", &[]).env(WITHOUT, "seccomp").finish().exits(6);
    run(&stage, "nothing", &["--sandbox", "off"]).finish().exits(2);
    assert_eq!(plays(&stage).len(), 1);
}

#[test]
fn a_typing_error_in_the_file_is_told_with_its_line() {
    let stage = stage("[sandbox]\nlevel = \"default\"\n\n[sandbox.caps]\nmemory = 4096\n");
    for arguments in [["run", "hello"], ["play", "list"]] {
        let outcome = stage.hero(arguments.iter().chain(&["--json"])).finish().exits(2);
        assert_eq!(outcome.error_code(), "invalid_configuration");
        let place = format!("{}:5: sandbox.caps.memory", stage.home().join(FILE).display());
        assert!(outcome.stderr.contains(&place), "{outcome}");
        assert!(outcome.stderr.contains("hint: did you mean memory_mb?"), "{outcome}");
    }
    let completions = stage.hero(["completions", "bash"]).finish().exits(0);
    assert!(completions.stdout.contains("--allow-read"), "it needs no settings\n{completions}");
}

#[test]
fn what_is_suggested_has_the_flags_and_without_them_nothing_is_lost() {
    let stage = stage("");
    let waiting = run(&stage, "region_later", &["--allow-env", "REGION", "--json"]).finish().exits(3);
    let settled = waiting.settled();
    let (sid, ask) = (settled.play.play_sid.as_str(), settled.resumes[0].resume_id.as_str());
    let resume = format!("hero_logic --allow-env REGION resume {sid} {ask} --payload");
    assert!(waiting.stderr.contains(&resume), "{waiting}");

    let typed = ["resume", sid, ask, "--payload", "true", "--json"];
    let less = stage.hero(typed).env("REGION", "north").finish().exits(1);
    let play = less.settled().play;
    assert_eq!((play.status, play.attempt), (Status::Failed, 2), "one try is enough");
    assert_eq!(play.error.unwrap().code, "sandbox_denied");
    assert!(less.stderr.contains("error[sandbox_denied]") && less.stderr.contains("--allow-env"), "{less}");

    let typed = ["play", "retry", sid, "--allow-env", "REGION", "--json"];
    let again = stage.hero(typed).env("REGION", "north").finish().exits(0).settled();
    assert_eq!(again.outputs(), json!("north"));
}
