//! `kill -9` in the middle: what was acknowledged is there, and the store opens.
//!
//! The victim is this test binary itself. `HERO_STORE_KILLS` sets another number of rounds.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]
#![expect(clippy::disallowed_methods, reason = "the process that is killed is started here")]

mod common;

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use common::*;
use hero_store::*;
use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
};

const DIRECTORY: &str = "HERO_STORE_VICTIM";
const TASKS: u32 = 6;

/// Not a test of its own: the process that the others kill. It tells what was acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn victim() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let tables = open(Path::new(&directory)).unwrap();
    let tasks: Vec<_> = (0..TASKS)
        .map(|number| {
            let tables = tables.clone();
            tokio::spawn(async move {
                let next = tables.records(&play_sid(number)).unwrap().len() as u64 + 1;
                for seq in next.. {
                    let mut batch = Batch::new();
                    let value = json(&format!("\"{}\"", "v".repeat((seq as usize * 37) % 3_000)));
                    batch.put_record(&play_sid(number), &record(seq, Outcome::Ok(Payload::Inline(value))));
                    batch.put_span(&play_sid(number), &span(1, seq), seq.checked_sub(1));
                    let (reply, answer) = tokio::sync::oneshot::channel();
                    // Without a sync it survives the death of the process all the same.
                    let durability = if seq % 3 == 0 { Durability::Buffered } else { Durability::Synced };
                    tables.submit(batch, durability, |result| drop(reply.send(result))).await.unwrap();
                    answer.await.unwrap().unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "\nack {number} {seq}").unwrap();
                    out.flush().unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

fn start(directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A number below `limit`, from the seed and the round.
fn draw(seed: u64, round: u64, limit: u64) -> u64 {
    seed.wrapping_add(round).wrapping_mul(6_364_136_223_846_793_005).rotate_left(29) % limit
}

/// Reads what is acknowledged until the pipe ends, and calls `stop` on the way, after some lines.
fn follow(
    child: &mut Child,
    lines: u64,
    acknowledged: &mut BTreeMap<u32, u64>,
    stop: impl FnOnce(&mut Child, &mut BTreeMap<u32, u64>),
) {
    let mut stop = Some(stop);
    let mut left = lines;
    for line in BufReader::new(child.stdout.take().unwrap()).split(b'\n') {
        let line = String::from_utf8(line.unwrap()).unwrap();
        // The last line may be cut off; what is read is then a smaller number, acknowledged before.
        let Some((number, seq)) = line.strip_prefix("ack ").and_then(|rest| rest.split_once(' ')) else {
            continue;
        };
        let (Ok(number), Ok(seq)) = (number.parse::<u32>(), seq.parse::<u64>()) else { continue };
        let newest = acknowledged.entry(number).or_default();
        *newest = seq.max(*newest);
        left = left.saturating_sub(1);
        if let Some(stop) = stop.take_if(|_| left == 0) {
            stop(child, acknowledged);
        }
    }
    child.wait().unwrap();
}

/// Every record up to the acknowledged one is there, and each group is whole.
fn check(path: &Path, acknowledged: &mut BTreeMap<u32, u64>) {
    let tables = open(path).unwrap();
    for (number, seq) in acknowledged {
        let records = tables.records(&play_sid(*number)).unwrap();
        let seqs: Vec<u64> = records.iter().map(|record| record.seq).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "play {number}");
        assert!(seqs.len() as u64 >= *seq, "play {number}: {} of {seq}", seqs.len());
        *seq = seqs.len() as u64;
        // The group is whole: its one span stands where the newest record does.
        assert_eq!(tables.changes_after(&play_sid(*number), 0, 10).unwrap(), [Change::Span(span(1, *seq))]);
    }
    tables.close_blocking().unwrap();
}

#[test]
fn nothing_acknowledged_is_missing_after_a_kill() {
    let rounds = std::env::var("HERO_STORE_KILLS").map_or(20, |text| text.parse().unwrap());
    let seed = RandomState::new().hash_one(0);
    println!("seed {seed}");
    let home = Home::new();
    let mut acknowledged = BTreeMap::new();
    for round in 0..rounds {
        let mut child = start(&home.path());
        follow(&mut child, 1 + draw(seed, round, 200), &mut acknowledged, |child, _| child.kill().unwrap());
        check(&home.path(), &mut acknowledged);
    }
    assert_eq!(acknowledged.len() as u32, TASKS);
}

/// A file system that loses its power: from then on every write fails, and what was not synced is gone.
struct PowerCut {
    image: tempfile::NamedTempFile,
    place: tempfile::TempDir,
}

impl PowerCut {
    /// None where file systems cannot be made and mounted; there the test cuts nothing but the process.
    fn new() -> Option<Self> {
        // Seen by this thread and its children only: a namespace that another test makes meanwhile would keep a copy,
        // and the kernel would mount the file system without power again.
        unshare(CloneFlags::CLONE_NEWNS).ok()?;
        mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>).ok()?;
        let disk =
            Self { image: tempfile::NamedTempFile::new().unwrap(), place: tempfile::tempdir().unwrap() };
        disk.image.as_file().set_len(256 << 20).unwrap();
        let made = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(disk.image.path()).status();
        (made.is_ok_and(|status| status.success()) && disk.mount()).then_some(disk)
    }

    fn mount(&self) -> bool {
        let mut command = Command::new("mount");
        command.args(["-o", "loop"]).arg(self.image.path()).arg(self.place.path());
        command.status().is_ok_and(|status| status.success())
    }

    fn unmount(&self) {
        run("umount", [self.place.path().as_os_str()]);
    }

    /// `EXT4_IOC_SHUTDOWN` without a flush of the file system's own log.
    fn cut(&self) {
        const SCRIPT: &str = "import fcntl, os, struct, sys\n\
            fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 2))";
        run("python3", ["-c".as_ref(), SCRIPT.as_ref(), self.place.path().as_os_str()]);
    }
}

impl Drop for PowerCut {
    fn drop(&mut self) {
        // A failed test must not leave it mounted; after a good one it is not.
        drop(Command::new("umount").arg("-ql").arg(self.place.path()).status());
    }
}

fn run<const N: usize>(program: &str, arguments: [&OsStr; N]) {
    assert!(Command::new(program).args(arguments).status().unwrap().success(), "{program}");
}

#[test]
fn nothing_acknowledged_with_a_sync_is_missing_after_a_loss_of_power() {
    let seed = RandomState::new().hash_one(0);
    println!("seed {seed}");
    let power = PowerCut::new();
    let home = Home::new();
    let path = power.as_ref().map_or(home.path(), |power| power.place.path().join("store"));
    let mut acknowledged = BTreeMap::new();
    for round in 0..std::env::var("HERO_STORE_KILLS").map_or(5, |text| text.parse().unwrap()) {
        let mut child = start(&path);
        let mut before = BTreeMap::new();
        let stop = |child: &mut Child, acknowledged: &mut BTreeMap<u32, u64>| {
            // The file system may still say yes to a sync that is under way while its power goes.
            before = acknowledged.clone();
            match &power {
                // The victim learns of it by its next write, and must not take that for a success.
                Some(power) => power.cut(),
                None => child.kill().unwrap(),
            }
        };
        follow(&mut child, 30 + draw(seed, round, 100), &mut acknowledged, stop);
        println!("round {round}: {before:?} before, {acknowledged:?} at the end");
        acknowledged = before;
        for seq in acknowledged.values_mut() {
            // Every third write is not synced.
            *seq -= u64::from(*seq % 3 == 0);
        }
        if let Some(power) = &power {
            power.unmount();
            assert!(power.mount());
        }
        check(&path, &mut acknowledged);
    }
    if let Some(power) = &power {
        power.unmount();
    }
}

#[test]
fn a_store_whose_making_was_killed_is_made_again() {
    for moment in [
        "format.new",
        "lock",
        "format",
        "data.new",
        "data.new/0.jnl",
        "data.new/version",
        "data.new/keyspaces/3",
        "data",
    ] {
        let home = Home::new();
        let mut child = start(&home.path());
        while !home.path().join(moment).exists() {
            // The last one is there for good; the others may have passed between two looks.
            if home.path().join("data").exists() {
                break;
            }
        }
        kill(&mut child);
        home.open().close_blocking().unwrap_or_else(|error| panic!("killed at {moment}: {error}"));
    }
}
