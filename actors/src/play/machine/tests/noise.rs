//! Any event at any moment, whether or not it could come then, from a process that says anything.

use proptest::prelude::*;

use super::{super::*, lines::*, stage::Stage};
use crate::play::sample::sandbox;

impl Stage {
    /// Something happens; `detail` says to which of a few things, and `n` numbers what is said.
    fn hears(&mut self, kind: u8, detail: u8, n: u64) {
        let attempt = self.attempt().saturating_sub(u32::from(detail == 3));
        let id = u64::from(detail) + 2;
        match kind {
            0 => self.handle(Event::Admitted),
            1 => self.handle(Event::Spawned { attempt, sandbox: sandbox() }),
            2 if self.process == Some(attempt) => self.handle(Event::Exited { attempt, status: Some(-9) }),
            3 => self.say(ROOT),
            4 => self.say(call(id, 1, &format!("main#0/s#{detail}"))),
            5 => self.say(give(id, "ok", 1, n)),
            6 => self.ask(id, &format!("q{detail}"), n),
            7 => self.say(numbered(PARK, n)),
            8 => self.say(numbered(SUCCEEDED, n)),
            9 => self.say(numbered(FAILED, n)),
            10 if usize::from(detail) < self.rig.disk.resumes.len() => {
                let first = self.answer(usize::from(detail), "\"a\"");
                let second = self.answer(usize::from(detail), "\"b\"");
                assert!(first.is_err() || second.is_err(), "P3: one answer wins");
            }
            11 => drop(self.cancel()),
            12 => self.handle(Event::GraceEnded { attempt }),
            13 => drop(self.retry()),
            14 => self.handle(Event::FlushDue),
            _ => self.say(numbered(leave(id, "cancelled"), n)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// P3, P4, P5 and the bookkeeping, which the `Stage` and its `Rig` hold after every event.
    #[test]
    fn invariants_hold_in_any_order(events in prop::collection::vec((0u8..16, 0u8..4), 1..60)) {
        let mut stage = Stage::accepted();
        for ((kind, detail), n) in events.into_iter().zip(1..) {
            stage.hears(kind, detail, n);
        }
    }
}
