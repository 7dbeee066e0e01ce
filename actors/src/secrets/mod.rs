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

/// The secrets that a version declares, by its options.
pub(crate) fn declared(options: &Json) -> BTreeSet<SecretName> {
    #[derive(Default, serde::Deserialize)]
    struct Options {
        #[serde(default)]
        secrets: Option<BTreeSet<SecretName>>,
    }
    options.to::<Options>().unwrap_or_default().secrets.unwrap_or_default()
}
