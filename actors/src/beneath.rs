//! Files and directories that a play has its hands on: reached from a descriptor, one name after the other, and never
//! through a link.
//!
//! Whoever may write there can put another thing under a name at any moment. So no name is looked up twice, what was
//! opened is judged by its descriptor, and nothing is waited for: a pipe opens at once and is refused. With one name
//! at a time there is no `..`, no absolute path and no link to resolve, which is what `openat2` would be asked for.

use std::{
    ffi::{OsStr, OsString},
    fs::{File, Permissions},
    io,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
        unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    },
    path::Path,
};

use rustix::{
    fs::{
        AtFlags, Dir, FileType, Gid, Mode, OFlags, Stat, Uid, fchown, fstat, fsync, open, openat, renameat,
        statat, unlinkat,
    },
    io::Errno,
};

/// Of the name of what is not whole yet.
const DRAFT: &str = "draft";

/// Why what lies at a name is not what was asked for. As text it follows the name: "it is a symbolic link".
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    /// Nothing lies there.
    #[error("there is no such file")]
    Missing,
    /// A link; where it leads was not looked at.
    #[error("it is a symbolic link")]
    Link,
    /// Something else than what was asked for.
    #[error("it is {0}")]
    Kind(&'static str),
    /// Another file system is mounted there.
    #[error("it is on another file system")]
    Mounted,
    /// The system did not let us.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// A directory, open as a place to start from: it need not be readable.
#[derive(Debug)]
pub(crate) struct Directory {
    place: OwnedFd,
    device: u64,
}

impl Directory {
    /// A directory of ours. Links on the way to it are the user's own, and are followed.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let place = open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let device = fstat(&place)?.st_dev;
        Ok(Self { place, device })
    }

    /// The directory of this name in it, on the same file system.
    pub(crate) fn directory(&self, name: impl AsRef<OsStr>) -> Result<Self, Unfit> {
        let name = name.as_ref();
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let place =
            openat(&self.place, name, flags, Mode::empty()).map_err(|error| self.explain(name, error))?;
        let device = fstat(&place).map_err(io::Error::from)?.st_dev;
        if device == self.device { Ok(Self { place, device }) } else { Err(Unfit::Mounted) }
    }

    /// The regular file of this name in it, open for reading, and what was known of it then.
    pub(crate) fn file(&self, name: impl AsRef<OsStr>) -> Result<(File, Stat), Unfit> {
        let name = name.as_ref();
        // Without waiting: neither for a writer of a pipe, nor for whoever holds a lease.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file =
            openat(&self.place, name, flags, Mode::empty()).map_err(|error| self.explain(name, error))?;
        let stat = fstat(&file).map_err(io::Error::from)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok((File::from(file), stat)),
            other => Err(Unfit::Kind(kind_of(other))),
        }
    }

    /// Whether anything lies at this name now.
    pub(crate) fn has(&self, name: impl AsRef<OsStr>) -> bool {
        self.stat_of(name).is_ok()
    }

    /// What is known of whatever lies at this name now.
    pub(crate) fn stat_of(&self, name: impl AsRef<OsStr>) -> io::Result<Stat> {
        Ok(statat(&self.place, name.as_ref(), AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// What is known of the directory itself.
    pub(crate) fn stat(&self) -> io::Result<Stat> {
        Ok(fstat(&self.place)?)
    }

    /// Gives its owner, if that is us, every right to it.
    pub(crate) fn make_passable(&self) -> io::Result<()> {
        // The one way to change the mode of a descriptor that was opened without a right to read. The kernel resolves
        // this link to the very directory that is open.
        let itself = format!("/proc/self/fd/{}", self.place.as_raw_fd());
        std::fs::set_permissions(itself, Permissions::from_mode(0o700))
    }

    /// The names in it, read as they are asked for.
    pub(crate) fn names(&self) -> io::Result<impl Iterator<Item = io::Result<OsString>> + use<>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let listing = Dir::new(openat(&self.place, ".", flags, Mode::empty())?)?;
        let name = |entry: rustix::io::Result<rustix::fs::DirEntry>| match entry {
            Ok(entry) => Ok(OsStr::from_bytes(entry.file_name().to_bytes()).to_owned()),
            Err(error) => Err(error.into()),
        };
        Ok(listing.map(name).filter(|name| !matches!(name, Ok(name) if name == "." || name == "..")))
    }

    /// Puts what `write` writes in the place of whatever lies at this name, for this user and group only or else for
    /// us, and makes that last. A crash leaves the old one or the new one, and a draft that the next call takes away.
    pub(crate) fn replace(
        &self,
        name: impl AsRef<OsStr>,
        owner: Option<(Uid, Gid)>,
        write: impl FnOnce(&File) -> io::Result<()>,
    ) -> io::Result<()> {
        let name = name.as_ref();
        let draft = Path::new(name).with_extension(DRAFT);
        match self.remove(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        // Made by us, or not at all: somebody else's is never written to.
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(&self.place, &draft, flags, Mode::RUSR | Mode::WUSR)?);
        write(&file)?;
        if let Some((user, group)) = owner
            && !is_owned_by(&fstat(&file)?, user, group)
        {
            fchown(&file, Some(user), Some(group))?;
        }
        file.sync_all()?;
        renameat(&self.place, &draft, &self.place, name)?;
        // A descriptor that was opened without a right to read cannot be synced.
        let readable = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(fsync(openat(&self.place, ".", readable, Mode::empty())?)?)
    }

    /// Removes what lies at this name, unless it is a directory.
    pub(crate) fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        Ok(unlinkat(&self.place, name.as_ref(), AtFlags::empty())?)
    }

    /// Says of a failure what lies there. Only words depend on this second look.
    fn explain(&self, name: &OsStr, error: Errno) -> Unfit {
        if error == Errno::NOENT {
            return Unfit::Missing;
        }
        match statat(&self.place, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => match FileType::from_raw_mode(stat.st_mode) {
                FileType::Symlink => Unfit::Link,
                FileType::RegularFile if error == Errno::NOTDIR => Unfit::Kind("a file, not a directory"),
                FileType::RegularFile | FileType::Directory => Unfit::Io(error.into()),
                other => Unfit::Kind(kind_of(other)),
            },
            Err(_) => Unfit::Io(error.into()),
        }
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.place.as_fd()
    }
}

fn is_owned_by(stat: &Stat, user: Uid, group: Gid) -> bool {
    (stat.st_uid, stat.st_gid) == (user.as_raw(), group.as_raw())
}

fn kind_of(kind: FileType) -> &'static str {
    match kind {
        FileType::Directory => "a directory, not a file",
        FileType::Fifo => "a pipe, not a file",
        FileType::Socket => "a socket, not a file",
        FileType::CharacterDevice | FileType::BlockDevice => "a device, not a file",
        FileType::RegularFile | FileType::Symlink | FileType::Unknown => "no file",
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::Read as _,
        os::unix::{fs::symlink, net::UnixListener},
    };

    use rustix::{
        fs::{CWD, makedev, mknodat},
        process::geteuid,
    };

    use super::*;

    fn why<T>(result: Result<T, Unfit>) -> String {
        result.err().expect("it is refused").to_string()
    }

    #[test]
    fn only_files_and_directories_are_opened_and_nothing_is_waited_for() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path();
        fs::create_dir(path.join("real")).unwrap();
        fs::write(path.join("real/file"), "text").unwrap();
        symlink("real/file", path.join("to_file")).unwrap();
        symlink("real", path.join("to_directory")).unwrap();
        symlink("nowhere", path.join("to_nothing")).unwrap();
        symlink("to_itself", path.join("to_itself")).unwrap();
        mknodat(CWD, path.join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        let _listener = UnixListener::bind(path.join("socket")).unwrap();
        let place = Directory::open(path).unwrap();

        let (mut file, stat) = place.directory("real").unwrap().file("file").unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), stat.st_size, stat.st_nlink), ("text", 4, 1));

        for link in ["to_file", "to_directory", "to_nothing", "to_itself"] {
            assert_eq!(why(place.file(link)), "it is a symbolic link", "{link}");
            assert_eq!(why(place.directory(link)), "it is a symbolic link", "{link}");
        }
        assert_eq!(why(place.file("pipe")), "it is a pipe, not a file");
        assert_eq!(why(place.file("socket")), "it is a socket, not a file");
        assert_eq!(why(place.file("real")), "it is a directory, not a file");
        assert_eq!(why(place.file("nothing")), "there is no such file");
        assert_eq!(why(place.directory("real").unwrap().directory("file")), "it is a file, not a directory");
        if geteuid().is_root() {
            // Only root may make one; /dev/null's numbers.
            mknodat(CWD, path.join("device"), FileType::CharacterDevice, Mode::RWXU, makedev(1, 3)).unwrap();
            assert_eq!(why(place.file("device")), "it is a device, not a file");
        }
    }

    #[test]
    fn another_file_system_is_not_entered() {
        // Mounted in every process's view, and never on the root's own device.
        let root = Directory::open(Path::new("/")).unwrap();
        assert_eq!(why(root.directory("proc")), "it is on another file system");
    }
}
