//! `hero_logic workflow set-current --gate`: another version runs from now on, if it is not worse by the examples.

use hero_sdk::{
    Error, ErrorCode, Logic,
    logic::{self, BenchmarkReport, BenchmarkRun, GateCheck, GateReport, OfVersion, OfWorkflow},
    model::{BenchmarkStatus, VersionChoice},
};

use super::bench_run::{WRONG_MAX, tell};
use crate::cli::{
    args::{BenchHow, WorkflowGate},
    bench::{
        differences::can_vary,
        report::exit,
        watch::measure,
        words::{Measure, Verdict, money, percent, sure},
    },
    context::Context,
    errors::{Exit, Failure},
    escape::visible,
    report,
    style::Paint,
    table::Cell,
    tree::duration,
};

/// Runs it on any `Logic`.
pub(super) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    of: OfVersion,
    gate: WorkflowGate,
) -> Result<Exit, Failure> {
    let current = logic.workflow_get(OfWorkflow { workflow: of.workflow.clone() }).await?.current_version;
    let number = logic.workflow_version_fetch(of.clone()).await?.version.unwrap_or_default();
    // Bounds that are none are refused before anything is benchmarked.
    let lacking = lacking(logic, params(of.clone(), &gate)).await?;
    if number != current
        && let Some(cut_short) = benchmark(context, logic, &of, [current, number], &gate, lacking).await?
    {
        return tell_cut_short(context, &cut_short);
    }
    let report = logic.workflow_gate(params(of, &gate)).await?;
    if context.out.json {
        context.out.document(&report)?;
    } else {
        let rows = report.checks.iter().map(|check| row(check, can_vary(&report.comparison))).collect();
        context.out.table(["MEASURE", "VALUES", "CHANGE", "ALLOWED", "HOW SURE"], rows)?;
        context.out.text(&format!("{}\n", visible(&report.reason)))?;
        tell_decision(context, &report);
    }
    Ok(if report.passed { Exit::Succeeded } else { Exit::Failed })
}

fn params(of: OfVersion, gate: &WorkflowGate) -> logic::WorkflowGate {
    let OfVersion { workflow, version } = of;
    let WorkflowGate { max_accuracy_loss, max_cost_increase, max_latency_increase, min_confidence, how } =
        gate;
    let BenchmarkRun { scoring, tolerance, evaluator, .. } = how.clone().of(&workflow);
    let usual = logic::WorkflowGate::default();
    logic::WorkflowGate {
        workflow,
        version,
        scoring,
        tolerance,
        evaluator,
        max_accuracy_loss: max_accuracy_loss.unwrap_or(usual.max_accuracy_loss),
        max_cost_increase: max_cost_increase.unwrap_or(usual.max_cost_increase),
        max_latency_increase: max_latency_increase.unwrap_or(usual.max_latency_increase),
        min_confidence: min_confidence.unwrap_or(usual.min_confidence),
        set_current: usual.set_current,
    }
}

/// Which of the current version and the other lack a benchmark that they could be compared by.
async fn lacking(logic: &dyn Logic, gate: logic::WorkflowGate) -> Result<[bool; 2], Error> {
    match logic.workflow_gate(logic::WorkflowGate { set_current: false, ..gate }).await {
        Ok(_) => Ok([false; 2]),
        Err(error) if error.code == ErrorCode::Conflict => {
            let lacks = |side: &str| error.fields.iter().any(|field| field.pointer == side);
            Ok([lacks("/baseline"), lacks("/candidate")])
        }
        Err(error) => Err(error),
    }
}

/// Benchmarks what cannot be compared yet, or both where it is said how. Gives the benchmark that was not completed, where
/// one was not.
async fn benchmark(
    context: &mut Context,
    logic: &dyn Logic,
    of: &OfVersion,
    numbers: [u32; 2],
    gate: &WorkflowGate,
    lacking: [bool; 2],
) -> Result<Option<BenchmarkReport>, Failure> {
    let BenchHow { repeats, concurrency, timeout, evaluator_timeout, .. } = gate.how;
    let is_told =
        repeats.is_some() || concurrency.is_some() || timeout.is_some() || evaluator_timeout.is_some();
    for (number, lacks) in numbers.into_iter().zip(lacking) {
        if lacks || is_told {
            let wanted = gate.how.clone().of(&of.workflow);
            let wanted = BenchmarkRun { version: VersionChoice::Number(number), ..wanted };
            let report = measure(context, logic, wanted).await?;
            if report.benchmark.status != BenchmarkStatus::Completed {
                return Ok(Some(report));
            }
        }
    }
    Ok(None)
}

fn tell_cut_short(context: &mut Context, report: &BenchmarkReport) -> Result<Exit, Failure> {
    if context.out.json {
        context.out.document(report)?;
    } else {
        tell(context, report, WRONG_MAX)?;
    }
    Ok(exit(&report.benchmark))
}

fn row(check: &GateCheck, can_vary: bool) -> [Cell; 5] {
    let (measure, told): (Measure, fn(f64) -> String) = match check.measure.as_str() {
        "cost" => (Measure::Amount, money),
        "latency" => (Measure::Amount, duration),
        _ => (Measure::Share, percent),
    };
    let verdict = Verdict::of_change(measure, check.difference.change);
    let change = match measure.is_better(check.difference.change) {
        Some(_) => format!("{}, {}", measure.change(check.difference.change), verdict.words),
        None => verdict.words,
    };
    let (mark, paint) = if check.passed { ("✓", Paint::Good) } else { ("✗", Paint::Bad) };
    let allowed = match (measure, check.bound > 0.0) {
        (Measure::Share, false) => "no less".to_owned(),
        (Measure::Amount, false) => "no more".to_owned(),
        (Measure::Share, true) => format!("{} less", measure.amount(check.bound)),
        (Measure::Amount, true) => format!("{} more", measure.amount(check.bound)),
    };
    [
        (paint, format!("{mark} {}", check.measure.replace('_', " "))),
        (Paint::Plain, format!("{} → {}", told(check.difference.baseline), told(check.difference.candidate))),
        (verdict.paint, change),
        (Paint::Plain, allowed),
        (Paint::Plain, if can_vary { sure(check.confidence) } else { "of too few runs".to_owned() }),
    ]
}

fn tell_decision(context: &mut Context, report: &GateReport) {
    let GateReport { comparison, is_current, .. } = report;
    let name = visible(&comparison.candidate.workflow);
    let words = if *is_current {
        format!("{name}: version {} runs from now on\n", comparison.candidate.version)
    } else {
        format!("{name}: version {} stays the current one\n", comparison.baseline.version)
    };
    if !report.passed {
        let sid = comparison.candidate.benchmark_sid.as_str();
        let show = report::command(&context.global, &["bench", "show", sid]);
        let head = context.palette.paint(Paint::Note, "hint:");
        context.say(&format!("{head} what was not right: {show}\n"));
    }
    context.say(&words);
}
