//! The Python client, where programs of this home find it.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::Path,
};

use hero_sdk::{Error, ErrorCode, python_client};

/// The directory beneath the home from which it can be imported.
const DIRECTORY: &str = ".hero/var/router/python";

/// Writes it beneath the home, unless it is there as it is. It appears by rename, so that nobody reads half of it.
pub(crate) fn stage_python_client(home: &Path) -> Result<(), Error> {
    let directory = home.join(DIRECTORY);
    write(&directory, &format!("{}.py", python_client::MODULE), &python_client::source()).map_err(|error| {
        let code = match error.kind() {
            io::ErrorKind::StorageFull => ErrorCode::StorageFull,
            _ => ErrorCode::StorageFailed,
        };
        Error::new(code, format!("the Python client cannot be written: {error}"))
            .hint(format!("{} must be a directory that is writable", directory.display()))
    })
}

fn write(directory: &Path, name: &str, text: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let path = directory.join(name);
    if fs::read(&path).is_ok_and(|present| present == text.as_bytes()) {
        return Ok(());
    }
    let draft = directory.join(format!(".{name}.{}", std::process::id()));
    fs::write(&draft, text)?;
    fs::rename(&draft, &path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;

    #[test]
    fn it_is_written_when_it_differs_and_only_then() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(".hero/var/router/python/hero_logic_client.py");
        let stage = || {
            stage_python_client(home.path()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), python_client::source());
            fs::metadata(&path).unwrap().ino()
        };
        let first = stage();
        assert_eq!(stage(), first);
        fs::write(&path, "of an older hero_logic").unwrap();
        assert_ne!(stage(), first);
        let directory = path.parent().unwrap();
        assert_eq!(fs::metadata(directory).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(directory).unwrap().count(), 1);
    }

    #[test]
    fn a_home_that_cannot_hold_it_is_named() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(".hero"), "").unwrap();
        let error = stage_python_client(home.path()).unwrap_err();
        assert_eq!(error.code, ErrorCode::StorageFailed);
        assert!(error.hint.unwrap().contains(".hero/var/router/python"));
    }
}
