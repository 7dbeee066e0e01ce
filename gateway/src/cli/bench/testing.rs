//! Reports of benchmarks for tests.

use hero_sdk::{
    BenchmarkSid,
    logic::BenchmarkReport,
    model::{Benchmark, BenchmarkStatus, BenchmarkSummary, Estimate, Measurement, Scoring},
};

use crate::cli::testing::{MOMENT, play_sid};

/// A benchmark's id that tests can print.
pub(crate) fn benchmark_sid() -> BenchmarkSid {
    "bench_01kar9v3zv5w8x2b7c6d4e0f1g".parse().unwrap()
}

/// A run that is measured; `index` says of which example.
pub(crate) fn right(index: u32, latency_ms: f64) -> Measurement {
    Measurement {
        index,
        example: String::new(),
        repeat: 0,
        play_sid: Some(play_sid()),
        succeeded: true,
        error: None,
        latency_ms,
        cost_usd: 0.001,
        tokens_in: 10,
        tokens_out: 2,
        accuracy: Some(1.0),
        verdict: None,
        unscored: None,
        outputs: None,
    }
}

/// The same with another result than was expected.
pub(crate) fn wrong(index: u32, latency_ms: f64) -> Measurement {
    let verdict = Some("/city: \"Linz\" instead of \"Graz \u{1b}[31m\"".to_owned());
    Measurement { accuracy: Some(0.0), verdict, ..right(index, latency_ms) }
}

/// The same with a result that an evaluator finds good in part.
pub(crate) fn partly(index: u32, latency_ms: f64) -> Measurement {
    Measurement { accuracy: Some(0.75), ..right(index, latency_ms) }
}

/// The same without a result.
pub(crate) fn failed(index: u32) -> Measurement {
    let error = Some("exception: ValueError: no\nway".to_owned());
    Measurement { succeeded: false, accuracy: Some(0.0), error, cost_usd: 0.0, ..right(index, 7.0) }
}

/// The same that nobody has judged.
pub(crate) fn unscored(index: u32) -> Measurement {
    let unscored = Some("evaluator_timeout: judge gave no verdict within 60000 ms".to_owned());
    Measurement { accuracy: None, unscored, ..right(index, 7.0) }
}

/// A benchmark of these examples with these runs; it runs as long as some are missing.
pub(crate) fn report(examples: &[&str], repeats: u32, runs: &[Measurement]) -> BenchmarkReport {
    let total = u32::try_from(examples.len()).unwrap() * repeats;
    let to_measurement = |run: &Measurement| Measurement {
        example: examples[(run.index / repeats) as usize].to_owned(),
        repeat: run.index % repeats + 1,
        ..run.clone()
    };
    let measurements: Vec<Measurement> = runs.iter().map(to_measurement).collect();
    let count = |is: fn(&Measurement) -> bool| {
        u32::try_from(measurements.iter().filter(|run| is(run)).count()).unwrap()
    };
    let (all, succeeded, scored) =
        (count(|_| true), count(|run| run.succeeded), count(|run| run.accuracy.is_some()));
    let share = |sum: f64, count: u32| {
        let mean = sum / f64::from(count);
        (count > 0).then_some(Estimate { mean, low: mean / 2.0, high: f64::midpoint(mean, 1.0) })
    };
    let is_over = all == total;
    let benchmark = Benchmark {
        benchmark_sid: benchmark_sid(),
        workflow_sid: "wf_01kar9v3zv5w8x2b7c6d4e0f1g".parse().unwrap(),
        workflow: "trip".into(),
        version_sid: "ver_01kar9v3zv5w8x2b7c6d4e0f1g".parse().unwrap(),
        version: 2,
        status: if is_over { BenchmarkStatus::Completed } else { BenchmarkStatus::Running },
        examples: examples.iter().map(|&name| name.to_owned()).collect(),
        examples_digest: "ab".repeat(32),
        repeats,
        concurrency: 4,
        scoring: Scoring::default(),
        timeout_ms: 600_000,
        total,
        summary: BenchmarkSummary {
            runs: all,
            succeeded,
            success_rate: share(f64::from(succeeded), all),
            scored,
            unscored: count(|run| run.unscored.is_some()),
            accuracy: share(measurements.iter().filter_map(|run| run.accuracy).sum(), scored),
            latency_p50_ms: (succeeded > 0).then_some(10.0),
            latency_p95_ms: (succeeded > 0).then_some(30.0),
            cost_mean_usd: (succeeded > 0).then_some(Estimate { mean: 0.001, low: 0.0005, high: 0.0015 }),
            cost_usd: 0.001 * f64::from(succeeded),
            tokens_in: 10 * u64::from(all),
            tokens_out: 2 * u64::from(all),
        },
        reason: None,
        created_at: MOMENT,
        ended_at: is_over.then_some(MOMENT),
    };
    BenchmarkReport { benchmark, measurements }
}
