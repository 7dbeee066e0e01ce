//! Every order of events, over several attempts and runtimes, on a store that is late, fails, or loses its power; with
//! processes that say what they should, and what they should not. `World` checks what must hold.
//!
//! A failure prints its case. `PROPTEST_CASES` sets another number of them.

use hero_sdk::{VersionSid, model::ResumeStatus};
use proptest::prelude::*;

use super::{super::*, lines::*, python::Promise, steps::*, world::World};
use crate::{
    artifacts::NotKept,
    play::{
        attempt::no_process,
        event::Garbled,
        sample::{found, sandbox},
    },
};

/// Its cases, unless told otherwise: what `crossings` keeps was found within so many.
const CASES: u32 = 1_000;

fn config() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        config
    } else {
        ProptestConfig { cases: CASES, ..config }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_comes_when_what_must_hold_holds(
        runs in prop::bool::weighted(0.8),
        is_timed: bool,
        steps in prop::collection::vec(any_step(), 1..150),
    ) {
        let mut world = World::new(is_timed);
        if runs {
            let begins = [Step::Write, Step::Hear, Step::Admit, Step::Write, Step::Hear, Step::Start];
            begins.into_iter().for_each(|step| world.take(step));
        }
        for step in steps {
            world.take(step);
        }
        world.settle(is_timed);
    }
}

impl World {
    fn take(&mut self, step: Step) {
        match step {
            Step::Write => self.write(false),
            Step::WriteFails => self.write(true),
            Step::Hear => self.hear(),
            Step::LetGo => self.let_go(),
            Step::Recover => self.recover(),
            Step::ActorEnds => self.fall(),
            Step::RuntimeEnds { loses_power } => self.end_runtime(loses_power),
            Step::Admit => {
                if std::mem::take(&mut self.wants_place) {
                    self.has_place = true;
                    self.handle(Event::Admitted);
                }
            }
            Step::Start => {
                if let Some(process) = self.process.as_mut().filter(|process| !process.runs) {
                    process.runs = true;
                    let attempt = process.attempt;
                    self.handle(Event::Spawned { attempt, sandbox: sandbox() });
                    self.say(ROOT, Promise::Nothing);
                }
            }
            Step::StartFails => {
                if let Some(process) = self.process.take_if(|process| !process.runs) {
                    self.handle(Event::SpawnFailed { attempt: process.attempt, error: no_process("no") });
                }
            }
            Step::Die => {
                if let Some(process) = self.process.as_mut().filter(|process| process.runs) {
                    process.is_dead = true;
                }
            }
            Step::Exit => {
                if let Some(process) = self.process.take_if(|process| process.is_dead) {
                    self.handle(Event::Exited { attempt: process.attempt, status: Some(-9) });
                }
            }
            Step::Grace => {
                let asked_to_go = self.process.as_ref().filter(|process| process.has_grace);
                if let Some(attempt) = asked_to_go.map(|process| process.attempt) {
                    self.handle(Event::GraceEnded { attempt });
                }
            }
            Step::Flush => self.handle(Event::FlushDue),
            Step::Load { fails } => self.load(fails),
            Step::Call(which) => self.call(which),
            Step::Return { which, fails } => self.give_back(which, fails),
            Step::NextTry(which) => self.next_try(which),
            Step::Value => self.record(),
            Step::Talk(what) => self.talk(what),
            Step::Put(which) => self.put(which),
            Step::Copied(what) => self.copied(what),
            Step::Resolve(which) => self.resolve(which),
            Step::LookedUp(what) => self.looked_up(what),
            Step::AskLibrary => self.ask_library(),
            Step::LibraryAnswered(what) => self.library_answered(what),
            Step::Ask { which, expires } => self.ask(which, expires),
            Step::Leave { which } => self.leave(which),
            Step::Park { all } => self.park(all),
            Step::Done(how) => self.done(how),
            Step::Forge(how) => self.forge(how),
            Step::Garble { asks, is_done } => {
                if let Some((process, n)) = self.speaker() {
                    let attempt = process.attempt;
                    if asks {
                        let promise = if is_done { Promise::Ended } else { Promise::Nothing };
                        self.promises.insert((attempt, n), promise);
                    }
                    let garbled = Garbled { reason: "no".into(), n: asks.then_some(n), is_done };
                    self.handle(Event::Garbled { attempt, garbled });
                }
            }
            Step::Overflow => {
                if let Some((process, _)) = self.speaker() {
                    let attempt = process.attempt;
                    // Both end the play in the middle of whatever it does.
                    if attempt.is_multiple_of(2) {
                        self.handle(Event::BeyondLimit { attempt, error: Box::default() });
                    } else {
                        self.handle(Event::Overflowed { attempt });
                    }
                }
            }
            Step::Stale(what) => self.stale(what),
            Step::Answer { which, payload } => {
                let text = ["\"a\"", "\"b\"", "7"][usize::from(payload)];
                if let Some(resume_id) = self.question(which) {
                    let payload = Json::parse(text).unwrap();
                    let wish = |caller| Event::Answer { resume_id, payload, answered_by: None, caller };
                    self.ask_for(text, wish);
                }
            }
            Step::Expire { which, is_due } => {
                if let Some(resume_id) = self.question(which) {
                    self.rig.now.wall = self.rig.now.wall.plus_ms(if is_due { 10_000 } else { 0 });
                    self.handle(Event::Expire { resume_id });
                }
            }
            Step::Deadline => self.ring(),
            Step::Cancel => self.ask_for("cancel", |caller| Event::Cancel { reason: None, caller }),
            Step::Retry => self.ask_for("retry", |caller| Event::Retry { caller }),
            Step::AcceptAgain => self.ask_for("accept", |caller| Event::Accept { caller }),
            Step::Interrupt => {
                self.is_going_down = true;
                self.handle(Event::Interrupt);
            }
        }
    }

    /// A wish of somebody outside; a runtime that goes down refuses it.
    fn ask_for(&mut self, what: &'static str, event: impl FnOnce(Caller) -> Event) {
        if !self.is_going_down {
            self.wish(what, event);
        }
    }

    fn question(&self, which: u8) -> Option<ResumeId> {
        self.rig.disk.resumes.get(usize::from(which)).map(|resume| resume.resume_id.clone())
    }

    /// The file that holds the outputs is read.
    fn load(&mut self, fails: bool) {
        let Some((attempt, n)) = self.loads.pop_front() else { return };
        if fails {
            let garbled = Garbled { reason: "no file".into(), n: Some(n), is_done: true };
            return self.handle(Event::Garbled { attempt, garbled });
        }
        self.handle(received(attempt, numbered(SUCCEEDED, n)));
    }

    /// A file is copied, perhaps for an attempt that is over, or cannot be.
    fn copied(&mut self, what: u8) {
        let Some(attempt) = self.copies.pop_front() else { return };
        let result = match what {
            0 => Err(NotKept::new("link", "no")),
            what => Ok((what.to_string(), 1)),
        };
        self.handle(Event::ArtifactCopied { attempt, result });
    }

    /// A workflow is looked up, perhaps for an attempt that is over, or cannot be. By then it has another version.
    fn looked_up(&mut self, what: u8) {
        let Some((attempt, name, known)) = self.lookups.pop_front() else { return };
        let missing = || Error::new(ErrorCode::NotFound, "no workflow");
        let result = match (known, what) {
            (Some(known), _) => Ok(Box::new(found(&name, known.version_sid))),
            (None, 0) => Err(missing()),
            (None, 1) => Err(Error::new(ErrorCode::ShuttingDown, "going down")),
            (None, _) => Ok(Box::new(found(&name, VersionSid::new()))),
        };
        self.handle(Event::LookedUp { attempt, result });
    }

    /// The library answers, perhaps to an attempt that is over, or cannot.
    fn library_answered(&mut self, what: u8) {
        let Some(attempt) = self.asks.pop_front() else { return };
        let result = match what {
            0 => Err(Error::new(ErrorCode::InvalidParams, "no query")),
            1 => Err(Error::new(ErrorCode::ShuttingDown, "going down")),
            _ => Ok(Json::null()),
        };
        self.handle(Event::LibraryAnswered { attempt, result });
    }

    /// An attempt that is over speaks, or is spoken of: nothing follows, and nothing changes.
    fn stale(&mut self, what: u8) {
        let Some(machine) = &mut self.rig.machine else { return };
        let current = machine.play().attempt;
        let Some(attempt) = current.checked_sub(1 + u32::from(what >> 4) % current.max(1)) else { return };
        let event = match what % 10 {
            9 => Event::LibraryAnswered { attempt, result: Ok(Json::null()) },
            8 => Event::LookedUp { attempt, result: Ok(Box::new(found("w", VersionSid::new()))) },
            0 => Event::Spawned { attempt, sandbox: sandbox() },
            1 => Event::SpawnFailed { attempt, error: no_process("late") },
            2 => Event::Exited { attempt, status: Some(0) },
            3 => Event::GraceEnded { attempt },
            4 => Event::Overflowed { attempt },
            5 => Event::Garbled {
                attempt,
                garbled: Garbled { n: Some(1), is_done: true, ..Garbled::default() },
            },
            6 => received(attempt, r#"{"t":"record","path":"z","kind":"value","value":1,"n":1}"#),
            _ => received(attempt, numbered(SUCCEEDED, 9)),
        };
        let before = format!("{machine:?}");
        let effects = machine.handle(event, self.rig.now);
        assert!(effects.is_empty(), "attempt {attempt} in {current}: {effects:?}");
        assert_eq!(before, format!("{machine:?}"), "attempt {attempt} in {current}");
    }

    /// Lets everything come to its end, with a store that works; each play must come to one: by an answer, or because
    /// its own time runs out.
    fn settle(&mut self, by_deadline: bool) {
        for _ in 0..2_000 {
            if !self.is_quiet() {
                self.take(Step::Write);
                self.take(Step::Hear);
            } else if self.is_going_down && self.process.is_none() {
                self.end_runtime(false);
            } else if self.must_recover {
                self.take(Step::Recover);
            } else if let Some(process) = &self.process {
                let step = match () {
                    () if !process.runs => Step::Start,
                    () if process.is_dead => Step::Exit,
                    () if process.is_killed => Step::Die,
                    () if !self.loads.is_empty() => Step::Load { fails: false },
                    () if !process.has_said_all => Step::Done(9),
                    () => {
                        assert!(process.has_grace, "nobody ends the process of attempt {}", process.attempt);
                        Step::Grace
                    }
                };
                self.take(step);
            } else if self.wants_place {
                self.take(Step::Admit);
            } else if self.rig.disk.row.as_ref().is_some_and(|row| !row.play.status.is_terminal()) {
                if by_deadline {
                    assert!(!self.deadlines.is_empty(), "nobody ends it when its time is over");
                    self.take(Step::Deadline);
                    continue;
                }
                let open = |resume: &ResumeRequest| resume.status == ResumeStatus::Open;
                let which = self.rig.disk.resumes.iter().rposition(open).expect("it waits for a question");
                self.take(Step::Answer { which: u8::try_from(which).unwrap(), payload: 0 });
            } else {
                assert!(self.waiting.is_empty(), "{:?} were never answered", self.waiting);
                return;
            }
        }
        panic!("it does not come to an end: {:?}", self.rig.disk.row);
    }
}
