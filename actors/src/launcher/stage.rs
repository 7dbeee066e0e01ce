//! Puts the embedded Python package where interpreters can import it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use hero_sdk::python::FILES;

/// Writes the package to `directory/hero_tracing` and gives `directory`, the path to import from.
///
/// A file that is there with the right text is left alone, so that its compiled form stays valid; others appear by
/// rename, so that an interpreter that starts meanwhile never reads half a file.
pub(crate) fn stage_sdk(directory: &Path) -> io::Result<PathBuf> {
    let package = directory.join("hero_tracing");
    fs::create_dir_all(&package)?;
    for (name, text) in FILES {
        let path = package.join(name);
        if fs::read(&path).is_ok_and(|present| present == text.as_bytes()) {
            continue;
        }
        let temporary = package.join(format!(".{name}.{}", std::process::id()));
        fs::write(&temporary, text)?;
        fs::rename(&temporary, &path)?;
    }
    Ok(directory.to_owned())
}
