//! What tables need of an engine: bytes under keys, and groups of writes that stand or fall together.
//!
//! A second engine, for several nodes, goes here. An engine knows no row types. All methods block.

use std::ops::Range;

use crate::{Error, Table};

/// When a write is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// With the next `Synced` write, or when the operating system likes. Survives a kill of the process.
    Buffered,
    /// Before it is acknowledged, and with it everything written earlier. Survives a loss of power.
    Synced,
}

/// A row to put, or to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Its table.
    pub table: Table,
    /// Its key, not empty.
    pub key: Vec<u8>,
    /// Its bytes; none deletes it.
    pub value: Option<Vec<u8>>,
}

/// A row that was found: its key and its bytes.
pub type Row = (Vec<u8>, Vec<u8>);

/// Which way a scan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the least key on.
    Forward,
    /// From the greatest key down.
    Backward,
}

/// Which rows are wanted.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Their table.
    pub table: Table,
    /// Their keys, the end excluded.
    pub keys: Range<Vec<u8>>,
    /// Which end comes first.
    pub direction: Direction,
    /// At most this many.
    pub limit: usize,
}

/// An engine. Reads come from any thread at any time; writes from the one writer thread, one after another.
///
/// Crashes, for an implementer: `write` is the only method that changes anything that is read. A crash before it, or
/// inside it, leaves either nothing or the whole group; a crash after a `Synced` one returned leaves the whole group
/// and everything before it.
pub trait Store: Send + Sync + 'static {
    /// The bytes at `key`. A crash changes nothing. It sees every write that returned `Ok`, and no part of another.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// Rows in order of keys, all of one moment. A crash changes nothing.
    fn scan(&self, scan: Scan) -> Result<Vec<Row>, Error>;

    /// Writes a group in which no key appears twice; an empty `Synced` group makes earlier ones durable.
    ///
    /// After a crash inside it the group is there as a whole or not at all. After `Ok` with `Buffered` it survives
    /// the death of the process; with `Synced` also the loss of power. After `Err` readers see none of it, and an
    /// engine that lives on never shows it later; after `Err` *and* a crash it may be there as a whole. An engine
    /// never takes a repeated sync for a success, since a failed one may have dropped the pages.
    fn write(&self, group: &[Write], durability: Durability) -> Result<(), Error>;

    /// Makes everything durable and lets go of files and locks; reads and writes fail with `Closed` from then on. A
    /// crash before or inside it loses no `Synced` write.
    fn close(&self) -> Result<(), Error>;
}
