//! Questions, from the machine's side: asked, answered, expired, withdrawn, and how long they waited.

use hero_sdk::{
    frame::ResumeWhen,
    model::{Span, SpanStatus},
};
use hero_store::Outcome;

use super::{super::*, lines::*, stage::Stage};
use crate::play::timer::Timer;

#[test]
fn the_first_valid_answer_wins() {
    let mut stage = Stage::running();
    stage.ask(2, "which", 1);
    let bad = stage.answer(0, "1").unwrap_err();
    assert_eq!((bad.code, bad.fields.len()), (ErrorCode::InvalidPayload, 1));
    stage.say(numbered(PARK, 2));
    assert_eq!(stage.status(), Status::AwaitingResume);
    stage.exit(75);
    assert!(stage.machine().is_idle());

    stage.answer(0, "\"web\"").unwrap();
    assert!(stage.wants_place);
    stage.answer(0, " \"web\" ").unwrap();
    assert_eq!(stage.answer(0, "\"api\"").unwrap_err().code, ErrorCode::Conflict);
    assert_eq!(stage.outcome(), &Outcome::Answered(Json::parse("\"web\"").unwrap()));
}

#[test]
fn an_answer_reaches_the_process_that_still_waits() {
    let mut stage = Stage::running();
    stage.ask(2, "which", 1);
    stage.answer(0, "\"web\"").unwrap();
    let sent = r#"send {"t":"answer","path":"main#0/which#0","status":"answered","payload":"web","use_default":false}"#;
    assert!(stage.log.iter().any(|entry| entry == sent));
    // It parked before it read the answer: it goes on at once.
    stage.say(numbered(PARK, 2));
    assert_eq!(stage.status(), Status::Queued);
    stage.exit(75);
    assert!(stage.wants_place);
}

#[test]
fn all_questions_can_be_waited_for() {
    let mut stage = Stage::running();
    stage.ask(2, "one", 1);
    stage.ask(3, "two", 2);
    stage.say(r#"{"t":"park","resume_when":"all","n":3}"#);
    stage.exit(75);
    assert_eq!(stage.machine().row.memory.resume_when, ResumeWhen::All);
    stage.answer(1, "\"b\"").unwrap();
    assert!(!stage.wants_place);
    assert_eq!(stage.status(), Status::AwaitingResume);
    stage.answer(0, "\"a\"").unwrap();
    assert!(stage.wants_place);
}

#[test]
fn an_expired_question_gives_its_default() {
    let mut stage = Stage::running();
    stage.say(
        r#"{"t":"pause","id":2,"parent":1,"path":"main#0/w#0","name":"w","fp":"f","timeout_ms":5,"default":3,"n":1}"#,
    );
    stage.park(2);
    let resume_id = stage.rig.disk.resumes[0].resume_id.clone();
    stage.handle(Event::Expire { resume_id: resume_id.clone() });
    assert_eq!(stage.status(), Status::AwaitingResume, "it is not due yet");
    stage.rig.now.wall = stage.rig.now.wall.plus_ms(10);
    stage.handle(Event::Expire { resume_id });
    assert!(stage.wants_place);
    assert_eq!(stage.outcome(), &Outcome::Expired(Some(Json::parse("3").unwrap())));
    assert_eq!(stage.answer(0, "4").unwrap_err().code, ErrorCode::Conflict);
}

#[test]
fn a_question_keeps_its_time_over_attempts() {
    let mut stage = Stage::running();
    stage.say(
        r#"{"t":"pause","id":2,"parent":1,"path":"main#0/a#0","name":"a","fp":"f","line":7,"question":"Which?","n":1}"#,
    );
    let asked_at = stage.rig.now.wall;
    stage.ask(3, "b", 2);
    stage.park(3);
    let waiting = stage.span("main#0/a#0");
    assert_eq!((waiting.status, waiting.started_at), (SpanStatus::Waiting, asked_at));

    // Answered while nobody runs: over at once, for whoever looks.
    stage.rig.now.wall = stage.rig.now.wall.plus_ms(60_000);
    stage.answer(0, "\"web\"").unwrap();
    let answered_at = stage.rig.now.wall;
    let waited_ms = (answered_at.0 - asked_at.0) as f64 / 1000.0;
    let check = |span: &Span| {
        assert_eq!((span.status, span.output.as_deref()), (SpanStatus::Ok, Some("\"web\"")));
        assert_eq!((span.started_at, span.ended_at), (asked_at, Some(answered_at)));
        assert_eq!(span.duration_ms, Some(waited_ms));
        assert_eq!((span.line, span.inputs.as_deref(), span.recorded), (Some(7), Some("Which?"), true));
    };
    check(stage.span("main#0/a#0"));

    // A replay comes by, now and in a later attempt.
    stage.rig.now.wall = stage.rig.now.wall.plus_ms(60_000);
    for _ in 0..2 {
        stage.go_on();
        stage
            .say(r#"{"t":"begin","id":2,"parent":1,"path":"main#0/a#0","kind":"pause","name":"a","fp":"f"}"#);
        stage.handle(Event::FlushDue);
        check(stage.span("main#0/a#0"));
        stage.say(r#"{"t":"end","id":2,"status":"ok","preview":"\"web\""}"#);
        stage.handle(Event::FlushDue);
        check(stage.span("main#0/a#0"));
        stage.exit(-9);
    }
    // The other one still waits, and ends with the play.
    assert_eq!(stage.span("main#0/b#0").status, SpanStatus::Waiting);
    stage.cancel();
    assert_eq!(stage.span("main#0/b#0").status, SpanStatus::Cancelled);
    check(stage.span("main#0/a#0"));
}

#[test]
fn a_question_that_was_withdrawn_is_asked_anew() {
    let mut stage = Stage::running();
    stage.ask(2, "a", 1);
    stage.park(2);
    stage.cancel();
    stage.retry().unwrap().unwrap();
    stage.go_on();
    stage.ask(2, "a", 1);
    let span = stage.span("main#0/a#0");
    assert_eq!((span.status, span.started_at), (SpanStatus::Waiting, stage.rig.now.wall));
}

#[test]
fn a_timer_that_was_lost_is_wound_again() {
    let mut stage = Stage::running();
    stage.say(
        r#"{"t":"pause","id":2,"parent":1,"path":"main#0/w#0","name":"w","fp":"f","timeout_ms":5,"n":1}"#,
    );
    let at = stage.rig.now.wall.plus_ms(5);
    let resume_id = stage.rig.disk.resumes[0].resume_id.clone();
    let timer = format!("{:?}", Effect::RingAt { timer: Timer::Question(resume_id.clone()), at });
    assert_eq!(stage.log.last(), Some(&timer));
    stage.handle(Event::Expire { resume_id });
    assert_eq!(stage.log, std::slice::from_ref(&timer), "the clock was set back");
    stage.park(2);
    stage.recover().unwrap();
    assert_eq!(stage.log.last(), Some(&timer));
}

#[test]
fn a_withdrawn_question_is_recorded_as_cancelled() {
    let mut stage = Stage::running();
    stage.ask(2, "which", 1);
    stage.say(numbered(leave(2, "cancelled"), 2));
    assert_eq!(stage.outcome(), &Outcome::Cancelled);
    assert_eq!(stage.answer(0, "\"x\"").unwrap_err().code, ErrorCode::Conflict);
}
