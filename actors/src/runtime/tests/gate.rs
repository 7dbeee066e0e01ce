//! The gate that the writes of an engine in memory pass: they can be held up there, or fail.

use std::sync::{Arc, Condvar, Mutex};

use hero_store::{Error, Memory, Table, Write};

#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Default)]
struct State {
    /// Writes that came, the held one among them.
    writes: usize,
    /// The first write that is held.
    held_from: Option<usize>,
    holds_ends: bool,
    is_held: bool,
    fails_next: bool,
    has_failed: bool,
}

impl Gate {
    /// An engine whose every write passes this gate.
    pub(super) fn engine(self: &Arc<Self>) -> Memory {
        let gate = Arc::clone(self);
        Memory::with(move |group, _| gate.pass(group))
    }

    fn pass(&self, group: &[Write]) -> Result<(), Error> {
        let mut state = self.state.lock().unwrap();
        state.writes += 1;
        // It leaves the index of those that are not terminal.
        let ends = group.iter().any(|write| write.table == Table::Index && write.value.is_none());
        if ends && state.holds_ends && state.held_from.is_none() {
            state.held_from = Some(state.writes);
        }
        while state.held_from.is_some_and(|first| state.writes >= first) {
            state.is_held = true;
            state = self.moved.wait(state).unwrap();
        }
        state.is_held = false;
        if std::mem::take(&mut state.fails_next) {
            state.has_failed = true;
            return Err(Error::Stopped);
        }
        Ok(())
    }

    pub(super) fn written(&self) -> usize {
        self.state.lock().unwrap().writes
    }

    /// Holds up the write of this number, counted from 1, and those after it.
    pub(super) fn hold_from(&self, write: usize) {
        self.state.lock().unwrap().held_from = Some(write);
    }

    /// Holds up the write by which a play ends, and those after it, in however many groups it comes to that.
    pub(super) fn hold_ends(&self) {
        self.state.lock().unwrap().holds_ends = true;
    }

    pub(super) fn is_held(&self) -> bool {
        self.state.lock().unwrap().is_held
    }

    pub(super) fn let_go(&self) {
        let mut state = self.state.lock().unwrap();
        state.held_from = None;
        state.holds_ends = false;
        self.moved.notify_all();
    }

    pub(super) fn fail_next(&self) {
        self.state.lock().unwrap().fails_next = true;
    }

    pub(super) fn has_failed(&self) -> bool {
        self.state.lock().unwrap().has_failed
    }
}
