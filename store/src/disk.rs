//! The engine on disk: fjall, one process at a time. It knows bytes, not rows.
//!
//! Every group of writes carries a mark with a number of its own. With it a group that failed is cut off the journal
//! before the engine is opened again, and an engine that lost acknowledged groups is found out (see `journal`,
//! `watermark`).

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard},
    time::Duration,
};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable};

use crate::{
    Direction, Durability, Error, Scan, Store, Table, Write,
    directory::Directory,
    journal::{self, MARK_KEY, Mark},
    manifest,
    store::Row,
    watermark::Watermark,
};

/// Rows in memory per table before they become a file. With eight tables the worst case is some 64 MiB.
const MEMTABLE_BYTES_MAX: u64 = 8 << 20;
/// All journals together; beyond it the engine writes out tables that hold old ones. Bounds the time of an opening.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;
/// Blocks read from files that stay in memory.
const CACHE_BYTES: u64 = 16 << 20;
/// Free space that must be there before the engine is opened again after a failure, beside the failed group's own.
const PROBE_BYTES: usize = 2 << 20;

pub(crate) struct Disk {
    directory: Directory,
    /// Read by every reader; taken for writing only to replace or close the engine. The error says why there is none.
    engine: RwLock<Result<Engine, Error>>,
    pen: Mutex<Pen>,
}

/// What only a writer needs.
struct Pen {
    watermark: Watermark,
    /// The newest group that readers see.
    written: u64,
    /// The newest number given to a group; a failed group's is not given again.
    numbered: u64,
    /// Length of the group that failed, until the engine is open again.
    failed_bytes: Option<usize>,
}

impl Disk {
    pub(crate) fn open(path: &Path, lock_wait: Duration) -> Result<Self, Error> {
        let directory = Directory::lock(path, lock_wait)?;
        let data = directory.data();
        make_data(&directory)?;
        let mut watermark = Watermark::open(&directory.watermark())?;
        manifest::verify(&data)?;
        journal::verify(&data, watermark.group)?;
        if watermark.failed {
            // The last process ended before it could do this.
            journal::begin_new(&data)?;
        }
        let engine = Engine::open(&data)?;
        let written = engine.newest_group()?;
        if written < watermark.group {
            return Err(lost(written, watermark.group));
        }
        if watermark.failed {
            let group = watermark.group;
            watermark
                .set(group, false)
                .map_err(|error| Error::io("write the store's watermark", path, error))?;
        }
        let pen = Pen { watermark, written, numbered: written, failed_bytes: None };
        Ok(Self { directory, engine: RwLock::new(Ok(engine)), pen: Mutex::new(pen) })
    }

    fn pen(&self) -> MutexGuard<'_, Pen> {
        self.pen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reading(&self) -> RwLockReadGuard<'_, Result<Engine, Error>> {
        self.engine.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `read` on the open engine.
    fn read<T>(&self, read: impl FnOnce(&Engine) -> Result<T, Error>) -> Result<T, Error> {
        match &*self.reading() {
            Ok(engine) => read(engine),
            Err(error) => Err(error.clone()),
        }
    }

    /// Opens the engine again after a failure. Until the disk works the old one stays and serves readers.
    fn reopen(&self, pen: &mut Pen, failed_bytes: usize) -> Result<(), Error> {
        self.directory.probe(PROBE_BYTES + 2 * failed_bytes)?;
        // Two engines at once would exclude each other, so readers wait here, some milliseconds.
        let mut engine = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        *engine = Err(Error::Engine { what: "open the store again".into(), source: None });
        *engine = recover(&self.directory.data(), pen.written);
        match &*engine {
            Err(error) => Err(error.clone()),
            Ok(_) => {
                pen.failed_bytes = None;
                pen.note(pen.watermark.group, false);
                tracing::info!(group = pen.written, "the store is open again after a failed write");
                Ok(())
            }
        }
    }

    /// Writes a group under a number of its own.
    fn append(&self, pen: &mut Pen, group: &[Write], durability: Durability) -> Result<(), Error> {
        if let Some(bytes) = pen.failed_bytes {
            self.reopen(pen, bytes)?;
        }
        pen.numbered += 1;
        let (number, previous) = (pen.numbered, pen.written);
        match self.read(|engine| engine.commit(number, previous, group, durability)) {
            Ok(()) => {
                pen.written = number;
                if durability == Durability::Synced {
                    pen.note(number, false);
                }
                Ok(())
            }
            Err(error) => {
                let bytes = group.iter().map(|write| write.value.as_ref().map_or(0, Vec::len)).sum();
                pen.failed_bytes = Some(bytes);
                pen.note(pen.watermark.group, true);
                tracing::error!(%error, group = number, "a write to the store failed");
                Err(error)
            }
        }
    }
}

impl Pen {
    /// Keeps the watermark. It only guards against damage later, so a failure here takes nothing from a write.
    fn note(&mut self, group: u64, failed: bool) {
        if let Err(error) = self.watermark.set(group, failed) {
            tracing::warn!(%error, "the store's watermark was not written");
        }
    }
}

impl Store for Disk {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.read(|engine| engine.get(table, key))
    }

    fn scan(&self, scan: Scan) -> Result<Vec<Row>, Error> {
        self.read(|engine| engine.scan(&scan))
    }

    fn write(&self, group: &[Write], durability: Durability) -> Result<(), Error> {
        if group.is_empty() && durability == Durability::Buffered {
            return Ok(());
        }
        let mut pen = self.pen();
        match self.append(&mut pen, group, durability) {
            // The engine stopped in the background, before this group: it may be tried again.
            Err(Error::Stopped) => self.append(&mut pen, group, durability),
            other => other,
        }
    }

    fn close(&self) -> Result<(), Error> {
        let mut pen = self.pen();
        let synced = match pen.failed_bytes {
            Some(bytes) => self.reopen(&mut pen, bytes),
            None => Ok(()),
        }
        .and_then(|()| self.read(Engine::sync));
        if synced.is_ok() {
            let written = pen.written;
            pen.note(written, false);
        }
        let noted = pen
            .watermark
            .sync()
            .map_err(|error| Error::io("sync the store's watermark", self.directory.watermark(), error));
        *self.engine.write().unwrap_or_else(PoisonError::into_inner) = Err(Error::Closed);
        synced.and(noted).and(self.directory.unlock())
    }
}

/// The engine's directory, complete or not there: it is made beside and renamed, since the engine cannot open one
/// whose making was interrupted.
fn make_data(directory: &Directory) -> Result<(), Error> {
    let (data, unfinished) = (directory.data(), directory.unfinished_data());
    let report = |error| Error::io("make the store", &unfinished, error);
    if unfinished.try_exists().map_err(report)? {
        fs::remove_dir_all(&unfinished).map_err(report)?;
    }
    if data.try_exists().map_err(report)? {
        return Ok(());
    }
    drop(Engine::open(&unfinished)?);
    fs::rename(&unfinished, &data).map_err(report)?;
    directory.sync()
}

/// Opens the engine after a failure, without the group that failed and with all before it.
fn recover(data: &Path, written: u64) -> Result<Engine, Error> {
    journal::cut_off(data, written)?;
    journal::begin_new(data)?;
    let engine = Engine::open(data)?;
    match engine.newest_group()? {
        found if found == written => Ok(engine),
        found => Err(lost(found, written)),
    }
}

fn lost(found: u64, expected: u64) -> Error {
    Error::corrupt(format!("its journal (group {found} is the newest where {expected} was written)"))
}

/// An open fjall database and its keyspaces, in the order of `Table::ALL`.
struct Engine {
    database: Database,
    keyspaces: Vec<Keyspace>,
}

impl Engine {
    fn open(path: &Path) -> Result<Self, Error> {
        guarded("open the store", || {
            let database = Database::builder(path)
                // With two, one spins while the other compacts.
                .worker_threads(1)
                .cache_size(CACHE_BYTES)
                .max_journaling_size(JOURNAL_BYTES_MAX)
                .open()?;
            let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES_MAX);
            let keyspaces = Table::ALL
                .iter()
                .map(|table| database.keyspace(table.name(), options))
                .collect::<Result<_, _>>()?;
            Ok(Self { database, keyspaces })
        })
    }

    fn keyspace(&self, table: Table) -> &Keyspace {
        self.keyspaces.get(table as usize).expect("there is a keyspace for each of `Table::ALL`")
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        guarded("read the store", || Ok(self.keyspace(table).get(key)?.map(|value| value.to_vec())))
    }

    fn scan(&self, scan: &Scan) -> Result<Vec<Row>, Error> {
        if scan.keys.start >= scan.keys.end {
            return Ok(Vec::new());
        }
        guarded("read the store", || {
            let rows = self.database.snapshot().range(self.keyspace(scan.table), scan.keys.clone());
            let read =
                |guard: fjall::Guard| guard.into_inner().map(|(key, value)| (key.to_vec(), value.to_vec()));
            match scan.direction {
                Direction::Forward => rows.take(scan.limit).map(read).collect(),
                Direction::Backward => rows.rev().take(scan.limit).map(read).collect(),
            }
        })
    }

    fn commit(
        &self,
        number: u64,
        previous: u64,
        group: &[Write],
        durability: Durability,
    ) -> Result<(), Error> {
        let mode = match durability {
            Durability::Buffered => PersistMode::Buffer,
            Durability::Synced => PersistMode::SyncData,
        };
        guarded("write to the store", || {
            let mut batch = self.database.batch().durability(Some(mode));
            let mark = Mark { group: number, previous, seqno: self.database.seqno() };
            batch.insert(self.keyspace(Table::Meta), MARK_KEY, mark.to_bytes().as_slice());
            for write in group {
                match &write.value {
                    Some(value) => {
                        batch.insert(self.keyspace(write.table), write.key.as_slice(), value.as_slice());
                    }
                    None => batch.remove(self.keyspace(write.table), write.key.as_slice()),
                }
            }
            batch.commit()
        })
    }

    fn sync(&self) -> Result<(), Error> {
        guarded("sync the store", || self.database.persist(PersistMode::SyncAll))
    }

    /// The number of the newest group; 0 in a new store.
    fn newest_group(&self) -> Result<u64, Error> {
        let Some(bytes) = self.get(Table::Meta, MARK_KEY)? else { return Ok(0) };
        let mark = Mark::from_bytes(&bytes);
        mark.map(|mark| mark.group).ok_or_else(|| Error::corrupt("the mark of the newest group"))
    }
}

/// Calls the engine. It panics on some damaged files; that must end neither a reader nor the writer thread.
fn guarded<T>(what: &str, call: impl FnOnce() -> fjall::Result<T>) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| sort(what, error)),
        Err(_) => Err(Error::corrupt("a file of the engine, which panicked on it,")),
    }
}

/// Sorts an error of the engine by what a person can do about it.
fn sort(what: &str, error: fjall::Error) -> Error {
    use std::io::ErrorKind as Kind;
    match error {
        fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error)) => match error.kind() {
            Kind::NotFound | Kind::UnexpectedEof | Kind::InvalidData => {
                Error::Corrupt { what: "a file of the engine".into(), source: Some(Arc::new(error)) }
            }
            _ => Error::io(what, "data", error),
        },
        fjall::Error::Poisoned => Error::Stopped,
        fjall::Error::Locked => Error::Locked { pid: None },
        fjall::Error::Storage(_)
        | fjall::Error::JournalRecovery(_)
        | fjall::Error::InvalidVersion(_)
        | fjall::Error::Decompress(_)
        | fjall::Error::InvalidTrailer
        | fjall::Error::InvalidTag(_)
        | fjall::Error::Unrecoverable => {
            Error::Corrupt { what: "a file of the engine".into(), source: Some(Arc::new(error)) }
        }
        other => Error::Engine { what: what.into(), source: Some(Arc::new(other)) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str) -> Vec<Write> {
        vec![Write { table: Table::Records, key: key.into(), value: Some(b"value".to_vec()) }]
    }

    fn keys(disk: &Disk) -> Vec<String> {
        let scan = Scan {
            table: Table::Records,
            keys: vec![0]..vec![u8::MAX],
            direction: Direction::Forward,
            limit: usize::MAX,
        };
        disk.scan(scan).unwrap().into_iter().map(|(key, _)| String::from_utf8(key).unwrap()).collect()
    }

    /// A sync can fail after all of a group reached the system's memory; then it must not come to light later, and
    /// nothing may be appended behind it.
    #[test]
    fn a_group_whose_sync_failed_is_cut_off_and_a_new_journal_begun() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::open(directory.path(), Duration::ZERO).unwrap();
        for key in ["a", "b"] {
            disk.write(&put(key), Durability::Synced).unwrap();
        }
        disk.write(&put("c"), Durability::Buffered).unwrap();
        for round in 0..3 {
            // What a failed sync leaves: a whole group in the journal, and a caller that was told of a failure.
            let mut pen = disk.pen();
            pen.numbered += 1;
            let (number, previous) = (pen.numbered, pen.written);
            disk.read(|engine| engine.commit(number, previous, &put("failed"), Durability::Buffered))
                .unwrap();
            pen.failed_bytes = Some(5);
            let acknowledged = pen.watermark.group;
            pen.note(acknowledged, true);
            drop(pen);

            disk.write(&put(&format!("d{round}")), Durability::Synced).unwrap();
            let expected: Vec<String> = ["a", "b", "c"]
                .map(String::from)
                .into_iter()
                .chain((0..=round).map(|round| format!("d{round}")))
                .collect();
            assert_eq!(keys(&disk), expected);
            assert!(directory.path().join(format!("data/{}.jnl", round + 1)).exists());
        }
        disk.close().unwrap();
        drop(disk);
        let disk = Disk::open(directory.path(), Duration::ZERO).unwrap();
        assert_eq!(keys(&disk), ["a", "b", "c", "d0", "d1", "d2"]);
        disk.close().unwrap();
    }

    /// The process may end between the failure and the repair.
    #[test]
    fn the_next_process_begins_a_new_journal_too() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::open(directory.path(), Duration::ZERO).unwrap();
        disk.write(&put("a"), Durability::Synced).unwrap();
        let mut pen = disk.pen();
        pen.note(1, true);
        drop(pen);
        drop(disk);
        let disk = Disk::open(directory.path(), Duration::ZERO).unwrap();
        assert!(directory.path().join("data/1.jnl").exists());
        assert!(!disk.pen().watermark.failed);
        disk.write(&put("b"), Durability::Synced).unwrap();
        assert_eq!(keys(&disk), ["a", "b"]);
        disk.close().unwrap();
    }

    /// The start of a batch, with its sequence number, is covered by no checksum of the engine.
    #[test]
    fn a_damaged_sequence_number_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::open(directory.path(), Duration::ZERO).unwrap();
        for number in 0..4 {
            disk.write(&put(&number.to_string()), Durability::Synced).unwrap();
        }
        disk.close().unwrap();
        drop(disk);
        let path = directory.path().join("data/0.jnl");
        let whole = fs::read(&path).unwrap();
        let starts: Vec<usize> = memmem(&whole, &[1, 2, 0, 0, 0]);
        assert_eq!(starts.len(), 4);
        for start in starts {
            for bit in 0..64 {
                let mut damaged = whole.clone();
                damaged[start + 5 + bit / 8] ^= 1 << (bit % 8);
                fs::write(&path, damaged).unwrap();
                match journal::verify(&directory.path().join("data"), 4) {
                    Err(Error::Corrupt { .. }) => {}
                    // The last batch may stand a little later than it did, and is the last all the same.
                    Ok(()) if bit < 20 => {}
                    other => panic!("bit {bit} of the batch at {start}: {other:?}"),
                }
            }
        }
    }

    fn memmem(bytes: &[u8], pattern: &[u8]) -> Vec<usize> {
        (0..bytes.len().min(10_000)).filter(|place| bytes[*place..].starts_with(pattern)).collect()
    }
}
