//! The number of the newest group that is known to be on disk, in a small file beside the engine.
//!
//! The engine drops a damaged end of its journal in silence, since it cannot tell damage from a write that was never
//! finished. This file can: it is overwritten in place, without a sync, *after* the sync of a group. So whatever
//! the system keeps of it, the number is never above what is on disk; and an engine that comes back with less has
//! lost acknowledged writes.

use std::{fs::File, os::unix::fs::FileExt, path::Path};

use xxhash_rust::xxh3::xxh3_64;

use crate::Error;

/// Group number, failure flag, checksum of both. It fits a sector, so that it is never torn.
const BYTES: usize = 8 + 1 + 8;

pub(crate) struct Watermark {
    file: File,
    /// The newest group known to be on disk.
    pub(crate) group: u64,
    /// A write failed and the engine was not reopened since. Then journal pages in memory may differ from the disk.
    pub(crate) failed: bool,
}

impl Watermark {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| Error::io("open the store's watermark", path, error))?;
        let mut bytes = [0; BYTES];
        let length = file.metadata().map_err(|error| Error::io("read the watermark", path, error))?.len();
        if length == 0 {
            let mut watermark = Self { file, group: 0, failed: false };
            watermark.set(0, false).map_err(|error| Error::io("write the watermark", path, error))?;
            return Ok(watermark);
        }
        let damaged = || Error::corrupt(format!("file {}", path.display()));
        file.read_exact_at(&mut bytes, 0).map_err(|_| damaged())?;
        let (content, checksum) = bytes.split_at(BYTES - 8);
        if length != BYTES as u64 || xxh3_64(content).to_be_bytes() != checksum {
            return Err(damaged());
        }
        let (number, flag) = content.split_at(8);
        let group = u64::from_be_bytes(number.try_into().map_err(|_| damaged())?);
        Ok(Self { file, group, failed: flag != [0] })
    }

    /// Overwrites the file, in the system's memory: about a microsecond.
    pub(crate) fn set(&mut self, group: u64, failed: bool) -> std::io::Result<()> {
        (self.group, self.failed) = (group, failed);
        let mut bytes = [0; BYTES];
        let (content, checksum) = bytes.split_at_mut(BYTES - 8);
        let (number, flag) = content.split_at_mut(8);
        number.copy_from_slice(&group.to_be_bytes());
        flag.copy_from_slice(&[u8::from(failed)]);
        checksum.copy_from_slice(&xxh3_64(content).to_be_bytes());
        self.file.write_all_at(&bytes, 0)
    }

    pub(crate) fn sync(&self) -> std::io::Result<()> {
        self.file.sync_data()
    }
}
