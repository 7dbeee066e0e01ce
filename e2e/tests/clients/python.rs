//! Programs that use the Python client, by each interpreter of this machine.

use hero_e2e::{Stage, binary};
use hero_sdk::python_client;

use crate::server::{Server, TOKEN};

#[test]
fn every_method_by_both_clients_over_both_listeners() {
    check("every_method.py");
}

#[test]
fn the_client_is_what_the_server_describes() {
    check("drift.py");
}

#[test]
fn events_go_on_where_a_connection_was_cut() {
    check("reconnects.py");
}

#[test]
fn a_later_server_and_a_busy_one_are_put_up_with() {
    check("later.py");
}

#[test]
fn what_goes_wrong_on_the_way_is_said() {
    check("trouble.py");
}

#[test]
fn the_command_prints_what_the_server_stages() {
    let stage = Stage::new();
    let printed = stage.hero(["client", "python"]).finish().exits(0);
    assert_eq!(printed.stdout, python_client::source());
    assert!(!stage.home().join(".hero").exists(), "printing needs no home");
    let server = Server::start(&stage);
    let staged = stage.home().join(".hero/var/router/python/hero_logic_client.py");
    assert_eq!(std::fs::read_to_string(staged).unwrap(), printed.stdout);
    server.stop();
}

/// Runs a program with the client that the server has staged. Whatever it warns of is a failure.
#[track_caller]
fn check(program: &str) {
    let stage = Stage::new();
    let server = Server::start(&stage);
    let script = binary::repository().join("e2e/clients").join(program);
    let interpreters =
        stage.program(binary::repository().join("e2e/interpreters"), [] as [&str; 0]).finish().exits(0);
    let interpreters: Vec<&str> =
        interpreters.stdout.lines().filter_map(|line| line.split_once(' ')).map(|(_, path)| path).collect();
    assert!(!interpreters.is_empty(), "no Python was found");
    for interpreter in interpreters {
        let run = stage.program(interpreter, ["-W", "error", "-B"]).arg(&script).arg(server.url());
        let run = run
            .env("PYTHONPATH", stage.home().join(".hero/var/router/python"))
            .env("HERO_LOGIC_TOKEN", TOKEN);
        let outcome = run.finish().exits(0);
        assert_eq!(outcome.stderr, "", "{outcome}");
    }
    server.stop();
}
