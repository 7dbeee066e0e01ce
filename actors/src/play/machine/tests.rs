//! The machine alone: what follows from what, and what holds whatever the order of events.

mod crossings;
mod disk;
mod lives;
mod orders;
mod places;
mod questions;
mod steps;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use hero_sdk::{
    VersionSid,
    model::{Span, SpanStatus},
};
use hero_store::{Outcome, Record};
use proptest::prelude::*;

use super::*;
use crate::play::{event::Garbled, sample::row};

/// A machine with its world: commits succeed at once, and everything that was wanted is kept.
struct Stage {
    machine: Machine,
    now: Now,
    next_caller: Caller,
    log: Vec<String>,
    replies: Vec<(Caller, Result<Reply, Error>)>,
    records: Vec<Record>,
    resumes: Vec<ResumeRequest>,
    /// The nodes as the store has them.
    spans: Vec<Span>,
    terminal_writes: usize,
    /// The status that the store has.
    stored: Option<Status>,
    /// Attempts whose process was asked for and has not exited.
    processes: Vec<u32>,
    wants_place: bool,
}

fn next_resume_id() -> ResumeId {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("ask_{:026}", NEXT.fetch_add(1, Ordering::Relaxed)).parse().unwrap()
}

impl Stage {
    fn new() -> Self {
        let schema = Json::parse(r#"{"type":"integer"}"#).unwrap();
        Self {
            machine: Machine::new(row(&VersionSid::new()), schema, Past::default(), next_resume_id),
            now: Now::default(),
            next_caller: 1,
            log: Vec::new(),
            replies: Vec::new(),
            records: Vec::new(),
            resumes: Vec::new(),
            spans: Vec::new(),
            terminal_writes: 0,
            stored: None,
            processes: Vec::new(),
            wants_place: false,
        }
    }

    /// A play whose first process is alive and has entered the root.
    fn running() -> Self {
        let mut stage = Self::new();
        stage.wish(|caller| Event::Accept { caller });
        stage.go_on();
        stage
    }

    /// Gives the place that is wanted, starts the process, and enters the root.
    fn go_on(&mut self) {
        assert!(self.wants_place);
        self.handle(Event::Admitted);
        let attempt = self.attempt();
        self.handle(Event::Spawned { attempt });
        self.say(r#"{"t":"begin","id":1,"parent":0,"path":"main#0","kind":"flow","name":"main"}"#);
    }

    fn attempt(&self) -> u32 {
        self.machine.play().attempt
    }

    fn status(&self) -> Status {
        self.machine.play().status
    }

    fn say(&mut self, line: &str) {
        let attempt = self.attempt();
        let frame = hero_sdk::frame::Up::parse(line).unwrap();
        self.handle(Event::Received { attempt, frame });
    }

    fn ask(&mut self, id: u64, name: &str, n: u64) {
        self.say(&format!(
            r#"{{"t":"pause","id":{id},"parent":1,"path":"main#0/{name}#0","name":"{name}","fp":"f","schema":{{"type":"string"}},"n":{n}}}"#
        ));
    }

    fn exit(&mut self, status: i32) {
        let attempt = self.attempt();
        self.handle(Event::Exited { attempt, status: Some(status) });
    }

    fn wish(&mut self, event: impl FnOnce(Caller) -> Event) -> Option<Result<Reply, Error>> {
        let caller = self.next_caller;
        self.next_caller += 1;
        self.handle(event(caller));
        self.replies.iter().find(|(to, _)| *to == caller).map(|(_, result)| result.clone())
    }

    fn answer(&mut self, index: usize, payload: &str) -> Result<Reply, Error> {
        let resume_id = self.machine.resumes[index].resume_id.clone();
        let payload = Json::parse(payload).unwrap();
        self.wish(|caller| Event::Answer { resume_id, payload, answered_by: None, caller }).unwrap()
    }

    fn handle(&mut self, event: Event) {
        self.now.wall = self.now.wall.plus_ms(1);
        self.now.monotonic_us += 1000;
        if let Event::Exited { attempt, .. } = event {
            self.processes.retain(|living| *living != attempt);
        }
        let effects = self.machine.handle(event, self.now);
        self.perform(effects);
        self.check();
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Commit { writes, durable, then } => {
                    let words = self.write(writes);
                    self.log.push(format!("commit {durable:?} {words}"));
                    self.perform(then);
                }
                Effect::Reply { caller, result } => {
                    self.log.push(format!("reply {}", if result.is_ok() { "ok" } else { "error" }));
                    self.replies.push((caller, *result));
                }
                Effect::Send { frame, .. } => self.log.push(format!("send {}", frame.to_line().trim())),
                Effect::StartProcess { attempt } => {
                    assert!(self.processes.is_empty(), "P5: attempt {attempt} beside {:?}", self.processes);
                    self.processes.push(attempt);
                    self.log.push(format!("start {attempt}"));
                }
                Effect::WantPlace => {
                    self.wants_place = true;
                    self.log.push("want place".into());
                }
                other => self.log.push(format!("{other:?}")),
            }
        }
    }

    fn write(&mut self, writes: Vec<Write>) -> String {
        let mut words = Vec::new();
        for write in writes {
            match write {
                Write::Play(row) => {
                    let status = row.play.status;
                    self.terminal_writes += usize::from(status.is_terminal());
                    if self.stored.is_some_and(Status::is_terminal) {
                        assert!(status == Status::Queued || self.stored == Some(status), "P4");
                    }
                    self.stored = Some(status);
                    words.push(format!("play:{}", status.as_str()));
                }
                Write::Record(record) => {
                    words.push(format!("record:{}", record.path));
                    self.records.push(record);
                }
                Write::DropRecord(path) => words.push(format!("drop:{path}")),
                Write::Span { span, replaces } => {
                    words.push(format!("span:{}:{:?}", span.path, span.status));
                    self.spans.retain(|known| Some(known.seq) != replaces);
                    self.spans.push(*span);
                }
                Write::Log(line) => words.push(format!("log:{}", line.text)),
                Write::Resume(resume) => {
                    words.push(format!("resume:{:?}", resume.status));
                    self.resumes.retain(|known| known.resume_id != resume.resume_id);
                    self.resumes.push(*resume);
                }
            }
        }
        words.join(" ")
    }

    /// What holds after every event.
    fn check(&self) {
        let play = self.machine.play();
        let open =
            self.machine.resumes.iter().filter(|resume| resume.status == hero_sdk::model::ResumeStatus::Open);
        assert_eq!(open.count(), play.pending_resumes as usize);
        assert_eq!(play.ended_at.is_some(), play.status.is_terminal());
        for span in &self.spans {
            assert_eq!(
                self.spans.iter().filter(|other| other.span_id == span.span_id).count(),
                1,
                "one row each"
            );
            let is_over = !matches!(span.status, SpanStatus::Running | SpanStatus::Waiting);
            assert_eq!(span.ended_at.is_some(), span.duration_ms.is_some(), "{span:?}");
            assert!(is_over || span.ended_at.is_none(), "{span:?}");
            assert!(is_over || !play.status.is_terminal(), "{} is left open", span.path);
        }
        let mut seqs: Vec<u64> = self.records.iter().map(|record| record.seq).collect();
        seqs.dedup();
        assert!(seqs.is_sorted() && seqs.len() == self.records.len(), "sequence numbers grow");
    }

    fn span(&self, path: &str) -> &Span {
        self.spans.iter().find(|span| span.path == path).unwrap()
    }

    fn log_since(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }
}

#[test]
fn a_step_is_durable_before_it_is_acknowledged() {
    let mut stage = Stage::running();
    stage.log_since();
    stage.say(r#"{"t":"begin","id":2,"parent":1,"path":"main#0/a#0","kind":"flow","name":"a","fp":"f","recorded":true}"#);
    assert_eq!(stage.log_since(), ["FlushSoon"]);
    stage.say(r#"{"t":"end","id":2,"status":"ok","value":[1],"n":1}"#);
    assert_eq!(
        stage.log_since(),
        ["commit Yes record:main#0/a#0 span:main#0:Running span:main#0/a#0:Ok", r#"send {"t":"ack","n":1}"#]
    );
    stage.say(r#"{"t":"end","id":1,"status":"ok"}"#);
    stage.say(r#"{"t":"done","status":"succeeded","outputs":7,"n":2}"#);
    assert_eq!(
        stage.log_since(),
        [
            "FlushSoon",
            "commit Yes play:succeeded span:main#0:Ok",
            r#"send {"t":"ack","n":2}"#,
            "GraceBegins { attempt: 1 }"
        ]
    );
    stage.exit(0);
    assert_eq!(stage.log_since(), ["LeavePlace", "commit Later "]);
    assert!(stage.machine.is_idle());
    assert_eq!(stage.terminal_writes, 1);
}

#[test]
fn outputs_are_held_against_their_schema() {
    let mut stage = Stage::running();
    stage.say(r#"{"t":"done","status":"succeeded","outputs":"seven","n":1}"#);
    let play = stage.machine.play();
    assert_eq!(play.status, Status::Failed);
    let error = play.error.clone().unwrap();
    assert_eq!(error.code, "invalid_outputs");
    assert!(error.message.contains("the result: \"seven\" is not of type \"integer\""), "{}", error.message);
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
    assert_eq!(stage.status(), Status::Failed);
    assert_eq!(stage.machine.play().error.as_ref().unwrap().code, "process_crashed");
    assert_eq!(stage.attempt(), 3);
}

#[test]
fn a_crash_after_progress_starts_the_count_anew() {
    let mut stage = Stage::running();
    for step in 0..6 {
        stage.say(&format!(
            r#"{{"t":"begin","id":2,"parent":1,"path":"main#0/s#{step}","kind":"flow","name":"s","recorded":true}}"#
        ));
        stage.say(r#"{"t":"end","id":2,"status":"ok","value":1,"n":1}"#);
        stage.exit(-9);
        assert_eq!(stage.status(), Status::Queued);
        stage.go_on();
    }
}

#[test]
fn crashes_with_a_park_between_them_are_not_in_a_row() {
    let mut stage = Stage::running();
    for name in ["a", "b", "c", "d"] {
        stage.exit(-9);
        assert_eq!(stage.status(), Status::Queued);
        stage.go_on();
        stage.ask(2, name, 1);
        stage.say(r#"{"t":"park","n":2}"#);
        stage.exit(75);
        stage.answer(stage.machine.resumes.len() - 1, "\"x\"").unwrap();
        stage.go_on();
    }
}

#[test]
fn an_old_attempt_has_no_say() {
    let mut stage = Stage::running();
    stage.exit(-9);
    stage.go_on();
    stage.log_since();
    let frame = hero_sdk::frame::Up::parse(r#"{"t":"done","status":"succeeded","outputs":1,"n":9}"#).unwrap();
    stage.handle(Event::Received { attempt: 1, frame });
    stage.handle(Event::Exited { attempt: 1, status: Some(0) });
    stage.handle(Event::GraceEnded { attempt: 1 });
    assert_eq!(stage.log_since(), [""; 0]);
    assert_eq!(stage.status(), Status::Running);
}

#[test]
fn frames_after_the_last_word_do_not_count() {
    let mut stage = Stage::running();
    stage.say(r#"{"t":"done","status":"succeeded","outputs":1,"n":1}"#);
    stage.say(r#"{"t":"done","status":"failed","error":{"code":"exception","message":"late"},"n":2}"#);
    stage.exit(-11);
    assert_eq!(stage.status(), Status::Succeeded);
    assert_eq!(stage.terminal_writes, 1);
}

#[test]
fn frames_that_do_not_fit_are_refused_and_the_tree_stays_a_tree() {
    let mut stage = Stage::running();
    stage.log_since();
    for (line, code) in [
        (r#"{"t":"end","id":9,"status":"ok","value":1,"n":1}"#, "not_open"),
        (
            r#"{"t":"begin","id":1,"parent":1,"path":"x#0","kind":"flow","name":"x","recorded":true,"n":2}"#,
            "duplicate_id",
        ),
        (
            r#"{"t":"begin","id":2,"parent":7,"path":"x#0","kind":"flow","name":"x","recorded":true,"n":3}"#,
            "unknown_parent",
        ),
        (
            r#"{"t":"begin","id":2,"parent":0,"path":"x#0","kind":"flow","name":"x","recorded":true,"n":4}"#,
            "unknown_parent",
        ),
        (
            r#"{"t":"begin","id":2,"parent":2,"path":"x#0","kind":"flow","name":"x","recorded":true,"n":5}"#,
            "unknown_parent",
        ),
        (
            r#"{"t":"begin","id":2,"parent":1,"path":"main#0","kind":"flow","name":"x","recorded":true,"n":6}"#,
            "path_open",
        ),
    ] {
        stage.say(line);
        let sent = stage.log_since().pop().unwrap();
        assert!(sent.starts_with("send") && sent.contains(&format!("\"code\":\"{code}\"")), "{sent}");
    }
    assert!(stage.records.is_empty());
    for _ in 0..2_000 {
        let attempt = stage.attempt();
        stage.handle(Event::Garbled { attempt, garbled: Garbled::default() });
    }
    assert_eq!(stage.machine.play().error.as_ref().unwrap().code, "protocol_error");
}

#[test]
fn a_line_that_python_waits_for_is_answered_whatever_it_is() {
    let mut stage = Stage::running();
    stage.log_since();
    let garbled = |n, is_done| Garbled { reason: "too deep".into(), n: Some(n), is_done };
    stage.handle(Event::Garbled { attempt: 1, garbled: garbled(1, false) });
    let refused = r#"send {"t":"refused","n":1,"code":"malformed","message":"too deep"}"#;
    assert_eq!(stage.log_since().pop().unwrap(), refused);
    assert_eq!(stage.status(), Status::Running);
    stage.handle(Event::Garbled { attempt: 1, garbled: garbled(2, true) });
    let error = stage.machine.play().error.clone().unwrap();
    assert_eq!((stage.status(), error.code.as_str()), (Status::Failed, "invalid_outputs"));
    assert!(stage.log_since().contains(&r#"send {"t":"ack","n":2}"#.to_owned()));
}

#[test]
fn a_play_is_accepted_once() {
    let mut stage = Stage::new();
    stage.wish(|caller| Event::Accept { caller }).unwrap().unwrap();
    stage.log_since();
    stage.wish(|caller| Event::Accept { caller }).unwrap().unwrap();
    assert_eq!(stage.log_since(), ["commit Yes ", "reply ok"]);
    stage.go_on();
    stage.say(r#"{"t":"done","status":"succeeded","outputs":1,"n":1}"#);
    stage.exit(0);
    let reply = stage.wish(|caller| Event::Accept { caller }).unwrap().unwrap();
    assert_eq!(reply.play.status, Status::Succeeded);
    assert!(stage.machine.is_idle());
}

#[test]
fn a_process_that_cannot_be_started_is_tried_again_and_then_given_up() {
    let mut stage = Stage::new();
    stage.wish(|caller| Event::Accept { caller });
    for attempt in 1..=3 {
        assert_eq!(stage.status(), Status::Queued);
        stage.handle(Event::Admitted);
        stage.processes.clear();
        stage.handle(Event::SpawnFailed { attempt, message: "no fork server".into() });
    }
    let error = stage.machine.play().error.clone().unwrap();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("spawn_failed", "no fork server"));
}

#[test]
fn a_retried_call_drops_the_failures_beneath_it() {
    let mut stage = Stage::running();
    stage.say(
        r#"{"t":"begin","id":2,"parent":1,"path":"main#0/a#0","kind":"flow","name":"a","recorded":true}"#,
    );
    for (id, path, status) in [(3, "main#0/a#0/x#0", "ok"), (4, "main#0/a#0/y#0", "failed")] {
        stage.say(&format!(
            r#"{{"t":"begin","id":{id},"parent":2,"path":"{path}","kind":"flow","name":"x","recorded":true}}"#
        ));
        stage.say(&format!(r#"{{"t":"end","id":{id},"status":"{status}","value":1,"n":{id}}}"#));
    }
    stage.log_since();
    stage.say(
        r#"{"t":"try","id":2,"try":2,"error":{"code":"exception","message":"down"},"delay_ms":1,"n":9}"#,
    );
    let commit = stage.log_since().remove(0);
    assert!(commit.contains("drop:main#0/a#0/y#0") && !commit.contains("drop:main#0/a#0/x#0"), "{commit}");
    assert_eq!(stage.records.last().unwrap().outcome, Outcome::Started { number: 2 });
}

#[test]
fn cancelling_asks_then_kills() {
    let mut stage = Stage::running();
    stage.log_since();
    assert!(stage.wish(|caller| Event::Cancel { reason: Some("enough".into()), caller }).is_none());
    assert_eq!(
        stage.log_since(),
        ["commit Yes play:running span:main#0:Running", "Terminate { attempt: 1 }"]
    );
    stage.handle(Event::GraceEnded { attempt: 1 });
    assert_eq!(stage.log_since(), ["Kill { attempt: 1 }"]);
    stage.exit(-9);
    assert_eq!(stage.status(), Status::Cancelled);
    assert_eq!(stage.replies.len(), 2, "the caller was told");
    let again = stage.wish(|caller| Event::Cancel { reason: None, caller }).unwrap();
    assert_eq!(again.unwrap_err().code, ErrorCode::Conflict);
}

#[test]
fn a_play_that_is_cancelled_while_it_starts_does_not_go_on() {
    let mut stage = Stage::new();
    stage.wish(|caller| Event::Accept { caller });
    stage.handle(Event::Admitted);
    assert!(stage.wish(|caller| Event::Cancel { reason: None, caller }).is_none());
    stage.log_since();
    stage.handle(Event::Spawned { attempt: 1 });
    assert_eq!(stage.log_since(), ["Kill { attempt: 1 }"]);
    stage.exit(-9);
    assert_eq!(stage.status(), Status::Cancelled);
    assert_eq!(stage.replies.len(), 2, "the caller was told");
}

#[test]
fn a_flow_that_says_that_it_is_cancelled_may_go() {
    let mut stage = Stage::running();
    stage.wish(|caller| Event::Cancel { reason: None, caller });
    stage.log_since();
    stage.say(r#"{"t":"done","status":"cancelled","n":1}"#);
    assert_eq!(stage.status(), Status::Cancelled);
    assert!(stage.log_since().contains(&r#"send {"t":"ack","n":1}"#.to_owned()), "it waits for this");
}

#[test]
fn a_play_that_is_faster_than_the_wish_to_cancel_it_keeps_its_end() {
    let mut stage = Stage::running();
    stage.wish(|caller| Event::Cancel { reason: None, caller });
    stage.say(r#"{"t":"done","status":"succeeded","outputs":1,"n":1}"#);
    assert_eq!(stage.status(), Status::Succeeded);
    let (_, reply) = stage.replies.pop().unwrap();
    assert_eq!(reply.unwrap_err().code, ErrorCode::Conflict);
}

#[test]
fn a_wish_to_cancel_outlives_the_runtime() {
    let mut stage = Stage::running();
    stage.wish(|caller| Event::Cancel { reason: Some("enough".into()), caller });
    // Everything in memory is lost; the row is what the store has.
    let row = stage.machine.row.clone();
    let past = Past { spans: stage.spans.clone(), last_seq: stage.machine.next_seq, ..Past::default() };
    stage.machine = Machine::new(row, Json::parse("true").unwrap(), past, next_resume_id);
    stage.processes.clear();
    stage.wish(|caller| Event::Recover { progressed: false, caller }).unwrap().unwrap();
    assert_eq!(stage.status(), Status::Cancelled);
    assert_eq!(stage.machine.play().error.as_ref().unwrap().message, "enough");
}

#[test]
fn an_interrupted_play_is_queued_and_goes_on() {
    let mut stage = Stage::running();
    stage.handle(Event::Interrupt);
    stage.exit(-9);
    assert_eq!((stage.status(), stage.machine.row.memory.crashes), (Status::Queued, 0));
    assert!(stage.machine.is_idle());
}

#[test]
fn a_retry_drops_failed_records_only() {
    let mut stage = Stage::running();
    for (id, path, status) in [(3, "main#0/x#0", "ok"), (4, "main#0/y#0", "failed")] {
        stage.say(&format!(
            r#"{{"t":"begin","id":{id},"parent":1,"path":"{path}","kind":"flow","name":"x","recorded":true}}"#
        ));
        stage.say(&format!(r#"{{"t":"end","id":{id},"status":"{status}","value":1,"n":{id}}}"#));
    }
    stage.say(r#"{"t":"done","status":"failed","error":{"code":"exception","message":"no"},"n":9}"#);
    stage.wants_place = false;
    assert!(stage.wish(|caller| Event::Retry { caller }).is_none(), "its process is still there");
    stage.log_since();
    stage.exit(0);
    let (_, reply) = stage.replies.pop().unwrap();
    assert_eq!(reply.unwrap().runs_again, ["main#0/y#0"]);
    assert!(stage.log_since().iter().any(|entry| entry.contains("drop:main#0/y#0")));
    assert!(stage.wants_place);
}

#[test]
fn spans_left_open_by_a_dead_process_are_interrupted() {
    let mut stage = Stage::running();
    stage.say(
        r#"{"t":"begin","id":2,"parent":1,"path":"main#0/a#0","kind":"flow","name":"a","recorded":true}"#,
    );
    stage.exit(-9);
    let commit = stage.log_since().into_iter().find(|entry| entry.contains("Interrupted")).unwrap();
    assert!(commit.contains("span:main#0/a#0:Interrupted"), "{commit}");
    assert_eq!(SpanStatus::Interrupted, SpanStatus::Interrupted);
}

/// Any event, valid or not, at any time.
fn any_event() -> impl Strategy<Value = (u8, u8)> {
    (0u8..16, 0u8..4)
}

proptest! {
    /// P3, P4, P5 and the bookkeeping hold for every order of events.
    #[test]
    fn invariants_hold_in_any_order(events in prop::collection::vec(any_event(), 1..60)) {
        let mut stage = Stage::new();
        stage.wish(|caller| Event::Accept { caller });
        let mut n = 0;
        for (kind, detail) in events {
            n += 1;
            let attempt = stage.attempt().saturating_sub(u32::from(detail == 3));
            let id = u64::from(detail) + 2;
            match kind {
                0 => stage.handle(Event::Admitted),
                1 => stage.handle(Event::Spawned { attempt }),
                2 if stage.processes.contains(&attempt) => stage.handle(Event::Exited { attempt, status: Some(-9) }),
                3 => stage.say(r#"{"t":"begin","id":1,"parent":0,"path":"main#0","kind":"flow","name":"main"}"#),
                4 => stage.say(&format!(r#"{{"t":"begin","id":{id},"parent":1,"path":"main#0/s#{detail}","kind":"flow","name":"s","recorded":true}}"#)),
                5 => stage.say(&format!(r#"{{"t":"end","id":{id},"status":"ok","value":1,"n":{n}}}"#)),
                6 => stage.ask(id, &format!("q{detail}"), n),
                7 => stage.say(&format!(r#"{{"t":"park","n":{n}}}"#)),
                8 => stage.say(&format!(r#"{{"t":"done","status":"succeeded","outputs":1,"n":{n}}}"#)),
                9 => stage.say(&format!(r#"{{"t":"done","status":"failed","error":{{"code":"x","message":"y"}},"n":{n}}}"#)),
                10 if usize::from(detail) < stage.machine.resumes.len() => {
                    let first = stage.answer(usize::from(detail), "\"a\"");
                    let second = stage.answer(usize::from(detail), "\"b\"");
                    prop_assert!(first.is_err() || second.is_err());
                }
                11 => { stage.wish(|caller| Event::Cancel { reason: None, caller }); }
                12 => stage.handle(Event::GraceEnded { attempt }),
                13 => { stage.wish(|caller| Event::Retry { caller }); }
                14 => stage.handle(Event::FlushDue),
                _ => stage.say(&format!(r#"{{"t":"end","id":{id},"status":"cancelled","n":{n}}}"#)),
            }
        }
    }
}
