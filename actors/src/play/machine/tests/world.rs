//! Everything around a machine: its actor, the store and its writer, its processes and its place, in the smallest form
//! that can go wrong as the real ones can. Whatever happens, it checks what must hold.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hero_sdk::{
    VersionSid,
    frame::{ResumeWhen, Up},
    model::ResumeStatus,
};
use hero_store::{Outcome, Payload, Record};

use super::{super::*, disk::Disk, next_resume_id};
use crate::play::{frontier::frontier, sample::row};

/// A commit on its way to the disk.
struct Submitted {
    incarnation: u32,
    writes: Vec<Write>,
    durable: Durable,
    attempt: u32,
    frames: Vec<Down>,
    then: Vec<Effect>,
}

/// What the writer tells the actor.
struct Note {
    incarnation: u32,
    result: Result<Vec<Effect>, ()>,
}

/// What an acknowledgement of a number promises.
pub(super) enum Promise {
    Outcome(String, Json),
    Started(String, u32),
    Question(String),
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
    pub(super) next_id: u64,
    pub(super) next_n: u64,
    /// Open steps: id, path, and the try.
    pub(super) open: Vec<(u64, String, u32)>,
    /// Open pauses: id, path, and whether the answer has come.
    pub(super) asked: Vec<(u64, String, bool)>,
    /// What it need not run again.
    pub(super) finished: BTreeSet<String>,
    pub(super) has_said_all: bool,
}

pub(super) struct World {
    pub(super) machine: Option<Machine>,
    pub(super) now: Now,
    incarnation: u32,
    /// This incarnation's commits fail from here on.
    is_broken: bool,
    queue: VecDeque<Submitted>,
    notes: VecDeque<Note>,
    pub(super) disk: Disk,
    /// What a loss of power leaves.
    synced: Disk,
    pub(super) process: Option<Process>,
    pub(super) loads: VecDeque<(u32, u64)>,
    pub(super) wants_place: bool,
    pub(super) has_place: bool,
    pub(super) must_recover: bool,
    pub(super) is_going_down: bool,
    promises: BTreeMap<(u32, u64), Promise>,
    /// Outcomes of which a process was told that they last.
    acknowledged: BTreeMap<String, Json>,
    next_caller: Caller,
    pub(super) waiting: BTreeMap<Caller, &'static str>,
    retries_allowed: u32,
    /// What the last attempt that parked waits for.
    parked: Option<(ResumeWhen, Vec<String>)>,
}

impl World {
    pub(super) fn new() -> Self {
        let schema = Json::parse("true").unwrap();
        let machine = Machine::new(row(&VersionSid::new()), schema, Past::default(), next_resume_id);
        let mut world = Self {
            machine: Some(machine),
            now: Now::default(),
            incarnation: 1,
            is_broken: false,
            queue: VecDeque::new(),
            notes: VecDeque::new(),
            disk: Disk::default(),
            synced: Disk::default(),
            process: None,
            loads: VecDeque::new(),
            wants_place: false,
            has_place: false,
            must_recover: false,
            is_going_down: false,
            promises: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            next_caller: 1,
            waiting: BTreeMap::new(),
            retries_allowed: 0,
            parked: None,
        };
        world.wish("accept", |caller| Event::Accept { caller });
        world
    }

    pub(super) fn handle(&mut self, event: Event) {
        self.now.wall = self.now.wall.plus_ms(1);
        self.now.monotonic_us += 1000;
        let Some(machine) = &mut self.machine else { return };
        let effects = machine.handle(event, self.now);
        for effect in effects {
            self.perform(effect, false);
        }
        self.check();
    }

    pub(super) fn wish(&mut self, what: &'static str, event: impl FnOnce(Caller) -> Event) {
        self.take_up();
        if self.machine.is_some() {
            let caller = self.next_caller;
            self.next_caller += 1;
            self.waiting.insert(caller, what);
            self.retries_allowed += u32::from(what == "retry");
            self.handle(event(caller));
        }
    }

    /// The living process says this line, and expects that.
    pub(super) fn say(&mut self, line: &str, promise: Promise) {
        let frame = Up::parse(line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
        let Some(process) = &self.process else { return };
        if let Some(n) = frame.number() {
            self.promises.insert((process.attempt, n), promise);
        }
        self.handle(Event::Received { attempt: process.attempt, frame });
    }

    pub(super) fn expect(&mut self, attempt: u32, n: u64, promise: Promise) {
        self.promises.insert((attempt, n), promise);
    }

    fn perform(&mut self, effect: Effect, is_committed: bool) {
        let current = self.machine.as_ref().map_or(0, |machine| machine.play().attempt);
        if let Effect::Terminate { attempt }
        | Effect::Kill { attempt }
        | Effect::GraceBegins { attempt }
        | Effect::StartProcess { attempt } = effect
        {
            assert!(is_committed || attempt == current, "stamped with attempt {attempt} in {current}");
        }
        match effect {
            Effect::Commit { writes, durable, then } => {
                let is_send =
                    |effect: &Effect| matches!(effect, Effect::Send { attempt, .. } if *attempt == current);
                let (sends, then): (Vec<_>, Vec<_>) = then.into_iter().partition(is_send);
                let frames = sends.into_iter().map(|effect| match effect {
                    Effect::Send { frame, .. } => frame,
                    other => panic!("{other:?}"),
                });
                let (incarnation, frames) = (self.incarnation, frames.collect());
                let commit = Submitted { incarnation, writes, durable, attempt: current, frames, then };
                self.queue.push_back(commit);
            }
            Effect::Send { frame, .. } => panic!("said before it is durable: {frame:?}"),
            Effect::StartProcess { attempt } => self.start(attempt, is_committed),
            Effect::WantPlace => self.wants_place = !self.has_place,
            Effect::LeavePlace => (self.wants_place, self.has_place) = (false, false),
            Effect::Terminate { attempt } | Effect::GraceBegins { attempt } => {
                if let Some(process) = self.linked(attempt) {
                    process.has_grace = true;
                }
            }
            Effect::Kill { attempt } => {
                if let Some(process) = self.linked(attempt) {
                    process.is_killed = true;
                }
            }
            Effect::Reply { caller, result } => self.replied(caller, *result, is_committed),
            Effect::LoadOutputs { attempt, n, .. } => self.loads.push_back((attempt, n)),
            Effect::FlushSoon | Effect::ExpireAt { .. } => {}
        }
    }

    fn linked(&mut self, attempt: u32) -> Option<&mut Process> {
        self.process.as_mut().filter(|process| process.attempt == attempt && process.runs)
    }

    /// P5: only when the attempt is written, it has a place, and nothing that could still be alive stands beside it.
    fn start(&mut self, attempt: u32, is_committed: bool) {
        assert!(is_committed, "attempt {attempt} is started before it is written");
        assert!(self.process.is_none(), "attempt {attempt} beside another one");
        assert!(self.has_place, "attempt {attempt} without a place");
        let row = self.disk.row.as_ref().expect("it is written");
        assert_eq!(row.play.attempt, attempt);
        let mut records: Vec<Record> = self.disk.records.values().cloned().collect();
        records.sort_by_key(|record| record.seq);
        let (answers, _) = frontier(&records);
        let finished: BTreeSet<String> = answers.iter().map(|answer| answer.0.clone()).collect();
        for (path, value) in &self.acknowledged {
            // What lies beneath a finished call is answered by that.
            let answers_for =
                |above: &str| path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'));
            let is_told = answers.iter().any(|answer| {
                (answer.0 == *path && answer.4.as_deref() == Some(value.as_str())) || answers_for(&answer.0)
            });
            assert!(is_told, "{path} was acknowledged and attempt {attempt} lacks it");
        }
        self.process = Some(Process { attempt, next_id: 2, next_n: 1, finished, ..Process::default() });
    }

    fn replied(&mut self, caller: Caller, result: Result<Reply, Error>, is_committed: bool) {
        let what = self.waiting.remove(&caller).expect("each caller is answered once");
        let Ok(reply) = result else { return };
        assert!(is_committed, "{what} is acknowledged before it is durable");
        match what {
            "cancel" => assert_eq!(reply.play.status, Status::Cancelled),
            "retry" => assert_eq!(reply.play.status, Status::Queued),
            "accept" | "recover" => {}
            payload => {
                let has_won = |resume: &ResumeRequest| {
                    resume.payload.as_ref().is_some_and(|won| won.as_str() == payload)
                };
                assert!(self.synced.resumes.iter().any(has_won), "the answer {payload} is not in the store");
            }
        }
    }

    /// The next commit comes to the disk, or does not. After one that failed, no later one of the same actor does.
    pub(super) fn write(&mut self, fails: bool) {
        let Some(commit) = self.queue.pop_front() else { return };
        let is_current = commit.incarnation == self.incarnation;
        if fails || (is_current && self.is_broken) {
            self.is_broken |= is_current;
            self.notes.push_back(Note { incarnation: commit.incarnation, result: Err(()) });
            return;
        }
        let mut newest = self.disk.newest_seq();
        for write in commit.writes {
            self.apply(write, &mut newest);
        }
        if commit.durable == Durable::Yes {
            self.synced = self.disk.clone();
        }
        for frame in commit.frames {
            self.told(commit.attempt, commit.durable, frame);
        }
        self.notes.push_back(Note { incarnation: commit.incarnation, result: Ok(commit.then) });
        self.check();
    }

    fn apply(&mut self, write: Write, newest: &mut u64) {
        let mut grows = |seq: u64| {
            assert!(seq > *newest, "sequence number {seq} after {newest}");
            *newest = seq;
        };
        match write {
            Write::Play(row) => {
                if let Some(before) = self.disk.row.as_ref().filter(|row| row.play.status.is_terminal()) {
                    let (before, after) = (&before.play, &row.play);
                    if after.status == Status::Queued {
                        self.retries_allowed = self.retries_allowed.checked_sub(1).expect("P4: only a retry");
                    } else {
                        let end = |play: &Play| (play.status, play.ended_at, play.error.clone());
                        assert_eq!(end(before), end(after), "P4: the first end stands");
                    }
                }
                self.disk.row = Some(*row);
            }
            Write::Record(record) => {
                grows(record.seq);
                // A flow that gave a question up before it heard of the answer has not heard of it.
                let gives_up = record.kind == "pause" && record.outcome == Outcome::Cancelled;
                let before = self.disk.records.insert(record.path.clone(), record);
                let is_final = before.as_ref().is_some_and(|before| before.outcome.is_final());
                assert!(!is_final || gives_up, "P2: the outcome of {before:?} is written again");
            }
            Write::DropRecord(path) => {
                let dropped = self.disk.records.remove(&path);
                assert!(dropped.is_none_or(|record| !record.outcome.is_final()), "{path} had its outcome");
            }
            Write::Span { span, replaces } => {
                grows(span.seq);
                if let Some(seq) = replaces {
                    self.disk.spans.remove(&seq);
                }
                self.disk.spans.insert(span.seq, *span);
            }
            Write::Log(line) => {
                grows(line.seq);
                self.disk.logs.insert(line.seq, line);
            }
            Write::Resume(resume) => {
                let known = self.disk.resumes.iter_mut().find(|known| known.resume_id == resume.resume_id);
                match known {
                    None => self.disk.resumes.push(*resume),
                    Some(known) => {
                        assert_eq!(known.status, ResumeStatus::Open, "P3: what is over stays as it is");
                        *known = *resume;
                    }
                }
            }
        }
    }

    /// What comes down to the process is true by then.
    fn told(&mut self, attempt: u32, durable: Durable, frame: Down) {
        let (promises, synced) = (&mut self.promises, &self.synced);
        match &frame {
            Down::Ack { n } => {
                assert_eq!(durable, Durable::Yes, "{n} is acknowledged and not synced");
                let promise = promises.remove(&(attempt, *n)).expect("each number is answered once");
                let record = |path: &String| synced.records.get(path).map(|record| &record.outcome);
                let status = synced.row.as_ref().map(|row| row.play.status);
                match promise {
                    Promise::Outcome(path, value) => {
                        assert_eq!(record(&path), Some(&Outcome::Ok(Payload::Inline(value.clone()))));
                        self.acknowledged.insert(path, value);
                    }
                    Promise::Started(path, number) => {
                        assert_eq!(record(&path), Some(&Outcome::Started { number }));
                    }
                    Promise::Question(path) => {
                        assert!(synced.resumes.iter().any(|resume| resume.path == path));
                    }
                    Promise::Parked => assert_ne!(status, Some(Status::Running), "it has parked"),
                    Promise::Ended => assert!(status.is_some_and(Status::is_terminal), "it has ended"),
                    Promise::Nothing => {}
                }
            }
            Down::Answer { path, .. } => {
                let is_over = |resume: &ResumeRequest| {
                    resume.path == *path && !matches!(resume.status, ResumeStatus::Open)
                };
                assert!(synced.resumes.iter().any(is_over), "{path} is answered and not in the store");
                if let Some(process) = self.linked(attempt) {
                    let asked = process.asked.iter_mut().filter(|(_, asked, _)| asked == path);
                    asked.for_each(|(_, _, is_answered)| *is_answered = true);
                }
            }
            Down::Refused { n, .. } => drop(promises.remove(&(attempt, *n)).expect("answered once")),
            other => panic!("nobody asked for {other:?}"),
        }
    }

    /// The actor hears of its next commit; one that failed ends it.
    pub(super) fn hear(&mut self) {
        let Some(note) = self.notes.pop_front() else { return };
        match note.result {
            _ if note.incarnation != self.incarnation || self.machine.is_none() => {}
            Ok(then) => then.into_iter().for_each(|effect| self.perform(effect, true)),
            Err(()) => self.fall(),
        }
        self.check();
    }

    /// The actor ends in the middle: its process goes with it, and what it has handed in is still written.
    pub(super) fn fall(&mut self) {
        self.machine = None;
        self.process = None;
        self.loads.clear();
        self.waiting.clear();
        (self.wants_place, self.has_place, self.must_recover) = (false, false, true);
    }

    /// The runtime ends in the middle, by a kill or with the power; another one comes up.
    pub(super) fn end_runtime(&mut self, loses_power: bool) {
        self.fall();
        self.queue.clear();
        self.is_going_down = false;
        if loses_power {
            self.disk = self.synced.clone();
        } else {
            self.synced = self.disk.clone();
        }
    }

    /// Makes sure that there is a machine. What the last one handed in is written before the store is asked.
    fn take_up(&mut self) {
        if self.machine.is_some() {
            return;
        }
        while !self.queue.is_empty() {
            self.write(false);
        }
        let Some(row) = self.disk.row.clone() else { return };
        self.incarnation += 1;
        self.is_broken = false;
        let records = self.disk.records.values();
        let past = Past {
            resumes: self.disk.resumes.clone(),
            spans: self.disk.spans.values().cloned().collect(),
            logs: u32::try_from(self.disk.logs.len()).unwrap(),
            last_seq: self.disk.newest_seq(),
            failed: records.filter(|record| !record.outcome.is_final()).map(|r| r.path.clone()).collect(),
        };
        self.machine = Some(Machine::new(row, Json::parse("true").unwrap(), past, next_resume_id));
    }

    /// The directory takes the play up again, if somebody else has not.
    pub(super) fn recover(&mut self) {
        if std::mem::take(&mut self.must_recover) {
            self.take_up();
            let attempt = self.machine.as_ref().map_or(0, |machine| machine.play().attempt);
            let counts = |record: &Record| {
                record.attempt == attempt && !matches!(record.outcome, Outcome::Started { .. })
            };
            let progressed = self.disk.records.values().any(counts);
            self.wish("recover", |caller| Event::Recover { progressed, caller });
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.queue.is_empty() && self.notes.is_empty()
    }

    /// An idle play is let go, and with it whatever it queued for.
    pub(super) fn let_go(&mut self) {
        if self.is_quiet() && self.machine.as_ref().is_some_and(Machine::is_idle) {
            self.machine = None;
            (self.wants_place, self.has_place) = (false, false);
        }
    }

    pub(super) fn note_park(&mut self, resume_when: ResumeWhen, asked: Vec<String>) {
        self.parked = Some((resume_when, asked));
    }

    /// What holds at any moment.
    fn check(&self) {
        let Some(row) = &self.disk.row else { return };
        let play = &row.play;
        let open = self.disk.resumes.iter().filter(|resume| resume.status == ResumeStatus::Open).count();
        assert_eq!(open, play.pending_resumes as usize);
        assert_eq!(play.ended_at.is_some(), play.status.is_terminal());
        self.disk.check_tree(play.status.is_terminal());
        let is_idle = self.machine.as_ref().is_some_and(Machine::is_idle) && self.is_quiet();
        if is_idle && !self.is_going_down && !self.must_recover {
            assert!(play.status.is_settled(), "a play that is {} has nothing to do", play.status.as_str());
            assert!(self.process.is_none() && self.waiting.is_empty(), "{:?} wait", self.waiting);
            self.check_parked(play.status);
        }
    }

    /// A play that waits has a question of its last attempt to wait for.
    fn check_parked(&self, status: Status) {
        let (Status::AwaitingResume, Some((resume_when, asked))) = (status, &self.parked) else { return };
        let is_open = |path: &String| {
            self.disk
                .resumes
                .iter()
                .any(|resume| resume.path == *path && matches!(resume.status, ResumeStatus::Open))
        };
        let waits = match resume_when {
            ResumeWhen::Any => asked.iter().all(is_open),
            ResumeWhen::All => asked.iter().any(is_open),
        };
        assert!(waits, "it waits for {resume_when:?} of {asked:?}, which it has");
    }
}
