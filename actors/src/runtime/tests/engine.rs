//! An engine in memory whose writes can be held up, or fail.

use std::{
    collections::BTreeMap,
    sync::{Condvar, Mutex},
};

use hero_store::{Direction, Durability, Error, Row, Scan, Store, Table, Write};

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

#[derive(Default)]
pub(super) struct Engine {
    rows: Mutex<Rows>,
    gate: Mutex<Gate>,
    moved: Condvar,
}

#[derive(Default)]
struct Gate {
    /// Writes that came, the held one among them.
    writes: usize,
    /// The first write that is held.
    held_from: Option<usize>,
    holds_ends: bool,
    is_held: bool,
    fails_next: bool,
    has_failed: bool,
}

impl Engine {
    pub(super) fn written(&self) -> usize {
        self.gate.lock().unwrap().writes
    }

    /// Holds up the write of this number, counted from 1, and those after it.
    pub(super) fn hold_from(&self, write: usize) {
        self.gate.lock().unwrap().held_from = Some(write);
    }

    /// Holds up the write by which a play ends, and those after it, in however many groups it comes to that.
    pub(super) fn hold_ends(&self) {
        self.gate.lock().unwrap().holds_ends = true;
    }

    pub(super) fn is_held(&self) -> bool {
        self.gate.lock().unwrap().is_held
    }

    pub(super) fn let_go(&self) {
        let mut gate = self.gate.lock().unwrap();
        gate.held_from = None;
        gate.holds_ends = false;
        self.moved.notify_all();
    }

    pub(super) fn fail_next(&self) {
        self.gate.lock().unwrap().fails_next = true;
    }

    pub(super) fn has_failed(&self) -> bool {
        self.gate.lock().unwrap().has_failed
    }
}

impl Store for Engine {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.rows.lock().unwrap().get(&(table, key.to_vec())).cloned())
    }

    fn scan(&self, scan: Scan) -> Result<Vec<Row>, Error> {
        let rows = self.rows.lock().unwrap();
        let range = (scan.table, scan.keys.start)..(scan.table, scan.keys.end);
        let found = rows.range(range).map(|((_, key), value)| (key.clone(), value.clone()));
        Ok(match scan.direction {
            Direction::Forward => found.take(scan.limit).collect(),
            Direction::Backward => found.rev().take(scan.limit).collect(),
        })
    }

    fn write(&self, group: &[Write], _: Durability) -> Result<(), Error> {
        let mut gate = self.gate.lock().unwrap();
        gate.writes += 1;
        // It leaves the index of those that are not terminal.
        let ends = group.iter().any(|write| write.table == Table::Index && write.value.is_none());
        if ends && gate.holds_ends && gate.held_from.is_none() {
            gate.held_from = Some(gate.writes);
        }
        while gate.held_from.is_some_and(|first| gate.writes >= first) {
            gate.is_held = true;
            gate = self.moved.wait(gate).unwrap();
        }
        gate.is_held = false;
        if std::mem::take(&mut gate.fails_next) {
            gate.has_failed = true;
            return Err(Error::Stopped);
        }
        let mut rows = self.rows.lock().unwrap();
        for write in group {
            let key = (write.table, write.key.clone());
            match &write.value {
                Some(value) => drop(rows.insert(key, value.clone())),
                None => drop(rows.remove(&key)),
            }
        }
        Ok(())
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}
