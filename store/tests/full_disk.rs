//! A disk that is full, and then is not. One test, since it limits the whole process.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod common;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use common::*;
use hero_sdk::ErrorCode;
use hero_store::*;
use nix::{
    mount::{MntFlags, MsFlags, mount, umount2},
    sys::{
        resource::{Resource, getrlimit, setrlimit},
        signal::{SigSet, Signal},
    },
};

/// Something that is full until space is made.
trait SmallDisk {
    fn fill(&mut self, store: &Path);
    fn free(&mut self);
}

/// For everybody: no file may grow beyond a size.
struct FileSizeLimit;

impl SmallDisk for FileSizeLimit {
    fn fill(&mut self, store: &Path) {
        let sizes =
            fs::read_dir(store.join("data")).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
        let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
        setrlimit(Resource::RLIMIT_FSIZE, sizes.max().unwrap() + 300_000, hard).unwrap();
    }

    fn free(&mut self) {
        let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
        setrlimit(Resource::RLIMIT_FSIZE, hard, hard).unwrap();
    }
}

/// For who may mount one: a file system of 12 MiB, of which 1 MiB is left.
struct Tmpfs(PathBuf);

impl SmallDisk for Tmpfs {
    fn fill(&mut self, _: &Path) {
        let mut ballast = fs::File::create(self.0.join("ballast")).unwrap();
        while ballast.write_all(&[1; 4096]).is_ok() {}
        let length = ballast.metadata().unwrap().len();
        ballast.set_len(length - (1 << 20)).unwrap();
    }

    fn free(&mut self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        umount2(&self.0, MntFlags::MNT_DETACH).unwrap();
    }
}

fn large(seq: u64) -> Batch {
    let mut batch = Batch::new();
    let text = format!("\"{}\"", "x".repeat(50_000));
    batch.put_record(&play_sid(1), &record(seq, Outcome::Ok(Payload::Inline(json(&text)))));
    batch
}

fn seqs(tables: &Tables) -> Vec<u64> {
    tables.records(&play_sid(1)).unwrap().iter().map(|record| record.seq).collect()
}

/// Commits until the disk is full; the first number that failed.
async fn commit_until_full(tables: &Tables, first: u64) -> u64 {
    for seq in first.. {
        if let Err(error) = tables.commit(large(seq)).await {
            let told = hero_sdk::Error::from(error);
            assert_eq!(told.code, ErrorCode::StorageFull, "{told:?}");
            assert!(told.hint.is_some());
            return seq;
        }
    }
    unreachable!("no disk takes that much")
}

async fn check(disk: &mut dyn SmallDisk, path: &Path) {
    open(path).unwrap().close().await.unwrap();
    let tables = open(path).unwrap();
    let mut expected = Vec::new();
    let mut next = 1;
    for _ in 0..2 {
        disk.fill(path);
        let failed = commit_until_full(&tables, next).await;
        expected.extend(next..failed);
        // Reads work, the failed write is not among them, and the next one fails with the same word.
        assert_eq!(seqs(&tables), expected);
        assert_eq!(commit_until_full(&tables, failed + 1).await, failed + 1);
        assert_eq!(seqs(&tables), expected);
        // It is known, and tried again without a change to write.
        let code = |error: Option<Error>| error.map(|error| hero_sdk::Error::from(error).code);
        assert_eq!(code(tables.trouble()), Some(ErrorCode::StorageFull));
        assert_eq!(code(tables.commit(Batch::new()).await.err()), Some(ErrorCode::StorageFull));

        disk.free();
        tables.commit(Batch::new()).await.unwrap();
        assert_eq!(code(tables.trouble()), None);
        tables.commit(large(failed + 2)).await.unwrap();
        tables.commit(large(failed + 3)).await.unwrap();
        expected.extend([failed + 2, failed + 3]);
        assert_eq!(seqs(&tables), expected);
        next = failed + 4;
    }
    tables.close().await.unwrap();
    let tables = open(path).unwrap();
    assert_eq!(seqs(&tables), expected);
    tables.commit(large(next)).await.unwrap();
    tables.close().await.unwrap();
}

#[test]
fn a_full_disk_fails_writes_and_not_reads_and_recovers_by_itself() {
    let run = |disk: &mut dyn SmallDisk, path: &Path| {
        // A runtime without threads: none but the store's own are limited.
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(check(disk, path));
    };
    let home = Home::new();
    // The store's threads inherit the mask; what is left of a blocked SIGXFSZ is the error EFBIG.
    SigSet::from_iter([Signal::SIGXFSZ]).thread_block().unwrap();
    run(&mut FileSizeLimit, &home.path());
    let place = tempfile::tempdir().unwrap();
    if mount(Some("tmpfs"), place.path(), Some("tmpfs"), MsFlags::empty(), Some("size=12m")).is_ok() {
        run(&mut Tmpfs(place.path().to_owned()), &place.path().join("store"));
    }
}
