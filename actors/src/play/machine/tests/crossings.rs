//! Two things on their way at once, each of which the machine must not lose: found by `orders`, kept one by one.

use hero_sdk::{frame::ResumeWhen, model::SpanStatus};

use super::{super::*, lines::*, stage::Stage};
use crate::play::sample::sandbox;

#[test]
fn a_wish_to_cancel_that_crosses_a_park_ends_the_play() {
    let mut stage = Stage::running();
    assert!(stage.cancel().is_none());
    stage.ask(2, "which", 1);
    stage.say(numbered(PARK, 2));
    assert_eq!(stage.status(), Status::Cancelled);
    let log = &stage.log;
    assert!(log.contains(&r#"send {"t":"ack","n":2}"#.to_owned()), "it waits for this: {log:?}");
    assert!(log.contains(&"GraceBegins { attempt: 1 }".to_owned()), "{log:?}");
    stage.exit(75);
    assert_eq!(stage.last_reply().unwrap().play.status, Status::Cancelled);
    assert!(stage.machine().is_idle());
}

/// A wish can take a play up before the directory does.
#[test]
fn a_play_that_was_taken_up_already_is_not_taken_up_again() {
    for goes_on in [false, true] {
        let mut stage = Stage::accepted();
        stage.handle(Event::Admitted);
        if goes_on {
            stage.handle(Event::Spawned { attempt: 1, sandbox: sandbox() });
        }
        stage.recover().unwrap();
        assert_eq!((stage.status(), stage.machine().row.memory.crashes), (Status::Running, 0));
        assert!(!stage.wants_place, "its process lives");
        if !goes_on {
            stage.handle(Event::Spawned { attempt: 1, sandbox: sandbox() });
        }
        stage.say(numbered(SUCCEEDED, 1));
        assert_eq!(stage.status(), Status::Succeeded);
    }
}

#[test]
fn an_answer_that_is_repeated_is_acknowledged_when_it_is_durable() {
    let mut stage = Stage::running();
    stage.ask(2, "which", 1);
    stage.answer(0, "\"a\"").unwrap();
    stage.answer(0, "\"a\"").unwrap();
    assert_eq!(stage.log, ["commit Yes ", "reply ok"]);
    stage.answer(0, "\"b\"").unwrap_err();
    assert_eq!(stage.log, ["commit Yes ", "reply error"]);
}

/// A question of an earlier attempt that this one does not ask keeps nobody waiting.
#[test]
fn all_questions_are_those_of_the_attempt_that_waits() {
    for is_taken_up_anew in [false, true] {
        let mut stage = Stage::running();
        stage.ask(2, "one", 1);
        stage.ask(3, "left", 2);
        stage.park(3);
        stage.answer(0, "\"a\"").unwrap();
        stage.go_on();
        stage.ask(2, "two", 1);
        stage.ask(3, "three", 2);
        stage.say(r#"{"t":"park","resume_when":"all","n":3}"#);
        stage.exit(75);
        assert_eq!(stage.machine().row.memory.resume_when, ResumeWhen::All);
        if is_taken_up_anew {
            stage.forget();
        }
        stage.answer(2, "\"b\"").unwrap();
        assert!(!stage.wants_place, "it waits for the third");
        stage.answer(3, "\"c\"").unwrap();
        assert!(stage.wants_place);
        assert_eq!(
            (stage.status(), stage.span("main#0/left#0").status),
            (Status::Queued, SpanStatus::Waiting)
        );
    }
}
