//! What the methods of the runtime itself take and give.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Secret, SecretName, SecretValue, Timestamp,
    model::{Allowance, SandboxLevel},
};

/// Parameters of `secret_set`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretSet {
    /// By which flows declare it.
    pub name: SecretName,
    /// Its value.
    pub value: SecretValue,
}

/// Parameters of `secret_remove`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfSecret {
    /// By which flows declare it.
    pub name: SecretName,
}

/// The secrets that flows may declare, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Secrets {
    /// Each without its value.
    pub secrets: Vec<Secret>,
}

/// What the runtime is and where it stands.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ServerInfo {
    /// Version of hero_logic.
    pub version: String,
    /// Path of the Python interpreter; empty where a runtime that only looks found none.
    pub python: String,
    /// Its version, such as `3.11.7`.
    pub python_version: String,
    /// The directory of the store.
    pub store: String,
    /// How closely plays are confined.
    pub sandbox_level: SandboxLevel,
    /// By what, as far as it is known yet: from the first process on.
    pub sandbox: Vec<String>,
    /// Layers of the level that this machine does not give, and why.
    pub sandbox_missing: BTreeMap<String, String>,
    /// What a play may do whose flow wishes for nothing.
    pub sandbox_defaults: Allowance,
    /// Plays that have a process now; that of a play that has just ended takes some milliseconds to go.
    pub plays_running: u32,
    /// Plays that wait for a place.
    pub plays_queued: u32,
    /// Why the store takes no changes, where it does not.
    pub trouble: Option<Error>,
    /// The process that answers, where it is a server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<ServerProcess>,
}

/// A process that serves a home.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerProcess {
    /// Its number on its machine.
    pub pid: u32,
    /// When it began to serve.
    pub started_at: Timestamp,
    /// Where it listens: a path, or an address that begins with `http://`.
    pub listening: Vec<String>,
    /// For a server that a command started for itself, and that leaves when nobody needs it: digests of the settings
    /// that it was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<String>,
}
