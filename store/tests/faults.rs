//! What the store does with a lock, a version, a directory or bytes that are not as they should be.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of tests fails as a test does")]
#![expect(clippy::disallowed_methods, reason = "another process holds the lock")]

mod common;

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use common::*;
use hero_sdk::{
    ErrorCode,
    model::{Status, Workflow},
};
use hero_store::*;

const DIRECTORY: &str = "HERO_STORE_HOLDER";

/// Not a test of its own: the process that holds the lock until its input ends.
#[test]
fn holder() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let tables = open(Path::new(&directory)).unwrap();
    println!("\nopen");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    tables.close_blocking().unwrap();
}

#[test]
fn a_second_opener_is_told_who_holds_the_lock_and_gets_it_afterwards() {
    let home = Home::new();
    for killed in [false, true] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "holder", "--nocapture"])
            .env(DIRECTORY, home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "open"));

        let Err(error) = open(&home.path()) else { panic!("two hold the store") };
        assert!(matches!(error, Error::Locked { pid } if pid == Some(child.id())), "{error:?}");
        let told = hero_sdk::Error::from(error);
        assert_eq!(told.code, ErrorCode::StoreLocked);
        assert_eq!(told.message, format!("failed to lock the store: process {} holds it", child.id()));

        let path = home.path();
        let patient = std::thread::spawn(move || {
            Tables::open(&path, OpenOptions { lock_wait: Duration::from_secs(60) })
        });
        if killed {
            child.kill().unwrap();
        } else {
            drop(child.stdin.take());
        }
        let tables = patient.join().unwrap().unwrap();
        child.wait().unwrap();
        tables.close_blocking().unwrap();
    }
}

/// A store of a few groups, closed, whose journal ends where its rows end.
fn store() -> (Home, Vec<Record>) {
    let home = Home::new();
    home.open().close_blocking().unwrap();
    let tables = home.open();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut batch = Batch::new();
    batch.put_play(&play(1, Status::Running));
    batch.put_workflow(&workflow(1, "hello"));
    runtime.block_on(tables.commit(batch)).unwrap();
    for record in records() {
        let mut batch = Batch::new();
        batch.put_record(&play_sid(1), &record);
        runtime.block_on(tables.commit(batch)).unwrap();
    }
    tables.close_blocking().unwrap();
    (home, records())
}

/// Every file below a directory, with its bytes.
fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}

fn restore(directory: &Path, files: &[(PathBuf, Vec<u8>)]) {
    fs::remove_dir_all(directory).unwrap();
    for (path, bytes) in files {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn journal(directory: &Path) -> PathBuf {
    let data = fs::read_dir(directory.join("data")).unwrap();
    data.map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "jnl"))
        .unwrap()
}

#[test]
fn a_newer_store_is_refused_and_unchanged() {
    let (home, _) = store();
    fs::write(home.path().join("format"), "hero_store 2\n").unwrap();
    let before = files(&home.path());
    let Err(error) = open(&home.path()) else { panic!("a newer store was opened") };
    assert!(matches!(error, Error::Newer { found: 2, supported: 1 }), "{error:?}");
    assert_eq!(hero_sdk::Error::from(error).code, ErrorCode::StoreNewer);
    assert_eq!(files(&home.path()), before);
}

#[test]
fn a_directory_that_is_not_a_store_is_refused() {
    for format in
        ["", "hero_store", "hero_store x", "hero_store 0", "hello", "hero_store 99999999999999999999"]
    {
        let (home, _) = store();
        fs::write(home.path().join("format"), format).unwrap();
        assert!(matches!(open(&home.path()), Err(Error::Corrupt { .. })), "{format:?}");
    }
    let (home, _) = store();
    fs::remove_file(home.path().join("format")).unwrap();
    assert!(matches!(open(&home.path()), Err(Error::Corrupt { .. })));
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(open(file.path()), Err(Error::Io { .. })));
}

/// As root a directory's mode forbids nothing, so root mounts one that is read-only; or, where he may not, takes one
/// in which nobody makes a file.
#[test]
fn a_read_only_directory_is_refused_in_a_line() {
    use nix::mount::{MsFlags, mount, umount};
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("store");
    let nothing = None::<&str>;
    let mounted =
        mount(Some("tmpfs"), parent.path(), Some("tmpfs"), MsFlags::empty(), Some("size=32m")).is_ok();
    open(&path).unwrap().close_blocking().unwrap();
    let result = if mounted {
        mount(nothing, parent.path(), nothing, MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY, nothing).unwrap();
        let result = open(&path);
        umount(parent.path()).unwrap();
        result
    } else if nix::unistd::geteuid().is_root() {
        open(Path::new("/sys/hero_store"))
    } else {
        fs::set_permissions(path.join("lock"), fs::Permissions::from_mode(0o400)).unwrap();
        open(&path)
    };
    let Err(error) = result else { panic!("a read-only store was opened") };
    assert!(matches!(error, Error::ReadOnly { .. }), "{error:?}");
    let told = hero_sdk::Error::from(error);
    assert_eq!(told.code, ErrorCode::StorageFailed);
    assert!(told.message.contains("is read-only") && told.hint.is_some(), "{told:?}");
}

/// Every end that the last group can have after a loss of power: it is gone as a whole, and nothing else is. The same
/// end, where the group was acknowledged, is damage.
#[test]
fn a_torn_journal_loses_only_the_group_that_was_not_acknowledged() {
    let (home, records) = store();
    let journal = journal(&home.path());
    let watermark = home.path().join("watermark");
    let (old_length, old_watermark) = (fs::metadata(&journal).unwrap().len(), fs::read(&watermark).unwrap());
    let tables = home.open();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut batch = Batch::new();
    batch.delete_record(&play_sid(1), &records[0].path);
    runtime.block_on(tables.commit(batch)).unwrap();
    tables.close_blocking().unwrap();
    let whole = files(&home.path());
    let new_length = fs::metadata(&journal).unwrap().len();
    assert!(new_length > old_length);

    for length in old_length..=new_length {
        restore(&home.path(), &whole);
        fs::write(&watermark, &old_watermark).unwrap();
        fs::File::options().write(true).open(&journal).unwrap().set_len(length).unwrap();
        let tables = home.open();
        let expected = if length == new_length { &records[1..] } else { &records[..] };
        assert_eq!(tables.records(&play_sid(1)).unwrap(), expected, "{length} of {new_length}");
        assert!(tables.play(&play_sid(1)).unwrap().is_some());
        tables.close_blocking().unwrap();
    }
    for length in [old_length, new_length - 1] {
        restore(&home.path(), &whole);
        fs::File::options().write(true).open(&journal).unwrap().set_len(length).unwrap();
        for _ in 0..2 {
            let Err(error) = open(&home.path()) else { panic!("an acknowledged group is missing") };
            assert_eq!(hero_sdk::Error::from(error).code, ErrorCode::StoreCorrupt);
        }
    }
}

type Everything = (Vec<PlayRow>, Vec<Record>);

/// Everything that can be read.
fn read_all(tables: &Tables) -> Result<(Everything, Option<Workflow>), Error> {
    let mut plays = tables.plays_unfinished()?;
    plays.extend(tables.play(&play_sid(1))?);
    Ok(((plays, tables.records(&play_sid(1))?), tables.workflow_by_name("hello")?))
}

/// Flips in each file; `HERO_STORE_FLIPS` sets another number.
fn flip_everywhere(home: &Home, flips_per_file: usize) {
    let flips_per_file =
        std::env::var("HERO_STORE_FLIPS").map_or(flips_per_file, |text| text.parse().unwrap());
    let seed = RandomState::new().hash_one(0);
    println!("seed {seed}");
    let tables = home.open();
    let expected = read_all(&tables).unwrap();
    tables.close_blocking().unwrap();
    let whole = files(&home.path());
    let (mut refused, mut harmless) = (0, 0);
    for (number, (path, bytes)) in whole.iter().enumerate() {
        for round in 0..flips_per_file.min(bytes.len()) {
            let random =
                seed.wrapping_add((number * 10_007 + round) as u64).wrapping_mul(6_364_136_223_846_793_005);
            let place =
                if bytes.len() <= flips_per_file { round } else { (random >> 20) as usize % bytes.len() };
            let mut damaged = bytes.clone();
            damaged[place] ^= 1 << (random >> 61);
            restore(&home.path(), &whole);
            fs::write(path, damaged).unwrap();
            let result = open(&home.path()).and_then(|tables| {
                let result = read_all(&tables);
                // A damaged file may keep it from closing well, which is an error and no more.
                tables.close_blocking().and(result)
            });
            match result {
                Ok(found) => {
                    assert_eq!(found, expected, "byte {place} of {}", path.display());
                    harmless += 1;
                }
                Err(error) => {
                    let code = hero_sdk::Error::from(error.clone()).code;
                    let named = [ErrorCode::StoreCorrupt, ErrorCode::StoreNewer, ErrorCode::StorageFailed];
                    assert!(named.contains(&code), "byte {place} of {}: {error:?}", path.display());
                    refused += 1;
                }
            }
        }
    }
    println!("{refused} refused, {harmless} harmless");
    assert!(refused > 0);
}

#[test]
fn a_flipped_bit_is_an_error_or_changes_nothing() {
    let (home, _) = store();
    flip_everywhere(&home, 12);
}

#[test]
fn a_flipped_bit_in_a_table_file_is_an_error_or_changes_nothing() {
    let (home, _) = store();
    // A second journal makes the engine write the rows of the first one to table files, and then delete it.
    let first = journal(&home.path());
    fs::write(first.with_file_name("7.jnl"), "").unwrap();
    let tables = home.open();
    while first.exists() {
        std::thread::yield_now();
    }
    tables.close_blocking().unwrap();
    flip_everywhere(&home, 6);
}
