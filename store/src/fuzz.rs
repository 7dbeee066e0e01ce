//! What must hold of whatever bytes are found in a row. `e2e/fuzz` looks for bytes of which it does not.

use hero_sdk::{
    fuzz::Target,
    model::{Artifact, Example, Measurement, ResumeRequest, Workflow, WorkflowVersion},
};
use serde::Serialize;

use crate::{
    BenchmarkPlan, BenchmarkRow, Change, Error, PlayRow, Record, Table, Tally,
    codec::{checksum, decode, encode},
    keys::Key,
    shapes::Shaped,
};

/// Every target of this crate.
pub const TARGETS: &[Target] = &[("row", row)];

/// A letter for the kind of row, and the row's bytes: as they are, and with the checksum that makes them a row.
fn row(data: &[u8]) {
    let Some((letter, bytes)) = data.split_first() else { return };
    match letter {
        b'a' => of::<PlayRow>(Table::Plays, bytes),
        b'b' => of::<Record>(Table::Records, bytes),
        b'c' => of::<Change>(Table::Changes, bytes),
        b'd' => of::<ResumeRequest>(Table::Resumes, bytes),
        b'e' => of::<Workflow>(Table::Library, bytes),
        b'f' => of::<WorkflowVersion>(Table::Library, bytes),
        b'g' => of::<Example>(Table::Library, bytes),
        b'h' => of::<Artifact>(Table::Artifacts, bytes),
        b'i' => of::<Tally>(Table::Library, bytes),
        b'j' => of::<BenchmarkRow>(Table::Library, bytes),
        b'k' => of::<BenchmarkPlan>(Table::Library, bytes),
        b'l' => of::<Measurement>(Table::Library, bytes),
        _ => {}
    }
}

/// Bytes are an error or a row, and a row is written so that it is read as the same again.
fn of<T: Shaped + Serialize>(table: Table, bytes: &[u8]) {
    let key = Key { table, bytes: b"key".to_vec() };
    let read = |bytes: &[u8]| decode::<T>(table, &key.bytes, bytes);
    let mut whole = bytes.to_vec();
    whole.extend(checksum(table, &key.bytes, bytes));
    match read(&whole) {
        Ok(row) => {
            let written = encode(&key, &row);
            let again = read(&written).expect("a row that was written is read");
            assert_eq!(encode(&key, &again), written);
            let elsewhere = decode::<T>(table, b"elsewhere", &whole);
            assert!(matches!(elsewhere, Err(Error::Corrupt { .. })), "a row stands at its own place only");
        }
        Err(error) => assert!(matches!(error, Error::Corrupt { .. } | Error::Newer { .. }), "{error}"),
    }
    if read(bytes).is_ok() {
        let content = bytes.len().checked_sub(4).and_then(|length| bytes.get(..length)).unwrap_or_default();
        assert!(bytes.ends_with(&checksum(table, &key.bytes, content)), "a row has its checksum");
    }
}
