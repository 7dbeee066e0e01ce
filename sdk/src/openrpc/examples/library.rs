//! What the examples say of how `hello` has fared: statistics, benchmarks, a choice.

use serde_json::json;

use super::{DIGEST, greeting, json_of, moment, play_sid, sid, version, version_sid, workflow, workflow_sid};
use crate::{
    BenchmarkSid,
    logic::{
        BenchmarkComparison, Difference, GateCheck, GateReport, LibraryHit, LibraryHits, Limits, Measure,
        Picked, VersionScore, Weights, WorkflowGate, WorkflowStatistics,
    },
    model::{
        Benchmark, BenchmarkStatus, BenchmarkSummary, Estimate, Measurement, Scoring, Statistics,
        VersionChoice, VersionStatistics,
    },
};

pub(super) fn benchmark_sid() -> BenchmarkSid {
    sid("bench_01kar9w5c8d0f2h4k6m8p0r2t4")
}

/// The one before.
pub(super) fn baseline_sid() -> BenchmarkSid {
    sid("bench_01kar9w1a2c4e6g8j0m2p4r6t8")
}

pub(super) fn statistics() -> Statistics {
    Statistics {
        runs: 42,
        succeeded: 40,
        failed: 1,
        cancelled: 1,
        diverged: 0,
        success_rate: Some(0.975_609_756_097_561),
        latency_p50_ms: Some(11.5),
        latency_p95_ms: Some(14.25),
        cost_p50_usd: Some(0.0),
        cost_mean_usd: Some(0.0),
        cost_usd: 0.0,
        tokens_in: 0,
        tokens_out: 0,
        last_run_at: Some(moment(14)),
    }
}

pub(super) fn workflow_statistics() -> WorkflowStatistics {
    let versions = vec![VersionStatistics { version: 1, statistics: statistics() }];
    WorkflowStatistics { workflow: statistics(), versions }
}

pub(super) fn hits() -> LibraryHits {
    let (workflow, version) = (workflow(), version());
    let hit = LibraryHit {
        workflow_sid: workflow.workflow_sid,
        workflow: workflow.name,
        version: 1,
        score: 0.87,
        why: vec!["“greet” is in the description".to_owned()],
        description: workflow.description,
        tags: workflow.tags,
        inputs: version.inputs,
        outputs: version.outputs,
        statistics: statistics(),
    };
    LibraryHits { hits: vec![hit], nearest: None, searched: 204 }
}

/// One that has been started, or has ended.
pub(super) fn benchmark(status: BenchmarkStatus) -> Benchmark {
    let has_ended = status.is_terminal();
    let share = |mean, low| Estimate { mean, low, high: 1.0 };
    let summary = BenchmarkSummary {
        runs: 2,
        succeeded: 2,
        success_rate: Some(share(1.0, 0.342_372)),
        scored: 2,
        unscored: 0,
        accuracy: Some(share(1.0, 0.342_372)),
        latency_p50_ms: Some(11.5),
        latency_p95_ms: Some(12.25),
        cost_mean_usd: Some(Estimate { mean: 0.0, low: 0.0, high: 0.0 }),
        cost_usd: 0.0,
        tokens_in: 0,
        tokens_out: 0,
    };
    Benchmark {
        benchmark_sid: benchmark_sid(),
        workflow_sid: workflow_sid(),
        workflow: "hello".to_owned(),
        version_sid: version_sid(),
        version: 1,
        status,
        examples: vec!["ada".to_owned()],
        examples_digest: format!("sha256:{DIGEST}"),
        repeats: 2,
        concurrency: 4,
        scoring: Scoring::default(),
        timeout_ms: 600_000,
        total: 2,
        summary: if has_ended { summary } else { BenchmarkSummary::default() },
        reason: None,
        created_at: moment(100),
        ended_at: has_ended.then(|| moment(130)),
    }
}

pub(super) fn measurement() -> Measurement {
    Measurement {
        index: 0,
        example: "ada".to_owned(),
        repeat: 1,
        play_sid: Some(play_sid()),
        succeeded: true,
        error: None,
        latency_ms: 11.5,
        cost_usd: 0.0,
        tokens_in: 0,
        tokens_out: 0,
        accuracy: Some(0.0),
        verdict: Some("/greeting: \"Hello, Ada!\" instead of \"Hi, Ada!\"".to_owned()),
        unscored: None,
        outputs: Some(greeting()),
    }
}

fn same(value: f64) -> Difference {
    Difference { baseline: value, candidate: value, change: 0.0, low: 0.0, high: 0.0, confidence: 1.0 }
}

pub(super) fn comparison() -> BenchmarkComparison {
    let completed = || benchmark(BenchmarkStatus::Completed);
    BenchmarkComparison {
        baseline: Benchmark { benchmark_sid: baseline_sid(), ..completed() },
        candidate: Benchmark { version: 2, ..completed() },
        examples: 1,
        accuracy: Some(same(1.0)),
        success_rate: Some(same(1.0)),
        cost: Some(same(0.0)),
        latency: Some(Difference {
            baseline: 12.0,
            candidate: 11.4,
            change: -0.05,
            low: -0.09,
            high: 0.02,
            confidence: 0.94,
        }),
    }
}

pub(super) fn gate() -> WorkflowGate {
    WorkflowGate {
        workflow: "hello".to_owned(),
        version: VersionChoice::Number(2),
        min_confidence: 0.9,
        ..WorkflowGate::default()
    }
}

pub(super) fn gated() -> GateReport {
    let check = GateCheck {
        measure: "accuracy".to_owned(),
        difference: same(1.0),
        bound: 0.0,
        confidence: 1.0,
        passed: true,
    };
    GateReport {
        passed: true,
        is_current: true,
        reason: "version 2 is not worse than version 1, by exact scoring: accuracy +0.000 (at most 0.000 less: 100 % sure)"
            .to_owned(),
        checks: vec![check],
        comparison: comparison(),
    }
}

pub(super) fn weights() -> Weights {
    Weights { cost: 1.0, speed: 0.0, accuracy: 3.0 }
}

pub(super) fn limits() -> Limits {
    Limits { max_cost_usd: Some(0.05), ..Limits::default() }
}

pub(super) fn picked() -> Picked {
    let measure = |measured, bound| Some(Measure { measured, bound, runs: 40, normalised: 1.0 });
    let score = VersionScore {
        version: 1,
        score: Some(1.0),
        excluded: Vec::new(),
        cost: measure(0.0, 0.0),
        speed: measure(14.25, 15.5),
        accuracy: measure(1.0, 0.982_6),
    };
    Picked {
        version: 1,
        version_sid: version_sid(),
        reason: "version 1 scores 1.000, as the only version: accuracy 1.0000 in 40 runs, taken as 0.9826"
            .to_owned(),
        scores: vec![score],
    }
}

/// What `inputs` and `outputs` of a search say.
pub(super) fn shape(name: &str) -> crate::Json {
    json_of(&json!({ name: "string" }))
}
