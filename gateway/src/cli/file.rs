//! Files that are written whole or not at all.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use crate::cli::errors::Failure;

/// Why nothing came of a file.
pub(crate) fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::trouble("output", format!("cannot write {}: {error}", path.display()))
}

/// Has `write` fill a file beside this one, and puts it in its place only when all of it is there and was found to be
/// right. What a link leads to is replaced, not the link; a pipe or a device is written to.
pub(crate) async fn replace(
    path: &Path,
    write: impl AsyncFnOnce(&mut File) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| unwritten(path, &error);
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let known = fs::metadata(&target).ok();
    if known.as_ref().is_some_and(|known| !known.is_file()) {
        let mut file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        return write(&mut file).await;
    }
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut draft = tempfile::Builder::new()
        .prefix(".hero_logic_")
        .permissions(Permissions::from_mode(0o666)) // of which the umask takes its part
        .tempfile_in(directory.unwrap_or(Path::new(".")))
        .map_err(failed)?;
    if let Some(known) = known {
        draft.as_file().set_permissions(known.permissions()).map_err(failed)?;
    }
    write(draft.as_file_mut()).await?;
    draft.as_file().sync_all().map_err(failed)?;
    draft.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}
