//! Empties a directory into which plays' directories were moved, whatever they hold.
//!
//! What lies there was made by flows, and somebody may still write to it: no link is followed, a directory that its
//! owner may not enter is made passable, and a tree of any depth takes two descriptors and no recursion: each
//! directory in a directory is moved up first, and then is one of many beside it.

use std::{
    ffi::{OsStr, OsString},
    io,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use rustix::{
    fs::{AtFlags, renameat, unlinkat},
    io::Errno,
};

use crate::beneath::{Directory, Unfit};

/// How often everything is gone through while that still deletes something. Each takes a level off every tree at
/// least, so only somebody who goes on writing comes here.
const ROUNDS_MAX: usize = 100_000;

/// Names that are held in memory at a time.
const NAMES_MAX: usize = 10_000;

/// Deletes everything in `trash`, or all that it can; the first reason why something is left. Ends early, without one,
/// where `stops` is set meanwhile.
pub(crate) fn empty(trash: &Directory, stops: &AtomicBool) -> io::Result<()> {
    let mut wipe = Wipe { trash, stops, deleted: true, trouble: None };
    for _ in 0..ROUNDS_MAX {
        if !std::mem::take(&mut wipe.deleted) || wipe.is_stopped() {
            break;
        }
        wipe.trouble = None;
        let names: Vec<OsString> = trash.names()?.take(NAMES_MAX).collect::<io::Result<_>>()?;
        for name in names {
            wipe.delete(&name);
        }
    }
    wipe.trouble.map_or(Ok(()), Err)
}

/// Moves what lies at this name into `trash`, under a name that is free there.
pub(crate) fn discard(from: &Directory, name: &OsStr, trash: &Directory) -> io::Result<()> {
    if let Ok(directory) = from.directory(name) {
        // Moving a directory changes its `..`, for which its owner needs a right to write. One that is not ours, or
        // is gone meanwhile, shows so in what follows.
        directory.make_passable().ok();
    }
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let free = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        // An earlier runtime may have left it; nobody else gives names there meanwhile.
        if !trash.has(&free) {
            return Ok(renameat(from, name, trash, free)?);
        }
    }
}

struct Wipe<'a> {
    trash: &'a Directory,
    stops: &'a AtomicBool,
    /// This round has changed something, so that another may get further.
    deleted: bool,
    trouble: Option<io::Error>,
}

impl Wipe<'_> {
    fn is_stopped(&self) -> bool {
        self.stops.load(Ordering::Relaxed)
    }

    /// Deletes what lies at this name of the trash.
    fn delete(&mut self, name: &OsStr) {
        if self.is_stopped() {
            return;
        }
        let result = match unlinkat(self.trash, name, AtFlags::empty()) {
            Err(Errno::ISDIR | Errno::PERM) => self.delete_directory(name),
            result => result.map_err(io::Error::from),
        };
        self.note(result);
    }

    fn delete_directory(&mut self, name: &OsStr) -> io::Result<()> {
        let directory = match self.trash.directory(name) {
            Ok(directory) => directory,
            Err(Unfit::Io(error)) => return Err(error),
            Err(unfit) => return Err(io::Error::other(unfit.to_string())),
        };
        // Not ours: then it may still be readable.
        directory.make_passable().ok();
        for child in directory.names()? {
            if self.is_stopped() {
                return Ok(());
            }
            let child = child?;
            let result = match unlinkat(&directory, &child, AtFlags::empty()) {
                Err(Errno::ISDIR | Errno::PERM) => discard(&directory, &child, self.trash),
                result => result.map_err(io::Error::from),
            };
            self.note(result);
        }
        Ok(unlinkat(self.trash, name, AtFlags::REMOVEDIR)?)
    }

    fn note(&mut self, result: io::Result<()>) {
        match result {
            Ok(()) => self.deleted = true,
            // Somebody else was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => drop(self.trouble.get_or_insert(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt as _, symlink},
        path::Path,
        sync::Arc,
        thread,
    };

    use rustix::fs::{CWD, FileType, Mode, OFlags, mkdirat, mknodat, openat};

    use super::*;

    struct Stage {
        home: tempfile::TempDir,
        trash: Directory,
    }

    impl Stage {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            fs::create_dir_all(home.path().join("trash/work")).unwrap();
            fs::create_dir(home.path().join("outside")).unwrap();
            fs::write(home.path().join("outside/kept"), "kept").unwrap();
            let trash = Directory::open(&home.path().join("trash")).unwrap();
            Self { home, trash }
        }

        fn path(&self, name: &str) -> std::path::PathBuf {
            self.home.path().join(name)
        }

        fn empty(&self) {
            empty(&self.trash, &AtomicBool::new(false)).unwrap();
            assert_eq!(self.trash.names().unwrap().count(), 0);
            assert_eq!(fs::read_to_string(self.path("outside/kept")).unwrap(), "kept");
            assert_eq!(mode(&self.path("outside")), 0o755, "no link was followed to change its mode");
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn links_pipes_and_closed_directories_go_and_what_they_lead_to_stays() {
        let stage = Stage::new();
        fs::set_permissions(stage.path("outside"), Permissions::from_mode(0o755)).unwrap();
        fs::create_dir_all(stage.path("trash/work/closed/within")).unwrap();
        fs::write(stage.path("trash/work/closed/within/file"), "x").unwrap();
        symlink(stage.path("outside"), stage.path("trash/work/link")).unwrap();
        symlink(stage.path("outside/kept"), stage.path("trash/link")).unwrap();
        symlink(stage.path("outside"), stage.path("trash/work/closed/link")).unwrap();
        mknodat(CWD, stage.path("trash/work/pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        for closed in ["closed/within", "closed", ""] {
            let path = stage.path(&format!("trash/work/{closed}"));
            fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
        }
        stage.empty();
    }

    #[test]
    fn a_tree_of_any_depth_goes() {
        let stage = Stage::new();
        fs::set_permissions(stage.path("outside"), Permissions::from_mode(0o755)).unwrap();
        let mut place =
            openat(CWD, stage.path("trash/work"), OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        // Far deeper than a path may be long, than a process has descriptors, and than a stack is.
        for _ in 0..5_000 {
            mkdirat(&place, "d", Mode::RWXU).unwrap();
            place = openat(&place, "d", OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        }
        stage.empty();
    }

    #[test]
    fn somebody_who_goes_on_swapping_leads_nowhere() {
        let stage = Stage::new();
        fs::set_permissions(stage.path("outside"), Permissions::from_mode(0o755)).unwrap();
        let outside = stage.path("outside");
        for round in 0..200 {
            fs::create_dir_all(stage.path("trash/work/a/b")).unwrap();
            let work = stage.path("trash/work");
            let is_over = Arc::new(AtomicBool::new(false));
            let swaps = {
                let (is_over, outside) = (Arc::clone(&is_over), outside.clone());
                thread::spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        // Each fails once the directory is gone.
                        fs::rename(work.join("a"), work.join("c")).ok();
                        symlink(&outside, work.join("a")).ok();
                        fs::remove_file(work.join("a")).ok();
                        fs::rename(work.join("c"), work.join("a")).ok();
                    }
                })
            };
            empty(&stage.trash, &AtomicBool::new(false)).ok();
            is_over.store(true, Ordering::Relaxed);
            swaps.join().unwrap();
            stage.empty();
            assert_eq!(fs::read_dir(&outside).unwrap().count(), 1, "round {round}");
        }
    }

    #[test]
    fn it_stops_when_it_is_told_to() {
        let stage = Stage::new();
        empty(&stage.trash, &AtomicBool::new(true)).unwrap();
        assert!(stage.path("trash/work").exists());
    }
}
