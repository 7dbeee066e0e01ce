//! Lets a version become the current one only if, by its examples, it is not worse.

use std::sync::Arc;

use hero_sdk::{
    Error, ErrorCode, FieldError,
    logic::{BenchmarkReport, GateCheck, GateReport, WorkflowGate},
    model::{Benchmark, BenchmarkStatus, Scoring, VersionChoice, Workflow},
};

use super::{
    compare::Measure,
    methods::{Both, fetch},
    plan::{checked, digest},
};
use crate::{play::Environment, registry::Library, runtime::library};

/// Newest benchmarks of a version that are looked at: those before it say less of it.
const LOOKED_AT: usize = 50;

/// Holds a version against the current one, and makes it the current one where it passes and that is asked for.
pub(crate) async fn gate(environment: &Arc<Environment>, params: WorkflowGate) -> Result<GateReport, Error> {
    check(&params)?;
    let (name, choice) = (params.workflow.clone(), params.version.clone());
    let scoring = Scoring {
        mode: params.scoring,
        tolerance: params.tolerance,
        evaluator: params.evaluator.clone(),
        evaluator_timeout_ms: None,
    };
    let work = async move |library: Library| {
        let (workflow, version) = library.resolve(&name, &choice).await?;
        let examples = library.examples(workflow.workflow_sid.as_str()).await?;
        let (scoring, _) = checked(&library, scoring, &examples).await?;
        Ok((workflow, version, Way { scoring, examples_digest: digest(&examples)? }))
    };
    let (workflow, version, way) = library(environment, work).await?;
    let number = version.version.unwrap_or_default();
    if number == workflow.current_version {
        let message = format!("version {number} is the current one of {} already", workflow.name);
        return Err(
            Error::new(ErrorCode::Conflict, message).hint("name the version that is to take its place")
        );
    }
    let (baseline, candidate) = comparable(environment, &workflow, number, &way)?;
    let both = Both::of(baseline, candidate)?;
    let checks = checks(&params, &both);
    if !checks.iter().any(|check| check.measure == Measure::Accuracy.name()) {
        if let Some(evaluator) = &way.scoring.evaluator {
            let (message, show) =
                (format!("{evaluator} has judged no example of both versions"), both.candidate());
            return Err(Error::new(ErrorCode::Conflict, message)
                .hint(format!("`hero_logic bench show {show}` says why it gave no verdict")));
        }
        let message = format!("no benchmark says how right the versions of {} are", workflow.name);
        return Err(Error::new(ErrorCode::Conflict, message).hint(
            "say in the examples what should come out (`hero_logic example add … --expected JSON`), or have an \
             evaluator judge (`--scoring evaluator --evaluator WORKFLOW`)",
        ));
    }
    let passed = checks.iter().all(|check| check.passed);
    let mut is_current = false;
    if passed && params.set_current {
        // Only in place of the version that it was held against.
        let (workflow_sid, before) = (workflow.workflow_sid.to_string(), workflow.current_version);
        let work = async move |library: Library| {
            library.set_current_after(&workflow_sid, &VersionChoice::Number(number), Some(before)).await
        };
        library(environment, work).await?;
        is_current = true;
    }
    let reason = reason(&params, &workflow, number, &checks, passed, &way);
    Ok(GateReport { passed, is_current, reason, checks, comparison: both.comparison() })
}

fn check(params: &WorkflowGate) -> Result<(), Error> {
    for (name, value, most) in [
        ("max_accuracy_loss", params.max_accuracy_loss, 1.0),
        ("max_cost_increase", params.max_cost_increase, f64::MAX),
        ("max_latency_increase", params.max_latency_increase, f64::MAX),
        ("min_confidence", params.min_confidence, 1.0),
    ] {
        if !(0.0..=most).contains(&value) {
            let range = if most == 1.0 { "0 to 1" } else { "a number from 0" };
            let message = format!("{name} is {value}, and must be {range}");
            let field = FieldError { pointer: format!("/{name}"), message: message.clone() };
            let hint = "leave it out for the usual bound";
            return Err(Error::new(ErrorCode::InvalidParams, message).fields(vec![field]).hint(hint));
        }
    }
    Ok(())
}

/// What two benchmarks must have in common to be held against each other.
struct Way {
    scoring: Scoring,
    /// Of all examples as they are now.
    examples_digest: String,
}

impl Way {
    fn is_of(&self, benchmark: &Benchmark) -> bool {
        benchmark.status == BenchmarkStatus::Completed
            && benchmark.examples_digest == self.examples_digest
            && benchmark.scoring.judges_as(&self.scoring)
    }

    /// For people.
    fn in_words(&self) -> String {
        match &self.scoring.evaluator {
            Some(evaluator) => format!("as {evaluator} judges"),
            None => format!("by {} scoring", self.scoring.mode.as_str()),
        }
    }
}

/// The newest benchmarks of the current version and of the other over all examples as they are now, found right in this
/// way. `conflict` where there are none, with `fields` that name the side that lacks one: `/baseline`, `/candidate`.
fn comparable(
    environment: &Environment,
    workflow: &Workflow,
    number: u32,
    way: &Way,
) -> Result<(BenchmarkReport, BenchmarkReport), Error> {
    let newest = |number: u32| -> Result<Option<BenchmarkReport>, Error> {
        let rows =
            environment.tables.benchmarks_page(&workflow.workflow_sid, Some(number), None, LOOKED_AT)?;
        let found = rows.into_iter().find(|row| way.is_of(&row.benchmark));
        found.map(|row| fetch(environment, &row.benchmark.benchmark_sid)).transpose()
    };
    let (baseline, candidate) = (newest(workflow.current_version)?, newest(number)?);
    match (baseline, candidate) {
        (Some(baseline), Some(candidate)) => Ok((baseline, candidate)),
        (baseline, candidate) => {
            let lacks = |side: &str, number: u32, has: bool| {
                let message = format!(
                    "version {number} has no completed benchmark over all examples as they are now, {}",
                    way.in_words()
                );
                (!has).then(|| FieldError { pointer: format!("/{side}"), message })
            };
            let fields = [
                lacks("baseline", workflow.current_version, baseline.is_some()),
                lacks("candidate", number, candidate.is_some()),
            ];
            let fields: Vec<FieldError> = fields.into_iter().flatten().collect();
            let messages: Vec<&str> = fields.iter().map(|field| field.message.as_str()).collect();
            let message = format!("{}: {}", workflow.name, messages.join("; "));
            let hint = format!("`hero_logic bench run {} --version NUMBER` makes one", workflow.name);
            Err(Error::new(ErrorCode::Conflict, message).hint(hint).fields(fields))
        }
    }
}

fn checks(params: &WorkflowGate, both: &Both) -> Vec<GateCheck> {
    let bound = |measure: Measure| match measure {
        Measure::Accuracy | Measure::SuccessRate => params.max_accuracy_loss,
        // What nobody has judged may be wrong.
        Measure::Judged => 0.0,
        Measure::Cost => params.max_cost_increase,
        Measure::Latency => params.max_latency_increase,
    };
    let checks = both.compared.iter().filter_map(|compared| {
        let (measure, bound) = (compared.measure, bound(compared.measure));
        let confidence = compared.confidence(bound);
        let passed = match measure {
            Measure::Judged => compared.difference.candidate >= 1.0,
            _ => compared.is_within(bound) && confidence >= params.min_confidence,
        };
        if measure == Measure::Judged
            && compared.difference.candidate.min(compared.difference.baseline) >= 1.0
        {
            return None;
        }
        let (difference, measure) = (compared.difference, measure.name().to_owned());
        Some(GateCheck { measure, difference, bound, confidence, passed })
    });
    checks.collect()
}

/// What is better and what is worse, by how much, and how sure that is.
fn reason(
    params: &WorkflowGate,
    workflow: &Workflow,
    number: u32,
    checks: &[GateCheck],
    passed: bool,
    way: &Way,
) -> String {
    let head = if passed { "is not worse than" } else { "does not pass against" };
    let parts: Vec<String> = checks
        .iter()
        .map(|check| {
            let GateCheck { measure, difference, bound, confidence, .. } = check;
            let is_share = !matches!(measure.as_str(), "cost" | "latency");
            let change = match is_share {
                true => format!("{:+.3}", difference.change),
                false if difference.change >= f64::MAX => "more than nothing".to_owned(),
                false => format!("{:+.1} %", difference.change * 100.0),
            };
            let allowed = match is_share {
                true if measure == "judged" => "all of them".to_owned(),
                true => format!("at most {bound:.3} less"),
                false => format!("at most {:.1} % more", bound * 100.0),
            };
            let verdict = match check.passed {
                true => "",
                false if *confidence < params.min_confidence => " — NOT SURE ENOUGH",
                false => " — TOO MUCH",
            };
            let measure = measure.replace('_', " ");
            format!("{measure} {change} ({allowed}: {:.0} % sure){verdict}", confidence * 100.0)
        })
        .collect();
    let current = workflow.current_version;
    format!("version {number} {head} version {current}, {}: {}", way.in_words(), parts.join("; "))
}
