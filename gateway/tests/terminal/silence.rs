//! Ctrl-C and SIGTERM in commands that wait for a server which says nothing.

use std::os::unix::net::UnixListener;

use crate::{
    CTRL_C, ask,
    common::{Home, Session, Silence},
    terminate,
};

/// Ends a session that waits for what never comes, by these signals: 130, whichever it is.
fn interrupt(mut session: Session, keys: &[&str]) {
    for key in keys {
        match *key {
            "term" => terminate(&session),
            key => session.keys(key),
        }
    }
    assert_eq!(session.end(), 130, "{}", session.screen());
    assert!(session.screen().contains("error[interrupted]"), "{}", session.screen());
}

#[test]
fn ctrl_c_ends_the_wait_for_a_server_that_says_nothing() {
    let home = Home::new();
    let path = home.path("rpc.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let server = format!("unix:{}", path.display());
    for command in [&["play", "list"][..], &["run", "hello"], &["secret", "list"]] {
        for key in [CTRL_C, "term"] {
            let session = home.start(&[&["--server", server.as_str()], command].concat(), 24, 80);
            let silent = listener.accept().unwrap();
            interrupt(session, &[key]);
            drop(silent);
        }
    }
}

#[test]
fn ctrl_c_ends_the_wait_for_a_server_that_falls_silent() {
    let home = Home::served();
    let mut session = ask(&home, "ask_user.confirm('Ship it?')");
    session.wait_for("? Ship it?");
    session.keys(CTRL_C);
    assert_eq!(session.end(), 3, "{}", session.screen());
    let shown: String = session.screen().split_whitespace().collect();
    let ids = shown.split_once("hero_logicresume").unwrap().1;
    let (play_sid, resume_id) = (&ids[..31], &ids[31..61]);

    let calls: [(&'static str, &[&str], &[&str]); 8] = [
        ("play_list", &["play", "list"], &[CTRL_C]),
        ("workflow_list", &["workflow", "list"], &["term"]),
        ("play_cancel", &["play", "cancel", play_sid], &[CTRL_C]),
        ("play_status", &["play", "follow", play_sid], &[CTRL_C]),
        ("play_retry", &["play", "retry", play_sid], &["term"]),
        ("play_resume", &["resume", play_sid, resume_id, "--payload", "true"], &[CTRL_C]),
        ("play_run_async", &["run", "flow.py"], &[CTRL_C]),
        // What runs a play is asked to cancel it by the first one.
        ("play_pending_resumes", &["run", "flow.py"], &[CTRL_C, "term"]),
    ];
    for (method, command, keys) in calls {
        let silence = Silence::before(&home, method);
        let server = silence.path.display().to_string();
        let session = home.start(&[&["--server", server.as_str()], command].concat(), 24, 80);
        silence.wait();
        interrupt(session, keys);
    }
}
