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
    plan::digest,
};
use crate::{play::Environment, registry::Library, runtime::library};

/// Newest benchmarks of a version that are looked at: those before it say less of it.
const LOOKED_AT: usize = 50;

/// Holds a version against the current one, and makes it the current one where it passes and that is asked for.
pub(crate) async fn gate(environment: &Arc<Environment>, params: WorkflowGate) -> Result<GateReport, Error> {
    check(&params)?;
    let (name, choice) = (params.workflow.clone(), params.version.clone());
    let work = async move |library: Library| library.resolve(&name, &choice).await;
    let (workflow, version) = library(environment, work).await?;
    let number = version.version.unwrap_or_default();
    if number == workflow.current_version {
        let message = format!("version {number} is the current one of {} already", workflow.name);
        return Err(
            Error::new(ErrorCode::Conflict, message).hint("name the version that is to take its place")
        );
    }
    let (baseline, candidate) = comparable(environment, &workflow, number)?;
    let both = Both::of(baseline, candidate)?;
    let checks = checks(&params, &both);
    if !checks.iter().any(|check| check.measure == Measure::Accuracy.name()) {
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
    let reason = reason(&params, &workflow, number, &checks, passed);
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

/// The newest benchmarks of the current version and of the other over all examples as they are now, found right in the
/// same way. `conflict` where there are none, with `fields` that name the side that lacks one: `/baseline`, `/candidate`.
fn comparable(
    environment: &Environment,
    workflow: &Workflow,
    number: u32,
) -> Result<(BenchmarkReport, BenchmarkReport), Error> {
    let tables = &environment.tables;
    let examples_digest = digest(&tables.examples(&workflow.workflow_sid)?)?;
    let newest = |number: u32, scoring: Option<&Scoring>| -> Result<Option<Benchmark>, Error> {
        let rows = tables.benchmarks_page(&workflow.workflow_sid, Some(number), None, LOOKED_AT)?;
        let fits = |benchmark: &Benchmark| {
            benchmark.status == BenchmarkStatus::Completed
                && benchmark.examples_digest == examples_digest
                && scoring.is_none_or(|scoring| *scoring == benchmark.scoring)
        };
        Ok(rows.into_iter().map(|row| row.benchmark).find(fits))
    };
    let candidate = newest(number, None)?;
    let baseline = newest(workflow.current_version, candidate.as_ref().map(|candidate| &candidate.scoring))?;
    match (baseline, candidate) {
        (Some(baseline), Some(candidate)) => {
            Ok((fetch(environment, &baseline.benchmark_sid)?, fetch(environment, &candidate.benchmark_sid)?))
        }
        (baseline, candidate) => {
            let lacks = |side: &str, number: u32, has: bool| {
                let message = format!(
                    "version {number} has no completed benchmark over all examples as they are now, found right in the \
                     same way"
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
    format!("version {number} {head} version {}: {}", workflow.current_version, parts.join("; "))
}
