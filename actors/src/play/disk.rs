//! What a play's directory takes of the disk.

use std::{ffi::OsString, io, path::Path};

use rustix::fs::{FileType, Stat};

use super::held::Held;
use crate::beneath::Directory;

/// Directories that lie in one another. Whoever nests deeper hides what is there.
pub(super) const DEPTH_MAX: usize = 128;
/// What each name takes at least, whatever is behind it: an empty file costs its place in a directory and an inode.
const NAME_BYTES: u64 = 4096;

/// Bytes on disk of everything beneath a directory, without following a link, and of what else its play holds; or more
/// than `enough` as soon as it is known to be that; none where it is nested too deeply.
pub(super) fn disk(path: &Path, held: &Held, enough: u64) -> io::Result<Option<u64>> {
    let mut bytes = held.files();
    let root = Directory::open(path)?;
    let names = names(&root);
    let mut open = vec![(root, names)];
    while bytes <= enough {
        let depth = open.len();
        let Some((directory, names)) = open.last_mut() else { break };
        let Some(name) = names.next() else {
            open.pop();
            continue;
        };
        // Whatever is gone, or was changed for something else meanwhile, is looked at the next time.
        let Ok(stat) = directory.stat_of(&name) else { continue };
        // What had no name a moment ago is counted already.
        bytes += if held.has_file(stat.st_ino) { NAME_BYTES } else { bytes_of(&stat) };
        if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
            continue;
        }
        let Ok(inner) = directory.directory(&name) else { continue };
        if depth >= DEPTH_MAX {
            return Ok(None);
        }
        let names = self::names(&inner);
        open.push((inner, names));
    }
    Ok(Some(bytes))
}

/// What is in a directory, read as it is asked for. One that the play has closed to us is opened.
fn names(directory: &Directory) -> impl Iterator<Item = OsString> + use<> {
    let opened = |_| directory.make_passable().and_then(|()| directory.names());
    directory.names().or_else(opened).into_iter().flatten().flatten()
}

fn bytes_of(stat: &Stat) -> u64 {
    block_bytes(stat.st_blocks).max(NAME_BYTES)
}

/// Of 512 bytes, whatever the file system's own are.
pub(super) fn block_bytes(number: impl TryInto<u64>) -> u64 {
    number.try_into().unwrap_or(0) * 512
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn measured(path: &Path, enough: u64) -> Option<u64> {
        disk(path, &Held::default(), enough).unwrap()
    }

    #[test]
    fn a_directory_is_measured_whatever_lies_in_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("large"), vec![1; 3 << 20]).unwrap();
        std::os::unix::fs::symlink("/usr", path.join("away")).unwrap();
        let used = measured(directory.path(), u64::MAX).unwrap();
        assert!((3 << 20..4 << 20).contains(&used), "{used}");
        fs::create_dir_all(directory.path().join("d/".repeat(200))).unwrap();
        assert_eq!(measured(directory.path(), u64::MAX), None);
        assert!(disk(&directory.path().join("none"), &Held::default(), 0).is_err());
    }

    #[test]
    fn a_name_costs_a_block_and_no_more_are_read_than_are_enough() {
        let directory = tempfile::tempdir().unwrap();
        for number in 0..100 {
            fs::write(directory.path().join(number.to_string()), "").unwrap();
        }
        assert_eq!(measured(directory.path(), u64::MAX), Some(100 * NAME_BYTES));
        assert_eq!(measured(directory.path(), 10 * NAME_BYTES), Some(11 * NAME_BYTES));
    }
}
