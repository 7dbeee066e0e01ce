//! Bad input: a stable code, what happened, what to do next; the whole text is a golden.

use hero_e2e::{Outcome, Stage, redact};

/// The text that a person sees, and the document that a program gets, with the exit code.
#[track_caller]
fn golden(stage: &Stage, name: &str, human: &Outcome, machine: &Outcome) {
    assert_eq!(human.stdout, "", "stdout carries results only\n{human}");
    assert_eq!(human.code, machine.code, "{human}\n{machine}");
    let home = stage.home().display().to_string();
    let directory = stage.directory().display().to_string();
    let paths = [(home.as_str(), "[home]"), (directory.as_str(), "[here]")];
    let error = &machine.json()["error"];
    let text = format!(
        "exit code {}\n--- stderr\n{}--- error\n{}",
        human.code,
        redact::text(&human.stderr, &paths),
        redact::json(error, &paths),
    );
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}

/// Runs `arguments` as they are and with `--json`, and compares both with the golden.
#[track_caller]
fn check(name: &str, code: i32, files: &[(&str, &str)], arguments: &[&str]) {
    let stage = Stage::new();
    for (file, text) in files {
        stage.write(file, text);
    }
    let human = stage.hero(arguments).finish().exits(code);
    let machine = stage.hero(arguments.iter().chain(&["--json"])).finish().exits(code);
    golden(&stage, name, &human, &machine);
}

const GREET: &str = "\
from typing import Literal

from hero_tracing import flow


@flow
def main(name: str, count: int = 1, tone: Literal['kind', 'plain'] = 'kind') -> str:
    return f'Hello, {name}!' * count
";

#[test]
fn missing_file() {
    check("missing_file", 2, &[], &["run", "no_such_file.py"]);
}

#[test]
fn misspelt_workflow() {
    check("misspelt_workflow", 2, &[], &["run", "helo"]);
}

#[test]
fn syntax_error() {
    let source =
        "from hero_tracing import flow\n\n@flow\ndef main() -> str:\n    return 'Hello' +* 'World'\n";
    check("syntax_error", 2, &[("broken.py", source)], &["run", "broken.py"]);
}

#[test]
fn import_that_fails() {
    let source = "import no_such_module\nfrom hero_tracing import flow\n\n@flow\ndef main() -> None: ...\n";
    check("import_that_fails", 2, &[("importing.py", source)], &["run", "importing.py"]);
}

#[test]
fn no_flow() {
    check("no_flow", 2, &[("plain.py", "def main():\n    return 1\n")], &["run", "plain.py"]);
}

#[test]
fn not_utf8() {
    let stage = Stage::new();
    std::fs::write(stage.directory().join("latin.py"), b"# gr\xfc\xdfe\n").unwrap();
    let human = stage.hero(["run", "latin.py"]).finish().exits(2);
    let machine = stage.hero(["run", "latin.py", "--json"]).finish().exits(2);
    golden(&stage, "not_utf8", &human, &machine);
}

const SEVERAL: &str = "\
from hero_tracing import flow


@flow
def fetch() -> None: ...


@flow(name='store it')
def keep() -> None: ...
";

#[test]
fn several_flows() {
    check("several_flows", 2, &[("several.py", SEVERAL)], &["run", "several.py"]);
}

#[test]
fn unknown_entry() {
    check("unknown_entry", 2, &[("several.py", SEVERAL)], &["run", "several.py", "--entry", "fetsh"]);
}

#[test]
fn generator_flow() {
    let source = "from hero_tracing import flow\n\n@flow\ndef main():\n    yield 1\n";
    check("generator_flow", 2, &[("generator.py", source)], &["run", "generator.py"]);
}

#[test]
fn missing_input() {
    check("missing_input", 2, &[("greet.py", GREET)], &["run", "greet.py"]);
}

#[test]
fn unknown_input() {
    let arguments = ["run", "greet.py", "--input", "name=Ada", "--input", "cuont=2"];
    check("unknown_input", 2, &[("greet.py", GREET)], &arguments);
}

#[test]
fn wrong_inputs() {
    let arguments = ["run", "greet.py", "--inputs", r#"{"name": 3, "count": "many", "tone": "rude"}"#];
    check("wrong_inputs", 2, &[("greet.py", GREET)], &arguments);
}

#[test]
fn every_field_at_fault_is_named() {
    let stage = Stage::new();
    stage.write("greet.py", GREET);
    let inputs = r#"{"cuont": 2, "tone": "rude"}"#;
    let outcome = stage.hero(["run", "greet.py", "--inputs", inputs, "--json"]).finish().exits(2);
    let fields = outcome.json()["error"]["fields"].clone();
    let mut pointers: Vec<&str> =
        fields.as_array().unwrap().iter().map(|field| field["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/cuont", "/name", "/tone"], "{outcome}");
}

#[test]
fn each_error_says_what_to_do_next() {
    let stage = Stage::new();
    stage.write("greet.py", GREET);
    let commands: [&[&str]; 3] = [
        &["run", "greet.py", "--inputs", "{name: Ada}"],
        &["run", "greet.py", "--inputs", "@no_such.json"],
        &["run", "greet.py", "--inputs", "[1]"],
    ];
    for command in commands {
        let outcome = stage.hero(command.iter().chain(&["--json"])).finish().exits(2);
        assert!(outcome.json()["error"]["hint"].is_string(), "{outcome}");
    }
}

#[test]
fn inputs_that_are_no_json() {
    check(
        "inputs_that_are_no_json",
        2,
        &[("greet.py", GREET)],
        &["run", "greet.py", "--inputs", "{name: Ada}"],
    );
}

#[test]
fn inputs_from_a_missing_file() {
    let arguments = ["run", "greet.py", "--inputs", "@inputs.json"];
    check("inputs_from_a_missing_file", 2, &[("greet.py", GREET)], &arguments);
}

#[test]
fn nothing_is_written_for_wrong_inputs() {
    let stage = Stage::new();
    stage.write("greet.py", GREET);
    stage.hero(["run", "greet.py"]).finish().exits(2);
    let list = stage.hero(["play", "list", "--json"]).finish().exits(0);
    assert_eq!(list.json()["plays"], serde_json::json!([]));
}

#[test]
fn output_that_breaks_its_schema() {
    let stage = Stage::new();
    stage.write(
        "wrong.py",
        "from hero_tracing import flow\n\n@flow\ndef main() -> dict[str, int]:\n    return {'count': 'three'}\n",
    );
    let outcome = stage.hero(["run", "wrong.py", "--json"]).finish().exits(1);
    let error = outcome.settled().play.error.unwrap();
    assert_eq!(error.code, "invalid_outputs");
    assert!(error.message.contains("/count"), "{error:?}");
}

#[test]
fn unknown_play() {
    check("unknown_play", 2, &[], &["play", "show", "play_01arz3ndektsv4rrffq69g5fav"]);
}

#[test]
fn malformed_play_sid() {
    check("malformed_play_sid", 2, &[], &["play", "show", "../../etc/passwd"]);
}

#[test]
fn unknown_question() {
    let stage = Stage::new();
    stage.flow("pauses.py");
    let asked = stage.hero(["run", "pauses.py", "--entry", "deep", "--no-input", "--json"]).finish().exits(3);
    let sid = asked.settled().play.play_sid;
    let resume = ["resume", sid.as_str(), "ask_01arz3ndektsv4rrffq69g5fav", "--payload", "true"];
    let human = stage.hero(resume).finish().exits(2);
    let machine = stage.hero(resume.iter().chain(&["--json"])).finish().exits(2);
    golden(&stage, "unknown_question", &human, &machine);
}

#[test]
fn answer_that_breaks_the_schema() {
    let stage = Stage::new();
    stage.flow("pauses.py");
    let asked =
        stage.hero(["run", "pauses.py", "--entry", "with_schema", "--no-input", "--json"]).finish().exits(3);
    let asked = asked.settled();
    let question = asked.question("order").resume_id.as_str();
    let resume = ["resume", asked.play.play_sid.as_str(), question, "--payload", r#"{"count": 0}"#];
    let human = stage.hero(resume).finish().exits(2);
    let machine = stage.hero(resume.iter().chain(&["--json"])).finish().exits(2);
    golden(&stage, "answer_that_breaks_the_schema", &human, &machine);
}

const FAULTY: &str = "\
from typing import Any

from hero_tracing import flow


def dig(depth: int) -> None:
    if depth == 0:
        raise KeyError('gold')
    dig(depth - 1)


@flow
def keep() -> Any:
    return open('/dev/null')


@flow
def main(fault: str) -> dict[str, int]:
    if fault == 'exception':
        dig(2)
    if fault == 'result':
        keep()
    return {'count': 'three'}
";

/// A fault of the flow itself: the play is kept and shows it later too, so both are compared.
#[track_caller]
fn flow_fault(name: &str, fault: &str) {
    let stage = Stage::new();
    stage.write("faulty.py", FAULTY);
    let fault = format!("fault={fault}");
    let run = stage.hero(["run", "faulty.py", "--input", &fault, "--quiet"]).finish().exits(1);
    assert_eq!(run.stdout, "", "{run}");
    let list = stage.hero(["play", "list", "--json"]).finish().exits(0).json();
    let sid = list["plays"][0]["play_sid"].as_str().unwrap().to_owned();
    let show = stage.hero(["play", "show", &sid, "--json"]).finish().exits(0).settled();
    let error = redact::json(&serde_json::to_value(&show.play.error).unwrap(), &[]);
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, format!("--- stderr\n{}--- error\n{error}", redact::text(&run.stderr, &[])));
    });
}

#[test]
fn undeclared_exception() {
    flow_fault("undeclared_exception", "exception");
}

#[test]
fn result_that_cannot_be_recorded() {
    flow_fault("result_that_cannot_be_recorded", "result");
}

#[test]
fn result_of_another_type() {
    flow_fault("result_of_another_type", "type");
}

#[test]
fn a_conflict_says_where_the_play_stands() {
    let stage = Stage::new();
    let sid = stage.hero(["run", "hello", "--json"]).finish().exits(0).settled().play.play_sid;
    for command in ["cancel", "retry"] {
        let outcome = stage.hero(["play", command, sid.as_str(), "--json"]).finish().exits(2);
        assert_eq!(outcome.error_code(), "conflict");
        assert!(outcome.stderr.contains(&format!("hero_logic play show {sid}")), "{outcome}");
    }
}

#[test]
fn a_standard_input_without_an_end_is_refused() {
    let stage = Stage::new();
    let endless = "[".repeat(17 << 20);
    let outcome = stage.hero(["run", "hello", "--inputs", "-", "--json"]).stdin(&endless).finish().exits(2);
    assert_eq!(outcome.error_code(), "unreadable_file");
    assert!(outcome.stderr.contains("16 MiB"), "{outcome}");
}

#[test]
fn no_python() {
    let stage = Stage::new();
    stage.write("greet.py", GREET);
    let run = |more: &[&str]| {
        let arguments = ["run", "greet.py", "--input", "name=Ada"].iter().chain(more);
        stage.hero(arguments).env("HERO_PYTHON", "/no/such/python3").finish().exits(6)
    };
    golden(&stage, "no_python", &run(&[]), &run(&["--json"]));
}

#[test]
fn python_too_old() {
    let stage = Stage::new();
    stage.write("greet.py", GREET);
    let old = stage.write("python3.10", "#!/bin/sh\necho 3.10.13\n");
    std::fs::set_permissions(&old, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let run = |more: &[&str]| {
        let arguments = ["run", "greet.py", "--input", "name=Ada"].iter().chain(more);
        stage.hero(arguments).env("HERO_PYTHON", &old).finish().exits(6)
    };
    assert_eq!(run(&["--json"]).error_code(), "no_python");
    assert!(run(&[]).stderr.contains("3.11"));
}

#[test]
fn usage_errors_exit_with_2() {
    let stage = Stage::new();
    let wrong: [&[&str]; 6] = [
        &[],
        &["run"],
        &["play"],
        &["no_such_command"],
        &["run", "hello", "--input", "novalue"],
        &["run", "hello", "--inptu", "name=Ada"],
    ];
    for arguments in wrong {
        let outcome = stage.hero(arguments).finish().exits(2);
        assert_eq!(outcome.stdout, "", "{outcome}");
        let machine = stage.hero(arguments.iter().chain(&["--json"])).finish().exits(2);
        assert_eq!(machine.error_code(), "usage");
        assert!(machine.json()["error"]["hint"].is_string(), "{machine}");
    }
}
