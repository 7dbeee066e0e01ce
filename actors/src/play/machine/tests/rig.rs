//! What every driver of a machine has: the machine, a clock, callers, and the rows that were written.

use std::sync::atomic::{AtomicU64, Ordering};

use hero_sdk::VersionSid;

use super::{
    super::*,
    disk::{Disk, check_play},
};
use crate::play::sample::row;

/// A machine that takes its events one by one. What becomes of its effects is the driver's.
#[derive(Default)]
pub(super) struct Rig {
    /// `None` while nobody holds the play.
    pub(super) machine: Option<Machine>,
    pub(super) now: Now,
    pub(super) disk: Disk,
    last_caller: Caller,
    /// Wishes to run it again of which the store has not heard.
    retries_allowed: u32,
}

impl Rig {
    /// A new play, of which nothing is written.
    pub(super) fn new() -> Self {
        Self::over(row(&VersionSid::new()))
    }

    /// A new play that has so many milliseconds.
    pub(super) fn timed(timeout_ms: u64) -> Self {
        let mut row = row(&VersionSid::new());
        row.memory.timeout_ms = Some(timeout_ms);
        row.play.deadline_at = Some(row.play.created_at.plus_ms(timeout_ms));
        Self::over(row)
    }

    fn over(mut row: PlayRow) -> Self {
        // Of a workflow, so that it counts in its statistics.
        row.play.workflow_sid = Some("wf_00000000000000000000000000".parse().unwrap());
        row.play.version = Some(1);
        Self { machine: Some(machine(row, Past::default())), ..Self::default() }
    }

    /// A machine of nothing but what is written.
    pub(super) fn take_up(&mut self) {
        self.machine = self.disk.read().map(|(row, past)| machine(row, past));
    }

    pub(super) fn machine(&self) -> &Machine {
        self.machine.as_ref().expect("somebody holds the play")
    }

    pub(super) fn attempt(&self) -> u32 {
        self.machine.as_ref().map_or(0, |machine| machine.play().attempt)
    }

    pub(super) fn next_caller(&mut self) -> Caller {
        self.last_caller += 1;
        self.last_caller
    }

    /// What follows from an event, a millisecond after the last one.
    pub(super) fn handle(&mut self, event: Event) -> Vec<Effect> {
        self.now.wall = self.now.wall.plus_ms(1);
        self.now.monotonic_us += 1000;
        self.retries_allowed += u32::from(matches!(event, Event::Retry { .. }));
        let Some(machine) = &mut self.machine else { return Vec::new() };
        machine.handle(event, self.now)
    }

    /// A row comes to the disk.
    pub(super) fn write(&mut self, write: Write) {
        if let Write::Play(row) = &write
            && row.play.status == Status::Queued
            && self.disk.row.as_ref().is_some_and(|before| before.play.status.is_terminal())
        {
            self.retries_allowed = self.retries_allowed.checked_sub(1).expect("P4: only a retry");
        }
        self.disk.write(write);
    }

    /// What holds at any moment, in memory and on the disk.
    pub(super) fn check(&self) {
        if let Some(machine) = &self.machine {
            check_play(machine.play(), &machine.resumes);
        }
        self.disk.check();
    }
}

fn machine(row: PlayRow, past: Past) -> Machine {
    let schema = Json::parse(r#"{"type":"integer"}"#).unwrap();
    Machine::new(row, schema, past, next_resume_id)
}

fn next_resume_id() -> ResumeId {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("ask_{:026}", NEXT.fetch_add(1, Ordering::Relaxed)).parse().unwrap()
}
