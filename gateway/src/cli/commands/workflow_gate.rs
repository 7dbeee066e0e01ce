//! `hero_logic workflow set-current --gate`: another version runs from now on, if it is not worse by the examples.

use hero_sdk::{
    Error, ErrorCode, Logic,
    logic::{self, BenchmarkReport, BenchmarkRun, GateCheck, GateReport, OfVersion, OfWorkflow},
    model::{Benchmark, BenchmarkStatus, ScoringMode, VersionChoice},
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

/// The newest completed benchmarks of the current version and of the other.
type Known = [Option<Benchmark>; 2];

/// Runs it on any `Logic`.
pub(super) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    of: OfVersion,
    gate: WorkflowGate,
) -> Result<Exit, Failure> {
    let current = logic.workflow_get(OfWorkflow { workflow: of.workflow.clone() }).await?.current_version;
    let number = logic.workflow_version_fetch(of.clone()).await?.version.unwrap_or_default();
    check(logic, params(of.clone(), &gate)).await?;
    if number != current
        && let Some(cut_short) = benchmark(context, logic, &of.workflow, [current, number], &gate.how).await?
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
    let WorkflowGate { max_accuracy_loss, max_cost_increase, max_latency_increase, min_confidence, how: _ } =
        gate;
    logic::WorkflowGate {
        max_accuracy_loss: max_accuracy_loss.unwrap_or(0.0),
        max_cost_increase: max_cost_increase.unwrap_or(0.0),
        max_latency_increase: max_latency_increase.unwrap_or(0.1),
        min_confidence: min_confidence.unwrap_or(0.0),
        set_current: true,
        workflow,
        version,
    }
}

/// Bounds that are none are refused before anything is benchmarked.
async fn check(logic: &dyn Logic, gate: logic::WorkflowGate) -> Result<(), Error> {
    match logic.workflow_gate(logic::WorkflowGate { set_current: false, ..gate }).await {
        Ok(_) => Ok(()),
        // Nothing can be compared yet.
        Err(error) if error.code == ErrorCode::Conflict => Ok(()),
        Err(error) => Err(error),
    }
}

/// Benchmarks what cannot be compared yet. Gives the benchmark that was not completed, where one was not.
async fn benchmark(
    context: &mut Context,
    logic: &dyn Logic,
    workflow: &str,
    numbers: [u32; 2],
    how: &BenchHow,
) -> Result<Option<BenchmarkReport>, Failure> {
    let [current, number] = numbers;
    let mut known: Known = [latest(logic, workflow, current).await?, latest(logic, workflow, number).await?];
    for (side, number) in in_order(&known, numbers) {
        if can_be_compared(&known, how) {
            break;
        }
        let version = VersionChoice::Number(number);
        let wanted = BenchmarkRun { version, ..as_known(how.clone().of(workflow), how, &known) };
        let report = measure(context, logic, wanted).await?;
        if report.benchmark.status != BenchmarkStatus::Completed {
            return Ok(Some(report));
        }
        if let Some(known) = known.get_mut(side) {
            *known = Some(report.benchmark);
        }
    }
    Ok(None)
}

/// In which order they are benchmarked: one that was never before one that was, and the older before the newer, as what ran
/// over the same examples and in the same way need not run again.
fn in_order(known: &Known, [current, number]: [u32; 2]) -> [(usize, u32); 2] {
    let [baseline, candidate] = known.each_ref().map(|known| known.as_ref().map(|known| known.created_at));
    let (baseline_side, candidate_side) = ((0, current), (1, number));
    if baseline < candidate { [baseline_side, candidate_side] } else { [candidate_side, baseline_side] }
}

async fn latest(logic: &dyn Logic, workflow: &str, number: u32) -> Result<Option<Benchmark>, Error> {
    let of = OfVersion { workflow: workflow.to_owned(), version: VersionChoice::Number(number) };
    match logic.benchmark_latest_for_version(of).await {
        Ok(benchmark) => Ok(Some(benchmark)),
        Err(error) if error.code == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether both ran over the same examples, and accuracy was found in the same way: the one that is asked for.
fn can_be_compared(known: &Known, how: &BenchHow) -> bool {
    let [Some(one), Some(other)] = known else { return false };
    let fits = |benchmark: &Benchmark| {
        let BenchHow { scoring, tolerance, evaluator, .. } = how;
        let known = &benchmark.scoring;
        scoring.is_none_or(|mode| ScoringMode::from(mode) == known.mode)
            && tolerance.is_none_or(|tolerance| Some(tolerance) == known.tolerance)
            && (evaluator.is_none() || *evaluator == known.evaluator)
    };
    one.examples_digest == other.examples_digest && one.scoring == other.scoring && fits(one) && fits(other)
}

/// Accuracy is found as it was before, unless it is asked for otherwise.
fn as_known(wanted: BenchmarkRun, how: &BenchHow, known: &Known) -> BenchmarkRun {
    let is_asked_for = how.scoring.is_some() || how.tolerance.is_some() || how.evaluator.is_some();
    match known.iter().flatten().next() {
        Some(known) if !is_asked_for => BenchmarkRun {
            scoring: known.scoring.mode,
            tolerance: known.scoring.tolerance,
            evaluator: known.scoring.evaluator.clone(),
            evaluator_timeout_ms: wanted.evaluator_timeout_ms.or(known.scoring.evaluator_timeout_ms),
            ..wanted
        },
        _ => wanted,
    }
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
