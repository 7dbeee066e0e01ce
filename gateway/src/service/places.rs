//! Where the files of a server are, beneath its home.

use std::{
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

/// Bytes of the path of a socket on Linux, without the NUL at its end, and without what stands behind it until the
/// socket is ready.
pub(crate) const SOCKET_BYTES_MAX: usize = 107 - SOCKET_DRAFT.len();
/// How a socket ends that is not ready.
pub(crate) const SOCKET_DRAFT: &str = ".new";

/// The files of the server of one home.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    home: PathBuf,
}

impl Places {
    pub(crate) fn new(home: &Path) -> Self {
        Self { home: home.to_owned() }
    }

    /// The home itself.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Where it takes calls.
    pub(crate) fn socket(&self) -> PathBuf {
        self.home.join("hero/var/sockets/hero_logic/rpc.sock")
    }

    /// Whether a socket can be there at all.
    pub(crate) fn has_socket(&self) -> bool {
        self.socket().as_os_str().len() <= SOCKET_BYTES_MAX
    }

    /// Holds the number of its process.
    pub(crate) fn pid_file(&self) -> PathBuf {
        self.own().join("server.pid")
    }

    /// The directory of its store, which the runtime keeps.
    pub(crate) fn store(&self) -> PathBuf {
        self.own().join("store")
    }

    /// Locked by whoever starts one.
    pub(crate) fn start_lock(&self) -> PathBuf {
        self.own().join("start.lock")
    }

    /// The directory of its log files.
    pub(crate) fn logs(&self) -> PathBuf {
        self.home.join(".hero/var/log/hero_logic")
    }

    /// Makes the directory of the files that only it has.
    pub(crate) fn make_own(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(self.own())
    }

    fn own(&self) -> PathBuf {
        self.home.join(".hero/var/hero_logic")
    }
}
