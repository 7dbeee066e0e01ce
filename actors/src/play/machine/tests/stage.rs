//! A machine whose commits succeed at once. Whatever follows from an event is kept, for a test to read.

use hero_sdk::model::{PlayError, Span};
use hero_store::Outcome;

use super::{super::*, lines::*, rig::Rig};
use crate::play::sample::sandbox;

#[derive(Default)]
pub(super) struct Stage {
    pub(super) rig: Rig,
    /// What followed from the last event, in words.
    pub(super) log: Vec<String>,
    pub(super) replies: Vec<(Caller, Result<Reply, Error>)>,
    /// How often an end was written.
    pub(super) ends: usize,
    /// The attempt whose process was asked for and has not exited.
    pub(super) process: Option<u32>,
    /// It waits for a place.
    pub(super) wants_place: bool,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self { rig: Rig::new(), ..Self::default() }
    }

    /// A play that is written and has so many milliseconds.
    pub(super) fn timed(timeout_ms: u64) -> Self {
        let mut stage = Self { rig: Rig::timed(timeout_ms), ..Self::default() };
        stage.accept().unwrap();
        stage
    }

    /// A play that is written, and no more.
    pub(super) fn accepted() -> Self {
        let mut stage = Self::new();
        stage.accept().unwrap();
        stage
    }

    /// A play whose first process is alive and has entered the root.
    pub(super) fn running() -> Self {
        let mut stage = Self::accepted();
        stage.go_on();
        stage
    }

    /// Gives the place that is wanted, starts the process, and enters the root.
    pub(super) fn go_on(&mut self) {
        assert!(self.wants_place);
        self.handle(Event::Admitted);
        let attempt = self.attempt();
        self.handle(Event::Spawned { attempt, sandbox: sandbox() });
        self.say(ROOT);
    }

    pub(super) fn machine(&self) -> &Machine {
        self.rig.machine()
    }

    pub(super) fn attempt(&self) -> u32 {
        self.rig.attempt()
    }

    pub(super) fn status(&self) -> Status {
        self.machine().play().status
    }

    /// Why it failed.
    pub(super) fn error(&self) -> &PlayError {
        self.machine().play().error.as_ref().unwrap()
    }

    pub(super) fn span(&self, path: &str) -> &Span {
        self.rig.disk.spans.values().find(|span| span.path == path).unwrap()
    }

    /// What was recorded last.
    pub(super) fn outcome(&self) -> &Outcome {
        &self.rig.disk.newest_record().unwrap().outcome
    }

    pub(super) fn say(&mut self, line: impl AsRef<str>) {
        self.handle(received(self.attempt(), line));
    }

    pub(super) fn ask(&mut self, id: u64, name: &str, n: u64) {
        self.say(ask(id, &format!("main#0/{name}#0"), n));
    }

    /// Parks, and is gone.
    pub(super) fn park(&mut self, n: u64) {
        self.say(numbered(PARK, n));
        self.exit(75);
    }

    pub(super) fn exit(&mut self, status: i32) {
        let attempt = self.attempt();
        self.handle(Event::Exited { attempt, status: Some(status) });
    }

    /// Everything in memory is lost, and the process with it.
    pub(super) fn forget(&mut self) {
        self.rig.take_up();
        (self.process, self.wants_place) = (None, false);
    }

    pub(super) fn accept(&mut self) -> Result<Reply, Error> {
        self.wish(|caller| Event::Accept { caller }).expect("it is answered at once")
    }

    pub(super) fn recover(&mut self) -> Result<Reply, Error> {
        self.wish(|caller| Event::Recover { progressed: false, caller }).expect("it is answered at once")
    }

    /// The answer, if it comes at once.
    pub(super) fn cancel(&mut self) -> Option<Result<Reply, Error>> {
        self.wish(|caller| Event::Cancel { reason: Some("enough".into()), caller })
    }

    /// The answer, if it comes at once.
    pub(super) fn retry(&mut self) -> Option<Result<Reply, Error>> {
        self.wish(|caller| Event::Retry { caller })
    }

    pub(super) fn answer(&mut self, index: usize, payload: &str) -> Result<Reply, Error> {
        let resume_id = self.rig.disk.resumes[index].resume_id.clone();
        let payload = Json::parse(payload).unwrap();
        let wish = |caller| Event::Answer { resume_id, payload, answered_by: None, caller };
        self.wish(wish).expect("it is answered at once")
    }

    /// The answer, if it comes at once.
    pub(super) fn wish(&mut self, event: impl FnOnce(Caller) -> Event) -> Option<Result<Reply, Error>> {
        let caller = self.rig.next_caller();
        self.handle(event(caller));
        self.replies.iter().find(|(to, _)| *to == caller).map(|(_, result)| result.clone())
    }

    pub(super) fn last_reply(&mut self) -> Result<Reply, Error> {
        self.replies.pop().unwrap().1
    }

    pub(super) fn handle(&mut self, event: Event) {
        match &event {
            Event::Admitted => self.wants_place = false,
            Event::Exited { attempt, .. } | Event::SpawnFailed { attempt, .. } => {
                self.process.take_if(|living| *living == *attempt);
            }
            _ => {}
        }
        self.log.clear();
        let effects = self.rig.handle(event);
        self.perform(effects);
        self.rig.check();
        let stored = self.rig.disk.row.as_ref().map(|row| row.play.status);
        assert!(stored.is_none_or(|stored| stored == self.status()), "{stored:?} is not written");
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.log.push(in_words(&effect));
            match effect {
                Effect::Commit { writes, then, .. } => {
                    for write in writes {
                        let is_end = |row: &PlayRow| row.play.status.is_terminal();
                        self.ends += usize::from(matches!(&write, Write::Play(row) if is_end(row)));
                        self.rig.write(write);
                    }
                    self.perform(then);
                }
                Effect::Reply { caller, result } => self.replies.push((caller, *result)),
                Effect::StartProcess { attempt } => {
                    let other = self.process.replace(attempt);
                    assert_eq!(other, None, "P5: beside attempt {attempt}");
                }
                Effect::WantPlace => self.wants_place = true,
                Effect::LeavePlace => self.wants_place = false,
                _ => {}
            }
        }
    }
}

/// An effect as tests and goldens spell it.
fn in_words(effect: &Effect) -> String {
    match effect {
        Effect::Commit { writes, durable, .. } => {
            let words: Vec<String> = writes.iter().map(write_in_words).collect();
            format!("commit {durable:?} {}", words.join(" "))
        }
        Effect::Reply { result, .. } => format!("reply {}", if result.is_ok() { "ok" } else { "error" }),
        Effect::Send { frame, .. } => format!("send {}", frame.to_line().trim()),
        Effect::StartProcess { attempt } => format!("start {attempt}"),
        Effect::WantPlace => "want place".into(),
        other => format!("{other:?}"),
    }
}

fn write_in_words(write: &Write) -> String {
    match write {
        Write::Play(row) => format!("play:{}", row.play.status.as_str()),
        Write::Record(record) => format!("record:{}", record.path),
        Write::DropRecord(path) => format!("drop:{path}"),
        Write::Span { span, .. } => format!("span:{}:{:?}", span.path, span.status),
        Write::Log(line) => format!("log:{}", line.text),
        Write::Resume(resume) => format!("resume:{:?}", resume.status),
        Write::Artifact { artifact, .. } => format!("artifact:{}", artifact.name),
        Write::Count(_) => "count".into(),
        Write::TakeOut(_) => "take out".into(),
    }
}
