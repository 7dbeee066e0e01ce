//! The engine's lists of its table files, checked before it opens them: it keeps a checksum of each list and does not
//! look at it, and it believes the length that a damaged table of contents claims.
//!
//! It relies on the formats of lsm-tree 3 (`version/persist.rs`) and sfa 1 (`toc`, `trailer`). Blocks inside table
//! files have checksums that the engine does look at.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    os::unix::fs::FileExt,
    path::Path,
};

use xxhash_rust::xxh3::xxh3_128;

use crate::Error;

/// At a file's end: magic, version, kind of checksum, checksum of the table of contents, its place, its length.
const TRAILER_BYTES: u64 = 4 + 1 + 1 + 16 + 8 + 8;
/// The place of the table of contents within the trailer.
const PLACE_OFFSET: u64 = 4 + 1 + 1 + 16;
/// An entry of the table of contents without its name.
const ENTRY_BYTES: u64 = 8 + 8 + 2;

/// Checks the lists of all keyspaces.
pub(crate) fn verify(data: &Path) -> Result<(), Error> {
    for keyspace in list(&data.join("keyspaces"))? {
        let current = keyspace.join("current");
        let bytes = match fs::read(&current) {
            Ok(bytes) => bytes,
            // The making of this keyspace was interrupted; the engine makes it again.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::io("read the store", &current, error)),
        };
        check_list(&keyspace, &bytes).ok_or_else(|| Error::corrupt(format!("list {}", current.display())))?;
        for table in list(&keyspace.join("tables"))? {
            check_contents(&table)
                .map_err(|error| Error::io("read the store", &table, error))?
                .ok_or_else(|| Error::corrupt(format!("table {}", table.display())))?;
        }
    }
    Ok(())
}

/// The list named by `current`, a number and a checksum, has this checksum.
fn check_list(keyspace: &Path, current: &[u8]) -> Option<()> {
    let (number, rest) = current.split_first_chunk()?;
    let (checksum, kind) = rest.split_first_chunk()?;
    let list = fs::read(keyspace.join(format!("v{}", u64::from_le_bytes(*number)))).ok()?;
    (kind == [0] && xxh3_128(&list) == u128::from_le_bytes(*checksum)).then_some(())
}

/// The table of contents claims no more entries than it has room for. An unfinished file is deleted by the engine.
fn check_contents(table: &Path) -> io::Result<Option<()>> {
    let file = File::open(table)?;
    let length = file.metadata()?.len();
    let Some(trailer) = length.checked_sub(TRAILER_BYTES) else { return Ok(Some(())) };
    let mut place = [0; 8];
    file.read_exact_at(&mut place, trailer + PLACE_OFFSET)?;
    let place = u64::from_le_bytes(place);
    let Some(room) = trailer.checked_sub(place) else { return Ok(Some(())) };
    // The engine looks at the magic before it believes the number behind it.
    let mut head = [0; 8];
    if room < 8 {
        return Ok(None);
    }
    file.read_exact_at(&mut head, place)?;
    let (magic, count) = head.split_at(4);
    let count = count.try_into().map(u32::from_le_bytes).map_err(io::Error::other)?;
    Ok((magic != b"TOC!" || u64::from(count) * ENTRY_BYTES <= room).then_some(()))
}

fn list(directory: &Path) -> Result<Vec<std::path::PathBuf>, Error> {
    let report = |error| Error::io("read the store", directory, error);
    match fs::read_dir(directory) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path()).map_err(report)).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(report(error)),
    }
}
