//! The file that holds the number of the server's process, for scripts. Whether a server is there is not read from it: the
//! socket tells.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use hero_sdk::{Error, ErrorCode};

/// The file, which goes with its process.
#[derive(Debug)]
pub(crate) struct PidFile(PathBuf);

impl PidFile {
    /// Writes the number of this process, in the place of that of an earlier one.
    pub(crate) fn write(path: &Path) -> Result<Self, Error> {
        let draft = path.with_extension("new");
        let written = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)
            .and_then(|mut file| writeln!(file, "{}", std::process::id()))
            .and_then(|()| fs::rename(&draft, path));
        match written {
            Ok(()) => Ok(Self(path.to_owned())),
            Err(error) => {
                let message = format!("cannot write {}: {error}", path.display());
                Err(Error::new(ErrorCode::StorageFailed, message))
            }
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Whoever deleted it before has done the same.
        drop(fs::remove_file(&self.0));
    }
}
