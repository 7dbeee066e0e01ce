//! Two things on their way at once, each of which the machine must not lose: found by `orders`, kept one by one.

use hero_sdk::{
    frame::ResumeWhen,
    model::{SpanStatus, Status},
};

use super::{super::*, Stage, next_resume_id};

#[test]
fn a_wish_to_cancel_that_crosses_a_park_ends_the_play() {
    let mut stage = Stage::running();
    assert!(stage.wish(|caller| Event::Cancel { reason: Some("enough".into()), caller }).is_none());
    stage.ask(2, "which", 1);
    stage.log_since();
    stage.say(r#"{"t":"park","n":2}"#);
    assert_eq!(stage.status(), Status::Cancelled);
    let log = stage.log_since();
    assert!(log.contains(&r#"send {"t":"ack","n":2}"#.to_owned()), "it waits for this: {log:?}");
    assert!(log.contains(&"GraceBegins { attempt: 1 }".to_owned()), "{log:?}");
    stage.exit(75);
    let (_, reply) = stage.replies.pop().unwrap();
    assert_eq!(reply.unwrap().play.status, Status::Cancelled);
    assert!(stage.machine.is_idle());
}

/// A wish can take a play up before the directory does.
#[test]
fn a_play_that_was_taken_up_already_is_not_taken_up_again() {
    for goes_on in [false, true] {
        let mut stage = Stage::new();
        stage.wish(|caller| Event::Accept { caller });
        stage.handle(Event::Admitted);
        if goes_on {
            stage.handle(Event::Spawned { attempt: 1 });
        }
        stage.wants_place = false;
        stage.wish(|caller| Event::Recover { progressed: false, caller }).unwrap().unwrap();
        assert_eq!((stage.status(), stage.machine.row.memory.crashes), (Status::Running, 0));
        assert!(!stage.wants_place, "its process lives");
        if !goes_on {
            stage.handle(Event::Spawned { attempt: 1 });
        }
        stage.say(r#"{"t":"done","status":"succeeded","outputs":1,"n":1}"#);
        assert_eq!(stage.status(), Status::Succeeded);
    }
}

#[test]
fn an_answer_that_is_repeated_is_acknowledged_when_it_is_durable() {
    let mut stage = Stage::running();
    stage.ask(2, "which", 1);
    stage.answer(0, "\"a\"").unwrap();
    stage.log_since();
    stage.answer(0, "\"a\"").unwrap();
    stage.answer(0, "\"b\"").unwrap_err();
    assert_eq!(stage.log_since(), ["commit Yes ", "reply ok", "commit Yes ", "reply error"]);
}

/// A question of an earlier attempt that this one does not ask keeps nobody waiting.
#[test]
fn all_questions_are_those_of_the_attempt_that_waits() {
    for is_taken_up_anew in [false, true] {
        let mut stage = Stage::running();
        stage.ask(2, "one", 1);
        stage.ask(3, "left", 2);
        stage.say(r#"{"t":"park","n":3}"#);
        stage.exit(75);
        stage.answer(0, "\"a\"").unwrap();
        stage.go_on();
        stage.ask(2, "two", 1);
        stage.ask(3, "three", 2);
        stage.say(r#"{"t":"park","resume_when":"all","n":3}"#);
        stage.exit(75);
        assert_eq!(stage.machine.row.memory.resume_when, ResumeWhen::All);
        if is_taken_up_anew {
            let past = Past {
                resumes: stage.resumes.clone(),
                spans: stage.spans.clone(),
                last_seq: stage.machine.next_seq,
                ..Past::default()
            };
            let row = stage.machine.row.clone();
            stage.machine = Machine::new(row, Json::parse("true").unwrap(), past, next_resume_id);
        }
        stage.wants_place = false;
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

/// A node may be left before what it holds. Entered again beneath that, it would lie beneath itself.
#[test]
fn a_node_never_lies_beneath_itself() {
    let mut stage = Stage::running();
    let begin = |id: u64, parent: u64, path: &str, n: u64| {
        format!(
            r#"{{"t":"begin","id":{id},"parent":{parent},"path":"main#0/{path}","kind":"step","name":"x","n":{n}}}"#
        )
    };
    for is_written in [false, true] {
        let path = |name: &str| format!("{name}#{}", u8::from(is_written));
        let ids = if is_written { [5, 6, 7, 8] } else { [2, 3, 4, 9] };
        stage.say(&begin(ids[0], 1, &path("a"), ids[0]));
        stage.say(&begin(ids[1], ids[0], &path("b"), ids[1]));
        stage.say(&format!(r#"{{"t":"end","id":{},"status":"ok"}}"#, ids[0]));
        if is_written {
            stage.handle(Event::FlushDue);
        }
        stage.log_since();
        stage.say(&begin(ids[2], ids[1], &path("a"), ids[2]));
        let sent = stage.log_since().pop().unwrap();
        assert!(sent.contains("\"code\":\"cycle\""), "{sent}");
        // Elsewhere it may be entered again.
        stage.say(&begin(ids[3], 1, &path("a"), ids[3]));
        let sent = stage.log_since().pop().unwrap();
        assert!(sent.contains("\"ack\""), "{sent}");
    }
}
