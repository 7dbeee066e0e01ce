//! Files that only their owner may read: secrets, and the random bytes of a home. What others could have read or written
//! is not used.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use hero_sdk::{Error, ErrorCode};
use rustix::{
    fs::OFlags,
    rand::{GetRandomFlags, getrandom},
};

use crate::beneath::Directory;

/// Permissions of everybody but the owner.
const OTHERS: u32 = 0o077;
/// Bytes of a file: some hundreds of the longest secrets.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Random bytes: more than anybody can try.
pub(crate) const RANDOM_BYTES: usize = 32;

/// What a file holds that only its owner may read or write; none where it is not there.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(refuse(path, "is a symbolic link", "put the file itself there"));
        }
        Err(error) => return Err(trouble(path, "read", &error)),
    };
    let about = file.metadata().map_err(|error| trouble(path, "read", &error))?;
    if !about.is_file() || about.len() > FILE_BYTES_MAX {
        return Err(refuse(path, "is no file of ours", "move it away"));
    }
    if about.mode() & OTHERS != 0 {
        let hint =
            format!("`chmod 600 {}`; if others may have read it, change what it holds", path.display());
        return Err(refuse(path, "can be read or written by others", &hint));
    }
    let mut bytes = Vec::new();
    (&file).read_to_end(&mut bytes).map_err(|error| trouble(path, "read", &error))?;
    Ok(Some(bytes))
}

/// What lies there is not used, and will not be until somebody does something about it.
pub(crate) fn refuse(path: &Path, why: &str, hint: &str) -> Error {
    Error::new(ErrorCode::SecretUnreadable, format!("{} {why}", path.display())).hint(hint)
}

pub(crate) fn trouble(path: &Path, what: &str, error: &io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::StorageFull => ErrorCode::StorageFull,
        _ => ErrorCode::StorageFailed,
    };
    Error::new(code, format!("{} cannot be {what}: {error}", path.display()))
}

/// Makes the file that holds these bytes, in a directory of its owner's.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::other("it is no path of a file"));
    };
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    // The directory, too, must outlive a loss of power.
    if let Some(parent) = directory.parent() {
        File::open(parent)?.sync_all()?;
    }
    Directory::open(directory)?.replace(name, None, |mut file| file.write_all(bytes))
}

/// The random bytes of this file. They are made once, and are on the disk for good before they are used. `remedy` says
/// what to do where they are damaged. Two must not call it at once.
pub(crate) fn random(path: &Path, remedy: &str) -> Result<[u8; RANDOM_BYTES], Error> {
    if let Some(bytes) = read(path)? {
        return bytes.try_into().map_err(|_| refuse(path, "is not whole", remedy));
    }
    let mut bytes = [0; RANDOM_BYTES];
    // It may give fewer only where more than 256 are asked for.
    getrandom(&mut bytes, GetRandomFlags::empty()).map_err(|error| trouble(path, "made", &error.into()))?;
    write(path, &bytes).map_err(|error| trouble(path, "written", &error))?;
    Ok(bytes)
}
