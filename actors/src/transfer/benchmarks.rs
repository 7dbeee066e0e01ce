//! Benchmarks in the document of a workflow. What they come to is found anew from their runs.

use std::collections::HashSet;

use hero_sdk::{
    Error,
    document::{ExportedBenchmark, ExportedWorkflow},
    model::{Benchmark, BenchmarkStatus, Measurement, Workflow},
};
use hero_store::{Batch, BenchmarkPlan, BenchmarkRow, Measured, Tables};

use super::{ensure, is_amount};
use crate::benchmarks::{
    estimate::{count, summary},
    plan::{CONCURRENCY_MAX, RUNS_MAX, digest},
};

/// Benchmarks of a workflow that is imported.
const BENCHMARKS_MAX: usize = 10_000;
/// Bytes of an error, a verdict or what a run returned.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// Those of a workflow that have ended, oldest first.
pub(super) fn exported(tables: &Tables, workflow: &Workflow) -> Result<Vec<ExportedBenchmark>, Error> {
    let mut rows = tables.benchmarks_page(&workflow.workflow_sid, None, None, usize::MAX)?;
    rows.retain(|row| row.benchmark.status.is_terminal());
    rows.reverse();
    rows.into_iter()
        .map(|row| {
            let sid = &row.benchmark.benchmark_sid;
            let examples = tables.plan(sid)?.map(|plan| plan.examples).unwrap_or_default();
            let measurements = tables.measurements(sid)?;
            let examples = examples.into_iter().map(Into::into).collect();
            Ok(ExportedBenchmark { benchmark: row.benchmark, examples, measurements })
        })
        .collect()
}

/// Whether those of a document are such as there could be here. Pure.
pub(super) fn check(content: &ExportedWorkflow) -> Result<(), Error> {
    let holds = |holds: bool, pointer: &dyn Fn() -> String, what: &str| {
        ensure::<ExportedWorkflow>(holds, pointer, what)
    };
    let all = &content.benchmarks;
    holds(all.len() <= BENCHMARKS_MAX, &|| "/benchmarks".to_owned(), "there are too many")?;
    let mut ids = HashSet::new();
    for (at, exported) in all.iter().enumerate() {
        let ExportedBenchmark { benchmark, examples, measurements } = exported;
        let here = || format!("/benchmarks/{at}/benchmark");
        holds(ids.insert(&benchmark.benchmark_sid), &here, "there is an id that was there before")?;
        let is_of_version = content.versions.iter().any(|version| {
            version.version == Some(benchmark.version) && version.version_sid == benchmark.version_sid
        });
        let is_of_it = benchmark.workflow_sid == content.workflow.workflow_sid && is_of_version;
        holds(is_of_it, &here, "there is one of no version of the workflow")?;
        let has_ended = benchmark.status.is_terminal() && benchmark.ended_at.is_some();
        holds(has_ended, &here, "there is one that has not ended")?;
        let has_limits = (1..=RUNS_MAX).contains(&benchmark.repeats)
            && (1..=CONCURRENCY_MAX).contains(&benchmark.concurrency)
            && (1..=RUNS_MAX).contains(&benchmark.total);
        holds(has_limits, &here, "there are more runs than a benchmark has, or none")?;
        let names: Vec<&String> = examples.iter().map(|example| &example.name).collect();
        let product = u32::try_from(names.len()).ok().and_then(|count| count.checked_mul(benchmark.repeats));
        let are_its_own = benchmark.examples.iter().eq(names.iter().copied())
            && product == Some(benchmark.total)
            && names.iter().collect::<HashSet<_>>().len() == names.len();
        holds(
            are_its_own,
            &|| format!("/benchmarks/{at}/examples"),
            "there are others than those that it ran",
        )?;
        let known: Vec<_> = examples.iter().map(|example| example.clone().of(&content.workflow)).collect();
        let is_digest = benchmark.examples_digest == digest(&known)?;
        holds(
            is_digest,
            &|| format!("{}/examples_digest", here()),
            "there is another digest than that of the examples",
        )?;
        let mut next = 0;
        for (run, measurement) in measurements.iter().enumerate() {
            let there = || format!("/benchmarks/{at}/measurements/{run}");
            let is_next = measurement.index >= next && measurement.index < benchmark.total;
            holds(
                is_next && is_run(measurement, benchmark),
                &there,
                "there is no further run of the benchmark",
            )?;
            next = measurement.index + 1;
        }
        let is_whole =
            benchmark.status != BenchmarkStatus::Completed || measurements.len() == benchmark.total as usize;
        holds(is_whole, &|| format!("/benchmarks/{at}/measurements"), "there are runs missing")?;
    }
    Ok(())
}

/// Whether a run could have been measured so.
fn is_run(measurement: &Measurement, benchmark: &Benchmark) -> bool {
    let Measurement {
        index,
        example,
        repeat,
        latency_ms,
        cost_usd,
        accuracy,
        error,
        verdict,
        unscored,
        outputs,
        ..
    } = measurement;
    let texts = [error, verdict, unscored].into_iter().flatten().map(String::len);
    benchmark.examples.get((index / benchmark.repeats) as usize) == Some(example)
        && *repeat == index % benchmark.repeats + 1
        && is_amount(*latency_ms)
        && is_amount(*cost_usd)
        && accuracy.as_ref().is_none_or(|accuracy| (0.0..=1.0).contains(accuracy))
        && texts.chain(outputs.iter().map(|json| json.as_str().len())).all(|bytes| bytes <= TEXT_BYTES_MAX)
}

/// As it is kept here.
pub(super) fn put(batch: &mut Batch, exported: &ExportedBenchmark, workflow: &Workflow) {
    let ExportedBenchmark { benchmark, examples, measurements } = exported.clone();
    let mut measured = Measured::default();
    measurements.iter().for_each(|measurement| count(&mut measured, measurement));
    let benchmark = Benchmark { workflow: workflow.name.clone(), summary: summary(&measured), ..benchmark };
    let examples = examples.into_iter().map(|example| example.of(workflow)).collect();
    batch.put_plan(&benchmark.benchmark_sid, &BenchmarkPlan { examples, evaluator: None });
    for measurement in &measurements {
        batch.put_measurement(&benchmark.benchmark_sid, measurement);
    }
    batch.put_benchmark(&BenchmarkRow { benchmark, measured });
}

/// Whether there is the same here.
pub(super) fn is_here(tables: &Tables, exported: &ExportedBenchmark) -> Result<Option<bool>, Error> {
    let Some(row) = tables.benchmark(&exported.benchmark.benchmark_sid)? else { return Ok(None) };
    let Benchmark { examples_digest, version_sid, .. } = &row.benchmark;
    let is_same = *examples_digest == exported.benchmark.examples_digest
        && *version_sid == exported.benchmark.version_sid
        && tables.measurements(&row.benchmark.benchmark_sid)? == exported.measurements;
    Ok(Some(is_same))
}
