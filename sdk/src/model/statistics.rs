//! How a version, or a workflow, has fared so far.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Of the plays that have ended, each as it ended last. Kept as they end, those of benchmarks among them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Statistics {
    /// Plays that have ended.
    pub runs: u64,
    /// Those that gave a result.
    pub succeeded: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that somebody ended.
    pub cancelled: u64,
    /// Those whose replay did not match their record.
    pub diverged: u64,
    /// The share of those that gave a result, of all that nobody ended; 0 to 1.
    pub success_rate: Option<f64>,
    /// The time in which half of those that gave a result did so, waiting not counted; to within 1 %.
    pub latency_p50_ms: Option<f64>,
    /// The same for 95 of 100.
    pub latency_p95_ms: Option<f64>,
    /// What half of those that nobody ended cost at most, in USD; to within 1 %.
    pub cost_p50_usd: Option<f64>,
    /// What those that nobody ended cost on average, in USD.
    pub cost_mean_usd: Option<f64>,
    /// What all of them cost together, in USD.
    pub cost_usd: f64,
    /// Input tokens of all of them.
    pub tokens_in: u64,
    /// Output tokens of all of them.
    pub tokens_out: u64,
    /// When the last one ended.
    pub last_run_at: Option<Timestamp>,
}

/// How a version has fared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VersionStatistics {
    /// Its number.
    pub version: u32,
    /// How it has fared.
    pub statistics: Statistics,
}
