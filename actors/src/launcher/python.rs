//! Which interpreter runs the flows, resolved once, past the shims of version managers.

use std::{
    ffi::OsString,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::UNIX_EPOCH,
};

use hero_sdk::{Error, ErrorCode};
use serde::{Deserialize, Serialize};

/// The oldest Python that the SDK supports.
const OLDEST: (u32, u32) = (3, 11);
/// The oldest that has immortal objects.
const SHARING: (u32, u32) = (3, 12);
/// Names under which interpreters are looked for, in this order.
const NAMES: [&str; 5] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];

/// A real interpreter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Python {
    /// The binary, never a shim.
    pub(crate) executable: PathBuf,
    /// Such as `3.11.7`.
    pub(crate) version: String,
    /// Where its installed packages are.
    pub(crate) site_paths: Vec<PathBuf>,
}

/// What a look at a candidate gave, kept beside what the candidate was, so that the next start need not run it.
#[derive(Serialize, Deserialize)]
struct Cached {
    candidate: PathBuf,
    modified_ms: u128,
    bytes: u64,
    python: Python,
}

impl Python {
    /// `wish`, else the first real `python3` of at least 3.11 on `path`. The answer is kept in the file `cache`.
    pub(crate) fn resolve(wish: Option<&Path>, path: Option<OsString>, cache: &Path) -> Result<Self, Error> {
        if let Some(wish) = wish {
            let python = look_cached(wish, cache).map_err(|reason| {
                no_python(format!("{} is not a usable Python: {reason}", wish.display()))
            })?;
            return python.new_enough().map_err(no_python);
        }
        let mut passed_over = Vec::new();
        for candidate in interpreters(path) {
            match look_cached(&candidate, cache).and_then(Self::new_enough) {
                Ok(python) => return Ok(python),
                Err(reason) => passed_over.push(format!("{}: {reason}", candidate.display())),
            }
        }
        let found = if passed_over.is_empty() { "none on PATH".to_owned() } else { passed_over.join("; ") };
        Err(no_python(format!("no Python of at least {}.{} was found ({found})", OLDEST.0, OLDEST.1)))
    }

    /// Whether it can leave most of the memory of its plays to be shared (immortal objects, PEP 683).
    pub(crate) fn shares(&self) -> bool {
        self.release() >= SHARING
    }

    fn new_enough(self) -> Result<Self, String> {
        if self.release() >= OLDEST { Ok(self) } else { Err(format!("Python {} is too old", self.version)) }
    }

    /// Such as 3 and 11.
    fn release(&self) -> (u32, u32) {
        let mut numbers = self.version.split('.').map(|part| part.parse().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }
}

fn no_python(message: String) -> Error {
    Error::new(ErrorCode::NoPython, message)
        .hint("install Python 3.11 or newer, or set HERO_PYTHON to the path of one")
}

/// The interpreters that are tried one after the other, on a search path such as `PATH`.
///
/// Real binaries before scripts: a shim is a script that takes 50 to 300 ms to find the interpreter behind it.
pub fn interpreters(path: Option<OsString>) -> Vec<PathBuf> {
    let directories: Vec<PathBuf> = path.iter().flat_map(std::env::split_paths).collect();
    let mut binaries = Vec::new();
    let mut scripts = Vec::new();
    for name in NAMES {
        for directory in &directories {
            let candidate = directory.join(name);
            if !candidate.is_file() {
                continue;
            }
            if is_script(&candidate) { scripts.push(candidate) } else { binaries.push(candidate) }
        }
    }
    binaries.append(&mut scripts);
    binaries
}

fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok_and(|()| &start == b"#!")
}

fn look_cached(candidate: &Path, cache: &Path) -> Result<Python, String> {
    let identity = identity(candidate).map_err(|error| error.to_string())?;
    let known = fs::read(cache).ok().and_then(|text| serde_json::from_slice::<Cached>(&text).ok());
    // A script decides anew each time which interpreter it stands for, so only binaries are remembered.
    let may_remember = !is_script(candidate);
    if let Some(known) = known {
        let is_same = known.candidate == candidate && (known.modified_ms, known.bytes) == identity;
        if may_remember && is_same && known.python.executable.is_file() {
            return Ok(known.python);
        }
    }
    let python = look(candidate)?;
    if may_remember {
        let (modified_ms, bytes) = identity;
        let entry = Cached { candidate: candidate.to_owned(), modified_ms, bytes, python: python.clone() };
        let written =
            serde_json::to_vec(&entry).map_err(std::io::Error::other).and_then(|text| fs::write(cache, text));
        if let Err(error) = written {
            tracing::warn!(%error, "the interpreter's description could not be kept: the next start looks again");
        }
    }
    Ok(python)
}

fn identity(path: &Path) -> std::io::Result<(u128, u64)> {
    let metadata = fs::metadata(path)?;
    let modified = metadata.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Ok((modified, metadata.len()))
}

/// Runs the candidate once and lets it describe itself.
#[expect(clippy::disallowed_methods, reason = "the launcher is the place where processes are started")]
fn look(candidate: &Path) -> Result<Python, String> {
    const SCRIPT: &str = "import json, site, sys
paths = site.getsitepackages() + ([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])
print(json.dumps({'executable': sys.executable, 'version': '%d.%d.%d' % sys.version_info[:3], 'site_paths': paths}))";
    // Away from the current directory, whose `json.py` would be imported; a relative candidate stays what it was.
    let candidate = std::path::absolute(candidate).map_err(|error| error.to_string())?;
    let output = Command::new(candidate)
        .current_dir("/")
        .args(["-c", SCRIPT])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(words.lines().last().unwrap_or("it failed").to_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("it does not describe itself: {error}"))
}
