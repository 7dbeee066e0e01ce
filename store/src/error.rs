//! How the store fails. It must not know who asked: callers get a code and a hint by `From`.

use std::{error, io, path::PathBuf, sync::Arc};

use hero_sdk::ErrorCode;

/// Why the store could not be opened, read or written.
///
/// It is `Clone`, since one failed group commit fails every caller in the group; sources are therefore shared.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The disk, the quota or the file-size limit is used up.
    #[error("write to the store: no space left")]
    Full(#[source] Arc<io::Error>),
    /// Another process holds the lock.
    #[error("lock the store{}", holder(*pid))]
    Locked {
        /// The holder, as it wrote itself into the lock file.
        pid: Option<u32>,
    },
    /// The store was written by a newer hero_logic; nothing on disk was changed.
    #[error("read the store: its format is version {found}, this hero_logic knows up to {supported}")]
    Newer {
        /// The version on disk.
        found: u32,
        /// The newest version that this build reads.
        supported: u32,
    },
    /// The directory or its file system does not allow writing.
    #[error("write to the store in {}: it is read-only", path.display())]
    ReadOnly {
        /// What could not be written.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// Bytes on disk do not match their checksum or form.
    #[error("read the store: {what} is damaged")]
    Corrupt {
        /// Which row or file, in words.
        what: String,
        /// What the decoder or engine said.
        #[source]
        source: Option<Source>,
    },
    /// The system refused.
    #[error("{what}")]
    Io {
        /// What was tried, as a fragment after "failed to".
        what: String,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// The engine refused for a reason of its own.
    #[error("{what}")]
    Engine {
        /// What was tried, as a fragment after "failed to".
        what: String,
        /// What the engine said.
        #[source]
        source: Option<Source>,
    },
    /// The engine stopped after a failure in the background; nothing of this write was tried.
    #[error("write to the store: it stopped after an earlier failure of the disk")]
    Stopped,
    /// The store is being closed, or is closed.
    #[error("use the store: it is closed")]
    Closed,
}

/// A source that several errors share.
pub(crate) type Source = Arc<dyn error::Error + Send + Sync>;

impl Error {
    /// A damaged row or file without a further cause.
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into(), source: None }
    }

    /// Sorts an error of the system by what a person can do about it.
    pub(crate) fn io(what: impl Into<String>, path: impl Into<PathBuf>, error: io::Error) -> Self {
        use io::ErrorKind as Kind;
        let source = Arc::new(error);
        match source.kind() {
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => Self::Full(source),
            Kind::ReadOnlyFilesystem | Kind::PermissionDenied => Self::ReadOnly { path: path.into(), source },
            _ => Self::Io { what: what.into(), source },
        }
    }
}

impl From<Error> for hero_sdk::Error {
    fn from(error: Error) -> Self {
        let (code, hint) = match &error {
            Error::Full(_) => {
                (ErrorCode::StorageFull, "free space on the store's disk; writes go on by themselves then")
            }
            Error::Locked { .. } => {
                (ErrorCode::StoreLocked, "wait until the other hero_logic ends, or stop it")
            }
            Error::Newer { .. } => {
                (ErrorCode::StoreNewer, "run the newer hero_logic, or use another HERO_HOME")
            }
            Error::ReadOnly { .. } => {
                (ErrorCode::StorageFailed, "make the directory writable, or use another HERO_HOME")
            }
            Error::Corrupt { .. } => (
                ErrorCode::StoreCorrupt,
                "check the disk and restore the store's directory from a backup; nothing damaged is ever served",
            ),
            Error::Io { .. } | Error::Engine { .. } | Error::Stopped => {
                (ErrorCode::StorageFailed, "check the disk and the system's log, then try again")
            }
            Error::Closed => (ErrorCode::ShuttingDown, "start hero_logic again"),
        };
        // The message carries its causes, since a client never sees `source`.
        let mut message = format!("failed to {error}");
        let mut cause = error::Error::source(&error);
        while let Some(inner) = cause {
            message.push_str(": ");
            message.push_str(&inner.to_string());
            cause = inner.source();
        }
        Self::new(code, message).hint(hint)
    }
}

fn holder(pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!(": process {pid} holds it"),
        None => ": another process holds it".to_owned(),
    }
}
