//! A runtime with the workflow `double`, its examples, and benchmarks of it.

use std::collections::BTreeMap;

use hero_actors::{Config, Runtime};
use hero_sdk::{
    Error, Json, Logic as _,
    logic::{
        BenchmarkReport, BenchmarkRun, BenchmarkWait, ExampleUpsert, OfBenchmark, WorkflowCreate,
        WorkflowCreateVersion,
    },
    model::{Benchmark, BenchmarkStatus, ScoringMode},
};

/// Doubles, asks where it should, costs what it is told, and is wrong for large numbers.
pub(crate) const FIRST: &str = "
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
pub(crate) const SECOND: &str = "
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
pub(crate) const ENDLESS: &str = "
import time

from hero_tracing import flow


@flow
def main(n: int = 1):
    while True:
        time.sleep(0.01)
";

pub(crate) struct Stage {
    pub(crate) home: tempfile::TempDir,
    pub(crate) runtime: Runtime,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let runtime = Runtime::open(Config::new(home.path())).await.unwrap();
        Self { home, runtime }
    }

    /// With the workflow `double` of this source, without examples.
    pub(crate) async fn of(source: &str) -> Self {
        let stage = Self::new().await;
        stage.create("double", source).await;
        stage
    }

    /// With examples of which the one of 13 fails.
    pub(crate) async fn doubling() -> Self {
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

    pub(crate) async fn create(&self, name: &str, source: &str) {
        let create = WorkflowCreate { name: name.into(), source: source.into(), ..WorkflowCreate::default() };
        self.runtime.workflow_create(create).await.unwrap();
    }

    pub(crate) async fn add_version(&self, source: &str) {
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

    pub(crate) async fn example(
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

    pub(crate) async fn start(&self, run: BenchmarkRun) -> Result<Benchmark, Error> {
        self.runtime.benchmark_run(BenchmarkRun { workflow: "double".into(), ..run }).await
    }

    /// A benchmark once it has ended.
    pub(crate) async fn run(&self, run: BenchmarkRun) -> BenchmarkReport {
        let benchmark = self.start(run).await.unwrap();
        assert_eq!((benchmark.status, benchmark.summary.runs), (BenchmarkStatus::Running, 0));
        self.ended(&benchmark).await
    }

    pub(crate) async fn ended(&self, benchmark: &Benchmark) -> BenchmarkReport {
        let sid = &benchmark.benchmark_sid;
        let wait = BenchmarkWait { benchmark_sid: sid.clone(), runs: None, timeout_ms: 60_000 };
        assert!(self.runtime.benchmark_wait(wait).await.unwrap().status.is_terminal(), "it never ended");
        self.report(benchmark).await
    }

    pub(crate) async fn report(&self, benchmark: &Benchmark) -> BenchmarkReport {
        self.runtime.benchmark_fetch(OfBenchmark::from(benchmark.benchmark_sid.clone())).await.unwrap()
    }

    pub(crate) async fn close(self) {
        self.runtime.shutdown().await.unwrap();
    }
}

pub(crate) fn of(names: &[&str]) -> BenchmarkRun {
    let examples = Some(names.iter().map(|name| (*name).to_owned()).collect());
    BenchmarkRun { examples, ..BenchmarkRun::default() }
}

pub(crate) fn scored(scoring: ScoringMode) -> BenchmarkRun {
    BenchmarkRun { scoring, ..BenchmarkRun::default() }
}

pub(crate) fn judged_by(evaluator: &str) -> BenchmarkRun {
    BenchmarkRun { evaluator: Some(evaluator.into()), ..scored(ScoringMode::Evaluator) }
}
