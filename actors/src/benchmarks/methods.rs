//! The methods of benchmarks, each by messages or by a read of the store.

use std::{sync::Arc, time::Duration};

use hero_sdk::{
    BenchmarkSid, Error, ErrorCode, FieldError,
    logic::{
        BenchmarkCompare, BenchmarkComparison, BenchmarkReport, BenchmarkRun, BenchmarkWait, Difference,
        OfVersion,
    },
    model::{Benchmark, Measurement, Workflow},
};
use hero_store::{Batch, BenchmarkRow};

use super::{
    compare::{Compared, Measure, common_examples, compare},
    drive::{end_as_cancelled, put},
    message::Message,
    plan::plan,
};
use crate::{
    call::{call, call_permanent, gone},
    play::Environment,
    registry::Library,
    runtime::library,
};

/// Writes a benchmark, and has it run.
pub(crate) async fn run(environment: &Arc<Environment>, params: BenchmarkRun) -> Result<Benchmark, Error> {
    let known = Arc::clone(environment);
    let work = async move |library: Library| plan(&known, &library, params).await;
    let (row, plan) = library(environment, work).await?;
    let Benchmark { benchmark_sid, workflow_sid, .. } = row.benchmark.clone();
    if environment.closing.contains(&workflow_sid) {
        let message = format!("{} is being deleted", row.benchmark.workflow);
        return Err(
            Error::new(ErrorCode::Conflict, message).hint("wait until it is gone; it stays if that fails")
        );
    }
    let mut batch = Batch::new();
    batch.put_plan(&benchmark_sid, &plan);
    put(environment, &row, batch).await?;
    // An actor that is just being replaced finds it in the store.
    drop(environment.benchmarks.get().cast(Message::Run { benchmark_sid, workflow_sid }));
    Ok(row.benchmark)
}

/// A benchmark with its runs.
pub(crate) fn fetch(
    environment: &Environment,
    benchmark_sid: &BenchmarkSid,
) -> Result<BenchmarkReport, Error> {
    let benchmark = row(environment, benchmark_sid)?.benchmark;
    Ok(BenchmarkReport { benchmark, measurements: environment.tables.measurements(benchmark_sid)? })
}

/// Waits for its end, or for more runs of it.
pub(crate) async fn wait(environment: &Environment, params: BenchmarkWait) -> Result<Benchmark, Error> {
    let BenchmarkWait { benchmark_sid, runs, timeout_ms } = params;
    let mut changes = environment.measured.subscribe();
    let waiting = async {
        loop {
            let benchmark = row(environment, &benchmark_sid)?.benchmark;
            let has_more = runs.is_some_and(|runs| benchmark.summary.runs > runs);
            if benchmark.status.is_terminal() || has_more {
                return Ok(benchmark);
            }
            changes.changed().await.map_err(|_| gone())?;
        }
    };
    match tokio::time::timeout(Duration::from_millis(timeout_ms), waiting).await {
        Ok(result) => result,
        Err(_) => Ok(row(environment, &benchmark_sid)?.benchmark),
    }
}

/// Ends a benchmark with its plays.
pub(crate) async fn cancel(
    environment: &Environment,
    benchmark_sid: &BenchmarkSid,
) -> Result<Benchmark, Error> {
    const REASON: &str = "the benchmark was cancelled";
    let has_ended = |benchmark: &Benchmark| {
        let message = format!("the benchmark is {} already", benchmark.status.as_str());
        Error::new(ErrorCode::Conflict, message).hint("what it has measured stands")
    };
    let known = row(environment, benchmark_sid)?;
    if known.benchmark.status.is_terminal() {
        return Err(has_ended(&known.benchmark));
    }
    let message =
        |reply| Message::Cancel { benchmark_sid: benchmark_sid.clone(), reason: REASON.to_owned(), reply };
    let was_running = call_permanent(&environment.benchmarks, message).await?;
    let known = row(environment, benchmark_sid)?;
    if !known.benchmark.status.is_terminal() {
        end_as_cancelled(environment, known, REASON.to_owned()).await?;
    } else if !was_running {
        return Err(has_ended(&known.benchmark));
    }
    Ok(row(environment, benchmark_sid)?.benchmark)
}

/// Ends all benchmarks of a workflow that takes no new ones, or says that there are some.
pub(crate) async fn end_all_of(
    environment: &Environment,
    workflow: &Workflow,
    force: bool,
) -> Result<(), Error> {
    let workflow_sid = workflow.workflow_sid.clone();
    let benchmarks = environment.benchmarks.get();
    if force {
        let reason = "its workflow is deleted".to_owned();
        call(&benchmarks, |reply| Message::CancelAllOf { workflow_sid, reason, reply }).await?;
        return Ok(());
    }
    match call(&benchmarks, |reply| Message::CountOf { workflow_sid, reply }).await? {
        0 => match judged_by(environment, workflow)? {
            Some(benchmark) => {
                let message =
                    format!("{} judges a benchmark of {} that runs", workflow.name, benchmark.workflow);
                Err(Error::new(ErrorCode::Conflict, message)
                    .hint("deleting it by force leaves what is left of that benchmark without a verdict"))
            }
            None => Ok(()),
        },
        _ => Err(Error::new(ErrorCode::Conflict, format!("a benchmark of {} runs", workflow.name))
            .hint("deleting it by force ends its benchmarks and its live plays")),
    }
}

/// A benchmark that runs and of which this workflow is the evaluator.
fn judged_by(environment: &Environment, workflow: &Workflow) -> Result<Option<Benchmark>, Error> {
    let tables = &environment.tables;
    for row in tables.benchmarks_running()? {
        let evaluator = tables.plan(&row.benchmark.benchmark_sid)?.and_then(|plan| plan.evaluator);
        let version = evaluator.map(|version_sid| tables.version(&version_sid)).transpose()?.flatten();
        if version.is_some_and(|version| version.workflow_sid.as_ref() == Some(&workflow.workflow_sid)) {
            return Ok(Some(row.benchmark));
        }
    }
    Ok(None)
}

/// The newest completed benchmark of a version.
pub(crate) async fn latest(environment: &Arc<Environment>, params: OfVersion) -> Result<Benchmark, Error> {
    let OfVersion { workflow, version } = params;
    let work = async move |library: Library| library.resolve(&workflow, &version).await;
    let (workflow, version) = library(environment, work).await?;
    let number = version.version.unwrap_or_default();
    let latest = environment.tables.benchmark_latest(&workflow.workflow_sid, number)?;
    latest.map(|row| row.benchmark).ok_or_else(|| not_benchmarked(&workflow, number))
}

/// That a version has no completed benchmark.
fn not_benchmarked(workflow: &Workflow, number: u32) -> Error {
    let message = format!("version {number} of {} has no completed benchmark", workflow.name);
    Error::new(ErrorCode::NotFound, message)
        .hint(format!("`hero_logic bench run {} --version {number}` makes one", workflow.name))
}

/// Compares a benchmark with another.
pub(crate) fn compared(
    environment: &Environment,
    params: &BenchmarkCompare,
) -> Result<BenchmarkComparison, Error> {
    let baseline = fetch(environment, &params.baseline)?;
    let candidate = fetch(environment, &params.candidate)?;
    Ok(Both::of(baseline, candidate)?.comparison())
}

/// Two benchmarks that can be compared.
pub(super) struct Both {
    baseline: BenchmarkReport,
    candidate: BenchmarkReport,
    /// Each measure that some example has on both sides.
    pub(super) compared: Vec<Compared>,
}

impl Both {
    /// `conflict` where they cannot be compared.
    pub(super) fn of(baseline: BenchmarkReport, candidate: BenchmarkReport) -> Result<Self, Error> {
        let (one, other) = (&baseline.benchmark, &candidate.benchmark);
        let refused = |message: String, hint: &str| Err(Error::new(ErrorCode::Conflict, message).hint(hint));
        if one.workflow_sid != other.workflow_sid {
            let message = format!("one is a benchmark of {}, the other of {}", one.workflow, other.workflow);
            return refused(message, "compare benchmarks of versions of one workflow");
        }
        if one.examples_digest != other.examples_digest {
            let message = "the benchmarks ran over different examples".to_owned();
            return refused(message, "an example was changed, or others were named: run both over the same");
        }
        if !one.scoring.judges_as(&other.scoring) {
            let message = "the accuracy of the benchmarks was found in different ways".to_owned();
            return refused(message, "run both with the same scoring");
        }
        if one.benchmark_sid == other.benchmark_sid {
            let field =
                FieldError { pointer: "/candidate".to_owned(), message: "it is the baseline".to_owned() };
            return Err(Error::new(ErrorCode::InvalidParams, "a benchmark is compared with itself")
                .fields(vec![field]));
        }
        let compare = |measure| compare(measure, &baseline.measurements, &candidate.measurements);
        let compared = Measure::ALL.into_iter().filter_map(compare).collect();
        Ok(Self { baseline, candidate, compared })
    }

    pub(super) fn candidate(&self) -> &BenchmarkSid {
        &self.candidate.benchmark.benchmark_sid
    }

    /// All of it.
    pub(super) fn comparison(self) -> BenchmarkComparison {
        let difference = |measure| -> Option<Difference> {
            Some(self.compared.iter().find(|compared| compared.measure == measure)?.difference)
        };
        let both: [&[Measurement]; 2] = [&self.baseline.measurements, &self.candidate.measurements];
        let [one, other] = both;
        BenchmarkComparison {
            examples: u32::try_from(common_examples(one, other)).unwrap_or(u32::MAX),
            accuracy: difference(Measure::Accuracy),
            success_rate: difference(Measure::SuccessRate),
            cost: difference(Measure::Cost),
            latency: difference(Measure::Latency),
            baseline: self.baseline.benchmark,
            candidate: self.candidate.benchmark,
        }
    }
}

fn row(environment: &Environment, benchmark_sid: &BenchmarkSid) -> Result<BenchmarkRow, Error> {
    environment.tables.benchmark(benchmark_sid)?.ok_or_else(|| {
        Error::new(ErrorCode::NotFound, format!("no benchmark {benchmark_sid}"))
            .hint("`hero_logic bench list WORKFLOW` lists those that there are")
    })
}
