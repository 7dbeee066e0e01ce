//! Lives, from the machine's side: acceptance, crashes, cancellation, interruption, retry.

use hero_sdk::model::SpanStatus;

use super::{super::*, lines::*, stage::Stage};
use crate::play::{attempt::no_process, sample::sandbox};

#[test]
fn a_play_is_accepted_once() {
    let mut stage = Stage::accepted();
    stage.accept().unwrap();
    assert_eq!(stage.log, ["commit Yes ", "reply ok"]);
    stage.go_on();
    stage.say(numbered(SUCCEEDED, 1));
    stage.exit(0);
    assert_eq!(stage.accept().unwrap().play.status, Status::Succeeded);
    assert!(stage.machine().is_idle());
}

#[test]
fn a_process_that_cannot_be_started_is_tried_again_and_then_given_up() {
    let mut stage = Stage::accepted();
    for attempt in 1..=3 {
        assert_eq!(stage.status(), Status::Queued);
        stage.handle(Event::Admitted);
        stage.handle(Event::SpawnFailed { attempt, error: no_process("no fork server") });
    }
    let error = stage.error();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("spawn_failed", "no fork server"));
}

#[test]
fn a_play_that_may_not_have_what_its_flow_wishes_for_is_not_tried_again() {
    for code in [ErrorCode::SandboxDenied, ErrorCode::SandboxUnavailable] {
        let mut stage = Stage::accepted();
        stage.handle(Event::Admitted);
        let error = Error::new(code, "beyond the cap").hint("wish for less");
        stage.handle(Event::SpawnFailed { attempt: 1, error });
        assert_eq!((stage.status(), stage.attempt()), (Status::Failed, 1));
        let error = stage.error();
        assert_eq!((error.code.as_str(), error.message.as_str()), (code.as_str(), "beyond the cap"));
        assert_eq!(error.hint.as_deref(), Some("wish for less; then retry the play"));
    }
}

/// A node that no later attempt enters again has an end too: that of the last thing that is known of the play.
#[test]
fn what_a_lost_process_left_open_has_an_end() {
    let mut stage = Stage::running();
    stage.say(call(2, 1, "main#0/lost#0"));
    stage.say(call(3, 1, "main#0/s#0"));
    stage.say(give(3, "ok", 1, 1));
    let last = stage.span("main#0/s#0").ended_at;
    stage.handle(Event::FlushDue);
    assert_eq!(stage.span("main#0/lost#0").ended_at, None);
    stage.forget();
    stage.recover().unwrap();
    let lost = stage.span("main#0/lost#0");
    assert_eq!((lost.status, lost.ended_at), (SpanStatus::Interrupted, last));
    let took = lost.ended_at.unwrap().0 - lost.started_at.0;
    assert_eq!(lost.duration_ms, Some(took as f64 / 1000.0));
}

#[test]
fn three_crashes_without_progress_fail_the_play() {
    let mut stage = Stage::running();
    for _ in 0..2 {
        stage.exit(-9);
        assert_eq!(stage.status(), Status::Queued);
        stage.go_on();
    }
    stage.exit(-9);
    assert_eq!((stage.status(), stage.attempt()), (Status::Failed, 3));
    assert_eq!(stage.error().code, "process_crashed");
}

#[test]
fn a_crash_after_progress_starts_the_count_anew() {
    let mut stage = Stage::running();
    for step in 0..6 {
        stage.say(call(2, 1, &format!("main#0/s#{step}")));
        stage.say(give(2, "ok", 1, 1));
        stage.exit(-9);
        assert_eq!(stage.status(), Status::Queued);
        stage.go_on();
    }
}

#[test]
fn crashes_with_a_park_between_them_are_not_in_a_row() {
    let mut stage = Stage::running();
    for (index, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        stage.exit(-9);
        assert_eq!(stage.status(), Status::Queued);
        stage.go_on();
        stage.ask(2, name, 1);
        stage.park(2);
        stage.answer(index, "\"x\"").unwrap();
        stage.go_on();
    }
}

#[test]
fn cancelling_asks_then_kills() {
    let mut stage = Stage::running();
    assert!(stage.cancel().is_none());
    assert_eq!(stage.log, ["commit Yes play:running span:main#0:Running", "Terminate { attempt: 1 }"]);
    stage.handle(Event::GraceEnded { attempt: 1 });
    assert_eq!(stage.log, ["Kill { attempt: 1 }"]);
    stage.exit(-9);
    assert_eq!(stage.status(), Status::Cancelled);
    assert_eq!(stage.replies.len(), 2, "the caller was told");
    assert_eq!(stage.cancel().unwrap().unwrap_err().code, ErrorCode::Conflict);
}

#[test]
fn a_play_that_is_cancelled_while_it_starts_does_not_go_on() {
    let mut stage = Stage::accepted();
    stage.handle(Event::Admitted);
    assert!(stage.cancel().is_none());
    stage.handle(Event::Spawned { attempt: 1, sandbox: sandbox() });
    assert_eq!(stage.log, ["Kill { attempt: 1 }"]);
    stage.exit(-9);
    assert_eq!(stage.status(), Status::Cancelled);
    assert_eq!(stage.replies.len(), 2, "the caller was told");
}

#[test]
fn a_play_that_is_faster_than_the_wish_to_cancel_it_keeps_its_end() {
    let mut stage = Stage::running();
    stage.cancel();
    stage.say(numbered(SUCCEEDED, 1));
    assert_eq!(stage.status(), Status::Succeeded);
    assert_eq!(stage.last_reply().unwrap_err().code, ErrorCode::Conflict);
}

#[test]
fn a_play_that_is_beyond_a_limit_while_it_is_cancelled_is_cancelled() {
    for is_cancelled in [false, true] {
        let mut stage = Stage::running();
        if is_cancelled {
            stage.cancel();
        }
        stage.handle(Event::BeyondLimit { attempt: 1, error: Box::default() });
        assert_eq!(stage.status(), if is_cancelled { Status::Cancelled } else { Status::Failed });
        assert!(stage.log.contains(&"Kill { attempt: 1 }".to_owned()), "{:?}", stage.log);
    }
}

#[test]
fn a_wish_to_cancel_outlives_the_runtime() {
    let mut stage = Stage::running();
    stage.cancel();
    stage.forget();
    stage.recover().unwrap();
    assert_eq!((stage.status(), stage.error().message.as_str()), (Status::Cancelled, "enough"));
}

#[test]
fn an_interrupted_play_is_queued_and_goes_on() {
    let mut stage = Stage::running();
    stage.handle(Event::Interrupt);
    stage.exit(-9);
    assert_eq!((stage.status(), stage.machine().row.memory.crashes), (Status::Queued, 0));
    assert!(stage.machine().is_idle());
}

#[test]
fn a_retry_drops_failed_records_only() {
    let mut stage = Stage::running();
    for (id, path, status) in [(3, "main#0/x#0", "ok"), (4, "main#0/y#0", "failed")] {
        stage.say(call(id, 1, path));
        stage.say(give(id, status, 1, id));
    }
    stage.say(numbered(FAILED, 9));
    assert!(stage.retry().is_none(), "its process is still there");
    assert!(!stage.wants_place);
    stage.exit(0);
    assert_eq!(stage.last_reply().unwrap().runs_again, ["main#0/y#0"]);
    assert!(stage.log.iter().any(|entry| entry.contains("drop:main#0/y#0")));
    assert!(stage.wants_place);
}
