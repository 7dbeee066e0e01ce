//! Versions by what was measured: picked, compared, gated; and what counts of a play that is run again.

use hero_sdk::{
    ErrorCode, Json, Logic as _, PlaySid,
    logic::{
        BenchmarkCompare, BenchmarkListForVersion, BenchmarkRun, Limits, OfVersion, OfWorkflow, PickVersion,
        PlayStart, PlayWait, Until, Weights, WorkflowCreateVersion, WorkflowDelete, WorkflowExport,
        WorkflowGate, WorkflowImport,
    },
    model::{ScoringMode, Status, VersionChoice},
};

use crate::stage::*;

/// Fails, and succeeds when it is run again.
const FAILS_FIRST: &str = "
from pathlib import Path

from hero_tracing import flow


@flow
def main():
    if not Path('there').exists():
        Path('there').touch()
        raise flow.Failed('not yet')
    return 1
";

#[tokio::test]
async fn versions_are_picked_and_gated_by_what_was_measured() {
    let stage = Stage::doubling().await;
    stage.add_version(SECOND).await;
    let pick = |weights: Weights, limits: Limits| {
        stage.runtime.pick_version(PickVersion { workflow: "double".into(), weights, limits: Some(limits) })
    };
    let [cheap, fast, right] = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)]
        .map(|(cost, speed, accuracy)| Weights { cost, speed, accuracy });
    // Nothing is known: the current one.
    assert_eq!(pick(cheap, Limits::default()).await.unwrap().version, 1);
    let gate = WorkflowGate {
        workflow: "double".into(),
        version: VersionChoice::Number(2),
        ..WorkflowGate::default()
    };
    let unmeasured = stage.runtime.workflow_gate(gate.clone()).await.unwrap_err();
    assert_eq!(unmeasured.code, ErrorCode::Conflict);
    assert!(unmeasured.hint.unwrap().contains("bench run double --version"));
    let mut benchmarks = Vec::new();
    for version in [1, 2] {
        let run = BenchmarkRun {
            version: VersionChoice::Number(version),
            repeats: Some(10),
            concurrency: Some(1),
            ..BenchmarkRun::default()
        };
        benchmarks.push(stage.run(run).await.benchmark);
    }
    assert_eq!(pick(cheap, Limits::default()).await.unwrap().version, 2);
    assert_eq!(pick(fast, Limits::default()).await.unwrap().version, 1);
    let picked = pick(right, Limits::default()).await.unwrap();
    assert_eq!((picked.version, picked.scores.len()), (2, 2), "{}", picked.reason);
    let none = Limits { max_cost_usd: Some(0.001), ..Limits::default() };
    assert_eq!(pick(cheap, none).await.unwrap_err().code, ErrorCode::NoVersionFits);

    let [one, two] = [0, 1].map(|index: usize| benchmarks[index].benchmark_sid.clone());
    let compare = BenchmarkCompare { baseline: one.clone(), candidate: two.clone() };
    let comparison = stage.runtime.benchmark_compare(compare).await.unwrap();
    assert_eq!(comparison.examples, 5);
    let (accuracy, cost, latency) =
        (comparison.accuracy.unwrap(), comparison.cost.unwrap(), comparison.latency.unwrap());
    assert!((accuracy.change - 0.25).abs() < 1e-9, "{accuracy:?}");
    assert!((cost.change + 0.5).abs() < 1e-9 && cost.confidence > 0.9, "{cost:?}");
    assert!(latency.change > 0.1 && latency.baseline > 0.0, "{latency:?}");
    let same = BenchmarkCompare { baseline: one.clone(), candidate: one };
    assert_eq!(stage.runtime.benchmark_compare(same).await.unwrap_err().code, ErrorCode::InvalidParams);

    // It is slower, so it does not pass unless that is allowed.
    let refused = stage.runtime.workflow_gate(gate.clone()).await.unwrap();
    assert_eq!((refused.passed, refused.is_current), (false, false), "{}", refused.reason);
    assert!(
        refused.reason.contains("latency +") && refused.reason.contains("TOO MUCH"),
        "{}",
        refused.reason
    );
    let failed: Vec<&str> =
        refused.checks.iter().filter(|check| !check.passed).map(|check| check.measure.as_str()).collect();
    assert_eq!(failed, ["latency"]);
    let wide = WorkflowGate { max_latency_increase: 1e6, min_confidence: 0.95, ..gate.clone() };
    let looked = WorkflowGate { set_current: false, ..wide.clone() };
    let looked = stage.runtime.workflow_gate(looked).await.unwrap();
    assert_eq!((looked.passed, looked.is_current), (true, false));
    let passed = stage.runtime.workflow_gate(wide.clone()).await.unwrap();
    assert_eq!((passed.passed, passed.is_current), (true, true), "{}", passed.reason);
    let workflow = stage.runtime.workflow_get(OfWorkflow { workflow: "double".into() }).await.unwrap();
    assert_eq!(workflow.current_version, 2);
    assert_eq!(stage.runtime.workflow_gate(wide).await.unwrap_err().code, ErrorCode::Conflict);
    let wrong = WorkflowGate { min_confidence: 2.0, ..gate };
    assert_eq!(stage.runtime.workflow_gate(wrong).await.unwrap_err().code, ErrorCode::InvalidParams);

    // The other way round, and over other examples, there is nothing to compare.
    let other = stage.run(BenchmarkRun { version: VersionChoice::Number(1), ..of(&["two"]) }).await.benchmark;
    let compare = BenchmarkCompare { baseline: other.benchmark_sid.clone(), candidate: two };
    let error = stage.runtime.benchmark_compare(compare).await.unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str()),
        (ErrorCode::Conflict, "the benchmarks ran over different examples")
    );
    let latest = OfVersion { workflow: "double".into(), version: VersionChoice::Number(1) };
    assert_eq!(stage.runtime.benchmark_latest_for_version(latest).await.unwrap(), other);
    let list = BenchmarkListForVersion {
        workflow: "double".into(),
        version: VersionChoice::Number(1),
        limit: Some(1),
        cursor: None,
    };
    let page = stage.runtime.benchmark_list_for_version(list.clone()).await.unwrap();
    assert_eq!(page.benchmarks, [other]);
    let next = BenchmarkListForVersion { cursor: page.next_cursor, ..list };
    let page = stage.runtime.benchmark_list_for_version(next).await.unwrap();
    assert_eq!((page.benchmarks, page.next_cursor), (vec![benchmarks[0].clone()], None));
    stage.close().await;
}

/// A play that is run again counts once, as it ended last.
/// A judge who is pleased with everything does not decide where nobody asked it to, nor one that has changed since.
#[tokio::test]
async fn a_gate_judges_as_it_is_told_whatever_ran_last() {
    let stage = Stage::doubling().await;
    stage.add_version(&FIRST.replace("n * factor", "0")).await;
    let kind = "from hero_tracing import flow\n\n\n@flow\ndef main(outputs):\n    return True\n";
    stage.create("kind", kind).await;
    for run in [BenchmarkRun::default(), judged_by("kind")] {
        for version in [1, 2] {
            stage.run(BenchmarkRun { version: VersionChoice::Number(version), ..run.clone() }).await;
        }
    }
    let gate = WorkflowGate {
        workflow: "double".into(),
        version: VersionChoice::Number(2),
        max_latency_increase: 1e6,
        set_current: false,
        ..WorkflowGate::default()
    };
    let report = stage.runtime.workflow_gate(gate.clone()).await.unwrap();
    assert!(!report.passed && report.reason.contains("version 1, by exact scoring: "), "{}", report.reason);
    let judged =
        WorkflowGate { scoring: ScoringMode::Evaluator, evaluator: Some("kind".into()), ..gate.clone() };
    let report = stage.runtime.workflow_gate(judged.clone()).await.unwrap();
    assert!(report.passed && report.reason.contains("version 1, as kind@1 judges: "), "{}", report.reason);
    let other = WorkflowCreateVersion {
        workflow: "kind".into(),
        source: kind.replace("True", "0.5"),
        entry: None,
        note: None,
        set_current: true,
        file_name: None,
    };
    stage.runtime.workflow_create_version(other).await.unwrap();
    let error = stage.runtime.workflow_gate(judged.clone()).await.unwrap_err();
    assert_eq!((error.code, error.fields.len()), (ErrorCode::Conflict, 2), "{error}");
    let as_before = WorkflowGate { evaluator: Some("kind@1".into()), ..judged };
    assert!(stage.runtime.workflow_gate(as_before).await.unwrap().passed);
    let tolerance = WorkflowGate { tolerance: Some(0.1), ..gate };
    assert_eq!(stage.runtime.workflow_gate(tolerance).await.unwrap_err().code, ErrorCode::InvalidParams);
    stage.close().await;
}

#[tokio::test]
async fn a_retried_play_counts_as_it_ended_last() {
    let stage = Stage::of(FAILS_FIRST).await;
    let started = PlayStart { workflow: "double".into(), ..PlayStart::default() };
    let play = stage.runtime.play_start(started).await.unwrap();
    let statistics = || stage.runtime.workflow_statistics(OfWorkflow { workflow: "double".into() });
    let ended = || {
        let wait =
            PlayWait { play_sid: play.play_sid.clone(), timeout_ms: Some(60_000), until: Until::Terminal };
        stage.runtime.play_wait(wait)
    };
    assert_eq!(ended().await.unwrap().status, Status::Failed);
    let first = statistics().await.unwrap().workflow;
    assert_eq!((first.runs, first.failed, first.success_rate), (1, 1, Some(0.0)));
    stage.runtime.play_retry(play.play_sid.clone().into()).await.unwrap();
    assert_eq!(ended().await.unwrap().status, Status::Succeeded);
    let second = statistics().await.unwrap().workflow;
    assert_eq!((second.runs, second.failed, second.succeeded), (1, 0, 1));
    assert!(second.last_run_at > first.last_run_at);
    stage.close().await;
}

/// What was measured in one home is known in another, and is found anew from its runs.
#[tokio::test]
async fn benchmarks_go_with_their_workflow_to_another_home() {
    let stage = Stage::doubling().await;
    let report = stage.run(BenchmarkRun { repeats: Some(2), ..BenchmarkRun::default() }).await;
    let export = |benchmarks| WorkflowExport { workflow: "double".into(), benchmarks };
    let without = stage.runtime.workflow_export(export(false)).await.unwrap();
    assert_eq!((without.content.examples.len(), without.content.benchmarks.len()), (5, 0));
    let document = stage.runtime.workflow_export(export(true)).await.unwrap();
    let text = serde_json::to_string(&document).unwrap();
    let other = Stage::new().await;
    let import = || WorkflowImport { document: Json::parse(&text).unwrap(), name: None };
    let imported = other.runtime.workflow_import(import()).await.unwrap();
    assert_eq!((imported.versions_added, imported.examples_added, imported.benchmarks_added), (1, 5, 1));
    assert_eq!(other.report(&report.benchmark).await, report);
    let again = other.runtime.workflow_export(export(true)).await.unwrap();
    assert_eq!(again.digest, document.digest);
    let imported = other.runtime.workflow_import(import()).await.unwrap();
    assert_eq!((imported.is_new, imported.benchmarks_added), (false, 0));
    // It is as good as one that ran here.
    let weights = Weights { accuracy: 1.0, ..Weights::default() };
    let pick = PickVersion { workflow: "double".into(), weights, limits: None };
    let picked = other.runtime.pick_version(pick).await.unwrap();
    assert_eq!(picked.scores[0].accuracy.unwrap().runs, 8);
    stage.close().await;
    other.close().await;
}

/// Plays that were here before their workflow came back count, each as it ended last.
#[tokio::test]
async fn plays_count_again_where_their_workflow_comes_back() {
    let stage = Stage::of(FAILS_FIRST).await;
    let run = async || {
        let started = PlayStart { workflow: "double".into(), ..PlayStart::default() };
        let play_sid = stage.runtime.play_start(started).await.unwrap().play_sid;
        ended(&stage, &play_sid).await;
        play_sid
    };
    let before = run().await;
    let of_double = || OfWorkflow { workflow: "double".into() };
    let counted = async || {
        let all = stage.runtime.workflow_statistics(of_double()).await.unwrap().workflow;
        (all.runs, all.succeeded, all.failed)
    };
    let document = Json::of(
        &stage
            .runtime
            .workflow_export(WorkflowExport { workflow: "double".into(), benchmarks: true })
            .await
            .unwrap(),
    )
    .unwrap();
    let delete = WorkflowDelete { workflow: "double".into(), force: false };
    stage.runtime.workflow_delete(delete).await.unwrap();
    stage.runtime.workflow_import(WorkflowImport { document, name: None }).await.unwrap();
    assert_eq!(counted().await, (1, 0, 1));
    run().await;
    assert_eq!(counted().await, (2, 0, 2));
    stage.runtime.play_retry(before.clone().into()).await.unwrap();
    ended(&stage, &before).await;
    assert_eq!(counted().await, (2, 1, 1));
    stage.close().await;
}

async fn ended(stage: &Stage, play_sid: &PlaySid) {
    let wait = PlayWait { play_sid: play_sid.clone(), timeout_ms: Some(60_000), until: Until::Terminal };
    assert!(stage.runtime.play_wait(wait).await.unwrap().status.is_terminal());
}
