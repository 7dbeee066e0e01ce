//! Frames, from the machine's side: what is recorded before it is acknowledged, what is refused, what is the last word.

use hero_sdk::model::SpanStatus;
use hero_store::Outcome;

use super::{super::*, lines::*, stage::Stage};
use crate::play::event::Garbled;

#[test]
fn a_step_is_durable_before_it_is_acknowledged() {
    let mut stage = Stage::running();
    stage.say(call(2, 1, "main#0/a#0"));
    assert_eq!(stage.log, ["FlushSoon"]);
    stage.say(give(2, "ok", "[1]", 1));
    assert_eq!(
        stage.log,
        ["commit Yes record:main#0/a#0 span:main#0:Running span:main#0/a#0:Ok", r#"send {"t":"ack","n":1}"#]
    );
    stage.say(leave(1, "ok"));
    assert_eq!(stage.log, ["FlushSoon"]);
    stage.say(numbered(SUCCEEDED, 2));
    assert_eq!(
        stage.log,
        [
            "commit Yes play:succeeded count span:main#0:Ok",
            r#"send {"t":"ack","n":2}"#,
            "GraceBegins { attempt: 1 }"
        ]
    );
    stage.exit(0);
    assert_eq!(stage.log, ["LeavePlace", "commit Later "]);
    assert!(stage.machine().is_idle());
    assert_eq!(stage.ends, 1);
}

#[test]
fn a_retried_call_drops_the_failures_beneath_it() {
    let mut stage = Stage::running();
    stage.say(call(2, 1, "main#0/a#0"));
    for (id, path, status) in [(3, "main#0/a#0/x#0", "ok"), (4, "main#0/a#0/y#0", "failed")] {
        stage.say(call(id, 2, path));
        stage.say(give(id, status, 1, id));
    }
    stage.say(next_try(2, 2, 9));
    let commit = &stage.log[0];
    assert!(commit.contains("drop:main#0/a#0/y#0") && !commit.contains("drop:main#0/a#0/x#0"), "{commit}");
    assert_eq!(stage.outcome(), &Outcome::Started { number: 2 });
}

#[test]
fn frames_that_do_not_fit_are_refused_and_the_tree_stays_a_tree() {
    let mut stage = Stage::running();
    for (line, code) in [
        (give(9, "ok", 1, 1), "not_open"),
        (numbered(call(1, 1, "x#0"), 2), "duplicate_id"),
        (numbered(call(2, 7, "x#0"), 3), "unknown_parent"),
        (numbered(call(2, 0, "x#0"), 4), "unknown_parent"),
        (numbered(call(2, 2, "x#0"), 5), "unknown_parent"),
        (numbered(call(2, 1, "main#0"), 6), "path_open"),
    ] {
        stage.say(line);
        let sent = stage.log.last().unwrap();
        assert!(sent.starts_with("send") && sent.contains(&format!("\"code\":\"{code}\"")), "{sent}");
        assert!(!stage.log.iter().any(|entry| entry.contains("record:")), "{:?}", stage.log);
    }
    for _ in 0..2_000 {
        let attempt = stage.attempt();
        stage.handle(Event::Garbled { attempt, garbled: Garbled::default() });
    }
    assert_eq!(stage.error().code, "protocol_error");
}

/// A node may be left before what it holds. Entered again beneath that, it would lie beneath itself.
#[test]
fn a_node_never_lies_beneath_itself() {
    let mut stage = Stage::running();
    for is_written in [false, true] {
        let path = |name: &str| format!("main#0/{name}#{}", u8::from(is_written));
        let [a, b, again, elsewhere] = if is_written { [5, 6, 7, 8] } else { [2, 3, 4, 9] };
        stage.say(numbered(enter(a, 1, &path("a")), a));
        stage.say(numbered(enter(b, a, &path("b")), b));
        stage.say(leave(a, "ok"));
        if is_written {
            stage.handle(Event::FlushDue);
        }
        stage.say(numbered(enter(again, b, &path("a")), again));
        let sent = stage.log.last().unwrap();
        assert!(sent.contains("\"code\":\"cycle\""), "{sent}");
        stage.say(numbered(enter(elsewhere, 1, &path("a")), elsewhere));
        let sent = stage.log.last().unwrap();
        assert!(sent.contains("\"ack\""), "{sent}");
    }
}

#[test]
fn spans_left_open_by_a_dead_process_are_interrupted() {
    let mut stage = Stage::running();
    stage.say(call(2, 1, "main#0/a#0"));
    stage.exit(-9);
    let commit = stage.log.iter().find(|entry| entry.contains("Interrupted")).unwrap();
    assert!(commit.contains("span:main#0/a#0:Interrupted"), "{commit}");
    assert_eq!(stage.span("main#0/a#0").status, SpanStatus::Interrupted);
}

#[test]
fn a_line_that_python_waits_for_is_answered_whatever_it_is() {
    let mut stage = Stage::running();
    let garbled = |n, is_done| Garbled { reason: "too deep".into(), n: Some(n), is_done };
    stage.handle(Event::Garbled { attempt: 1, garbled: garbled(1, false) });
    let refused = r#"send {"t":"refused","n":1,"code":"malformed","message":"too deep"}"#;
    assert_eq!(stage.log.last().unwrap(), refused);
    assert_eq!(stage.status(), Status::Running);
    stage.handle(Event::Garbled { attempt: 1, garbled: garbled(2, true) });
    assert_eq!((stage.status(), stage.error().code.as_str()), (Status::Failed, "invalid_outputs"));
    assert!(stage.log.contains(&r#"send {"t":"ack","n":2}"#.to_owned()));
}

#[test]
fn outputs_are_held_against_their_schema() {
    let mut stage = Stage::running();
    stage.say(r#"{"t":"done","status":"succeeded","outputs":"seven","n":1}"#);
    assert_eq!((stage.status(), stage.error().code.as_str()), (Status::Failed, "invalid_outputs"));
    let message = &stage.error().message;
    assert!(message.contains("the result: \"seven\" is not of type \"integer\""), "{message}");
}

#[test]
fn frames_after_the_last_word_do_not_count() {
    let mut stage = Stage::running();
    stage.say(numbered(SUCCEEDED, 1));
    stage.say(numbered(FAILED, 2));
    stage.exit(-11);
    assert_eq!(stage.status(), Status::Succeeded);
    assert_eq!(stage.ends, 1);
}

#[test]
fn an_old_attempt_has_no_say() {
    let mut stage = Stage::running();
    stage.exit(-9);
    stage.go_on();
    for event in [
        received(1, numbered(SUCCEEDED, 9)),
        Event::Exited { attempt: 1, status: Some(0) },
        Event::GraceEnded { attempt: 1 },
    ] {
        stage.handle(event);
        assert_eq!(stage.log, [""; 0]);
    }
    assert_eq!(stage.status(), Status::Running);
}

#[test]
fn a_flow_that_says_that_it_is_cancelled_may_go() {
    let mut stage = Stage::running();
    stage.cancel();
    stage.say(numbered(CANCELLED, 1));
    assert_eq!(stage.status(), Status::Cancelled);
    assert!(stage.log.contains(&r#"send {"t":"ack","n":1}"#.to_owned()), "it waits for this");
}
