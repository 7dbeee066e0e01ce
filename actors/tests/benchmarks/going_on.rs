//! What is refused, what is cancelled, and what goes on.

use hero_actors::{Config, Runtime};
use hero_sdk::{
    ErrorCode, Logic as _,
    logic::{
        BenchmarkListForWorkflow, BenchmarkRun, BenchmarkWait, OfBenchmark, OfWorkflow, PlayList,
        WorkflowDelete,
    },
    model::{BenchmarkStatus, ScoringMode, Status, VersionChoice},
};

use crate::stage::*;

#[tokio::test]
async fn a_benchmark_that_cannot_be_is_refused_and_nothing_is_written() {
    let stage = Stage::of(FIRST).await;
    let run = |run: BenchmarkRun| async { stage.start(run).await.unwrap_err() };
    let error = run(BenchmarkRun::default()).await;
    assert_eq!(error.message, "double has no examples to run");
    assert!(error.hint.unwrap().contains("example add"));
    stage.example("double", "two", r#"{"n": 2}"#, Some("\"(\""), None).await;
    let default = BenchmarkRun::default;
    let twice = of(&["two", "two"]);
    let cases = [
        (of(&[]), ErrorCode::InvalidParams, "no examples are named"),
        (twice, ErrorCode::InvalidParams, "the example \"two\" is named twice"),
        (of(&["tow"]), ErrorCode::NotFound, "double has no example \"tow\""),
        (BenchmarkRun { repeats: Some(0), ..default() }, ErrorCode::InvalidParams, "repeats is 0"),
        (BenchmarkRun { repeats: Some(10_001), ..default() }, ErrorCode::InvalidParams, "repeats is 10001"),
        (BenchmarkRun { concurrency: Some(65), ..default() }, ErrorCode::InvalidParams, "concurrency is 65"),
        (BenchmarkRun { timeout_ms: Some(0), ..default() }, ErrorCode::InvalidParams, "timeout_ms is 0"),
        (
            BenchmarkRun { version: VersionChoice::Number(9), ..default() },
            ErrorCode::NotFound,
            "workflow double has no version 9",
        ),
        (judged_by("nobody"), ErrorCode::NotFound, "no workflow \"nobody\""),
        (
            scored(ScoringMode::Evaluator),
            ErrorCode::InvalidParams,
            "the mode evaluator needs the name of a workflow",
        ),
        (
            BenchmarkRun { evaluator: Some("double".into()), ..default() },
            ErrorCode::InvalidParams,
            "evaluator goes with the mode evaluator, and the mode is exact",
        ),
        (
            BenchmarkRun { tolerance: Some(f64::NAN), ..scored(ScoringMode::Numeric) },
            ErrorCode::InvalidParams,
            "the tolerance is NaN",
        ),
        (
            scored(ScoringMode::Pattern),
            ErrorCode::InvalidParams,
            "what the example \"two\" expects: \"(\" is no regular expression",
        ),
    ];
    for (params, code, message) in cases {
        let error = run(params).await;
        assert_eq!(error.code, code, "{message}");
        assert!(error.message.starts_with(message), "{message}: {}", error.message);
    }
    let list = BenchmarkListForWorkflow { workflow: "double".into(), ..BenchmarkListForWorkflow::default() };
    assert_eq!(stage.runtime.benchmark_list_for_workflow(list).await.unwrap().benchmarks, []);
    assert_eq!(stage.runtime.play_list(PlayList::default()).await.unwrap().plays, []);
    stage.close().await;
}

#[tokio::test]
async fn a_cancelled_benchmark_leaves_no_play_behind() {
    let stage = Stage::of(ENDLESS).await;
    stage.example("double", "one", "{}", None, None).await;
    let run = BenchmarkRun { repeats: Some(50), ..BenchmarkRun::default() };
    let benchmark = stage.start(run).await.unwrap();
    // Once some run.
    let running = async || {
        let list = PlayList { status: Some(Status::Running), ..PlayList::default() };
        stage.runtime.play_list(list).await.unwrap().plays.len()
    };
    while running().await < 2 {
        tokio::task::yield_now().await;
    }
    let sid = benchmark.benchmark_sid.clone();
    let cancelled = stage.runtime.benchmark_cancel(OfBenchmark::from(sid.clone())).await.unwrap();
    assert_eq!((cancelled.status, cancelled.summary.runs), (BenchmarkStatus::Cancelled, 0));
    assert!(cancelled.ended_at.is_some() && cancelled.reason.is_some());
    let plays = stage.runtime.play_list(PlayList::default()).await.unwrap().plays;
    assert!(plays.iter().all(|play| play.status == Status::Cancelled), "{plays:?}");
    assert!(plays.len() <= 4, "{}", plays.len());
    let again = stage.runtime.benchmark_cancel(OfBenchmark::from(sid)).await.unwrap_err();
    assert_eq!(again.code, ErrorCode::Conflict);
    let unknown = OfBenchmark::from(hero_sdk::BenchmarkSid::new());
    assert_eq!(stage.runtime.benchmark_cancel(unknown).await.unwrap_err().code, ErrorCode::NotFound);
    stage.close().await;
}

#[tokio::test]
async fn a_workflow_is_not_deleted_under_its_benchmark_but_by_force() {
    let stage = Stage::of(ENDLESS).await;
    stage.example("double", "one", "{}", None, None).await;
    let benchmark = stage.start(BenchmarkRun::default()).await.unwrap();
    let delete = |force| stage.runtime.workflow_delete(WorkflowDelete { workflow: "double".into(), force });
    assert_eq!(delete(false).await.unwrap_err().code, ErrorCode::Conflict);
    assert!(delete(true).await.unwrap().deleted);
    let fetch = stage.runtime.benchmark_fetch(OfBenchmark::from(benchmark.benchmark_sid)).await;
    assert_eq!(fetch.unwrap_err().code, ErrorCode::NotFound);
    stage.close().await;
}

#[tokio::test]
async fn an_evaluator_is_not_deleted_under_what_it_judges_but_by_force() {
    let stage = Stage::of(ENDLESS).await;
    stage.example("double", "one", "{}", None, None).await;
    stage.create("judge", &ENDLESS.replace("n: int = 1", "outputs")).await;
    let benchmark = stage.start(judged_by("judge")).await.unwrap();
    let delete = |force| stage.runtime.workflow_delete(WorkflowDelete { workflow: "judge".into(), force });
    let error = delete(false).await.unwrap_err();
    assert_eq!((error.code, error.hint.is_some()), (ErrorCode::Conflict, true));
    assert_eq!(error.message, "judge judges a benchmark of double that runs");
    assert!(delete(true).await.unwrap().deleted);
    stage.runtime.benchmark_cancel(OfBenchmark::from(benchmark.benchmark_sid)).await.unwrap();
    stage.close().await;
}

/// A runtime that ends in the middle: the next one goes on, and each run is measured once.
#[tokio::test]
async fn it_goes_on_with_the_next_runtime_and_counts_nothing_twice() {
    let stage = Stage::doubling().await;
    let run = BenchmarkRun { repeats: Some(40), ..of(&["two", "asks"]) };
    let benchmark = stage.start(run).await.unwrap();
    let mut runtime = stage.runtime;
    for runs in [5, 20, 45] {
        let wait = BenchmarkWait {
            benchmark_sid: benchmark.benchmark_sid.clone(),
            runs: Some(runs),
            timeout_ms: 60_000,
        };
        assert!(runtime.benchmark_wait(wait).await.unwrap().summary.runs > runs);
        runtime.shutdown().await.unwrap();
        runtime = Runtime::open(Config::new(stage.home.path())).await.unwrap();
    }
    let stage = Stage { home: stage.home, runtime };
    let report = stage.ended(&benchmark).await;
    assert_eq!((report.measurements.len(), report.benchmark.summary.runs), (80, 80));
    assert_eq!(report.benchmark.summary.accuracy.unwrap().mean, 1.0);
    let list = PlayList { limit: Some(1_000), ..PlayList::default() };
    assert_eq!(stage.runtime.play_list(list).await.unwrap().plays.len(), 80);
    let statistics =
        stage.runtime.workflow_statistics(OfWorkflow { workflow: "double".into() }).await.unwrap();
    assert_eq!(statistics.workflow.succeeded, 80);
    stage.close().await;
}
