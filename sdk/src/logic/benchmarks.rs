//! What the methods of statistics, benchmarks and the choice of a version take and give.

use std::{fmt, marker::PhantomData};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::Cursor;
use crate::{
    BenchmarkSid, VersionSid,
    model::{
        Benchmark, BenchmarkStatus, Measurement, ScoringMode, Statistics, VersionChoice, VersionStatistics,
    },
};

/// How a workflow and its versions have fared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowStatistics {
    /// All versions together.
    pub workflow: Statistics,
    /// Each version that has run, by number.
    pub versions: Vec<VersionStatistics>,
}

/// Parameters of `benchmark_run`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BenchmarkRun {
    /// The workflow's sid or unique name.
    pub workflow: String,
    /// Which version of it; the current one unless told.
    #[serde(default)]
    pub version: VersionChoice,
    /// Names of examples, each once; all of the workflow unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub examples: Option<Vec<String>>,
    /// How many times each example runs, 1 unless told; 10,000 runs are the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<u32>,
    /// How many run at once, 4 unless told, 64 at most. Plays that somebody starts go before them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// How accuracy is found: `exact` unless told.
    #[serde(default)]
    pub scoring: ScoringMode,
    /// For `numeric`: by how much a number may differ, absolutely or as a share of the expected one, whichever allows
    /// more; 0.000001 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
    /// For `evaluator`: the workflow that judges, by its sid or name, or a version of it, as in `judge@2`. It gets those of the inputs `inputs`, `outputs` and
    /// `expected_outputs` (null where the example has none) that it takes, and returns a number from 0 to 1, a boolean,
    /// or an object with such a `score`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluator: Option<String>,
    /// For `evaluator`: how many milliseconds one verdict may take; 60,000 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluator_timeout_ms: Option<u64>,
    /// After how many milliseconds a run has failed; 600,000 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// Parameters of methods that are about one benchmark.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfBenchmark {
    /// The benchmark.
    pub benchmark_sid: BenchmarkSid,
}

impl From<BenchmarkSid> for OfBenchmark {
    fn from(benchmark_sid: BenchmarkSid) -> Self {
        Self { benchmark_sid }
    }
}

/// Parameters of `benchmark_wait`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BenchmarkWait {
    /// The benchmark.
    pub benchmark_sid: BenchmarkSid,
    /// Until more than this many of its runs are measured; until it has ended unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<u32>,
    /// Longest wait in milliseconds; 30,000 unless told.
    #[serde(default = "half_a_minute")]
    pub timeout_ms: u64,
}

fn half_a_minute() -> u64 {
    30_000
}

/// A benchmark with its runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BenchmarkReport {
    /// The benchmark.
    pub benchmark: Benchmark,
    /// Its runs that are measured, by index.
    pub measurements: Vec<Measurement>,
}

/// Parameters of `benchmark_list_for_workflow`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BenchmarkListForWorkflow {
    /// The workflow's sid or unique name.
    pub workflow: String,
    /// At most this many, 50 unless told, 1,000 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
}

/// Parameters of `benchmark_list_for_version`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BenchmarkListForVersion {
    /// The workflow's sid or unique name.
    pub workflow: String,
    /// Which version of it; the current one unless told.
    #[serde(default)]
    pub version: VersionChoice,
    /// At most this many, 50 unless told, 1,000 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
}

/// A page of benchmarks, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Benchmarks {
    /// The benchmarks.
    pub benchmarks: Vec<Benchmark>,
    /// Pass it as `cursor` for the next page; none at the end.
    pub next_cursor: Option<Cursor>,
}

/// Parameters of `benchmark_compare`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BenchmarkCompare {
    /// The benchmark that the other is compared with.
    pub baseline: BenchmarkSid,
    /// The other one, over the same examples, its accuracy found in the same way.
    pub candidate: BenchmarkSid,
}

/// How one measure of a benchmark stands to that of another. What is compared are the means of each example, so that an
/// example with a hard task counts the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// What the baseline has.
    pub baseline: f64,
    /// What the candidate has.
    pub candidate: f64,
    /// Candidate less baseline for shares, such as accuracy; for cost and latency the candidate as a multiple of the
    /// baseline, less 1: 0.1 is a tenth more.
    pub change: f64,
    /// The lower end of the interval in which the change lies with a confidence of 95 %, by the bootstrap over examples;
    /// the same as the change where there are too few to tell.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// With which confidence the candidate is not worse, 0 to 1: the share of the bootstrap's draws in which it is not, and of
    /// n runs never more than (n + 1) / (n + 2).
    pub confidence: f64,
}

/// How a benchmark stands to another. None where a measure is missing on one side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BenchmarkComparison {
    /// The benchmark that the other is compared with.
    pub baseline: Benchmark,
    /// The other one.
    pub candidate: Benchmark,
    /// How many examples both have measured.
    pub examples: u32,
    /// The mean score; more is better.
    pub accuracy: Option<Difference>,
    /// The share of runs that gave a result; more is better.
    pub success_rate: Option<Difference>,
    /// Mean cost of a run, whether it gave a result or not, in USD; less is better.
    pub cost: Option<Difference>,
    /// Mean latency of runs that gave a result, in milliseconds; less is better.
    pub latency: Option<Difference>,
}

/// Parameters of `workflow_gate`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowGate {
    /// The workflow's sid or unique name.
    pub workflow: String,
    /// The version that is to become the current one.
    pub version: VersionChoice,
    /// By benchmarks of which accuracy was found so: `exact` unless told.
    #[serde(default)]
    pub scoring: ScoringMode,
    /// For `numeric`: by how much a number may differ; 0.000001 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
    /// For `evaluator`: the workflow that judges, by its sid or name, or a version of it, as in `judge@2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluator: Option<String>,
    /// By how much accuracy and the share of runs that give a result may be lower, 0 to 1; 0 unless told.
    #[serde(default)]
    pub max_accuracy_loss: f64,
    /// By which share the mean cost may be higher, such as 0.1 for a tenth; 0 unless told.
    #[serde(default)]
    pub max_cost_increase: f64,
    /// By which share the mean latency may be higher; 0.1 unless told, since times vary
    /// from one run to the next.
    #[serde(default = "a_tenth")]
    pub max_latency_increase: f64,
    /// With which confidence each of these has to hold, 0 to 1; unless told, that it was measured so is enough.
    #[serde(default)]
    pub min_confidence: f64,
    /// Whether the version becomes the current one where it passes.
    #[serde(default = "super::yes")]
    pub set_current: bool,
}

/// As strict as a gate is unless told, for no workflow.
impl Default for WorkflowGate {
    fn default() -> Self {
        Self {
            workflow: String::new(),
            version: VersionChoice::default(),
            scoring: ScoringMode::default(),
            tolerance: None,
            evaluator: None,
            max_accuracy_loss: 0.0,
            max_cost_increase: 0.0,
            max_latency_increase: a_tenth(),
            min_confidence: 0.0,
            set_current: super::yes(),
        }
    }
}

fn a_tenth() -> f64 {
    0.1
}

/// One bound of a gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateCheck {
    /// `accuracy`, `success_rate`, `cost` or `latency`; `judged` where an evaluator has not judged all runs, which does not
    /// pass.
    pub measure: String,
    /// How the versions differ.
    pub difference: Difference,
    /// The most that the change may be worse.
    pub bound: f64,
    /// With which confidence the change is within the bound, 0 to 1.
    pub confidence: f64,
    /// Whether it is.
    pub passed: bool,
}

/// Whether a version may become the current one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateReport {
    /// True when every check has passed.
    pub passed: bool,
    /// True when the version is the current one now.
    pub is_current: bool,
    /// In words: what is better and what is worse, by how much and with which confidence.
    pub reason: String,
    /// Each bound.
    pub checks: Vec<GateCheck>,
    /// What it was decided by.
    pub comparison: BenchmarkComparison,
}

/// What counts in the choice of a version, and how much. None is negative, and at least one is more than 0; only their
/// ratio counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// That it costs little.
    pub cost: f64,
    /// That it is fast.
    pub speed: f64,
    /// That it is right.
    pub accuracy: f64,
}

/// What a version must keep to be chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The highest mean cost of a run, in USD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cost_usd: Option<f64>,
    /// The longest time in which 95 of 100 runs end, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_p95_ms: Option<f64>,
    /// The lowest accuracy, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_accuracy: Option<f64>,
}

/// Parameters of `pick_version`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PickVersion {
    /// The workflow's sid or unique name.
    pub workflow: String,
    /// What counts.
    #[serde(deserialize_with = "object")]
    pub weights: Weights,
    /// What must be kept.
    #[serde(default, deserialize_with = "maybe_object", skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

/// Only from an object: by position is how a method takes its parameters, and nothing within one.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_map(Object(PhantomData))
}

/// The same where it may be left out.
fn maybe_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    struct Only<T>(T);

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Only<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            object(deserializer).map(Self)
        }
    }

    Ok(Option::<Only<T>>::deserialize(deserializer)?.map(|Only(value)| value))
}

/// What is known of one measure of a version.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measure {
    /// What was measured: mean cost in USD, 95th percentile of latency in milliseconds, mean score.
    pub measured: f64,
    /// How bad it may be, with a confidence of 80 %; that is what counts. The fewer the runs, the farther it is from what
    /// was measured.
    pub bound: f64,
    /// Of how many runs.
    pub runs: u64,
    /// The bound against the best of all versions, 0 to 1.
    pub normalised: f64,
}

/// How a version does in the choice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VersionScore {
    /// Its number.
    pub version: u32,
    /// The weighted mean of what is normalised, 0 to 1; a measure that is missing counts 0. None where it is excluded.
    pub score: Option<f64>,
    /// Why it is excluded: each limit that it does not keep, and by how much.
    pub excluded: Vec<String>,
    /// Cost, where a run has given a result.
    pub cost: Option<Measure>,
    /// Speed, where a run has given a result.
    pub speed: Option<Measure>,
    /// Accuracy, where a benchmark has found one over the same examples as most versions ran over, and in the same way.
    pub accuracy: Option<Measure>,
}

/// The version that is chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Picked {
    /// Its number.
    pub version: u32,
    /// Its id.
    pub version_sid: VersionSid,
    /// Why, in words.
    pub reason: String,
    /// Every version, the best first, those that are excluded last.
    pub scores: Vec<VersionScore>,
}

/// A benchmark, in news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BenchmarkNews {
    /// The benchmark.
    pub benchmark_sid: BenchmarkSid,
    /// The workflow.
    pub workflow_sid: crate::WorkflowSid,
    /// The workflow's name when it was started.
    pub workflow: String,
    /// The version's number.
    pub version: u32,
    /// Where it stands.
    pub status: BenchmarkStatus,
    /// How many of its runs are measured.
    pub done: u32,
    /// How many there are.
    pub total: u32,
}

impl From<&Benchmark> for BenchmarkNews {
    fn from(benchmark: &Benchmark) -> Self {
        Self {
            benchmark_sid: benchmark.benchmark_sid.clone(),
            workflow_sid: benchmark.workflow_sid.clone(),
            workflow: benchmark.workflow.clone(),
            version: benchmark.version,
            status: benchmark.status,
            done: benchmark.summary.runs,
            total: benchmark.total,
        }
    }
}
