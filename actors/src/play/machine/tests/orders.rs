//! Every order of events, over several attempts and runtimes, on a store that is late, fails, or loses its power; with
//! processes that say what they should, and what they should not. `World` checks what must hold.
//!
//! A failure prints its case. `PROPTEST_CASES` sets another number of them.

use hero_sdk::{frame::ResumeWhen, model::ResumeStatus};
use proptest::prelude::*;

use super::{
    super::*,
    steps::{Step, any_step},
    world::{Promise, World},
};
use crate::play::event::Garbled;

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
        steps in prop::collection::vec(any_step(), 1..150),
    ) {
        let mut world = World::new();
        if runs {
            let begins = [Step::Write, Step::Hear, Step::Admit, Step::Write, Step::Hear, Step::Start];
            begins.into_iter().for_each(|step| world.take(step));
        }
        for step in steps {
            world.take(step);
        }
        world.settle();
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
                    self.handle(Event::Spawned { attempt });
                    self.say(
                        r#"{"t":"begin","id":1,"parent":0,"path":"main#0","kind":"flow","name":"main"}"#,
                        Promise::Nothing,
                    );
                }
            }
            Step::StartFails => {
                if let Some(process) = self.process.take_if(|process| !process.runs) {
                    self.handle(Event::SpawnFailed { attempt: process.attempt, message: "no".into() });
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
                if let Some(process) = self.process.as_ref().filter(|process| process.has_grace) {
                    let attempt = process.attempt;
                    self.handle(Event::GraceEnded { attempt });
                }
            }
            Step::Flush => self.handle(Event::FlushDue),
            Step::Load { fails } => self.load(fails),
            Step::Call(which) => self.call(which),
            Step::Return { which, fails } => self.give_back(which, fails),
            Step::NextTry(which) => self.next_try(which),
            Step::Value => self.numbered(|_, n| {
                let path = format!("main#0/now#{n}");
                (
                    format!(r#"{{"t":"record","path":"{path}","kind":"value","value":{n},"n":{n}}}"#),
                    Promise::Nothing,
                )
            }),
            Step::Talk(what) => self.talk(what),
            Step::Ask { which, expires } => self.ask(which, expires),
            Step::Leave { which } => self.leave(which),
            Step::Park { all } => self.park(all),
            Step::Done(how) => self.done(how),
            Step::Forge(how) => self.forge(how),
            Step::Garble { asks, is_done } => {
                if let Some((attempt, n)) = self.speaker() {
                    let garbled = Garbled { reason: "no".into(), n: asks.then_some(n), is_done };
                    let promise = if is_done { Promise::Ended } else { Promise::Nothing };
                    if asks {
                        self.expect(attempt, n, promise);
                    }
                    self.handle(Event::Garbled { attempt, garbled });
                }
            }
            Step::Overflow => {
                if let Some((attempt, _)) = self.speaker() {
                    self.handle(Event::Overflowed { attempt });
                }
            }
            Step::Stale(what) => self.stale(what),
            Step::Answer { which, payload } => {
                let text = ["\"a\"", "\"b\"", "7"][usize::from(payload)];
                if let Some(resume_id) = self.question(which) {
                    let payload = Json::parse(text).unwrap();
                    self.ask_for(text, |caller| Event::Answer {
                        resume_id,
                        payload,
                        answered_by: None,
                        caller,
                    });
                }
            }
            Step::Expire { which, is_due } => {
                if let Some(resume_id) = self.question(which) {
                    self.now.wall = self.now.wall.plus_ms(if is_due { 10_000 } else { 0 });
                    self.handle(Event::Expire { resume_id });
                }
            }
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
        self.disk.resumes.get(usize::from(which)).map(|resume| resume.resume_id.clone())
    }

    /// The living process, as far as it still speaks, with a fresh number.
    fn speaker(&mut self) -> Option<(u32, u64)> {
        let process = self
            .process
            .as_mut()
            .filter(|process| process.runs && !process.is_dead && !process.has_said_all)?;
        process.next_n += 1;
        Some((process.attempt, process.next_n - 1))
    }

    fn fresh_id(&mut self) -> u64 {
        let process = self.process.as_mut().expect("there is a speaker");
        process.next_id += 1;
        process.next_id - 1
    }

    fn numbered(&mut self, line: impl FnOnce(u32, u64) -> (String, Promise)) {
        if let Some((attempt, n)) = self.speaker() {
            let (line, promise) = line(attempt, n);
            self.say(&line, promise);
        }
    }

    /// Enters a recorded step: one of four, or one beneath the first that is open.
    fn call(&mut self, which: u8) {
        let Some((_, n)) = self.speaker() else { return };
        let process = self.process.as_ref().expect("it speaks");
        let (parent, path) = match (which < 4, process.open.first()) {
            (true, _) => (1, format!("main#0/s#{which}")),
            (false, Some((id, path, _))) if path.matches('/').count() < 3 => {
                (*id, format!("{path}/s#{which}"))
            }
            (false, _) => return,
        };
        let is_known =
            process.finished.contains(&path) || process.open.iter().any(|(_, open, _)| *open == path);
        if is_known {
            return;
        }
        let id = self.fresh_id();
        // Half of them must be known to have begun.
        let (number, promise) = match which % 2 {
            0 => (String::new(), Promise::Nothing),
            _ => (format!(",\"n\":{n}"), Promise::Started(path.clone(), 1)),
        };
        self.process.as_mut().expect("it speaks").open.push((id, path.clone(), 1));
        self.say(
            &format!(r#"{{"t":"begin","id":{id},"parent":{parent},"path":"{path}","kind":"flow","name":"s","fp":"f","recorded":true{number}}}"#),
            promise,
        );
    }

    fn give_back(&mut self, which: u8, fails: bool) {
        let Some((attempt, n)) = self.speaker() else { return };
        let process = self.process.as_mut().expect("it speaks");
        if process.open.is_empty() {
            return;
        }
        let (id, path, _) = process.open.remove(usize::from(which) % process.open.len());
        process.finished.insert(path.clone());
        let value = Json::parse(&(u64::from(attempt) * 1000 + n).to_string()).unwrap();
        let (status, promise) = match fails {
            true => ("failed", Promise::Nothing),
            false => ("ok", Promise::Outcome(path, value.clone())),
        };
        self.say(&format!(r#"{{"t":"end","id":{id},"status":"{status}","value":{value},"n":{n}}}"#), promise);
    }

    fn next_try(&mut self, which: u8) {
        let Some((_, n)) = self.speaker() else { return };
        let process = self.process.as_mut().expect("it speaks");
        let Some((id, path, number)) = process.open.get_mut(usize::from(which)) else { return };
        *number += 1;
        let (line, promise) = (
            format!(r#"{{"t":"try","id":{id},"try":{number},"error":{{"code":"x","message":"y"}},"n":{n}}}"#),
            Promise::Started(path.clone(), *number),
        );
        // What failed beneath it is run again.
        let beneath = format!("{path}/");
        process.finished.retain(|path| !path.starts_with(&beneath));
        self.say(&line, promise);
    }

    fn talk(&mut self, what: u8) {
        if self.speaker().is_some() {
            let line = match what {
                0 => r#"{"t":"log","id":1,"level":"info","stream":"stdout","text":"hello"}"#,
                1 => r#"{"t":"tag","id":1,"tags":{"a":1}}"#,
                2 => r#"{"t":"cost","id":1,"usd":0.5,"tokens_in":1}"#,
                _ => r#"{"t":"progress","id":1,"done":1,"total":2}"#,
            };
            self.say(line, Promise::Nothing);
        }
    }

    fn ask(&mut self, which: u8, expires: bool) {
        let Some((_, n)) = self.speaker() else { return };
        let path = format!("main#0/q#{which}");
        let process = self.process.as_ref().expect("it speaks");
        let is_known =
            process.finished.contains(&path) || process.asked.iter().any(|(_, asked, _)| *asked == path);
        if is_known {
            return;
        }
        let id = self.fresh_id();
        self.process.as_mut().expect("it speaks").asked.push((id, path.clone(), false));
        let timeout = if expires { ",\"timeout_ms\":500" } else { "" };
        self.say(
            &format!(r#"{{"t":"pause","id":{id},"parent":1,"path":"{path}","name":"q","fp":"f","schema":{{"type":"string"}},"n":{n}{timeout}}}"#),
            Promise::Question(path),
        );
    }

    /// Goes on from a pause: with its answer where that has come, else by giving it up.
    fn leave(&mut self, which: u8) {
        let Some((_, n)) = self.speaker() else { return };
        let process = self.process.as_mut().expect("it speaks");
        if process.asked.is_empty() {
            return;
        }
        let (id, path, is_answered) = process.asked.remove(usize::from(which) % process.asked.len());
        process.finished.insert(path);
        let line = match is_answered {
            true => format!(r#"{{"t":"end","id":{id},"status":"ok"}}"#),
            false => format!(r#"{{"t":"end","id":{id},"status":"cancelled","n":{n}}}"#),
        };
        self.say(&line, Promise::Nothing);
    }

    fn park(&mut self, all: bool) {
        let Some((_, n)) = self.speaker() else { return };
        let process = self.process.as_mut().expect("it speaks");
        if process.asked.is_empty() {
            return;
        }
        process.has_said_all = true;
        let asked = process.asked.iter().map(|(_, path, _)| path.clone()).collect();
        let (word, resume_when) = if all { ("all", ResumeWhen::All) } else { ("any", ResumeWhen::Any) };
        self.note_park(resume_when, asked);
        self.say(&format!(r#"{{"t":"park","resume_when":"{word}","n":{n}}}"#), Promise::Parked);
    }

    fn done(&mut self, how: u8) {
        let Some((_, n)) = self.speaker() else { return };
        let rest = match how {
            0 => r#""status":"failed","error":{"code":"x","message":"y"}"#.to_owned(),
            1 => r#""status":"diverged","error":{"code":"diverged","message":"y"}"#.to_owned(),
            2 => r#""status":"cancelled""#.to_owned(),
            3 => format!(r#""status":"succeeded","blob":{{"digest":"{}","size":3}}"#, "a".repeat(64)),
            _ => r#""status":"succeeded","outputs":1"#.to_owned(),
        };
        self.process.as_mut().expect("it speaks").has_said_all = true;
        self.say(&format!(r#"{{"t":"done",{rest},"n":{n}}}"#), Promise::Ended);
    }

    /// The file that holds the outputs is read.
    fn load(&mut self, fails: bool) {
        let Some((attempt, n)) = self.loads.pop_front() else { return };
        if fails {
            let garbled = Garbled { reason: "no file".into(), n: Some(n), is_done: true };
            return self.handle(Event::Garbled { attempt, garbled });
        }
        let line = format!(r#"{{"t":"done","status":"succeeded","outputs":1,"n":{n}}}"#);
        let frame = hero_sdk::frame::Up::parse(&line).unwrap();
        self.handle(Event::Received { attempt, frame });
    }

    /// Frames that do not fit.
    fn forge(&mut self, how: u8) {
        let Some((_, n)) = self.speaker() else { return };
        let begin = |id: u64, parent: u64, path: &str| {
            format!(r#"{{"t":"begin","id":{id},"parent":{parent},"path":"{path}","kind":"step","name":"x"}}"#)
        };
        let (one, two, three) = (self.fresh_id(), self.fresh_id(), self.fresh_id());
        let lines = match how {
            0 => vec![format!(r#"{{"t":"end","id":999,"status":"ok","value":1,"n":{n}}}"#)],
            1 => vec![begin(1, 1, "main#0/x#0")],
            2 => vec![begin(one, 999, "main#0/x#0")],
            3 => vec![begin(one, 0, "main#0/x#0")],
            4 => vec![begin(one, one, "main#0/x#0")],
            5 => vec![begin(one, 1, "main#0")],
            6 => vec![begin(one, 1, "")],
            7 => vec![r#"{"t":"tag","id":999,"tags":{"a":1}}"#.to_owned()],
            // A node that is entered again beneath what lay beneath it.
            8 => {
                let end = format!(r#"{{"t":"end","id":{one},"status":"ok"}}"#);
                vec![
                    begin(one, 1, "main#0/t#0"),
                    begin(two, one, "main#0/t#1"),
                    end,
                    begin(three, two, "main#0/t#0"),
                ]
            }
            9 => vec![format!(
                r#"{{"t":"try","id":999,"try":2,"error":{{"code":"x","message":"y"}},"n":{n}}}"#
            )],
            10 => {
                let end = format!(r#"{{"t":"end","id":{one},"status":"ok","value":1,"n":{n}}}"#);
                vec![begin(one, 1, "main#0/u#0"), end]
            }
            _ => vec![r#"{"t":"described","flows":[]}"#.to_owned()],
        };
        for line in lines {
            self.say(&line, Promise::Nothing);
        }
    }

    /// An attempt that is over speaks, or is spoken of: nothing follows, and nothing changes.
    fn stale(&mut self, what: u8) {
        let Some(machine) = &mut self.machine else { return };
        let current = machine.play().attempt;
        let Some(attempt) = current.checked_sub(1 + u32::from(what >> 4) % current.max(1)) else { return };
        let frame = |line: &str| hero_sdk::frame::Up::parse(line).unwrap();
        let event = match what % 8 {
            0 => Event::Spawned { attempt },
            1 => Event::SpawnFailed { attempt, message: "late".into() },
            2 => Event::Exited { attempt, status: Some(0) },
            3 => Event::GraceEnded { attempt },
            4 => Event::Overflowed { attempt },
            5 => Event::Garbled {
                attempt,
                garbled: Garbled { n: Some(1), is_done: true, ..Garbled::default() },
            },
            6 => Event::Received {
                attempt,
                frame: frame(r#"{"t":"record","path":"z","kind":"value","value":1,"n":1}"#),
            },
            _ => Event::Received {
                attempt,
                frame: frame(r#"{"t":"done","status":"succeeded","outputs":1,"n":9}"#),
            },
        };
        let before = format!("{machine:?}");
        let effects = machine.handle(event, self.now);
        assert!(effects.is_empty(), "attempt {attempt} in {current}: {effects:?}");
        assert_eq!(before, format!("{machine:?}"), "attempt {attempt} in {current}");
    }

    /// Lets everything come to its end, with a store that works; each play must come to one.
    fn settle(&mut self) {
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
            } else if self.disk.row.as_ref().is_some_and(|row| !row.play.status.is_terminal()) {
                let open = |resume: &ResumeRequest| resume.status == ResumeStatus::Open;
                let which = self.disk.resumes.iter().rposition(open).expect("it waits for a question");
                self.take(Step::Answer { which: u8::try_from(which).unwrap(), payload: 0 });
            } else {
                assert!(self.waiting.is_empty(), "{:?} were never answered", self.waiting);
                return;
            }
        }
        panic!("it does not come to an end: {:?}", self.disk.row);
    }
}
