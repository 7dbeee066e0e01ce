//! What a run is measured as.

use hero_sdk::{
    Logic as _,
    logic::{BenchmarkListForWorkflow, BenchmarkReport, BenchmarkRun, OfWorkflow},
    model::{BenchmarkStatus, ScoringMode, VersionChoice},
};

use crate::stage::*;

#[tokio::test]
async fn each_run_is_measured() {
    let stage = Stage::doubling().await;
    let report = stage.run(BenchmarkRun { repeats: Some(3), ..BenchmarkRun::default() }).await;
    let BenchmarkReport { benchmark, measurements } = report;
    assert_eq!((benchmark.status, benchmark.total, benchmark.version), (BenchmarkStatus::Completed, 15, 1));
    assert_eq!(measurements.iter().map(|run| run.index).collect::<Vec<_>>(), (0..15).collect::<Vec<_>>());
    for run in &measurements {
        let (succeeded, accuracy) = match run.example.as_str() {
            "two" | "asks" => (true, Some(1.0)),
            "unlucky" => (false, Some(0.0)),
            "wrong" => (true, Some(0.0)),
            _ => (true, None),
        };
        assert_eq!((run.succeeded, run.accuracy), (succeeded, accuracy), "{run:?}");
        assert_eq!((run.cost_usd, run.tokens_in, run.tokens_out), (0.02, 10, 5), "{run:?}");
        assert!(run.latency_ms > 0.0 && run.play_sid.is_some());
        assert_eq!(run.repeat, run.index % 3 + 1);
    }
    let wrong = measurements.iter().find(|run| run.example == "wrong").unwrap();
    assert_eq!(wrong.verdict.as_deref(), Some("/product: 8 instead of 9"));
    assert_eq!(wrong.outputs.as_ref().unwrap().as_str(), r#"{"product":8,"of":4}"#);
    let failed = measurements.iter().find(|run| run.example == "unlucky").unwrap();
    assert_eq!(failed.error.as_deref(), Some("failed: unlucky"));

    let summary = &benchmark.summary;
    assert_eq!((summary.runs, summary.succeeded, summary.scored, summary.unscored), (15, 12, 12, 0));
    let (success, accuracy) = (summary.success_rate.unwrap(), summary.accuracy.unwrap());
    assert_eq!((success.mean, accuracy.mean), (0.8, 0.5));
    assert!(accuracy.low > 0.2 && accuracy.high < 0.8, "{accuracy:?}");
    assert!((summary.cost_usd - 0.3).abs() < 1e-9 && summary.tokens_in == 150);
    assert!(summary.latency_p50_ms.unwrap() <= summary.latency_p95_ms.unwrap());

    // Its plays count like any other, each once.
    let of_double = OfWorkflow { workflow: "double".into() };
    let statistics = stage.runtime.workflow_statistics(of_double).await.unwrap();
    assert_eq!(
        (statistics.workflow.runs, statistics.workflow.succeeded, statistics.workflow.failed),
        (15, 12, 3)
    );
    assert_eq!(statistics.workflow.success_rate, Some(0.8));
    assert_eq!(statistics.workflow.cost_p50_usd.map(|cost| (cost * 1e3).round()), Some(20.0));
    assert_eq!(statistics.versions.len(), 1);
    stage.close().await;
}

#[tokio::test]
async fn what_is_right_depends_on_the_mode() {
    let stage = Stage::of(FIRST).await;
    stage.example("double", "part", r#"{"n": 2}"#, Some(r#"{"product": 4}"#), None).await;
    stage.example("double", "near", r#"{"n": 2}"#, Some(r#"{"product": 4.03, "of": 2}"#), None).await;
    let near = BenchmarkRun { tolerance: Some(0.01), ..scored(ScoringMode::Numeric) };
    for (run, right) in [
        (BenchmarkRun::default(), vec![]),
        (scored(ScoringMode::Subset), vec!["part"]),
        (near, vec!["near"]),
        (scored(ScoringMode::Pattern), vec!["part"]),
    ] {
        let mode = run.scoring;
        let report = stage.run(run).await;
        let found = report.measurements.iter().filter(|run| run.accuracy == Some(1.0));
        assert_eq!(found.map(|run| run.example.as_str()).collect::<Vec<_>>(), right, "{mode:?}");
    }
    stage.close().await;
}

#[tokio::test]
async fn an_evaluator_judges_or_says_why_not() {
    let stage = Stage::doubling().await;
    let judge = |body: &str| {
        format!("from hero_tracing import ask_user, flow\nimport time\n\n\n@flow\ndef main{body}\n")
    };
    let evaluators = [
        (
            "half",
            judge("(outputs, expected_outputs=None):\n    return {'score': 0.5, 'reason': 'so so'}"),
            Ok(0.5),
        ),
        ("exact", judge("(inputs: dict, outputs: dict):\n    return outputs['of'] == inputs['n']"), Ok(1.0)),
        (
            "fails",
            judge("(outputs):\n    raise ValueError('no idea')"),
            Err("evaluator_failed: fails@1 is failed: no idea"),
        ),
        (
            "mute",
            judge("(outputs):\n    return 'fine'"),
            Err("evaluator_no_score: mute@1 returned no number"),
        ),
        (
            "slow",
            judge("(outputs):\n    time.sleep(60)"),
            Err("evaluator_timeout: slow@1 took more than 300 ms"),
        ),
        (
            "asks",
            judge("(outputs):\n    return ask_user.number('How good?')"),
            Err("evaluator_failed: asks@1 asks a question"),
        ),
        ("other", judge("(text: str):\n    return 1"), Err("evaluator_failed: other@1: it must take inputs")),
    ];
    for (name, source, expected) in evaluators {
        stage.create(name, &source).await;
        let run = BenchmarkRun {
            evaluator_timeout_ms: (name == "slow").then_some(300),
            examples: of(&["open", "unlucky"]).examples,
            ..judged_by(name)
        };
        let report = stage.run(run).await;
        assert_eq!(report.benchmark.status, BenchmarkStatus::Completed);
        let [open, unlucky] = report.measurements.as_slice() else { panic!("{report:?}") };
        assert_eq!((unlucky.accuracy, unlucky.succeeded), (Some(0.0), false), "{name}");
        match expected {
            Ok(score) => {
                assert_eq!((open.accuracy, &open.unscored), (Some(score), &None), "{name}");
                assert_eq!(report.benchmark.summary.unscored, 0);
            }
            Err(why) => {
                let unscored = open.unscored.as_deref().unwrap();
                assert!(unscored.starts_with(why), "{name}: {unscored}");
                assert_eq!((open.accuracy, report.benchmark.summary.unscored), (None, 1), "{name}");
            }
        }
    }
    let half = stage.runtime.benchmark_list_for_workflow(BenchmarkListForWorkflow {
        workflow: "double".into(),
        ..BenchmarkListForWorkflow::default()
    });
    assert_eq!(half.await.unwrap().benchmarks.len(), 7);
    stage.close().await;
}

#[tokio::test]
async fn what_cannot_be_run_is_a_run_that_failed() {
    let stage = Stage::doubling().await;
    stage.example("double", "silent", r#"{"n": 1, "asks": true}"#, Some("1"), None).await;
    stage.example("double", "babble", r#"{"n": 1, "asks": true}"#, Some("1"), Some("\"five\"")).await;
    // Another version takes other inputs.
    stage
        .add_version("from hero_tracing import flow\n\n\n@flow\ndef main(text: str):\n    return text\n")
        .await;
    let report = stage.run(of(&["silent", "babble"])).await;
    let [silent, babble] = report.measurements.as_slice() else { panic!("{report:?}") };
    assert_eq!(silent.error.as_deref(), Some("unanswered: the example has no answer to factor"));
    let said = babble.error.as_deref().unwrap();
    assert!(said.starts_with("unanswered: the example's answer to factor is not valid"), "{said}");
    let other = BenchmarkRun { version: VersionChoice::Number(2), ..of(&["two"]) };
    let report = stage.run(other).await;
    let [run] = report.measurements.as_slice() else { panic!("{report:?}") };
    assert!(run.error.as_deref().unwrap().starts_with("invalid_inputs: "), "{run:?}");
    assert_eq!((run.accuracy, &run.play_sid), (Some(0.0), &None));
    assert_eq!((report.benchmark.summary.runs, report.benchmark.summary.succeeded), (1, 0));
    stage.close().await;
}

#[tokio::test]
async fn a_run_has_its_time() {
    let stage = Stage::of(ENDLESS).await;
    stage.example("double", "one", "{}", None, None).await;
    let report = stage.run(BenchmarkRun { timeout_ms: Some(200), ..BenchmarkRun::default() }).await;
    assert!(report.measurements[0].error.as_deref().unwrap().starts_with("timeout: "), "{report:?}");
    stage.close().await;
}
