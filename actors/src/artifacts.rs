//! The contents of artifacts: files named by their SHA-256 beneath the home, whole or not there at all, and never
//! changed but for the better: whoever puts a content there puts it in the place of a damaged one.
//!
//! What lies where nobody's row leads to it is swept away, but never while somebody is about to write such a row: a
//! content is held from before it is put there until its row is written. Must not know plays or rows.

use std::{
    collections::HashMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use hero_sdk::{Error, ErrorCode, logic::ArtifactContent, model::Artifact};
use rustix::fs::Stat;
use sha2::{Digest as _, Sha256};

use crate::beneath::{Directory, Unfit};

#[cfg(test)]
mod tests;

/// Bytes that are read at a time: large enough for any disk, small enough for a memory of many.
const CHUNK_BYTES: usize = 256 * 1024;
/// Where what is not whole yet is written.
const DRAFTS: &str = "drafts";

/// Why a file was not kept: a code that programs look at, and what was wrong, as it follows the file's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotKept {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl NotKept {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// The most bytes that a file may have, and what is said of one that has more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) bytes: u64,
    pub(crate) beyond: NotKept,
}

impl Limit {
    fn of_one(bytes: u64) -> Self {
        let message = format!("it has more than the {bytes} bytes that an artifact may have");
        Self { bytes, beyond: NotKept::new("too_large", message) }
    }
}

impl From<io::Error> for NotKept {
    fn from(error: io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "storage_full",
            _ => "failed",
        };
        Self::new(code, format!("it cannot be kept: {error}"))
    }
}

/// All contents of a home.
#[derive(Clone, Debug)]
pub(crate) struct Artifacts(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    directory: PathBuf,
    bytes_max: u64,
    held: Mutex<Holds>,
}

#[derive(Debug, Default)]
struct Holds {
    /// How many hold each digest.
    contents: HashMap<String, usize>,
    /// How many drafts are being written.
    drafts: usize,
    /// The number of the next one.
    next_draft: u64,
    /// Whether nothing is deleted any more.
    is_closed: bool,
}

/// A content that is kept, and stays so at least as long as this lives.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) digest: String,
    pub(crate) size: u64,
    artifacts: Artifacts,
}

impl Artifacts {
    /// In this directory of ours, which is made when there is a first one; none larger than `bytes_max`.
    pub(crate) fn new(directory: PathBuf, bytes_max: u64) -> Self {
        Self(Arc::new(Shared { directory, bytes_max, held: Mutex::default() }))
    }

    /// Copies a file of a working directory, unless it is beyond `limit`; what is there while it is read is what is
    /// kept. Blocks.
    ///
    /// `path` is names between slashes. A crash leaves a draft, or a content that no row leads to; both are swept away.
    pub(crate) fn keep(&self, work: &Directory, path: &str, limit: Option<Limit>) -> Result<Held, NotKept> {
        let of_one = Limit::of_one(self.0.bytes_max);
        let limit = limit.filter(|limit| limit.bytes < of_one.bytes).unwrap_or(of_one);
        let mut file = find(work, path, &limit)?;
        self.put(&mut file, &limit)
    }

    /// Keeps a content that came from elsewhere. Blocks. A crash leaves what one in [`Self::keep`] does.
    pub(crate) fn take(&self, mut content: &[u8]) -> Result<Held, NotKept> {
        self.put(&mut content, &Limit::of_one(self.0.bytes_max))
    }

    fn put(&self, from: &mut impl io::Read, limit: &Limit) -> Result<Held, NotKept> {
        let draft = Draft::new(self)?;
        let (digest, size) = copy(from, &draft.file, limit)?;
        draft.file.sync_all()?;
        let held = self.hold(digest, size);
        let path = self.path(&held.digest);
        let directory = path.parent().unwrap_or(&self.0.directory);
        make_private(directory)?;
        // Also where it is there: only reading it all would tell whether it is still what it was.
        fs::rename(&draft.path, &path)?;
        for directory in path.ancestors().skip(1).take(3) {
            File::open(directory)?.sync_all()?;
        }
        Ok(held)
    }

    fn hold(&self, digest: String, size: u64) -> Held {
        *self.lock().contents.entry(digest.clone()).or_default() += 1;
        Held { digest, size, artifacts: self.clone() }
    }

    /// Deletes every content that nobody holds and of which `is_in_use` says no, and drafts that a crash left. How many
    /// contents that were. Blocks; ends early where `stops` is set meanwhile.
    pub(crate) fn sweep(
        &self,
        is_in_use: impl Fn(&str) -> Result<bool, Error>,
        stops: &AtomicBool,
    ) -> Result<usize, Error> {
        let mut deleted = 0;
        self.sweep_drafts()?;
        for (path, name) in list(&self.0.directory)? {
            for (_, rest) in if name.len() == 2 { list(&path)? } else { Vec::new() } {
                if stops.load(Ordering::Relaxed) {
                    return Ok(deleted);
                }
                let digest = format!("{name}{rest}");
                if is_digest(&digest) && self.forget(&digest, &is_in_use)? {
                    deleted += 1;
                }
            }
        }
        Ok(deleted)
    }

    /// Deletes this content, unless somebody holds it or `is_in_use` says yes. Whether it did. Blocks.
    pub(crate) fn forget(
        &self,
        digest: &str,
        is_in_use: impl Fn(&str) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        // Under the lock: nobody begins to hold it between the question and its end.
        let held = self.lock();
        if held.is_closed || held.contents.contains_key(digest) || is_in_use(digest)? {
            return Ok(false);
        }
        let path = self.path(digest);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            // Somebody else was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed(&path, &error)),
        }
    }

    /// Nothing is forgotten once this returns: what comes next may be another runtime, of whose holds we know nothing.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
    }

    fn sweep_drafts(&self) -> Result<(), Error> {
        let held = self.lock();
        let directory = self.0.directory.join(DRAFTS);
        // Which of them are being written is not worth knowing: there will be a moment when none is.
        for (path, _) in if held.drafts == 0 { list(&directory)? } else { Vec::new() } {
            fs::remove_file(&path).map_err(|error| failed(&path, &error))?;
        }
        Ok(())
    }

    /// The bytes of an artifact. `store_corrupt` where they are gone or, at the end, are others.
    pub(crate) async fn read(&self, artifact: &Artifact) -> Result<ArtifactContent, Error> {
        let path = self.path(&artifact.digest);
        let reading = Reading { digest: artifact.digest.clone(), size: artifact.size, hash: Sha256::new() };
        let digest = artifact.digest.clone();
        let file = blocking(move || open(&path, &digest)).await?;
        let next = |state: Option<(File, Reading)>| async {
            let (mut file, mut reading) = state?;
            let read = blocking(move || {
                let chunk = reading.next(&mut file)?;
                Ok((chunk, file, reading))
            });
            match read.await {
                Ok((chunk, _, _)) if chunk.is_empty() => None,
                Ok((chunk, file, reading)) => Some((Ok(chunk), Some((file, reading)))),
                Err(error) => Some((Err(error), None)),
            }
        };
        Ok(Box::pin(futures_util::stream::unfold(Some((file, reading)), next)))
    }

    /// All bytes of an artifact. Blocks. Errors as of [`Self::read`].
    pub(crate) fn whole(&self, artifact: &Artifact) -> Result<Vec<u8>, Error> {
        let Artifact { digest, size, .. } = artifact;
        let mut file = open(&self.path(digest), digest)?;
        let mut reading = Reading { digest: digest.clone(), size: *size, hash: Sha256::new() };
        let mut content = Vec::new();
        loop {
            let chunk = reading.next(&mut file)?;
            if chunk.is_empty() {
                return Ok(content);
            }
            content.extend(chunk);
        }
    }

    fn path(&self, digest: &str) -> PathBuf {
        let (start, rest) = digest.split_at_checked(2).unwrap_or((digest, ""));
        self.0.directory.join(start).join(rest)
    }

    fn lock(&self) -> MutexGuard<'_, Holds> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.artifacts.lock();
        if let Some(count) = held.contents.get_mut(&self.digest) {
            *count -= 1;
            if *count == 0 {
                held.contents.remove(&self.digest);
            }
        }
    }
}

/// A file that is not whole yet. What is left of it goes with this.
struct Draft<'a> {
    artifacts: &'a Artifacts,
    path: PathBuf,
    file: File,
}

impl<'a> Draft<'a> {
    fn new(artifacts: &'a Artifacts) -> io::Result<Self> {
        let directory = artifacts.0.directory.join(DRAFTS);
        make_private(&directory)?;
        let mut held = artifacts.lock();
        loop {
            held.next_draft += 1;
            let path = directory.join(held.next_draft.to_string());
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => {
                    held.drafts += 1;
                    return Ok(Self { artifacts, path, file });
                }
                // What an earlier runtime left.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        // Gone already where it has become a content.
        fs::remove_file(&self.path).ok();
        self.artifacts.lock().drafts -= 1;
    }
}

/// A content on its way to a reader.
struct Reading {
    digest: String,
    size: u64,
    hash: Sha256,
}

impl Reading {
    /// The next chunk; an empty one at the end, if everything was as it was kept.
    fn next(&mut self, file: &mut File) -> Result<Vec<u8>, Error> {
        let damaged = |why: &str| damaged(&self.digest, why);
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        file.take(CHUNK_BYTES as u64)
            .read_to_end(&mut chunk)
            .map_err(|error| damaged(&format!("cannot be read: {error}")))?;
        self.hash.update(&chunk);
        self.size = self
            .size
            .checked_sub(chunk.len() as u64)
            .ok_or_else(|| damaged("is longer than what was put there"))?;
        if chunk.is_empty() && (self.size > 0 || hex(std::mem::take(&mut self.hash)) != self.digest) {
            return Err(damaged("is not what was put there"));
        }
        Ok(chunk)
    }
}

/// The file at `path` beneath a working directory, if it may be kept.
pub(crate) fn find(work: &Directory, path: &str, limit: &Limit) -> Result<File, NotKept> {
    if path.contains('\0') || path.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return Err(NotKept::new("outside", "it is no path beneath flow.workdir"));
    }
    let mut above = None;
    let mut names = path.split('/').peekable();
    while let Some(name) = names.next() {
        let place = above.as_ref().unwrap_or(work);
        if names.peek().is_none() {
            let (file, stat) = place.file(name).map_err(|unfit| refuse(unfit, ""))?;
            may_be_kept(&stat, work.stat()?.st_uid, limit)?;
            return Ok(file);
        }
        let next =
            place.directory(name).map_err(|unfit| refuse(unfit, &format!("of its directory {name}: ")))?;
        above = Some(next);
    }
    Err(NotKept::new("outside", "it has no name"))
}

fn may_be_kept(stat: &Stat, owner: u32, limit: &Limit) -> Result<(), NotKept> {
    // A hard link to a file needs no right to read it. What belongs to the play it could read anyhow, and a link does
    // not change whose a file is.
    if stat.st_uid != owner {
        return Err(NotKept::new("foreign", "it belongs to another user; copy it and keep the copy"));
    }
    // Where all have one owner, only this tells such a link. It can be outrun, by unlinking at the right moment.
    if stat.st_nlink > 1 {
        let message = format!("it has {} names (hard links); copy it and keep the copy", stat.st_nlink);
        return Err(NotKept::new("linked", message));
    }
    if u64::try_from(stat.st_size).is_ok_and(|size| size > limit.bytes) {
        return Err(limit.beyond.clone());
    }
    Ok(())
}

fn refuse(unfit: Unfit, whose: &str) -> NotKept {
    let (code, hint) = match unfit {
        Unfit::Missing => ("not_found", ""),
        Unfit::Link => ("link", "; artifacts are read without following links"),
        Unfit::Kind(_) | Unfit::Mounted => ("not_a_file", ""),
        Unfit::Io(_) => ("failed", ""),
    };
    NotKept::new(code, format!("{whose}{unfit}{hint}"))
}

fn open(path: &Path, digest: &str) -> Result<File, Error> {
    File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => damaged(digest, "is gone"),
        _ => failed(path, &error).hint("the user of hero_logic must be able to read what is there"),
    })
}

/// Copies until the end or the limit. Digest and size of what was read.
fn copy(from: &mut impl io::Read, mut to: &File, limit: &Limit) -> Result<(String, u64), NotKept> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let (mut hash, mut size) = (Sha256::new(), 0);
    loop {
        let length = match from.read(&mut chunk) {
            Ok(0) => return Ok((hex(hash), size)),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let bytes = chunk.get(..length).unwrap_or_default();
        size += bytes.len() as u64;
        // It may have grown since it was opened.
        if size > limit.bytes {
            return Err(limit.beyond.clone());
        }
        hash.update(bytes);
        to.write_all(bytes)?;
    }
}

/// 64 lower-case hex digits of everything that it was given.
pub(crate) fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn make_private(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// What lies in a directory of ours; nothing where there is none.
fn list(directory: &Path) -> Result<Vec<(PathBuf, String)>, Error> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| failed(directory, &error))?,
    };
    let entry = |entry: io::Result<fs::DirEntry>| {
        let entry = entry.map_err(|error| failed(directory, &error))?;
        Ok((entry.path(), entry.file_name().to_string_lossy().into_owned()))
    };
    entries.map(entry).collect()
}

fn damaged(digest: &str, why: &str) -> Error {
    Error::new(ErrorCode::StoreCorrupt, format!("the content {digest} of an artifact {why}"))
        .hint("run the flow again: a play that keeps the same content puts it back for all")
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorCode::StorageFailed, format!("{}: {error}", path.display()))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))?
}
