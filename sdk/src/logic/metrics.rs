//! How the runtime fares, in numbers for those who watch over it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Status;

/// Numbers of a runtime. What is counted is counted since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Metrics {
    /// How many plays stand where, of those that have not ended.
    pub plays: Vec<PlayCount>,
    /// How many plays have ended, and how.
    pub plays_ended: Vec<PlayCount>,
    /// How many plays wait for a place.
    pub queued: u32,
    /// From a play's acceptance to its first process, with the time in the queue.
    pub start: Latencies,
    /// From the outcome of a step, as its process told it, to the disk.
    pub commit: Latencies,
    /// Changes of nodes that were written.
    pub spans_written: u64,
    /// Bytes of the store's files.
    pub store_bytes: u64,
    /// What was started anew because it ended by itself, and how often: `launcher`, `registry`, `plays` (all of them),
    /// `play` (the actor of one), `fork_server`, `process` (the process of a play), `gateway`.
    pub restarts: BTreeMap<String, u64>,
}

/// How many plays stand somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlayCount {
    /// Where.
    pub status: Status,
    /// How many.
    pub count: u64,
}

/// How long something took, each time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Latencies {
    /// By length, shortest first. What took longer than the last is only in `count`.
    pub buckets: Vec<Bucket>,
    /// How often.
    pub count: u64,
    /// All together, in milliseconds.
    pub sum_ms: f64,
}

/// How often it took longer than the bucket before, and at most this long.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bucket {
    /// Milliseconds.
    pub up_to_ms: f64,
    /// How often.
    pub count: u64,
}
