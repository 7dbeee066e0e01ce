//! The process of a `World`: what its Python knows, what it says, and what it may rely on once it is told so.

use std::collections::BTreeSet;

use hero_sdk::frame::ResumeWhen;

use super::{super::*, lines, lines::*, world::World};

/// What an acknowledgement of a number promises.
pub(super) enum Promise {
    Outcome(String, Json),
    Started(String, u32),
    Question(String),
    Kept(String),
    Resolved(String),
    Library,
    Parked,
    Ended,
    Nothing,
}

/// A process and what its Python knows.
#[derive(Default)]
pub(super) struct Process {
    pub(super) attempt: u32,
    pub(super) runs: bool,
    /// It has ended, and nobody has been told so.
    pub(super) is_dead: bool,
    pub(super) is_killed: bool,
    pub(super) has_grace: bool,
    /// The root has the first id.
    next_id: u64,
    next_n: u64,
    /// Open steps: id, path, and the try.
    open: Vec<(u64, String, u32)>,
    /// Open pauses: id, path, and whether the answer has come.
    pub(super) asked: Vec<(u64, String, bool)>,
    /// What it need not run again.
    finished: BTreeSet<String>,
    /// What of that failed in this attempt.
    failed: BTreeSet<String>,
    pub(super) has_said_all: bool,
}

impl Process {
    /// One that is being started, and is told of what is finished.
    pub(super) fn new(attempt: u32, finished: BTreeSet<String>) -> Self {
        Self { attempt, next_id: 2, next_n: 1, finished, ..Self::default() }
    }

    fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id - 1
    }

    /// It is in the middle of this call or pause, or has its outcome.
    fn knows(&self, path: &str) -> bool {
        self.finished.contains(path)
            || self.open.iter().any(|(_, open, _)| open == path)
            || self.asked.iter().any(|(_, asked, _)| asked == path)
    }
}

fn take_one<T>(from: &mut Vec<T>, which: u8) -> Option<T> {
    let index = usize::from(which).checked_rem(from.len())?;
    Some(from.remove(index))
}

impl World {
    /// The living process, as far as it still speaks, with a fresh number.
    pub(super) fn speaker(&mut self) -> Option<(&mut Process, u64)> {
        let process = self
            .process
            .as_mut()
            .filter(|process| process.runs && !process.is_dead && !process.has_said_all)?;
        process.next_n += 1;
        let n = process.next_n - 1;
        Some((process, n))
    }

    /// Says this line, if it speaks at all, and expects that.
    pub(super) fn say(&mut self, line: impl AsRef<str>, promise: Promise) {
        let frame = parse(line.as_ref());
        let Some(process) = &self.process else { return };
        let attempt = process.attempt;
        if let Some(n) = frame.number() {
            self.promises.insert((attempt, n), promise);
        }
        self.handle(Event::Received { attempt, frame });
    }

    /// Records a value by itself, unless an earlier attempt has recorded one there.
    pub(super) fn record(&mut self) {
        let Some((process, n)) = self.speaker() else { return };
        let path = format!("main#0/now#{n}");
        if process.finished.insert(path.clone()) {
            let line = format!(r#"{{"t":"record","path":"{path}","kind":"value","value":{n}}}"#);
            self.say(numbered(line, n), Promise::Nothing);
        }
    }

    /// Enters a recorded step: one of four, or one beneath the first that is open.
    pub(super) fn call(&mut self, which: u8) {
        let Some((process, n)) = self.speaker() else { return };
        let (parent, path) = match (which < 4, process.open.first()) {
            (true, _) => (1, format!("main#0/s#{which}")),
            (false, Some((id, path, _))) if path.matches('/').count() < 3 => {
                (*id, format!("{path}/s#{which}"))
            }
            (false, _) => return,
        };
        if process.knows(&path) {
            return;
        }
        let id = process.fresh_id();
        process.open.push((id, path.clone(), 1));
        // Half of them must be known to have begun.
        let line = lines::call(id, parent, &path);
        let (line, promise) = match which % 2 {
            0 => (line, Promise::Nothing),
            _ => (numbered(line, n), Promise::Started(path, 1)),
        };
        self.say(line, promise);
    }

    pub(super) fn give_back(&mut self, which: u8, fails: bool) {
        let Some((process, n)) = self.speaker() else { return };
        let Some((id, path, _)) = take_one(&mut process.open, which) else { return };
        process.finished.insert(path.clone());
        if fails {
            process.failed.insert(path.clone());
        }
        let value = Json::parse(&(u64::from(process.attempt) * 1000 + n).to_string()).unwrap();
        let (status, promise) = match fails {
            true => ("failed", Promise::Nothing),
            false => ("ok", Promise::Outcome(path, value.clone())),
        };
        self.say(give(id, status, value, n), promise);
    }

    pub(super) fn next_try(&mut self, which: u8) {
        let Some((process, n)) = self.speaker() else { return };
        let Some((id, path, number)) = process.open.get_mut(usize::from(which)) else { return };
        *number += 1;
        let (line, promise) = (next_try(*id, *number, n), Promise::Started(path.clone(), *number));
        // What failed beneath it is run again.
        let beneath = format!("{path}/");
        let is_beneath = |path: &String| path.starts_with(&beneath);
        process.finished.retain(|path| !(is_beneath(path) && process.failed.contains(path)));
        process.failed.retain(|path| !is_beneath(path));
        self.say(line, promise);
    }

    pub(super) fn talk(&mut self, what: u8) {
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

    /// Wants one of three files kept.
    pub(super) fn put(&mut self, which: u8) {
        let Some((_, n)) = self.speaker() else { return };
        let name = which.to_string();
        let line = format!(r#"{{"t":"artifact","id":1,"name":"{name}","path":"f","media_type":"a/b"}}"#);
        self.say(numbered(line, n), Promise::Kept(name));
    }

    /// Wants to run one of three workflows.
    pub(super) fn resolve(&mut self, which: u8) {
        let Some((_, n)) = self.speaker() else { return };
        let name = format!("w{which}");
        let line = format!(r#"{{"t":"resolve","id":1,"name":"{name}"}}"#);
        self.say(numbered(line, n), Promise::Resolved(name));
    }

    /// Asks the library.
    pub(super) fn ask_library(&mut self) {
        let Some((_, n)) = self.speaker() else { return };
        let line = r#"{"t":"library","id":1,"ask":"search","params":{}}"#.to_owned();
        self.say(numbered(line, n), Promise::Library);
    }

    pub(super) fn ask(&mut self, which: u8, expires: bool) {
        let Some((process, n)) = self.speaker() else { return };
        let path = format!("main#0/q#{which}");
        if process.knows(&path) {
            return;
        }
        let id = process.fresh_id();
        process.asked.push((id, path.clone(), false));
        let line = lines::ask(id, &path, n);
        let line = if expires { with(line, r#""timeout_ms":500"#) } else { line };
        self.say(line, Promise::Question(path));
    }

    /// Goes on from a pause: with its answer where that has come, else by giving it up.
    pub(super) fn leave(&mut self, which: u8) {
        let Some((process, n)) = self.speaker() else { return };
        let Some((id, path, is_answered)) = take_one(&mut process.asked, which) else { return };
        process.finished.insert(path);
        let line = match is_answered {
            true => lines::leave(id, "ok"),
            false => numbered(lines::leave(id, "cancelled"), n),
        };
        self.say(line, Promise::Nothing);
    }

    pub(super) fn park(&mut self, all: bool) {
        let Some((process, n)) = self.speaker() else { return };
        if process.asked.is_empty() {
            return;
        }
        process.has_said_all = true;
        let asked = process.asked.iter().map(|(_, path, _)| path.clone()).collect();
        let (word, resume_when) = if all { ("all", ResumeWhen::All) } else { ("any", ResumeWhen::Any) };
        self.parked = Some((resume_when, asked));
        self.say(numbered(with(PARK, format!(r#""resume_when":"{word}""#)), n), Promise::Parked);
    }

    pub(super) fn done(&mut self, how: u8) {
        let Some((process, n)) = self.speaker() else { return };
        process.has_said_all = true;
        let line = match how {
            0 => FAILED.to_owned(),
            1 => r#"{"t":"done","status":"diverged","error":{"code":"diverged","message":"y"}}"#.to_owned(),
            2 => CANCELLED.to_owned(),
            3 => {
                let digest = "a".repeat(64);
                format!(r#"{{"t":"done","status":"succeeded","blob":{{"digest":"{digest}","size":3}}}}"#)
            }
            _ => SUCCEEDED.to_owned(),
        };
        self.say(numbered(line, n), Promise::Ended);
    }

    /// Frames that do not fit.
    pub(super) fn forge(&mut self, how: u8) {
        let Some((process, n)) = self.speaker() else { return };
        let (one, two, three) = (process.fresh_id(), process.fresh_id(), process.fresh_id());
        let lines = match how {
            0 => vec![give(999, "ok", 1, n)],
            1 => vec![enter(1, 1, "main#0/x#0")],
            2 => vec![enter(one, 999, "main#0/x#0")],
            3 => vec![enter(one, 0, "main#0/x#0")],
            4 => vec![enter(one, one, "main#0/x#0")],
            5 => vec![enter(one, 1, "main#0")],
            6 => vec![enter(one, 1, "")],
            7 => vec![r#"{"t":"tag","id":999,"tags":{"a":1}}"#.to_owned()],
            // A node that is entered again beneath what lay beneath it.
            8 => vec![
                enter(one, 1, "main#0/t#0"),
                enter(two, one, "main#0/t#1"),
                lines::leave(one, "ok"),
                enter(three, two, "main#0/t#0"),
            ],
            9 => vec![next_try(999, 2, n)],
            10 => vec![enter(one, 1, "main#0/u#0"), give(one, "ok", 1, n)],
            _ => vec![r#"{"t":"described","flows":[]}"#.to_owned()],
        };
        for line in lines {
            self.say(line, Promise::Nothing);
        }
    }
}
