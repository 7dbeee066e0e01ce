//! How a row becomes bytes: one version byte, bincode, four bytes of checksum. The only file that knows bincode.
//!
//! The checksum covers the row's place too, so a row under another key, or in another table, is damage and not data.
//! It costs some 50 ns; the engine's own checksums end where its cache begins.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::{Error, Table, keys::Key, shapes::Shaped};

/// Version of every row that this build writes. An older one is read by its own arm in [`decode`].
const ROW_VERSION: u8 = 4;
const CHECKSUM_BYTES: usize = 4;

/// The bytes of `row` at `key`.
pub(crate) fn encode<T: Serialize>(key: &Key, row: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    bytes.push(ROW_VERSION);
    bincode::serde::encode_into_std_write(row, &mut bytes, bincode::config::standard())
        .expect("rows are plain structs, which always have a binary form, and memory takes every byte");
    let checksum = checksum(key.table, &key.bytes, &bytes);
    bytes.extend_from_slice(&checksum);
    bytes
}

/// The row in `bytes`, which were found at `key` of `table`.
pub(crate) fn decode<T: Shaped>(table: Table, key: &[u8], bytes: &[u8]) -> Result<T, Error> {
    let damaged = || Error::corrupt(format!("row {} of {}", printable(key), table.name()));
    let split = bytes.len().checked_sub(CHECKSUM_BYTES).ok_or_else(damaged)?;
    let (content, expected) = bytes.split_at_checked(split).ok_or_else(damaged)?;
    if checksum(table, key, content) != expected {
        return Err(damaged());
    }
    let (version, payload) = content.split_first().ok_or_else(damaged)?;
    if *version > ROW_VERSION {
        return Err(Error::Newer { found: u32::from(*version), supported: u32::from(ROW_VERSION) });
    }
    let decoded = match *version {
        1 => parse::<T::One>(payload).map(|(row, used)| (row.into(), used)),
        2 => parse::<T::Two>(payload).map(|(row, used)| (row.into(), used)),
        3 => parse::<T::Three>(payload).map(|(row, used)| (row.into(), used)),
        ROW_VERSION => parse(payload),
        _ => return Err(damaged()),
    };
    let (row, used) = decoded.map_err(|error| {
        let Error::Corrupt { what, .. } = damaged() else { unreachable!("`damaged` makes only this") };
        Error::Corrupt { what, source: Some(Arc::new(error)) }
    })?;
    if used != payload.len() { Err(damaged()) } else { Ok(row) }
}

/// The row, and how many bytes it took. A text is given its room before it is read, so what its length claims is
/// bounded by what is there; numbers claim eight times the bytes that they may have.
fn parse<T: DeserializeOwned>(payload: &[u8]) -> Result<(T, usize), bincode::error::DecodeError> {
    const SMALL: usize = 64 << 10;
    const LARGE: usize = 16 << 20;
    let form = bincode::config::standard();
    match payload.len() {
        0..=SMALL => bincode::serde::decode_from_slice(payload, form.with_limit::<{ 8 * SMALL }>()),
        length if length <= LARGE => {
            bincode::serde::decode_from_slice(payload, form.with_limit::<{ 8 * LARGE }>())
        }
        _ => bincode::serde::decode_from_slice(payload, form.with_limit::<{ 8 * u32::MAX as usize }>()),
    }
}

pub(crate) fn checksum(table: Table, key: &[u8], content: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let place = xxh3_64_with_seed(key, xxh3_64(table.name().as_bytes()));
    let [first, second, third, fourth, ..] = xxh3_64_with_seed(content, place).to_le_bytes();
    [first, second, third, fourth]
}

/// A key for people: ids and names are text, numbers are escaped.
fn printable(key: &[u8]) -> String {
    key.escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use hero_sdk::model::Workflow;

    use super::*;
    use crate::Record;

    /// Bytes with the checksum that makes them a row.
    fn read<T: Shaped>(content: &[u8]) -> Result<T, Error> {
        let sum = checksum(Table::Records, b"key", content);
        decode(Table::Records, b"key", &[content, &sum].concat())
    }

    #[test]
    fn a_length_without_its_bytes_is_damage() {
        // The largest number, as the form of the codec has it.
        let endless = [[ROW_VERSION, 253].as_slice(), &[0xff; 8]].concat();
        let large = [[ROW_VERSION, 253].as_slice(), &(1u64 << 40).to_le_bytes()].concat();
        for content in [endless, large] {
            assert!(matches!(read::<Record>(&content), Err(Error::Corrupt { .. })), "{content:?}");
            assert!(matches!(read::<Workflow>(&content), Err(Error::Corrupt { .. })), "{content:?}");
        }
    }

    #[test]
    fn rows_of_every_size_are_read() {
        for length in [0, 1, 100, 64 << 10, 1 << 20, 20 << 20] {
            let row = Record {
                path: "x".repeat(length),
                kind: "flow".to_owned(),
                fingerprint: String::new(),
                attempt: u32::MAX,
                seq: u64::MAX,
                loop_time: Some(0.25),
                outcome: crate::Outcome::Cancelled,
            };
            let key = Key { table: Table::Records, bytes: b"key".to_vec() };
            assert_eq!(decode::<Record>(key.table, &key.bytes, &encode(&key, &row)).unwrap(), row);
        }
    }

    #[test]
    fn there_never_was_a_version_0() {
        assert!(matches!(read::<Record>(&[0]), Err(Error::Corrupt { .. })));
        assert!(matches!(read::<Record>(&[ROW_VERSION + 1]), Err(Error::Newer { .. })));
    }
}
