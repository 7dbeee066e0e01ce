//! What can be typed about benchmarks, and to choose a version by them.

use clap::{Args, Subcommand, ValueEnum};
use hero_sdk::{
    BenchmarkSid,
    logic::{self, Limits, Weights},
    model::{ScoringMode, VersionChoice},
};

use super::{
    library::version,
    play::{Page, duration_ms},
};

const RUN_EXAMPLES: &str = "\
Examples:
  hero_logic bench run trip --repeats 5
  hero_logic bench run trip --version 1 --version 2 --example graz --scoring subset
  hero_logic bench run trip --scoring evaluator --evaluator judge --evaluator-timeout 30s

Exit codes: 0 every run was measured, however right they were; 1 none gave a result, or the benchmark could not go on; \
4 it was cancelled, as by Ctrl-C: what was measured until then stands.";

const COMPARE_EXAMPLES: &str = "\
Examples:
  hero_logic bench compare trip 1 2
  hero_logic bench compare trip 1 2 3 --json";

const PICK_EXAMPLES: &str = "\
Examples:
  hero_logic pick trip --accuracy 3 --cost 1
  hero_logic run trip --example graz --version $(hero_logic pick trip --max-p95 2s --quiet)

The number of the version goes to standard output, everything else to standard error. Exit codes: 0 there is one; \
1 no version keeps the limits.";

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Run a version over the saved examples of its workflow, and measure it
    Run(BenchRun),
    /// Benchmarks of a workflow, newest first
    List(BenchList),
    /// One benchmark: what each example came to, and each run that was not right
    Show(BenchName),
    /// Watch a benchmark until it ends; Ctrl-C ends the watching only
    Follow(BenchName),
    /// End a benchmark; what it has measured stands
    Cancel(BenchName),
    /// The latest benchmarks of versions, side by side
    Compare(BenchCompare),
}

#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(crate) struct BenchRun {
    /// The workflow, by its name or id
    pub(crate) workflow: String,
    /// The version, by its number or id, the current one unless told; several run one after the other and are compared
    #[arg(long = "version", value_name = "VERSION", value_parser = version)]
    pub(crate) versions: Vec<VersionChoice>,
    /// A saved example, all unless told; may be given several times
    #[arg(long = "example", value_name = "NAME")]
    pub(crate) examples: Vec<String>,
    #[command(flatten)]
    pub(crate) how: BenchHow,
}

/// How a version is benchmarked.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub(crate) struct BenchHow {
    /// How many times each example runs; once unless told
    #[arg(long, value_name = "N")]
    pub(crate) repeats: Option<u32>,
    /// How many run at once; 4 unless told
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<u32>,
    /// How a result is held against what is expected; exact unless told
    #[arg(long, value_enum, value_name = "MODE")]
    pub(crate) scoring: Option<Scoring>,
    /// For numeric: by how much a number may differ, absolutely or as a share; 0.000001 unless told
    #[arg(long, value_name = "X", value_parser = number, allow_negative_numbers = true)]
    pub(crate) tolerance: Option<f64>,
    /// For evaluator: the workflow that judges, by its name or id, or a version of it, as judge@2
    #[arg(long, value_name = "WORKFLOW")]
    pub(crate) evaluator: Option<String>,
    /// For evaluator: how long one verdict may take; a minute unless told
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    pub(crate) evaluator_timeout: Option<u64>,
    /// After which time a run has failed; ten minutes unless told
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    pub(crate) timeout: Option<u64>,
}

impl BenchHow {
    /// The benchmark that is asked for, of the current version and over all examples.
    pub(crate) fn of(self, workflow: &str) -> logic::BenchmarkRun {
        let Self { repeats, concurrency, scoring, tolerance, evaluator, evaluator_timeout, timeout } = self;
        logic::BenchmarkRun {
            workflow: workflow.to_owned(),
            version: VersionChoice::Current,
            examples: None,
            repeats,
            concurrency,
            scoring: scoring.map(ScoringMode::from).unwrap_or_default(),
            tolerance,
            evaluator,
            evaluator_timeout_ms: evaluator_timeout,
            timeout_ms: timeout,
        }
    }
}

/// `hero_sdk::model::ScoringMode` by its stable text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scoring {
    /// The same JSON value
    Exact,
    /// What is expected is in it, and more may be
    Subset,
    /// As exact, but numbers may differ by the tolerance
    Numeric,
    /// As subset, and each text that is expected is a regular expression
    Pattern,
    /// A workflow judges
    Evaluator,
}

impl From<Scoring> for ScoringMode {
    fn from(scoring: Scoring) -> Self {
        match scoring {
            Scoring::Exact => Self::Exact,
            Scoring::Subset => Self::Subset,
            Scoring::Numeric => Self::Numeric,
            Scoring::Pattern => Self::Pattern,
            Scoring::Evaluator => Self::Evaluator,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct BenchList {
    /// The workflow, by its name or id
    pub(crate) workflow: String,
    /// Only benchmarks of this version, by its number or id
    #[arg(long, value_parser = version)]
    pub(crate) version: Option<VersionChoice>,
    #[command(flatten)]
    pub(crate) page: Page,
}

#[derive(Debug, Args)]
pub(crate) struct BenchName {
    /// The benchmark, by its id, as `bench list` has it
    #[arg(value_parser = benchmark_sid)]
    pub(crate) benchmark_sid: BenchmarkSid,
}

#[derive(Debug, Args)]
#[command(after_help = COMPARE_EXAMPLES)]
pub(crate) struct BenchCompare {
    /// The workflow, by its name or id
    pub(crate) workflow: String,
    /// The versions, by their numbers or ids, or benchmarks by theirs; the first is what others are compared with
    #[arg(num_args = 2.., required = true, value_name = "VERSION|BENCHMARK", value_parser = side)]
    pub(crate) sides: Vec<Side>,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The latest completed benchmark of a version.
    Version(VersionChoice),
    /// This one.
    Benchmark(BenchmarkSid),
}

#[derive(Debug, Args)]
#[command(after_help = PICK_EXAMPLES)]
pub(crate) struct Pick {
    /// The workflow, by its name or id
    pub(crate) workflow: String,
    /// How much it counts that a version costs little; without any weight all count the same
    #[arg(long, value_name = "WEIGHT", value_parser = number, allow_negative_numbers = true)]
    pub(crate) cost: Option<f64>,
    /// How much it counts that it is fast
    #[arg(long, value_name = "WEIGHT", value_parser = number, allow_negative_numbers = true)]
    pub(crate) speed: Option<f64>,
    /// How much it counts that it is right
    #[arg(long, value_name = "WEIGHT", value_parser = number, allow_negative_numbers = true)]
    pub(crate) accuracy: Option<f64>,
    /// The highest mean cost of a run, in USD
    #[arg(long, value_name = "USD", value_parser = number, allow_negative_numbers = true)]
    pub(crate) max_cost: Option<f64>,
    /// The longest time in which 95 of 100 runs end: seconds, or such as 500ms
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    pub(crate) max_p95: Option<u64>,
    /// The lowest accuracy, 0 to 1
    #[arg(long, value_name = "X", value_parser = number, allow_negative_numbers = true)]
    pub(crate) min_accuracy: Option<f64>,
}

impl Pick {
    /// What is asked.
    pub(crate) fn params(self) -> logic::PickVersion {
        let Self { workflow, cost, speed, accuracy, max_cost, max_p95, min_accuracy } = self;
        let weights = match [cost, speed, accuracy] {
            [None, None, None] => Weights { cost: 1.0, speed: 1.0, accuracy: 1.0 },
            given => {
                let [cost, speed, accuracy] = given.map(Option::unwrap_or_default);
                Weights { cost, speed, accuracy }
            }
        };
        #[expect(clippy::cast_precision_loss, reason = "a duration of a hundred years is exact")]
        let max_p95_ms = max_p95.map(|milliseconds| milliseconds as f64);
        logic::PickVersion {
            workflow,
            weights,
            limits: Some(Limits { max_cost_usd: max_cost, max_p95_ms, min_accuracy }),
        }
    }
}

/// A number that JSON has.
pub(super) fn number(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| "expected a number, such as 0.5".to_owned())
}

fn benchmark_sid(text: &str) -> Result<BenchmarkSid, String> {
    text.parse().map_err(|_| "expected the id of a benchmark, as `bench list` has it".to_owned())
}

fn side(text: &str) -> Result<Side, String> {
    if let Ok(benchmark_sid) = text.parse() {
        return Ok(Side::Benchmark(benchmark_sid));
    }
    let version = text.parse().map(Side::Version);
    version
        .map_err(|_| "expected the number or id of a version, `current`, or the id of a benchmark".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_json() {
        assert_eq!([number("0.5"), number("-1e3")], [Ok(0.5), Ok(-1000.0)]);
        for text in ["nan", "inf", "-infinity", "", "1,5", "half"] {
            assert!(number(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_side_is_a_version_or_a_benchmark() {
        let sid = BenchmarkSid::new();
        assert_eq!(side(sid.as_str()), Ok(Side::Benchmark(sid)));
        assert_eq!(side("2"), Ok(Side::Version(VersionChoice::Number(2))));
        assert_eq!(side("current"), Ok(Side::Version(VersionChoice::Current)));
        assert!(side("newest").is_err());
    }

    #[test]
    fn all_weights_count_the_same_unless_one_is_given() {
        let pick = |accuracy: Option<f64>| Pick {
            workflow: "trip".into(),
            cost: None,
            speed: None,
            accuracy,
            max_cost: None,
            max_p95: Some(2_000),
            min_accuracy: None,
        };
        let (all, one) = (pick(None).params(), pick(Some(2.0)).params());
        assert_eq!(all.weights, Weights { cost: 1.0, speed: 1.0, accuracy: 1.0 });
        assert_eq!(one.weights, Weights { cost: 0.0, speed: 0.0, accuracy: 2.0 });
        assert_eq!(one.limits.unwrap().max_p95_ms, Some(2_000.0));
    }
}
