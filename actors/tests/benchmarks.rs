//! Benchmarks with real processes: what they measure, what they refuse, and what becomes of them in between.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::collections::BTreeMap;

use hero_actors::{Config, Runtime};
use hero_sdk::{
    Error, ErrorCode, Json, Logic as _,
    logic::{
        BenchmarkCompare, BenchmarkListForVersion, BenchmarkListForWorkflow, BenchmarkReport, BenchmarkRun,
        BenchmarkWait, ExampleUpsert, Limits, OfBenchmark, OfVersion, OfWorkflow, PickVersion, PlayList,
        PlayStart, PlayWait, Until, Weights, WorkflowCreate, WorkflowCreateVersion, WorkflowDelete,
        WorkflowGate,
    },
    model::{Benchmark, BenchmarkStatus, ScoringMode, Status, VersionChoice},
};

/// Doubles, asks where it should, costs what it is told, and is wrong for large numbers.
const FIRST: &str = "
from hero_tracing import ask_user, flow


@flow
def main(n: int, asks: bool = False):
    factor = ask_user.number('By what?', name='factor') if asks else 2
    flow.current_span.cost(usd=0.02, tokens_in=10, tokens_out=5)
    if n == 13:
        raise flow.Failed('unlucky')
    return {'product': n * factor, 'of': n}
";

/// As right as it can be, cheaper, and slower by construction.
const SECOND: &str = "
import time

from hero_tracing import ask_user, flow


@flow
def main(n: int, asks: bool = False):
    factor = ask_user.number('By what?', name='factor') if asks else 2
    flow.current_span.cost(usd=0.01)
    end = time.monotonic() + 0.05
    while time.monotonic() < end:
        pass
    return {'product': n * factor, 'of': n}
";

/// Runs until it is told to end.
const ENDLESS: &str = "
import time

from hero_tracing import flow


@flow
def main(n: int = 1):
    while True:
        time.sleep(0.01)
";

struct Stage {
    home: tempfile::TempDir,
    runtime: Runtime,
}

impl Stage {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let runtime = Runtime::open(Config::new(home.path())).await.unwrap();
        Self { home, runtime }
    }

    /// With the workflow `double` of this source, without examples.
    async fn of(source: &str) -> Self {
        let stage = Self::new().await;
        stage.create("double", source).await;
        stage
    }

    /// With examples of which the one of 13 fails.
    async fn doubling() -> Self {
        let stage = Self::of(FIRST).await;
        for (name, inputs, expected, answers) in [
            ("two", r#"{"n": 2}"#, Some(r#"{"product": 4, "of": 2}"#), None),
            ("asks", r#"{"n": 3, "asks": true}"#, Some(r#"{"product": 15, "of": 3}"#), Some("5")),
            ("unlucky", r#"{"n": 13}"#, Some(r#"{"product": 26, "of": 13}"#), None),
            ("wrong", r#"{"n": 4}"#, Some(r#"{"product": 9, "of": 4}"#), None),
            ("open", r#"{"n": 5}"#, None, None),
        ] {
            stage.example("double", name, inputs, expected, answers).await;
        }
        stage
    }

    async fn create(&self, name: &str, source: &str) {
        let create = WorkflowCreate { name: name.into(), source: source.into(), ..WorkflowCreate::default() };
        self.runtime.workflow_create(create).await.unwrap();
    }

    async fn add_version(&self, source: &str) {
        let create = WorkflowCreateVersion {
            workflow: "double".into(),
            source: source.into(),
            entry: None,
            note: None,
            set_current: false,
            file_name: None,
        };
        self.runtime.workflow_create_version(create).await.unwrap();
    }

    async fn example(
        &self,
        workflow: &str,
        name: &str,
        inputs: &str,
        expected: Option<&str>,
        factor: Option<&str>,
    ) {
        let json = |text: &str| Json::parse(text).unwrap();
        let example = ExampleUpsert {
            workflow: workflow.into(),
            name: name.into(),
            inputs: json(inputs),
            expected_outputs: expected.map(json),
            answers: factor
                .map(|factor| ("factor".to_owned(), json(factor)))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            note: None,
        };
        self.runtime.example_upsert(example).await.unwrap();
    }

    async fn start(&self, run: BenchmarkRun) -> Result<Benchmark, Error> {
        self.runtime.benchmark_run(BenchmarkRun { workflow: "double".into(), ..run }).await
    }

    /// A benchmark once it has ended.
    async fn run(&self, run: BenchmarkRun) -> BenchmarkReport {
        let benchmark = self.start(run).await.unwrap();
        assert_eq!((benchmark.status, benchmark.summary.runs), (BenchmarkStatus::Running, 0));
        self.ended(&benchmark).await
    }

    async fn ended(&self, benchmark: &Benchmark) -> BenchmarkReport {
        let sid = &benchmark.benchmark_sid;
        let wait = BenchmarkWait { benchmark_sid: sid.clone(), runs: None, timeout_ms: 60_000 };
        assert!(self.runtime.benchmark_wait(wait).await.unwrap().status.is_terminal(), "it never ended");
        self.report(benchmark).await
    }

    async fn report(&self, benchmark: &Benchmark) -> BenchmarkReport {
        self.runtime.benchmark_fetch(OfBenchmark::from(benchmark.benchmark_sid.clone())).await.unwrap()
    }

    async fn close(self) {
        self.runtime.shutdown().await.unwrap();
    }
}

fn of(names: &[&str]) -> BenchmarkRun {
    let examples = Some(names.iter().map(|name| (*name).to_owned()).collect());
    BenchmarkRun { examples, ..BenchmarkRun::default() }
}

fn scored(scoring: ScoringMode) -> BenchmarkRun {
    BenchmarkRun { scoring, ..BenchmarkRun::default() }
}

fn judged_by(evaluator: &str) -> BenchmarkRun {
    BenchmarkRun { evaluator: Some(evaluator.into()), ..scored(ScoringMode::Evaluator) }
}

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
            Err("evaluator_failed: fails is failed: no idea"),
        ),
        ("mute", judge("(outputs):\n    return 'fine'"), Err("evaluator_no_score: mute returned no number")),
        (
            "slow",
            judge("(outputs):\n    time.sleep(60)"),
            Err("evaluator_timeout: slow took more than 300 ms"),
        ),
        (
            "asks",
            judge("(outputs):\n    return ask_user.number('How good?')"),
            Err("evaluator_failed: asks asks a question"),
        ),
        ("other", judge("(text: str):\n    return 1"), Err("evaluator_failed: other: it must take inputs")),
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

#[tokio::test]
async fn versions_are_picked_and_gated_by_what_was_measured() {
    let stage = Stage::doubling().await;
    stage.add_version(SECOND).await;
    let pick = |weights: Weights, limits: Limits| {
        stage.runtime.pick_version(PickVersion { workflow: "double".into(), weights, limits })
    };
    let [cheap, fast, right] = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)]
        .map(|(cost, speed, accuracy)| Weights { cost, speed, accuracy });
    // Nothing is known: the current one.
    assert_eq!(pick(cheap, Limits::default()).await.unwrap().version, 1);
    let gate = WorkflowGate {
        workflow: "double".into(),
        version: VersionChoice::Number(2),
        max_accuracy_loss: 0.0,
        max_cost_increase: 0.0,
        max_latency_increase: 0.1,
        min_confidence: 0.0,
        set_current: true,
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
            ..of(&["two", "asks", "unlucky"])
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
    assert_eq!(comparison.examples, 3);
    let (accuracy, cost, latency) =
        (comparison.accuracy.unwrap(), comparison.cost.unwrap(), comparison.latency.unwrap());
    assert!((accuracy.change - 1.0 / 3.0).abs() < 1e-9, "{accuracy:?}");
    assert!((cost.change + 0.5).abs() < 1e-9 && cost.confidence == 1.0, "{cost:?}");
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
#[tokio::test]
async fn a_retried_play_counts_as_it_ended_last() {
    let source = "
from pathlib import Path

from hero_tracing import flow


@flow
def main():
    if not Path('there').exists():
        Path('there').touch()
        raise flow.Failed('not yet')
    return 1
";
    let stage = Stage::of(source).await;
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
