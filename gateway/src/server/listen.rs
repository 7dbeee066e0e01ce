//! Where the server listens: a socket of this machine, and TCP where somebody asks for it.

use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use hero_sdk::{Error, ErrorCode};
use rustix::{
    fs::{Mode, fchmod},
    process::geteuid,
};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixSocket, UnixStream};

use super::access::Access;
use crate::service::places::{SOCKET_BYTES_MAX, SOCKET_DRAFT};

/// Connections that wait to be taken.
const BACKLOG: u32 = 1_024;
/// Characters of a token, at least.
const TOKEN_CHARS_MIN: usize = 16;

/// Where to listen.
#[derive(Clone, Debug)]
pub(crate) enum Listen {
    /// On a socket that only its owner can reach.
    Unix(PathBuf),
    /// On TCP.
    Tcp {
        /// Address and port, such as `127.0.0.1:7410`; port 0 takes any.
        address: String,
        /// Whoever has it may come in; 16 characters at least.
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
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        let about = fs::symlink_metadata(path)?;
        Ok(Self { path: path.to_owned(), device: about.dev(), inode: about.ino() })
    }

    /// Whether it is where clients look for it, and not another one.
    pub(crate) fn is_there(&self) -> bool {
        fs::symlink_metadata(&self.path)
            .is_ok_and(|about| (about.dev(), about.ino()) == (self.device, self.inode))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.is_there() {
            // Whoever deleted it before has done the same.
            drop(fs::remove_file(&self.path));
        }
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
                check_token(address, token)?;
                let listener =
                    TcpListener::bind(address).await.map_err(|error| cannot_on_tcp(address, &error))?;
                let bound = listener.local_addr().map_err(|error| cannot_on_tcp(address, &error))?;
                let mut hosts = hosts.clone();
                let local = bound.ip().is_loopback().then(|| format!("localhost:{}", bound.port()));
                for name in [bound.to_string()].into_iter().chain(local) {
                    if !hosts.contains(&name) {
                        hosts.push(name);
                    }
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

    /// Its address on TCP, unless that is all addresses of this machine.
    pub(crate) fn url(&self) -> Option<String> {
        let Self::Tcp(listener, _) = self else { return None };
        let address = listener.local_addr().ok()?;
        (!address.ip().is_unspecified()).then(|| format!("http://{address}"))
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

/// Refuses a token that could be guessed.
fn check_token(address: &str, token: &str) -> Result<(), Error> {
    let message = match token.chars().count() {
        0 => format!("{address} would be open to everybody on this machine and beyond"),
        length if length < TOKEN_CHARS_MIN => {
            format!("the token has {length} characters, of at least {TOKEN_CHARS_MIN}: it could be guessed")
        }
        _ => return Ok(()),
    };
    Err(Error::new(ErrorCode::Unauthorized, message)
        .hint("make one with `openssl rand -hex 32`, and give it by --token-file FILE or HERO_LOGIC_TOKEN"))
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
    // Beside its place, so that it takes that of another one in one step.
    let draft = path.with_extension(SOCKET_DRAFT.trim_start_matches('.'));
    let bound = remove(&draft).and_then(|()| private_socket(&draft)?.listen(BACKLOG)).and_then(|listener| {
        // What is looked at before it has its place cannot be another one.
        let mut file = SocketFile::of(&draft)?;
        fs::rename(&draft, path)?;
        path.clone_into(&mut file.path);
        Ok((listener, file))
    });
    let (listener, file) = bound.map_err(|error| cannot(&place, &error))?;
    Ok(Bound::Unix(listener, path.to_owned(), Some(file)))
}

/// A socket whose file was never open to others: its mode is set before there is a file, which takes it over.
fn private_socket(path: &Path) -> io::Result<UnixSocket> {
    let socket = UnixSocket::new_stream()?;
    fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    socket.bind(path)?;
    Ok(socket)
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

/// On TCP what was asked for is at fault.
fn cannot_on_tcp(address: &str, error: &io::Error) -> Error {
    let (code, hint) = match error.kind() {
        ErrorKind::AddrInUse => (ErrorCode::Conflict, "choose another port; 0 takes any that is free"),
        _ => (ErrorCode::InvalidParams, "give an address of this machine and a port, such as 127.0.0.1:7410"),
    };
    Error::new(code, format!("cannot listen on {address}: {error}")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_that_could_be_guessed_opens_nothing() {
        let listen = |token: &str| Listen::Tcp {
            address: "127.0.0.1:0".to_owned(),
            token: token.to_owned(),
            hosts: vec!["flows.example".to_owned(); 2],
        };
        for token in ["", "short", "0123456789abcde", "ééééééééééééééé"] {
            let refused = listen(token).bind().await.err().unwrap();
            assert_eq!(refused.code, ErrorCode::Unauthorized, "{token}");
            assert!(refused.hint.unwrap().contains("openssl rand -hex 32"));
            assert!(token.is_empty() || !refused.message.contains(token), "{}", refused.message);
        }
        drop(listen("0123456789abcdef").bind().await.unwrap());
    }

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    /// Nobody need be quick enough to see it open: there is no time in which it is. (ATTACKS 2)
    #[tokio::test]
    async fn a_socket_is_born_closed_to_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let socket = private_socket(&path).unwrap();
        assert_eq!(mode(&path), 0o600, "before anybody could connect");
        // Nobody listens yet.
        UnixStream::connect(&path).await.unwrap_err();
        drop(socket.listen(BACKLOG).unwrap());
    }

    #[tokio::test]
    async fn only_its_own_file_is_deleted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rpc.sock");
        let Bound::Unix(_listener, _, Some(file)) = Listen::Unix(path.clone()).bind().await.unwrap() else {
            panic!("a socket has a file")
        };
        assert!(file.is_there());
        fs::write(directory.path().join("other"), "").unwrap();
        fs::rename(directory.path().join("other"), &path).unwrap();
        assert!(!file.is_there());
        drop(file);
        assert!(path.exists(), "that of somebody else");
    }

    #[tokio::test]
    async fn what_is_wrong_with_an_address_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let taken = listener.local_addr().unwrap().to_string();
        for (address, code) in [
            (taken.as_str(), ErrorCode::Conflict),
            ("192.0.2.1:7410", ErrorCode::InvalidParams),
            ("no.such.name.invalid:7410", ErrorCode::InvalidParams),
        ] {
            let listen = Listen::Tcp {
                address: address.to_owned(),
                token: "a token of a test".to_owned(),
                hosts: Vec::new(),
            };
            assert_eq!(listen.bind().await.err().unwrap().code, code, "{address}");
        }
    }

    #[tokio::test]
    async fn its_directory_is_closed_before_there_is_a_socket() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("open");
        fs::create_dir(&directory).unwrap();
        fs::set_permissions(&directory, Permissions::from_mode(0o777)).unwrap();
        let path = directory.join("rpc.sock");
        let bound = Listen::Unix(path.clone()).bind().await.unwrap();
        assert_eq!((mode(&directory), mode(&path)), (0o700, 0o600));
        drop(bound);

        // Where it cannot be closed, nothing is made: only root can give it to somebody else.
        if geteuid().is_root() {
            std::os::unix::fs::chown(&directory, Some(65_534), None).unwrap();
            let refused = Listen::Unix(path).bind().await.err().unwrap();
            assert_eq!(refused.code, ErrorCode::Unauthorized);
            assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
        }
        let nested = root.path().join("a/b/c/rpc.sock");
        drop(Listen::Unix(nested.clone()).bind().await.unwrap());
        let parents = nested.ancestors().skip(1).take(3);
        assert_eq!(parents.map(mode).collect::<Vec<_>>(), [0o700; 3]);
    }
}
