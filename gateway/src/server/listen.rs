//! Where the server listens: a socket of this machine, and TCP where somebody asks for it.

use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use hero_sdk::{Error, ErrorCode};
use rustix::process::geteuid;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::access::Access;
use crate::service::places::{SOCKET_BYTES_MAX, SOCKET_DRAFT};

/// Where to listen.
#[derive(Clone, Debug)]
pub(crate) enum Listen {
    /// On a socket that only its owner can reach.
    Unix(PathBuf),
    /// On TCP.
    Tcp {
        /// Address and port, such as `127.0.0.1:7410`; port 0 takes any.
        address: String,
        /// Whoever has it may come in.
        token: String,
        /// More names that clients may call this server, each with its port.
        hosts: Vec<String>,
    },
}

/// A listener that is there.
pub(crate) enum Bound {
    /// Its file goes with it.
    Unix(UnixListener, PathBuf, Option<SocketFile>),
    /// On TCP.
    Tcp(TcpListener, Access),
}

/// The file of a socket, deleted when nobody listens any more.
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Whoever deleted it before has done the same.
        drop(fs::remove_file(&self.0));
    }
}

/// A connection of either kind.
pub(crate) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Listen {
    /// Begins to listen. What lies in the place of the socket is removed only if nobody listens there.
    pub(crate) async fn bind(&self) -> Result<Bound, Error> {
        match self {
            Self::Unix(path) => bind_unix(path).await,
            Self::Tcp { address, token, hosts } => {
                if token.is_empty() {
                    let message = format!("{address} would be open to everybody on this machine and beyond");
                    return Err(Error::new(ErrorCode::Unauthorized, message)
                        .hint("give a token: --token-file FILE, or HERO_LOGIC_TOKEN"));
                }
                let listener = TcpListener::bind(address).await.map_err(|error| cannot(address, &error))?;
                let bound = listener.local_addr().map_err(|error| cannot(address, &error))?;
                let mut hosts = hosts.clone();
                hosts.push(bound.to_string());
                if bound.ip().is_loopback() {
                    hosts.push(format!("localhost:{}", bound.port()));
                }
                Ok(Bound::Tcp(listener, Access::token(token, hosts)))
            }
        }
    }
}

impl Bound {
    /// The next connection. One of somebody else is closed, and the one behind it waited for.
    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener, _) => {
                let (stream, _) = listener.accept().await?;
                // Of one that has gone already: the first read tells.
                drop(stream.set_nodelay(true));
                Ok(Stream::Tcp(stream))
            }
            Self::Unix(listener, ..) => loop {
                let (stream, _) = listener.accept().await?;
                let peer = stream.peer_cred()?.uid();
                if peer == geteuid().as_raw() || peer == 0 {
                    return Ok(Stream::Unix(stream));
                }
                tracing::warn!(uid = peer, "another user has connected, and was refused");
            },
        }
    }

    /// The file of its socket, to be deleted before the listener goes.
    pub(crate) fn take_file(&mut self) -> Option<SocketFile> {
        match self {
            Self::Unix(.., file) => file.take(),
            Self::Tcp(..) => None,
        }
    }

    /// Who may come in.
    pub(crate) fn access(&self) -> Access {
        match self {
            Self::Unix(..) => Access::Owner,
            Self::Tcp(_, access) => access.clone(),
        }
    }

    /// Where it listens, for people.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Unix(_, path, _) => path.display().to_string(),
            Self::Tcp(listener, _) => listener
                .local_addr()
                .map_or_else(|error| error.to_string(), |address| format!("http://{address}")),
        }
    }
}

async fn bind_unix(path: &Path) -> Result<Bound, Error> {
    let place = path.display().to_string();
    let length = path.as_os_str().len();
    if length > SOCKET_BYTES_MAX {
        let message =
            format!("{place} is {length} bytes long; a socket's path has at most {SOCKET_BYTES_MAX}");
        return Err(Error::new(ErrorCode::InvalidParams, message).hint("choose a shorter HERO_HOME"));
    }
    let directory = path.parent().unwrap_or(Path::new("/"));
    make_private(directory)?;
    if UnixStream::connect(path).await.is_ok() {
        return Err(Error::new(ErrorCode::Conflict, format!("a server listens on {place} already"))
            .hint("`hero_logic --info` tells of it, `hero_logic --stop` stops it"));
    }
    // Beside its place, so that nobody finds it before it is closed to others.
    let draft = path.with_extension(SOCKET_DRAFT.trim_start_matches('.'));
    remove(&draft).map_err(|error| cannot(&place, &error))?;
    let listener = UnixListener::bind(&draft).map_err(|error| cannot(&place, &error))?;
    fs::set_permissions(&draft, Permissions::from_mode(0o600))
        .and_then(|()| fs::rename(&draft, path))
        .map_err(|error| cannot(&place, &error))?;
    Ok(Bound::Unix(listener, path.to_owned(), Some(SocketFile(path.to_owned()))))
}

fn make_private(directory: &Path) -> Result<(), Error> {
    let place = directory.display().to_string();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| cannot(&place, &error))?;
    let about = fs::metadata(directory).map_err(|error| cannot(&place, &error))?;
    if about.uid() != geteuid().as_raw() {
        let message = format!("{place} belongs to another user, who could put a socket of his own there");
        return Err(Error::new(ErrorCode::Unauthorized, message).hint("choose another HERO_HOME"));
    }
    fs::set_permissions(directory, Permissions::from_mode(0o700)).map_err(|error| cannot(&place, &error))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn cannot(place: &str, error: &io::Error) -> Error {
    let code = match error.kind() {
        ErrorKind::AddrInUse => ErrorCode::Conflict,
        _ => ErrorCode::StorageFailed,
    };
    Error::new(code, format!("cannot listen on {place}: {error}"))
}
