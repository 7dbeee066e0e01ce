//! Rows of each format version, byte for byte. The fixtures stay for ever: later versions must read them.
//!
//! Should the newest version itself be wrong before its first release, `HERO_STORE_WRITE_GOLDEN=1` writes it anew.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod common;

use std::{path::Path, sync::Arc};

use common::{memory::Memory, *};
use hero_sdk::model::*;
use hero_store::*;

fn rows() -> Batch {
    let mut batch = Batch::new();
    batch.put_play(&play(1, Status::Running));
    batch.put_play(&play(2, Status::Failed));
    for record in records() {
        batch.put_record(&play_sid(1), &record);
    }
    batch.put_span(&play_sid(1), &span(1, 1), None);
    batch.put_log(&play_sid(1), &log(2));
    batch.put_resume(&resume(1, 1, ResumeStatus::Open));
    batch.put_resume(&resume(2, 1, ResumeStatus::Answered));
    batch.put_version(&version(1, Some((1, 1)), "d1"));
    batch.put_workflow(&workflow(1, "hello"));
    batch.put_example(&example(1, "world"));
    batch.put_artifact(&artifact(1, "out.csv", "ab"), None);
    batch
}

fn check_reads(tables: &Tables, play: fn(u32, Status) -> PlayRow, artifacts: &[Artifact]) {
    assert_eq!(tables.play(&play_sid(1)).unwrap(), Some(play(1, Status::Running)));
    assert_eq!(tables.play(&play_sid(2)).unwrap(), Some(play(2, Status::Failed)));
    assert_eq!(tables.plays_unfinished().unwrap(), [play(1, Status::Running)]);
    assert_eq!(tables.play_by_idempotency_key("key 2").unwrap(), Some(play_sid(2)));
    assert_eq!(tables.records(&play_sid(1)).unwrap(), records());
    assert_eq!(
        tables.changes_after(&play_sid(1), 0, 9).unwrap(),
        [Change::Span(span(1, 1)), Change::Log(log(2))]
    );
    let open = resume(1, 1, ResumeStatus::Open);
    assert_eq!(
        tables.resumes_of(&play_sid(1)).unwrap(),
        [open.clone(), resume(2, 1, ResumeStatus::Answered)]
    );
    assert_eq!(tables.resumes_open().unwrap(), [open]);
    let version = version(1, Some((1, 1)), "d1");
    assert_eq!(tables.version_by_digest("d1").unwrap().as_ref(), Some(&version));
    assert_eq!(tables.workflow_version(&workflow_sid(1), 1).unwrap(), Some(version));
    assert_eq!(tables.workflow_by_name("hello").unwrap(), Some(workflow(1, "hello")));
    assert_eq!(tables.examples(&workflow_sid(1)).unwrap(), [example(1, "world")]);
    assert_eq!(tables.artifacts(&play_sid(1)).unwrap(), artifacts);
    assert_eq!(tables.is_content_in_use(&"ab".repeat(32)).unwrap(), !artifacts.is_empty());
}

/// Table name, key and value, each behind its length in four big-endian bytes.
fn dump(memory: &Memory) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (table, key, value) in memory.rows() {
        for part in [table.name().as_bytes(), &key, &value] {
            bytes.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(part);
        }
    }
    bytes
}

fn put(memory: &Memory, table: Table, key: Vec<u8>, value: Vec<u8>) {
    memory.write(&[Write { table, key, value: Some(value) }], Durability::Buffered).unwrap();
}

fn load(mut bytes: &[u8]) -> Memory {
    let mut part = || {
        let (length, rest) = bytes.split_first_chunk()?;
        let (part, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        bytes = rest;
        Some(part.to_vec())
    };
    let memory = Memory::default();
    while let Some(name) = part() {
        let table = Table::ALL.into_iter().find(|table| table.name().as_bytes() == name).unwrap();
        let (key, value) = (part().unwrap(), part().unwrap());
        put(&memory, table, key, value);
    }
    memory
}

fn golden(version: u32) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/version_{version}.bin"))
}

#[test]
fn rows_of_version_1_are_read() {
    // Nor were there artifacts.
    let before_sandboxes = |number, status| {
        let mut row = before_deadlines(number, status);
        row.play.sandbox = None;
        row
    };
    check_reads(&Tables::over(Arc::new(load(&std::fs::read(golden(1)).unwrap()))), before_sandboxes, &[]);
}

#[test]
fn rows_of_version_2_are_read() {
    let artifacts = [artifact(1, "out.csv", "ab")];
    let tables = Tables::over(Arc::new(load(&std::fs::read(golden(2)).unwrap())));
    check_reads(&tables, before_deadlines, &artifacts);
}

/// Nor had they priorities.
fn before_deadlines(number: u32, status: Status) -> PlayRow {
    let mut row = before_marks(number, status);
    (row.play.priority, row.play.deadline_at, row.memory.timeout_ms) = (0, None, None);
    row.memory.workflows.clear();
    row
}

#[test]
fn rows_of_version_3_are_read() {
    let artifacts = [artifact(1, "out.csv", "ab")];
    let tables = Tables::over(Arc::new(load(&std::fs::read(golden(3)).unwrap())));
    check_reads(&tables, before_marks, &artifacts);
}

/// Of what was asked for with a key.
fn before_marks(number: u32, status: Status) -> PlayRow {
    let mut row = play(number, status);
    row.memory.asked = None;
    row
}

#[test]
fn rows_of_version_4_are_read_and_written_as_they_always_were() {
    let memory = Arc::new(Memory::default());
    let tables = Tables::over(Arc::clone(&memory) as Arc<dyn Store>);
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(tables.commit(rows())).unwrap();
    let artifacts = [artifact(1, "out.csv", "ab")];
    check_reads(&tables, play, &artifacts);
    let path = golden(4);
    if std::env::var_os("HERO_STORE_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, dump(&memory)).unwrap();
    }
    let golden = std::fs::read(&path).unwrap();
    check_reads(&Tables::over(Arc::new(load(&golden))), play, &artifacts);
    assert!(golden == dump(&memory), "rows are written in another form than before");
}

#[test]
fn a_row_that_is_damaged_newer_or_elsewhere_is_never_data() {
    let source = Arc::new(Memory::default());
    let tables = Tables::over(Arc::clone(&source) as Arc<dyn Store>);
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(tables.commit(rows())).unwrap();
    let rows = source.rows();
    let (_, key, whole) = rows.iter().find(|(table, ..)| *table == Table::Plays).unwrap().clone();
    let read = |bytes: Vec<u8>| {
        put(&source, Table::Plays, key.clone(), bytes);
        tables.play(&play_sid(1))
    };
    for place in 0..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << bit;
            assert!(matches!(read(bytes), Err(Error::Corrupt { .. })), "bit {bit} of byte {place}");
        }
        assert!(matches!(read(whole[..place].to_vec()), Err(Error::Corrupt { .. })), "{place} bytes");
    }
    let other = rows.iter().filter(|(table, ..)| *table == Table::Plays).nth(1).unwrap();
    assert!(matches!(read(other.2.clone()), Err(Error::Corrupt { .. })), "the row of another play");
    assert!(read(whole).unwrap().is_some());
}
