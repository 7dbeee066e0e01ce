//! Secrets: where their values are, and how everything else is kept without them.
//!
//! `vault` and `files` touch the disk; the rest is pure. Nothing here knows actors.

mod files;
mod forms;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod joined;
mod json;
mod mark;
mod numbers;
mod redactor;
mod salt;
mod schema;
mod screen;
#[cfg(test)]
mod tests;
mod vault;

use std::collections::BTreeSet;

use hero_sdk::{Json, SecretName};

pub(crate) use files::{clean, is_rewritten, large_value};
pub(crate) use redactor::{Changed, Redactor};
#[cfg(test)]
pub(crate) use salt::Salt;
pub(crate) use screen::{InPath, Screen};
pub(crate) use vault::Vault;

/// The first secret for whose value a mark stands in kept JSON.
pub(crate) fn marked(kept: &str) -> Option<&str> {
    let mut beginnings = kept.match_indices(mark::BEGINNING);
    beginnings.find_map(|(at, _)| Some(mark::Mark::parse(kept.get(at..)?)?.0.name))
}

/// Whether these bytes are a text in which such a mark stands.
pub(crate) fn is_marked_text(kept: &[u8]) -> bool {
    std::str::from_utf8(kept).is_ok_and(|text| marked(text).is_some())
}

/// The secrets that a version declares, by its options.
pub(crate) fn declared(options: &Json) -> BTreeSet<SecretName> {
    #[derive(Default, serde::Deserialize)]
    struct Options {
        #[serde(default)]
        secrets: Option<BTreeSet<SecretName>>,
    }
    options.to::<Options>().unwrap_or_default().secrets.unwrap_or_default()
}
