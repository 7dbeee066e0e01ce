//! An engine in memory, for tests, whose writes can be held up or fail. Only the feature `memory` has it.
//!
//! The tests of this crate cannot ask for its features, so they take this file in by its path. That is why it says
//! `super`.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{Direction, Durability, Error, Row, Scan, Store, Table, Write};

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

type Fault = Box<dyn FnMut(&[Write], Durability) -> Result<(), Error> + Send>;

/// Rows in memory, gone with it. It can still be read after it was closed.
#[derive(Default)]
pub struct Memory {
    rows: Mutex<Rows>,
    fault: Mutex<Option<Fault>>,
    is_closed: AtomicBool,
}

impl Memory {
    /// Runs `fault` before each write, which it may hold up; if it returns an error, or panics, nothing is written.
    pub fn with(fault: impl FnMut(&[Write], Durability) -> Result<(), Error> + Send + 'static) -> Self {
        Self { fault: Mutex::new(Some(Box::new(fault))), ..Self::default() }
    }

    /// Every row: its table, its key and its bytes, in order.
    pub fn rows(&self) -> Vec<(Table, Vec<u8>, Vec<u8>)> {
        lock(&self.rows).iter().map(|((table, key), value)| (*table, key.clone(), value.clone())).collect()
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }
}

impl Store for Memory {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(lock(&self.rows).get(&(table, key.to_vec())).cloned())
    }

    fn scan(&self, scan: Scan) -> Result<Vec<Row>, Error> {
        let rows = lock(&self.rows);
        let range = (scan.table, scan.keys.start)..(scan.table, scan.keys.end);
        let found = rows.range(range).map(|((_, key), value)| (key.clone(), value.clone()));
        Ok(match scan.direction {
            Direction::Forward => found.take(scan.limit).collect(),
            Direction::Backward => found.rev().take(scan.limit).collect(),
        })
    }

    fn write(&self, group: &[Write], durability: Durability) -> Result<(), Error> {
        if let Some(fault) = lock(&self.fault).as_mut() {
            fault(group, durability)?;
        }
        let mut rows = lock(&self.rows);
        for write in group {
            let key = (write.table, write.key.clone());
            match &write.value {
                Some(value) => rows.insert(key, value.clone()),
                None => rows.remove(&key),
            };
        }
        Ok(())
    }

    fn close(&self) -> Result<(), Error> {
        self.is_closed.store(true, Ordering::SeqCst);
        Ok(())
    }
}

/// A fault may panic: the next write works again.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
