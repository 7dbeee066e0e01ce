//! What a play's process has written itself: its large values and its raw output, without the values of its secrets.
//!
//! The files lie where the process has its hands on, so they are opened with the care of `beneath`, and one that is
//! replaced keeps its owner: the next process of the play opens it again. It is replaced while no process of the play
//! writes it, but for a large value, which is never written again. A crash leaves the old one or the new one.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, BufWriter, Read, Seek as _, Write as _},
};

use hero_sdk::{Json, frame::Blob};
use rustix::fs::{Gid, Stat, Uid};
use sha2::{Digest as _, Sha256};

use super::redactor::Redactor;
use crate::{
    artifacts::hex,
    beneath::{Directory, Unfit},
    paths::Paths,
};

/// Bytes of raw output that are looked at together, beside what the longest value takes.
const PART_BYTES: usize = 4 << 20;
/// Bytes of a large value that was rewritten; what stands in the place of a short secret may be longer than that.
const LARGE_BYTES_MAX: u64 = 512 << 20;

/// Why a large value cannot be given.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    /// It was rewritten when the secret of this name had another value. With that value it can be given again.
    #[error("it holds an earlier value of the secret {0}")]
    Changed(String),
    /// It was not written to its end, or somebody else wrote it.
    #[error("its content does not match its name")]
    Unfit,
    /// It matches its name, and is not JSON.
    #[error("it is not JSON: {0}")]
    Json(String),
    /// It cannot be opened.
    #[error("{0}")]
    Closed(#[from] Unfit),
    /// It cannot be rewritten.
    #[error("it cannot be kept without the values of secrets: {0}")]
    Io(#[from] io::Error),
}

/// The text of a large value as the process wrote it. Its file is rewritten where it holds the value of a secret, and
/// keeps its name: the digest of what the process wrote.
pub(crate) fn large_value(blobs: &Directory, blob: &Blob, redactor: &Redactor) -> Result<String, Lost> {
    let (bytes, stat) = read(blobs, &blob.digest)?;
    let text = String::from_utf8(bytes).map_err(|_| Lost::Unfit)?;
    if digest(text.as_bytes()) == blob.digest {
        let json = Json::parse(&text).map_err(|error| Lost::Json(error.to_string()))?;
        let kept = redactor.kept(&json);
        if kept != json {
            let write = |mut file: &File| file.write_all(kept.as_str().as_bytes());
            blobs.replace(&blob.digest, Some(owner(&stat)), write)?;
        }
        return Ok(text);
    }
    let revealed = redactor.reveal(&text).map_err(|changed| Lost::Changed(changed.0))?;
    if digest(revealed.as_bytes()) == blob.digest {
        return Ok(revealed);
    }
    Err(Lost::Unfit)
}

/// True where the file is not what the process wrote, but what [`large_value`] made of it.
pub(crate) fn is_rewritten(blobs: &Directory, blob: &Blob) -> bool {
    read(blobs, &blob.digest).is_ok_and(|(bytes, _)| digest(&bytes) != blob.digest)
}

/// Cleans everything that a process has left in its play's directory when it has ended, and no other of the play has
/// begun.
pub(crate) fn clean(home: &Directory, redactor: &Redactor) -> Result<(), Lost> {
    clean_output(home, redactor, PART_BYTES)?;
    let blobs = match home.directory(Paths::BLOBS) {
        Err(Unfit::Missing) => return Ok(()),
        blobs => blobs?,
    };
    for name in blobs.names()? {
        let name = name?;
        let size = match blobs.file(&name) {
            Ok((_, stat)) => u64::try_from(stat.st_size).unwrap_or_default(),
            // A process of the play has put it there; nothing of ours is.
            Err(Unfit::Link | Unfit::Kind(_) | Unfit::Missing) => continue,
            Err(unfit) => return Err(unfit.into()),
        };
        let blob = Blob { digest: name.to_string_lossy().into_owned(), size };
        match large_value(&blobs, &blob, redactor) {
            // What does not match its name is no value of the play; what does and is not JSON, its process has forged.
            Err(Lost::Unfit | Lost::Json(_)) => blobs.remove(&name)?,
            // It was cleaned, and holds no value that is known now.
            Ok(_) | Err(Lost::Changed(_)) => {}
            Err(lost) => return Err(lost),
        }
    }
    Ok(())
}

/// Rewrites raw output, if it holds a value.
pub(super) fn clean_output(home: &Directory, redactor: &Redactor, part_bytes: usize) -> Result<(), Unfit> {
    let (file, stat) = match home.file(Paths::OUTPUT) {
        Err(Unfit::Missing) => return Ok(()),
        found => found?,
    };
    let mut is_clean = true;
    in_parts(&file, redactor, part_bytes, |part| {
        is_clean &= redactor.bytes(part) == part;
        Ok(())
    })?;
    if is_clean {
        return Ok(());
    }
    (&file).rewind()?;
    home.replace(Paths::OUTPUT, Some(owner(&stat)), |draft| {
        let mut draft = BufWriter::new(draft);
        in_parts(&file, redactor, part_bytes, |part| draft.write_all(&redactor.bytes(part)))?;
        draft.flush()
    })?;
    Ok(())
}

/// Hands a file on in parts, none of which ends within a value.
fn in_parts(
    mut file: &File,
    redactor: &Redactor,
    part_bytes: usize,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    // A value that begins in a part ends within what is read beyond it, also with space between its lines.
    let wanted = (part_bytes + 4 * redactor.longest()) as u64;
    loop {
        let missing = wanted.saturating_sub(buffer.len() as u64);
        let has_ended = Read::by_ref(&mut file).take(missing).read_to_end(&mut buffer)? < missing as usize;
        let end = if has_ended { buffer.len() } else { redactor.part(&buffer, part_bytes) };
        each(buffer.get(..end).unwrap_or_default())?;
        if has_ended {
            return Ok(());
        }
        buffer.drain(..end);
    }
}

fn read(blobs: &Directory, name: impl AsRef<OsStr>) -> Result<(Vec<u8>, Stat), Unfit> {
    let (file, stat) = blobs.file(name)?;
    let mut bytes = Vec::new();
    file.take(LARGE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGE_BYTES_MAX {
        return Err(io::Error::other("it is too large").into());
    }
    Ok((bytes, stat))
}

/// Who a file belongs to.
fn owner(stat: &Stat) -> (Uid, Gid) {
    (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid))
}

fn digest(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}
