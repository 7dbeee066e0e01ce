//! The engine's journals, read before the engine opens them.
//!
//! The engine cuts a journal off at the first byte that it does not understand, in silence and for good, since it
//! cannot tell damage from a write that was never finished. This file can: every group carries a [`Mark`] that names
//! the group before it, and the watermark tells which group was acknowledged. So damage is reported and left as it
//! is, and only what was never acknowledged is cut off.
//!
//! It relies on fjall's journal format 3 (`journal/entry.rs` there): a batch is a start (tag 1, count, sequence
//! number), items (tag 2, kind, compression, keyspace, lengths, key, value) and an end (tag 3, XXH3 of the items,
//! magic), little-endian. Tests write with the engine and read here, so that another format is noticed.

use std::{
    fs::{self, File},
    hash::Hasher,
    io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use xxhash_rust::xxh3::Xxh3;

use crate::{Error, directory::sync_directory};

/// Key of the newest group's mark; the first item of every batch.
pub(crate) const MARK_KEY: &[u8] = b"group";
/// Sequence numbers that the engine may take for itself between the mark and its batch, with room to spare.
const SEQNO_SLACK: u64 = 1 << 20;

/// What a group says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Its number; a later one is greater.
    pub(crate) group: u64,
    /// The group that was written before it.
    pub(crate) previous: u64,
    /// The engine's sequence number just before; the batch's own, which no checksum covers, is the same or little
    /// more. Were it wrong, an older row could hide a newer one.
    pub(crate) seqno: u64,
}

/// Length of a mark.
const MARK_BYTES: usize = 24;

impl Mark {
    pub(crate) fn to_bytes(self) -> [u8; MARK_BYTES] {
        let mut bytes = [0; MARK_BYTES];
        for (part, number) in bytes.chunks_exact_mut(8).zip([self.group, self.previous, self.seqno]) {
            part.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != MARK_BYTES {
            return None;
        }
        let mut numbers = bytes.as_chunks().0.iter().map(|part| u64::from_be_bytes(*part));
        Some(Self { group: numbers.next()?, previous: numbers.next()?, seqno: numbers.next()? })
    }
}

/// Checks all journals. A torn end is cut off, unless groups up to `acknowledged` would go with it.
pub(crate) fn verify(data: &Path, acknowledged: u64) -> Result<(), Error> {
    let mut newest: Option<Mark> = None;
    let mut torn = Vec::new();
    for (_, path) in journals(data)? {
        let damaged = || Error::corrupt(format!("journal {}", path.display()));
        let mut walk = Walk::open(&path)?;
        while let Some(batch) = walk.next_batch().map_err(|error| report(&path, error))? {
            let mark = batch.mark.ok_or_else(damaged)?;
            let follows =
                newest.is_none_or(|newest| mark.previous == newest.group && mark.seqno > newest.seqno);
            let seqno_fits = batch.seqno.checked_sub(mark.seqno).is_some_and(|ahead| ahead < SEQNO_SLACK);
            if !follows || !seqno_fits {
                return Err(damaged());
            }
            // The next mark must lie above the number that this batch really has.
            newest = Some(Mark { seqno: batch.seqno, ..mark });
        }
        if !walk.ends_clean().map_err(|error| report(&path, error))? {
            torn.push((path, walk.place));
        }
    }
    if newest.is_some_and(|newest| newest.group < acknowledged) {
        return Err(Error::corrupt(format!("the end of the journal in {}", data.display())));
    }
    for (path, place) in torn {
        tracing::warn!(path = %path.display(), place, "a write that was never finished is cut off the journal");
        truncate(&path, place)?;
    }
    Ok(())
}

/// Cuts off everything after the group `written`, so that a write which was reported as failed does not appear later.
pub(crate) fn cut_off(data: &Path, written: u64) -> Result<(), Error> {
    for (_, path) in journals(data)? {
        let mut walk = Walk::open(&path)?;
        let place = loop {
            let start = walk.place;
            match walk.next_batch().map_err(|error| report(&path, error))? {
                Some(batch) if batch.mark.is_some_and(|mark| mark.group > written) => break start,
                Some(_) => {}
                None => break walk.place,
            }
        };
        truncate(&path, place)?;
    }
    Ok(())
}

/// Begins a new journal, so that nothing is ever appended behind pages whose sync failed: the disk may not have
/// them, whatever the system's memory says, and what comes after a hole is lost with it. The engine moves the old
/// journal's rows into tables of their own and deletes it.
pub(crate) fn begin_new(data: &Path) -> Result<(), Error> {
    let Some((number, newest)) = journals(data)?.pop() else {
        return Err(Error::corrupt(format!("{}, which lacks its journal,", data.display())));
    };
    if fs::metadata(&newest).map_err(|error| report(&newest, error))?.len() == 0 {
        return Ok(());
    }
    let path = data.join(format!("{}.jnl", number + 1));
    File::create_new(&path).and_then(|file| file.sync_all()).map_err(|error| report(&path, error))?;
    sync_directory(data)
}

/// The journals, oldest first; the last is the one that the engine appends to.
fn journals(data: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    let mut journals = Vec::new();
    for entry in fs::read_dir(data).map_err(|error| report(data, error))? {
        let path = entry.map_err(|error| report(data, error))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let number = name.and_then(|name| name.strip_suffix(".jnl")).and_then(|number| number.parse().ok());
        journals.extend(number.map(|number| (number, path)));
    }
    journals.sort();
    Ok(journals)
}

fn truncate(path: &Path, place: u64) -> Result<(), Error> {
    File::options()
        .write(true)
        .open(path)
        .and_then(|file| file.set_len(place).and_then(|()| file.sync_all()))
        .map_err(|error| report(path, error))
}

fn report(path: &Path, error: io::Error) -> Error {
    Error::io(format!("read or cut the journal {}", path.display()), path, error)
}

/// A whole batch, whose checksum is right.
struct Found {
    seqno: u64,
    /// None where the first item is not a mark.
    mark: Option<Mark>,
}

/// Reads a journal batch by batch, with bounded memory whatever lengths it claims.
struct Walk {
    file: BufReader<File>,
    /// Where the first byte after the last whole batch is.
    place: u64,
    /// Where the reader is.
    reached: u64,
    length: u64,
    body: Vec<u8>,
}

impl Walk {
    fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|error| report(path, error))?;
        let length = file.metadata().map_err(|error| report(path, error))?.len();
        Ok(Self {
            file: BufReader::with_capacity(1 << 16, file),
            place: 0,
            reached: 0,
            length,
            body: Vec::new(),
        })
    }

    /// The next batch; none where the rest is not one.
    fn next_batch(&mut self) -> io::Result<Option<Found>> {
        match self.batch() {
            Ok(found) => {
                if found.is_some() {
                    self.place = self.reached;
                }
                Ok(found)
            }
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// True where nothing, or the unused zeros of a file made in advance, follows the last whole batch.
    fn ends_clean(&mut self) -> io::Result<bool> {
        self.file.seek(SeekFrom::Start(self.place))?;
        let mut next = [0];
        Ok(self.place == self.length || self.file.read(&mut next)? == 0 || next == [0])
    }

    fn batch(&mut self) -> io::Result<Option<Found>> {
        let [1] = self.bytes()? else { return Ok(None) };
        let count = u32::from_le_bytes(self.bytes()?);
        let seqno = u64::from_le_bytes(self.bytes()?);
        let mut checksum = Xxh3::new();
        let mut mark = None;
        for number in 0..count {
            let Some(key_length) = self.item(&mut checksum)? else { return Ok(None) };
            let (key, value) = self.body.split_at_checked(key_length).unwrap_or_default();
            if number == 0 && key == MARK_KEY {
                mark = Mark::from_bytes(value);
            }
        }
        let [3] = self.bytes()? else { return Ok(None) };
        let expected = u64::from_le_bytes(self.bytes()?);
        let magic = self.bytes()? == *b"FJL\x03";
        Ok((magic && checksum.finish() == expected).then_some(Found { seqno, mark }))
    }

    /// Reads key and value of an item into `body`; the length of the key. None where it is not an item.
    fn item(&mut self, checksum: &mut Xxh3) -> io::Result<Option<usize>> {
        let head: [u8; 3] = self.bytes()?;
        let keyspace: [u8; 8] = self.bytes()?;
        let (key_length, value_length, stored_length) = (self.bytes()?, self.bytes()?, self.bytes()?);
        for part in [&head[..], &keyspace, &key_length, &value_length, &stored_length] {
            checksum.update(part);
        }
        // The third byte says that the value is not compressed, which it never is.
        let [2, _, 0] = head else { return Ok(None) };
        if value_length != stored_length {
            return Ok(None);
        }
        let key_length = usize::from(u16::from_le_bytes(key_length));
        let body_length = key_length as u64 + u64::from(u32::from_le_bytes(stored_length));
        if body_length > self.length - self.reached {
            return Ok(None);
        }
        self.body.resize(usize::try_from(body_length).map_err(io::Error::other)?, 0);
        self.file.read_exact(&mut self.body)?;
        self.reached += body_length;
        checksum.update(&self.body);
        Ok(Some(key_length))
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        self.reached += N as u64;
        Ok(bytes)
    }
}
