//! The runs of one version over saved examples: what they took, what they cost, and how right they were.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BenchmarkSid, Json, PlaySid, Timestamp, VersionSid, WorkflowSid};

/// Where a benchmark stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BenchmarkStatus {
    /// It has runs before it. A restart of the runtime changes nothing of that.
    Running,
    /// Every run has ended and is measured.
    Completed,
    /// Somebody ended it; what was measured until then stands.
    Cancelled,
    /// It could not go on, such as when its workflow was deleted.
    Failed,
}

impl BenchmarkStatus {
    /// True for those that never change again.
    pub fn is_terminal(self) -> bool {
        self != Self::Running
    }

    /// The stable text of the status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

/// How a result is held against what is expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScoringMode {
    /// The same JSON value: members in any order, numbers by their value.
    #[default]
    Exact,
    /// What is expected is in it: members that are not expected do not count, elements of lists are compared each with its
    /// own.
    Subset,
    /// As `exact`, but numbers may differ by the tolerance.
    Numeric,
    /// As `subset`, and a text that is expected is a regular expression that is found in the text that came.
    Pattern,
    /// A flow of the library says how right it is.
    Evaluator,
}

impl ScoringMode {
    /// The stable text of the mode.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Subset => "subset",
            Self::Numeric => "numeric",
            Self::Pattern => "pattern",
            Self::Evaluator => "evaluator",
        }
    }
}

/// How accuracy is found, from 0, wrong, to 1, right.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scoring {
    /// How a result is held against what is expected.
    pub mode: ScoringMode,
    /// For `numeric`: by how much a number may differ, absolutely or as a share of the expected one, whichever allows
    /// more.
    pub tolerance: Option<f64>,
    /// For `evaluator`: the name of the workflow with the version that judges, such as `judge@2`.
    pub evaluator: Option<String>,
    /// For `evaluator`: how long one verdict may take.
    pub evaluator_timeout_ms: Option<u64>,
}

impl Scoring {
    /// Whether what was found so can be held against what was found in the other way. How long an evaluator may think is no
    /// matter of how it judges.
    pub fn judges_as(&self, other: &Self) -> bool {
        let Self { mode, tolerance, evaluator, evaluator_timeout_ms: _ } = self;
        (mode, tolerance, evaluator) == (&other.mode, &other.tolerance, &other.evaluator)
    }
}

/// A mean with the interval in which it lies with a confidence of 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// The mean of what was measured.
    pub mean: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

/// What the runs of a benchmark come to, those that are measured so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BenchmarkSummary {
    /// Runs that are measured.
    pub runs: u32,
    /// Those that gave a result.
    pub succeeded: u32,
    /// The share of those that gave a result, 0 to 1; the interval is Wilson's.
    pub success_rate: Option<Estimate>,
    /// Runs with a score: their example says what is expected, or an evaluator has judged them. A run that gave no
    /// result has the score 0.
    pub scored: u32,
    /// Runs that an evaluator should have judged and did not.
    pub unscored: u32,
    /// The mean score, 0 to 1; the interval is Wilson's.
    pub accuracy: Option<Estimate>,
    /// The time in which half of those that gave a result did so, waiting not counted; to within 1 %.
    pub latency_p50_ms: Option<f64>,
    /// The same for 95 of 100.
    pub latency_p95_ms: Option<f64>,
    /// What a run cost on average, whether it gave a result or not, in USD; the interval is Student's.
    pub cost_mean_usd: Option<Estimate>,
    /// What all runs cost together, in USD, evaluators not counted.
    pub cost_usd: f64,
    /// Input tokens of all runs.
    pub tokens_in: u64,
    /// Output tokens of all runs.
    pub tokens_out: u64,
}

/// The runs of one version over examples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Benchmark {
    /// The benchmark's id.
    pub benchmark_sid: BenchmarkSid,
    /// The workflow.
    pub workflow_sid: WorkflowSid,
    /// The workflow's name when it was started.
    pub workflow: String,
    /// The version that runs.
    pub version_sid: VersionSid,
    /// The version's number.
    pub version: u32,
    /// Where it stands.
    pub status: BenchmarkStatus,
    /// Names of the examples, as they were when it was started.
    pub examples: Vec<String>,
    /// Digest of the examples in the canonical form of documents: benchmarks with the same one ran over the same.
    pub examples_digest: String,
    /// How many times each example runs.
    pub repeats: u32,
    /// How many run at once, at most.
    pub concurrency: u32,
    /// How accuracy is found.
    pub scoring: Scoring,
    /// After how many milliseconds a run has failed.
    pub timeout_ms: u64,
    /// How many runs there are: examples times repeats.
    pub total: u32,
    /// What they come to so far.
    pub summary: BenchmarkSummary,
    /// Why it failed or was cancelled.
    pub reason: Option<String>,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// One run of a benchmark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measurement {
    /// Its place among the runs, from 0: the example's times the repeats, and the repeat's.
    pub index: u32,
    /// The example.
    pub example: String,
    /// Which repeat of it, from 1.
    pub repeat: u32,
    /// The play, where one could be started.
    pub play_sid: Option<PlaySid>,
    /// True when it gave a result.
    pub succeeded: bool,
    /// Why it gave none, as `code: message`.
    pub error: Option<String>,
    /// Milliseconds in which a process worked on it.
    pub latency_ms: f64,
    /// What it cost, in USD.
    pub cost_usd: f64,
    /// Input tokens.
    pub tokens_in: u64,
    /// Output tokens.
    pub tokens_out: u64,
    /// How right it was, 0 to 1, where that can be said.
    pub accuracy: Option<f64>,
    /// Where it differs from what is expected, or what the evaluator said of it.
    pub verdict: Option<String>,
    /// Why an evaluator did not judge it, as `code: message`: `evaluator_failed`, `evaluator_timeout`,
    /// `evaluator_no_score`.
    pub unscored: Option<String>,
    /// What it returned, where it was not right and is not larger than 4 KiB.
    pub outputs: Option<Json>,
}
