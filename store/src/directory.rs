//! The store's directory: its format version, its lock, and whether it can be written. It knows no rows.
//!
//! ```text
//! format      "hero_store 1"; read before anything is written
//! lock        held by flock; the holder's process id
//! watermark   see `watermark`
//! data/       the engine's own files
//! ```

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, FileExt},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use crate::Error;

/// Version of the directory's layout and of everything in it.
const FORMAT: u32 = 1;
const FORMAT_MAGIC: &str = "hero_store";
/// Time between two looks at a lock that another process holds. A person does not see it.
const LOCK_POLL: Duration = Duration::from_millis(10);
/// A process id and blanks, so that overwriting it needs no new space on a full disk.
const PID_CHARS: usize = 20;

/// A directory that this process holds.
pub(crate) struct Directory {
    path: PathBuf,
    lock: File,
}

impl Directory {
    /// Checks the version, takes the lock, and makes the directory where there is none.
    pub(crate) fn lock(path: &Path, wait: Duration) -> Result<Self, Error> {
        check_format(path)?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| Error::io(format!("make the directory {}", path.display()), path, error))?;
        let lock_path = path.join("lock");
        let lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(|error| Error::io("open the store's lock", &lock_path, error))?;
        wait_for(&lock, &lock_path, wait)?;
        // Whoever held it until now may have been newer.
        check_format(path)?;
        lock.write_all_at(format!("{:<PID_CHARS$}\n", std::process::id()).as_bytes(), 0)
            .map_err(|error| Error::io("write the store's lock", &lock_path, error))?;
        let directory = Self { path: path.to_owned(), lock };
        directory.write_format()?;
        Ok(directory)
    }

    /// Where the engine's files are.
    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// Where the engine's files are until they are complete.
    pub(crate) fn unfinished_data(&self) -> PathBuf {
        self.path.join("data.new")
    }

    pub(crate) fn watermark(&self) -> PathBuf {
        self.path.join("watermark")
    }

    /// Writes `bytes` to a file, syncs and removes it: the only honest question whether the disk works.
    pub(crate) fn probe(&self, bytes: usize) -> Result<(), Error> {
        let path = self.path.join("probe");
        let written = File::create(&path).and_then(|mut file| {
            // Not zeros, which some file systems keep without space.
            file.write_all(&vec![0x5a; bytes])?;
            file.sync_all()
        });
        let removed = match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        };
        written.and(removed).map_err(|error| Error::io("write to the store's disk", path, error))
    }

    /// Makes renames and new files in the directory durable.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        sync_directory(&self.path)
    }

    pub(crate) fn unlock(&self) -> Result<(), Error> {
        self.lock.unlock().map_err(|error| Error::io("unlock the store", &self.path, error))
    }

    /// Once, and in one piece: a store without it would be taken for damaged.
    fn write_format(&self) -> Result<(), Error> {
        let path = self.path.join("format");
        let report = |error| Error::io("write the store's format file", &path, error);
        if path.try_exists().map_err(report)? {
            return Ok(());
        }
        let unfinished = self.path.join("format.new");
        let mut file = File::create(&unfinished).map_err(report)?;
        file.write_all(format!("{FORMAT_MAGIC} {FORMAT}\n").as_bytes()).map_err(report)?;
        file.sync_all().map_err(report)?;
        fs::rename(&unfinished, &path).map_err(report)?;
        self.sync()
    }
}

pub(crate) fn sync_directory(path: &Path) -> Result<(), Error> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| Error::io(format!("sync the directory {}", path.display()), path, error))
}

/// Only reads. A directory without a format file must hold no data either.
fn check_format(directory: &Path) -> Result<(), Error> {
    let path = directory.join("format");
    let text = match fs::read(&path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return if directory.join("data").exists() {
                Err(Error::corrupt(format!("{} (it lacks its format file)", directory.display())))
            } else {
                Ok(())
            };
        }
        Err(error) => return Err(Error::io("read the store's format file", &path, error)),
    };
    let version = text.trim_end().strip_prefix(FORMAT_MAGIC).and_then(|rest| rest.trim_start().parse().ok());
    match version {
        Some(FORMAT) => Ok(()),
        Some(found) if found > FORMAT => Err(Error::Newer { found, supported: FORMAT }),
        _ => Err(Error::corrupt(format!("file {}", path.display()))),
    }
}

fn wait_for(lock: &File, path: &Path, wait: Duration) -> Result<(), Error> {
    let mut left = wait;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(Error::io("lock the store", path, error)),
            Err(TryLockError::WouldBlock) if left.is_zero() => {
                return Err(Error::Locked { pid: holder(path) });
            }
            Err(TryLockError::WouldBlock) => {
                let pause = left.min(LOCK_POLL);
                thread::sleep(pause);
                left -= pause;
            }
        }
    }
}

/// Who wrote himself into the lock file. Nobody yet, for an instant after it was taken.
fn holder(path: &Path) -> Option<u32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}
