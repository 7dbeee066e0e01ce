//! Everything around a machine: its actor, the store and its writer, its processes and its place, in the smallest form
//! that can go wrong as the real ones can. Whatever happens, it checks what must hold.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hero_sdk::{Timestamp, VersionSid, frame::ResumeWhen, model::ResumeStatus};
use hero_store::{Outcome, Payload, Record, Resolution};

use super::{
    super::*,
    disk::Disk,
    python::{Process, Promise},
    rig::Rig,
};
use crate::play::{frontier::frontier, timer::Timer};

/// How long a play has that has a time: longer than questions have.
const TIMEOUT_MS: u64 = 100_000;

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

#[derive(Default)]
pub(super) struct World {
    pub(super) rig: Rig,
    /// How many machines this play has had.
    incarnation: u32,
    /// This incarnation's commits fail from here on.
    is_broken: bool,
    queue: VecDeque<Submitted>,
    notes: VecDeque<Note>,
    /// What a loss of power leaves.
    synced: Disk,
    pub(super) process: Option<Process>,
    pub(super) loads: VecDeque<(u32, u64)>,
    pub(super) copies: VecDeque<u32>,
    pub(super) lookups: VecDeque<(u32, String, Option<Resolution>)>,
    pub(super) asks: VecDeque<u32>,
    pub(super) wants_place: bool,
    pub(super) has_place: bool,
    pub(super) must_recover: bool,
    pub(super) is_going_down: bool,
    /// What the processes wait for, by attempt and number.
    pub(super) promises: BTreeMap<(u32, u64), Promise>,
    /// What processes were told that names stand for.
    resolved: BTreeMap<String, VersionSid>,
    /// Names of the files of which a process was told that they are kept.
    kept: BTreeSet<String>,
    /// Outcomes of which a process was told that they last.
    acknowledged: BTreeMap<String, Json>,
    pub(super) waiting: BTreeMap<Caller, &'static str>,
    /// When the directory tells the play that its own time is over.
    pub(super) deadlines: BTreeSet<Timestamp>,
    /// The deadline of which the machine has been told, and in which attempt.
    passed: Option<(Timestamp, u32)>,
    /// What the last attempt that parked waits for.
    pub(super) parked: Option<(ResumeWhen, Vec<String>)>,
}

impl World {
    pub(super) fn new(is_timed: bool) -> Self {
        let rig = if is_timed { Rig::timed(TIMEOUT_MS) } else { Rig::new() };
        let mut world = Self { rig, incarnation: 1, ..Self::default() };
        world.wish("accept", |caller| Event::Accept { caller });
        world
    }

    pub(super) fn handle(&mut self, event: Event) {
        for effect in self.rig.handle(event) {
            self.perform(effect, false);
        }
        self.check();
    }

    pub(super) fn wish(&mut self, what: &'static str, event: impl FnOnce(Caller) -> Event) {
        self.take_up();
        if self.rig.machine.is_some() {
            let caller = self.rig.next_caller();
            self.waiting.insert(caller, what);
            self.handle(event(caller));
        }
    }

    fn perform(&mut self, effect: Effect, is_committed: bool) {
        let current = self.rig.attempt();
        if let Effect::Terminate { attempt }
        | Effect::Kill { attempt }
        | Effect::GraceBegins { attempt }
        | Effect::StartProcess { attempt } = effect
        {
            assert!(is_committed || attempt == current, "stamped with attempt {attempt} in {current}");
        }
        match effect {
            Effect::Commit { writes, durable, then } => {
                let (mut frames, mut rest) = (Vec::new(), Vec::new());
                for effect in then {
                    match effect {
                        Effect::Send { attempt, frame } if attempt == current => frames.push(frame),
                        other => rest.push(other),
                    }
                }
                let incarnation = self.incarnation;
                let commit = Submitted { incarnation, writes, durable, attempt: current, frames, then: rest };
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
            Effect::CopyArtifact { attempt, .. } => {
                assert!(!self.copies.contains(&attempt), "an attempt has one file copied at a time");
                self.copies.push_back(attempt);
            }
            Effect::LookUp { attempt, name, known } => self.lookups.push_back((attempt, name, known)),
            Effect::AskLibrary { attempt, .. } => {
                assert!(!self.asks.contains(&attempt), "an attempt has one question answered at a time");
                self.asks.push_back(attempt);
            }
            Effect::ForgetContent { digest } => {
                let is_used = self.rig.disk.artifacts.values().any(|artifact| artifact.digest == digest);
                // Another name may have it again meanwhile; whoever deletes it asks the store.
                assert!(is_committed || is_used, "{digest} goes before what takes its place is written");
            }
            Effect::RingAt { timer: Timer::Deadline, at } => drop(self.deadlines.insert(at)),
            Effect::Unring { at, .. } => drop(self.deadlines.remove(&at)),
            Effect::FlushSoon | Effect::RingAt { .. } => {}
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
        let row = self.rig.disk.row.as_ref().expect("it is written");
        assert_eq!(row.play.attempt, attempt);
        let is_late = |(deadline, last)| row.play.deadline_at == Some(deadline) && attempt > last;
        assert!(!self.passed.is_some_and(is_late), "attempt {attempt} after the deadline");
        for (name, version_sid) in &self.resolved {
            let written = row.memory.workflows.iter().find(|written| written.name == *name);
            let is_same = written.is_some_and(|written| written.version_sid == *version_sid);
            assert!(is_same, "attempt {attempt} is told of another {name}");
        }
        let mut records: Vec<Record> = self.rig.disk.records.values().cloned().collect();
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
        self.process = Some(Process::new(attempt, finished));
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
        for write in commit.writes {
            self.check_outcome(&write);
            self.rig.write(write);
        }
        if commit.durable == Durable::Yes {
            self.synced = self.rig.disk.clone();
        }
        for frame in commit.frames {
            self.told(commit.attempt, commit.durable, frame);
        }
        self.notes.push_back(Note { incarnation: commit.incarnation, result: Ok(commit.then) });
        self.check();
    }

    /// P2, for processes that do not record the same twice.
    fn check_outcome(&self, write: &Write) {
        let Write::Record(record) = write else { return };
        // A flow that gave a question up before it heard of the answer has not heard of it.
        let gives_up = record.kind == "pause" && record.outcome == Outcome::Cancelled;
        let before = self.rig.disk.records.get(&record.path);
        let is_final = before.is_some_and(|before| before.outcome.is_final());
        assert!(!is_final || gives_up, "P2: the outcome of {before:?} is written again");
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
                    Promise::Kept(name) | Promise::Resolved(name) => panic!("{name} is acknowledged only"),
                    Promise::Library => panic!("an answer of the library is acknowledged only"),
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
            Down::Kept { n, digest, .. } => {
                assert_eq!(durable, Durable::Yes, "{n} is kept and not synced");
                let promise = promises.remove(&(attempt, *n)).expect("each number is answered once");
                let Promise::Kept(name) = promise else { panic!("{n} is no file") };
                assert_eq!(&synced.artifacts[&name].digest, digest);
                self.kept.insert(name);
            }
            Down::Resolved { n, workflow } => {
                assert_eq!(durable, Durable::Yes, "{n} is resolved and not synced");
                let promise = promises.remove(&(attempt, *n)).expect("each number is answered once");
                let Promise::Resolved(name) = promise else { panic!("{n} is no name") };
                let row = synced.row.as_ref().expect("it is written");
                let written = row.memory.workflows.iter().find(|written| written.name == name);
                assert_eq!(written.map(|written| &written.version_sid), Some(&workflow.version_sid));
                let first = self.resolved.entry(name).or_insert_with(|| workflow.version_sid.clone());
                assert_eq!(*first, workflow.version_sid, "it stands for another version than before");
            }
            Down::LibraryResult { n, .. } => {
                let promise = promises.remove(&(attempt, *n)).expect("each number is answered once");
                assert!(matches!(promise, Promise::Library), "{n} is no question to the library");
            }
            Down::Refused { n, .. }
            | Down::NotKept { n, .. }
            | Down::NotResolved { n, .. }
            | Down::LibraryError { n, .. } => drop(promises.remove(&(attempt, *n)).expect("answered once")),
            other => panic!("nobody asked for {other:?}"),
        }
    }

    /// The actor hears of its next commit; one that failed ends it.
    pub(super) fn hear(&mut self) {
        let Some(note) = self.notes.pop_front() else { return };
        match note.result {
            _ if note.incarnation != self.incarnation || self.rig.machine.is_none() => {}
            Ok(then) => then.into_iter().for_each(|effect| self.perform(effect, true)),
            Err(()) => self.fall(),
        }
        self.check();
    }

    /// The actor ends in the middle: its process goes with it, and what it has handed in is still written.
    pub(super) fn fall(&mut self) {
        self.rig.machine = None;
        self.process = None;
        self.loads.clear();
        self.copies.clear();
        self.lookups.clear();
        self.asks.clear();
        self.waiting.clear();
        (self.wants_place, self.has_place, self.must_recover) = (false, false, true);
        self.passed = None;
    }

    /// The directory tells the play that its time is over, at that time or later.
    pub(super) fn ring(&mut self) {
        if self.is_going_down {
            return;
        }
        let Some(at) = self.deadlines.pop_first() else { return };
        self.rig.now.wall = self.rig.now.wall.max(at);
        self.take_up();
        if let Some(machine) = &self.rig.machine {
            let play = machine.play();
            let passed = play.deadline_at.filter(|deadline| *deadline <= self.rig.now.wall);
            self.passed = passed.map(|deadline| (deadline, play.attempt));
        }
        self.handle(Event::DeadlinePassed);
    }

    /// The runtime ends in the middle, by a kill or with the power; another one comes up.
    pub(super) fn end_runtime(&mut self, loses_power: bool) {
        self.fall();
        self.queue.clear();
        self.is_going_down = false;
        if loses_power {
            self.rig.disk = self.synced.clone();
        } else {
            self.synced = self.rig.disk.clone();
        }
        // What waits is not taken up, but for its timers.
        let waiting = self.rig.disk.row.iter().filter(|row| !row.play.status.is_terminal());
        self.deadlines = waiting.filter_map(|row| row.play.deadline_at).collect();
    }

    /// Makes sure that there is a machine. What the last one handed in is written before the store is asked.
    fn take_up(&mut self) {
        if self.rig.machine.is_some() {
            return;
        }
        while !self.queue.is_empty() {
            self.write(false);
        }
        self.rig.take_up();
        self.incarnation += 1;
        self.is_broken = false;
    }

    /// The directory takes the play up again, if somebody else has not.
    pub(super) fn recover(&mut self) {
        if std::mem::take(&mut self.must_recover) {
            self.take_up();
            let attempt = self.rig.attempt();
            let counts = |record: &Record| {
                record.attempt == attempt && !matches!(record.outcome, Outcome::Started { .. })
            };
            let progressed = self.rig.disk.records.values().any(counts);
            self.wish("recover", |caller| Event::Recover { progressed, caller });
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.queue.is_empty() && self.notes.is_empty()
    }

    /// An idle play is let go, and with it whatever it queued for.
    pub(super) fn let_go(&mut self) {
        if self.is_quiet() && self.rig.machine.as_ref().is_some_and(Machine::is_idle) {
            self.rig.machine = None;
            (self.wants_place, self.has_place) = (false, false);
        }
    }

    /// What holds at any moment.
    fn check(&self) {
        self.rig.check();
        for name in &self.kept {
            assert!(self.rig.disk.artifacts.contains_key(name), "the file {name} is lost");
        }
        let Some(PlayRow { play, .. }) = &self.rig.disk.row else { return };
        let is_idle = self.rig.machine.as_ref().is_some_and(Machine::is_idle) && self.is_quiet();
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
            self.rig
                .disk
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
