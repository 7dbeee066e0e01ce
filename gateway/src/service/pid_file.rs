//! The file that holds the number of the server's process. It is locked as long as the process is there, so that whoever
//! reads it knows whether the number is still that of a server, and the process is found where its socket is not.

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use hero_sdk::{Error, ErrorCode};
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

/// The file, which goes with its process.
#[derive(Debug)]
pub(crate) struct PidFile {
    path: PathBuf,
    /// Holds the lock.
    _file: File,
}

impl PidFile {
    /// Writes the number of this process, in the place of that of an earlier one.
    pub(crate) fn write(path: &Path) -> Result<Self, Error> {
        let draft = path.with_extension("new");
        let written =
            fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&draft).and_then(
                |mut file| {
                    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
                    writeln!(file, "{}", std::process::id())?;
                    fs::rename(&draft, path)?;
                    Ok(file)
                },
            );
        match written {
            Ok(file) => Ok(Self { path: path.to_owned(), _file: file }),
            Err(error) => {
                let message = format!("cannot write {}: {error}", path.display());
                Err(Error::new(ErrorCode::StorageFailed, message))
            }
        }
    }

    /// The number of the process that has written this file and is there. None where it has ended, however it did.
    pub(crate) fn holder(path: &Path) -> Option<u32> {
        let file = File::open(path).ok()?;
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Err(Errno::WOULDBLOCK) => fs::read_to_string(path).ok()?.trim().parse().ok(),
            _ => None,
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Whoever deleted it before has done the same.
        drop(fs::remove_file(&self.path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_number_counts_while_its_process_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("server.pid");
        assert_eq!(PidFile::holder(&path), None);
        let file = PidFile::write(&path).unwrap();
        assert_eq!(PidFile::holder(&path), Some(std::process::id()));
        drop(file);
        assert!(!path.exists());
        // One that was killed has left it.
        fs::write(&path, "1\n").unwrap();
        assert_eq!(PidFile::holder(&path), None);
        let _file = PidFile::write(&path).unwrap();
        assert_eq!(PidFile::holder(&path), Some(std::process::id()));
    }
}
