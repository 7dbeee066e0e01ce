//! What a play's processes hold that has no name: shared memory, and files that are deleted and still open or mapped.

use std::{collections::HashMap, fs, os::unix::fs::MetadataExt as _, path::Path, sync::LazyLock};

use rustix::fs::{MemfdFlags, fstat, makedev, memfd_create};

use super::{
    disk::block_bytes,
    usage::{Space, threads},
};

/// How `maps` marks what has no name any more.
const DELETED: &str = " (deleted)";

/// Bytes of each thing, once, by its number on its file system.
#[derive(Debug, Default)]
pub(super) struct Held {
    memory: HashMap<u64, u64>,
    files: HashMap<u64, u64>,
}

impl Held {
    /// What these processes hold; of files those of the file system that this directory is on.
    pub(super) fn of(processes: &[u32], home: Option<&Path>) -> Self {
        let mut held = Self::default();
        // As `maps` names it, without links.
        let home = home.and_then(|home| home.canonicalize().ok());
        let device = home.as_ref().and_then(|home| Some(home.metadata().ok()?.dev()));
        for pid in processes {
            if let Some(device) = device {
                // Threads may have descriptors of their own.
                threads(*pid).for_each(|thread| held.add_open(&thread, device));
            }
            if let Some(space) = Space::of(*pid) {
                held.add_mapped(&space.place, home.as_deref());
            }
        }
        held
    }

    /// Bytes of shared memory.
    pub(super) fn memory(&self) -> u64 {
        self.memory.values().sum()
    }

    /// Bytes on disk.
    pub(super) fn files(&self) -> u64 {
        self.files.values().sum()
    }

    /// Whether the file of this number is among them.
    pub(super) fn has_file(&self, inode: u64) -> bool {
        self.files.contains_key(&inode)
    }

    fn add_open(&mut self, thread: &Path, device: u64) {
        let Ok(descriptors) = fs::read_dir(thread.join("fd")) else { return };
        for descriptor in descriptors.flatten() {
            let Ok(stat) = fs::metadata(descriptor.path()) else { continue };
            if stat.is_file() && stat.nlink() == 0 && stat.dev() == device {
                self.files.insert(stat.ino(), block_bytes(stat.blocks()));
            }
        }
    }

    /// Adds what is mapped there: shared memory, and deleted files that were beneath `home`, if any are looked for.
    ///
    /// Shared memory counts by its size: what is written once stays, whoever has put it aside. Only root is told how
    /// much is behind a mapping; others know no more than how far it reaches.
    pub(super) fn add_mapped(&mut self, place: &Path, home: Option<&Path>) {
        let maps = fs::read(place.join("maps")).unwrap_or_default();
        for line in String::from_utf8_lossy(&maps).lines() {
            let Some(mapping) = Mapping::parse(line) else { continue };
            let is_memory = Some(mapping.device) == *SHARED_MEMORY;
            let is_deleted = || mapping.name.ends_with(DELETED);
            if !is_memory
                && !home.is_some_and(|home| is_deleted() && Path::new(mapping.name).starts_with(home))
            {
                continue;
            }
            let stat = fs::metadata(place.join("map_files").join(mapping.addresses));
            let blocks = stat.ok().map(|stat| block_bytes(stat.blocks()));
            let (kind, bytes) = if is_memory {
                (&mut self.memory, mapping.reach.max(blocks.unwrap_or(0)))
            } else {
                (&mut self.files, blocks.unwrap_or(mapping.reach))
            };
            let known = kind.entry(mapping.inode).or_default();
            *known = bytes.max(*known);
        }
    }
}

/// The kernel's own file system for memory that processes share. The name of a mapping says nothing: a process may give
/// it any.
static SHARED_MEMORY: LazyLock<Option<u64>> =
    LazyLock::new(|| Some(fstat(memfd_create("", MemfdFlags::CLOEXEC).ok()?).ok()?.st_dev));

/// A line of `maps`.
struct Mapping<'a> {
    addresses: &'a str,
    /// Bytes from the begin of the file to the end of the mapping.
    reach: u64,
    device: u64,
    inode: u64,
    name: &'a str,
}

impl<'a> Mapping<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut words = line.splitn(6, ' ');
        let (addresses, _rights, offset) = (words.next()?, words.next()?, words.next()?);
        let (device, inode) = (words.next()?, words.next()?.parse().ok()?);
        let number = |digits| u64::from_str_radix(digits, 16).ok();
        let (begin, end) = addresses.split_once('-')?;
        let reach = (number(end)? - number(begin)?).saturating_add(number(offset)?);
        let (major, minor) = device.split_once(':')?;
        let device = makedev(u32::from_str_radix(major, 16).ok()?, u32::from_str_radix(minor, 16).ok()?);
        Some(Self { addresses, reach, device, inode, name: words.next().unwrap_or_default().trim_start() })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::subject::Subject, *};

    const MEBI: u64 = 1 << 20;
    const WRITE: &str = "
file = os.open('large', os.O_CREAT | os.O_RDWR)
os.write(file, bytes(2 << 20))
";

    /// Bytes of files that a process holds of the directory in which it runs this.
    #[track_caller]
    fn held(source: &str) -> u64 {
        let home = tempfile::tempdir().unwrap();
        let subject = Subject::run(&format!("os.chdir({:?})\n{source}", home.path()));
        Held::of(&[subject.pid()], Some(home.path())).files()
    }

    #[test]
    fn files_count_that_have_no_name_once_and_by_their_blocks() {
        assert_eq!(held(WRITE), 0, "it has a name");
        for more in [
            "",
            "other = os.dup(file)",
            "libc.mmap(None, 2 << 20, 1, 1, file, 0)",
            "libc.mmap(None, 2 << 20, 1, 1, file, 0)\nos.close(file)",
            "os.close(os.open('more', os.O_CREAT))",
            "end_first_thread()",
        ] {
            assert_eq!(held(&format!("{WRITE}os.unlink('large')\n{more}")), 2 * MEBI, "{more}");
        }
        let unnamed = "file = os.open('.', os.O_TMPFILE | os.O_RDWR)\nos.write(file, bytes(2 << 20))";
        assert_eq!(held(unnamed), 2 * MEBI);
        let beyond = "os.unlink('large')\nlibc.fallocate(file, 1, ctypes.c_long(0), ctypes.c_long(4 << 20))";
        assert_eq!(held(&format!("{WRITE}{beyond}")), 4 * MEBI);
    }

    /// What is left of a mapping says little of what is behind it; who may look there is told.
    #[test]
    fn memory_counts_that_is_not_mapped_any_more() {
        let source = "
libc.mmap.restype = ctypes.c_void_p
place = libc.mmap(None, 4 << 20, 3, 0x21, -1, ctypes.c_long(0))
ctypes.memset(place, 1, 4 << 20)
libc.munmap(ctypes.c_void_p(place + 4096), ctypes.c_long((4 << 20) - 4096))
";
        let subject = Subject::run(source);
        let own = fs::read_dir("/proc/self/map_files").unwrap().flatten().next().unwrap();
        let is_told = fs::metadata(own.path()).is_ok();
        let expected = if is_told { 4 * MEBI } else { 4096 };
        assert_eq!(Held::of(&[subject.pid()], None).memory(), expected);
    }

    #[test]
    fn a_mapping_is_read_whatever_its_name_is() {
        let line = "7fe32325a000-7fe32335a000 rw-s 00100000 fd:01 28692                      /a b (deleted)";
        let mapping = Mapping::parse(line).unwrap();
        assert_eq!((mapping.addresses, mapping.reach), ("7fe32325a000-7fe32335a000", 2 << 20));
        assert_eq!(
            (mapping.device, mapping.inode, mapping.name),
            (makedev(0xfd, 1), 28692, "/a b (deleted)")
        );
        assert_eq!(Mapping::parse("7ffc0000-7ffd0000 rw-p 00000000 00:00 0 ").unwrap().name, "");
        assert!(Mapping::parse("no mapping").is_none());
    }
}
