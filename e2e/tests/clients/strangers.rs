//! Clients that others wrote, from the registries of Python and JavaScript: they call the server over TCP and over its
//! socket, and follow a play whose text might break a stream, over connections that end again and again.

use std::time::Duration;

use hero_e2e::{Stage, binary};

use crate::server::{Server, TOKEN};

/// Longer than any download takes, where the tools are not there yet.
const INSTALL_MAX: Duration = Duration::from_secs(600);

/// What a script of `e2e` has installed.
#[track_caller]
fn installed(stage: &Stage, script: &str) -> String {
    let script = binary::repository().join("e2e").join(script);
    let installing = stage.program(script, [] as [&str; 0]).within(INSTALL_MAX);
    installing.finish().exits(0).stdout.trim().to_owned()
}

#[track_caller]
fn check(program: impl FnOnce(&Stage) -> (String, Vec<String>)) {
    let stage = Stage::new();
    let (program, mut arguments) = program(&stage);
    let server = Server::start(&stage);
    arguments.extend([server.url(), server.socket().display().to_string()]);
    let outcome = stage.program(program, arguments).env("HERO_LOGIC_TOKEN", TOKEN).finish().exits(0);
    assert_eq!(outcome.stderr, "", "{outcome}");
    server.stop();
}

fn source(name: &str) -> String {
    binary::repository().join("e2e/strangers").join(name).display().to_string()
}

#[test]
fn of_python() {
    check(|stage| (installed(stage, "libraries"), vec!["-W".into(), "error".into(), source("calls.py")]));
}

#[test]
fn of_javascript() {
    check(|stage| ("node".to_owned(), vec![source("calls.mjs"), installed(stage, "packages")]));
}
