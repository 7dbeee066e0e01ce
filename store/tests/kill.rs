//! `kill -9` in the middle: what was acknowledged is there, and the store opens.
//!
//! The victim is this test binary itself. `HERO_STORE_KILLS` sets another number of rounds.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]
#![expect(clippy::disallowed_methods, reason = "the process that is killed is started here")]

mod common;

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use common::*;
use hero_store::*;

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

#[test]
fn nothing_acknowledged_is_missing_after_a_kill() {
    let rounds = std::env::var("HERO_STORE_KILLS").map_or(20, |text| text.parse().unwrap());
    let seed = RandomState::new().hash_one(0);
    println!("seed {seed}");
    let home = Home::new();
    let mut acknowledged: BTreeMap<u32, u64> = BTreeMap::new();
    for round in 0..rounds {
        let mut child = start(&home.path());
        let lines = BufReader::new(child.stdout.take().unwrap()).split(b'\n');
        let mut left = 1 + draw(seed, round, 200);
        for line in lines {
            let line = String::from_utf8(line.unwrap()).unwrap();
            // The last line may be cut off; what is read is then a smaller number, acknowledged before.
            let Some((number, seq)) = line.strip_prefix("ack ").and_then(|rest| rest.split_once(' ')) else {
                continue;
            };
            let (Ok(number), Ok(seq)) = (number.parse::<u32>(), seq.parse::<u64>()) else { continue };
            let newest = acknowledged.entry(number).or_default();
            *newest = seq.max(*newest);
            // After the kill the pipe is read to its end.
            left = left.saturating_sub(1);
            if left == 0 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();

        let tables = home.open();
        for (number, seq) in &mut acknowledged {
            let records = tables.records(&play_sid(*number)).unwrap();
            let seqs: Vec<u64> = records.iter().map(|record| record.seq).collect();
            assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "round {round}, play {number}");
            assert!(seqs.len() as u64 >= *seq, "round {round}, play {number}: {} of {seq}", seqs.len());
            *seq = seqs.len() as u64;
            // The group is whole: its one span stands where the newest record does.
            assert_eq!(
                tables.changes_after(&play_sid(*number), 0, 10).unwrap(),
                [Change::Span(span(1, *seq))]
            );
        }
        tables.close_blocking().unwrap();
    }
    assert_eq!(acknowledged.len() as u32, TASKS);
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
