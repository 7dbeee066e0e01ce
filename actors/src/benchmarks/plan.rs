//! What a benchmark is to run, checked before anything of it is written.

use std::collections::BTreeSet;

use hero_sdk::{
    BenchmarkSid, Error, ErrorCode, FieldError,
    document::digest_of,
    logic::BenchmarkRun,
    model::{Benchmark, BenchmarkStatus, BenchmarkSummary, Example, Scoring, ScoringMode, Workflow},
};
use hero_store::{BenchmarkPlan, BenchmarkRow, Measured};

use super::scoring::{TOLERANCE, check_patterns};
use crate::{play::Environment, registry::Library};

/// Runs of a benchmark: each is a row, and a play.
pub(crate) const RUNS_MAX: u32 = 10_000;
/// Runs at once unless told.
const CONCURRENCY: u32 = 4;
/// Runs at once, at most: more than run at a time anywhere wait for each other anyway.
pub(crate) const CONCURRENCY_MAX: u32 = 64;
/// Milliseconds of a run unless told.
const TIMEOUT_MS: u64 = 600_000;
/// Milliseconds of a run, at most: a week.
const TIMEOUT_MS_MAX: u64 = 7 * 24 * 3_600_000;
/// Milliseconds of an evaluator's verdict unless told.
const EVALUATOR_TIMEOUT_MS: u64 = 60_000;

/// The benchmark that is asked for, and what it runs.
pub(super) async fn plan(
    environment: &Environment,
    library: &Library,
    params: BenchmarkRun,
) -> Result<(BenchmarkRow, BenchmarkPlan), Error> {
    let scoring = Scoring {
        mode: params.scoring,
        tolerance: params.tolerance,
        evaluator: params.evaluator,
        evaluator_timeout_ms: params.evaluator_timeout_ms,
    };
    let BenchmarkRun { workflow, version, examples, repeats, concurrency, timeout_ms, .. } = params;
    let (workflow, version) = library.resolve(&workflow, &version).await?;
    let examples = chosen(library, &workflow, examples).await?;
    let count = u32::try_from(examples.len()).unwrap_or(u32::MAX);
    let repeats = within("repeats", repeats.unwrap_or(1), 1, RUNS_MAX)?;
    let concurrency = within("concurrency", concurrency.unwrap_or(CONCURRENCY), 1, CONCURRENCY_MAX)?;
    let timeout_ms = within("timeout_ms", timeout_ms.unwrap_or(TIMEOUT_MS), 1, TIMEOUT_MS_MAX)?;
    let total = count.saturating_mul(repeats);
    if total > RUNS_MAX {
        let message = format!("{count} examples, {repeats} times each, are more than {RUNS_MAX} runs");
        return Err(wrong("repeats", message).hint("name fewer examples, or repeat them less often"));
    }
    let (scoring, evaluator) = checked(library, scoring, &examples).await?;
    let benchmark = Benchmark {
        benchmark_sid: BenchmarkSid::new(),
        workflow_sid: workflow.workflow_sid,
        workflow: workflow.name,
        version_sid: version.version_sid,
        version: version.version.unwrap_or_default(),
        status: BenchmarkStatus::Running,
        examples: examples.iter().map(|example| example.name.clone()).collect(),
        examples_digest: digest(&examples)?,
        repeats,
        concurrency,
        scoring,
        timeout_ms,
        total,
        summary: BenchmarkSummary::default(),
        reason: None,
        created_at: environment.clock.now().wall,
        ended_at: None,
    };
    let row = BenchmarkRow { benchmark, measured: Measured::default() };
    Ok((row, BenchmarkPlan { examples, evaluator }))
}

/// The examples of these names, in their order; all, by name, where none are told.
async fn chosen(
    library: &Library,
    workflow: &Workflow,
    names: Option<Vec<String>>,
) -> Result<Vec<Example>, Error> {
    let Some(names) = names else {
        let all = library.examples(workflow.workflow_sid.as_str()).await?;
        if all.is_empty() {
            let message = format!("{} has no examples to run", workflow.name);
            return Err(wrong("examples", message).hint(
                "save some: `hero_logic example add WORKFLOW NAME`, or from a play `hero_logic play save-as-example`",
            ));
        }
        return Ok(all);
    };
    if names.is_empty() {
        let message = "no examples are named".to_owned();
        return Err(wrong("examples", message).hint("leave `examples` out to run all of the workflow"));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(*name)) {
        let message = format!("the example {twice:?} is named twice");
        return Err(wrong("examples", message).hint("`repeats` says how often each runs"));
    }
    names.iter().map(|name| library.example_of(workflow, name)).collect()
}

/// The same with what is not told filled in, and who judges.
pub(super) async fn checked(
    library: &Library,
    mut scoring: Scoring,
    examples: &[Example],
) -> Result<(Scoring, Option<hero_sdk::VersionSid>), Error> {
    let mode = scoring.mode;
    let belongs = |name: &str, is_given: bool, to: ScoringMode| {
        if is_given && mode != to {
            let message =
                format!("{name} goes with the mode {}, and the mode is {}", to.as_str(), mode.as_str());
            return Err(
                wrong(name, message).hint(format!("set `scoring` to {}, or leave {name} out", to.as_str()))
            );
        }
        Ok(())
    };
    belongs("tolerance", scoring.tolerance.is_some(), ScoringMode::Numeric)?;
    belongs("evaluator", scoring.evaluator.is_some(), ScoringMode::Evaluator)?;
    belongs("evaluator_timeout_ms", scoring.evaluator_timeout_ms.is_some(), ScoringMode::Evaluator)?;
    match mode {
        ScoringMode::Exact | ScoringMode::Subset => Ok((scoring, None)),
        ScoringMode::Numeric => {
            let tolerance = *scoring.tolerance.get_or_insert(TOLERANCE);
            if tolerance.is_finite() && tolerance >= 0.0 {
                return Ok((scoring, None));
            }
            let message = format!("the tolerance is {tolerance}, and must be a number from 0");
            Err(wrong("tolerance", message).hint("0.01 allows a difference of 0.01, or of one percent"))
        }
        ScoringMode::Pattern => {
            for example in examples {
                let Some(expected) = &example.expected_outputs else { continue };
                check_patterns(expected).map_err(|message| {
                    let message = format!("what the example {:?} expects: {message}", example.name);
                    wrong("scoring", message).hint("in the mode pattern each text that is expected is one")
                })?;
            }
            Ok((scoring, None))
        }
        ScoringMode::Evaluator => {
            let Some(evaluator) = &scoring.evaluator else {
                let message = "the mode evaluator needs the name of a workflow that judges".to_owned();
                return Err(wrong("evaluator", message)
                    .hint("it gets inputs, outputs and expected_outputs, and returns a score from 0 to 1"));
            };
            let (workflow, version) = library.named(evaluator).await?;
            // What another version of it finds is found otherwise.
            scoring.evaluator = Some(format!("{}@{}", workflow.name, version.version.unwrap_or_default()));
            let timeout_ms = scoring.evaluator_timeout_ms.unwrap_or(EVALUATOR_TIMEOUT_MS);
            let timeout_ms = within("evaluator_timeout_ms", timeout_ms, 1, TIMEOUT_MS_MAX)?;
            scoring.evaluator_timeout_ms = Some(timeout_ms);
            Ok((scoring, Some(version.version_sid)))
        }
    }
}

/// The digest of all that decides what a run of them does and should give.
pub(crate) fn digest(examples: &[Example]) -> Result<String, Error> {
    let parts = |example: &Example| {
        let expected: Vec<_> = example.expected_outputs.iter().cloned().collect();
        (example.name.clone(), example.inputs.clone(), expected, example.answers.clone())
    };
    digest_of(&examples.iter().map(parts).collect::<Vec<_>>())
}

fn within<T: PartialOrd + std::fmt::Display>(name: &str, value: T, least: T, most: T) -> Result<T, Error> {
    if least <= value && value <= most {
        return Ok(value);
    }
    let message = format!("{name} is {value}, and must be {least} to {most}");
    Err(wrong(name, message).hint("leave it out for the usual"))
}

fn wrong(parameter: &str, message: String) -> Error {
    let field = FieldError { pointer: format!("/{parameter}"), message: message.clone() };
    Error::new(ErrorCode::InvalidParams, message).fields(vec![field])
}
