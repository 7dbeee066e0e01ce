//! How a row becomes bytes: one version byte, bincode, four bytes of checksum. The only file that knows bincode.
//!
//! The checksum covers the row's place too, so a row under another key, or in another table, is damage and not data.
//! It costs some 50 ns; the engine's own checksums end where its cache begins.

use std::sync::Arc;

use serde::Serialize;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::{Error, Table, keys::Key, shapes::Shaped};

/// Version of every row that this build writes. An older one is read by its own arm in [`decode`].
const ROW_VERSION: u8 = 3;
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
    let form = bincode::config::standard();
    let decoded = match version {
        1 => bincode::serde::decode_from_slice::<T::One, _>(payload, form)
            .map(|(row, used)| (row.into(), used)),
        2 => bincode::serde::decode_from_slice::<T::Two, _>(payload, form)
            .map(|(row, used)| (row.into(), used)),
        _ => bincode::serde::decode_from_slice(payload, form),
    };
    let (row, used) = decoded.map_err(|error| {
        let Error::Corrupt { what, .. } = damaged() else { unreachable!("`damaged` makes only this") };
        Error::Corrupt { what, source: Some(Arc::new(error)) }
    })?;
    if used != payload.len() { Err(damaged()) } else { Ok(row) }
}

fn checksum(table: Table, key: &[u8], content: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let place = xxh3_64_with_seed(key, xxh3_64(table.name().as_bytes()));
    let [first, second, third, fourth, ..] = xxh3_64_with_seed(content, place).to_le_bytes();
    [first, second, third, fourth]
}

/// A key for people: ids and names are text, numbers are escaped.
fn printable(key: &[u8]) -> String {
    key.escape_ascii().to_string()
}
