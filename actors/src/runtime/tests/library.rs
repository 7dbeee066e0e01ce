//! The library while its actors end in the middle: searches are answered, and benchmarks count nothing twice.

use std::sync::Arc;

use hero_sdk::{
    Json, Logic as _,
    logic::{
        BenchmarkRun, BenchmarkWait, ExampleUpsert, FlowLibrarySearch, OfBenchmark, OfWorkflow, PlayList,
        WorkflowCreate,
    },
    model::BenchmarkStatus,
};

use super::{eventually, limited};
use crate::{Config, Runtime};

const DOUBLE: &str = "
from hero_tracing import flow


@flow
def main(n: int) -> int:
    \"\"\"Doubles a number.\"\"\"
    return 2 * n
";

async fn open() -> (tempfile::TempDir, Arc<Runtime>) {
    let home = tempfile::tempdir().unwrap();
    let runtime = Arc::new(Runtime::open(Config::new(home.path())).await.unwrap());
    let create = WorkflowCreate { name: "double".into(), source: DOUBLE.into(), ..WorkflowCreate::default() };
    runtime.workflow_create(create).await.unwrap();
    (home, runtime)
}

async fn found(runtime: &Runtime) -> usize {
    let search = FlowLibrarySearch { query: "double a number".into(), ..FlowLibrarySearch::default() };
    limited(runtime.flow_library_search(search)).await.unwrap().hits.len()
}

/// Each search is answered, those on their way among them, and the next registry has an index of its own.
#[tokio::test(flavor = "multi_thread")]
async fn searches_do_not_notice_the_end_of_the_registry() {
    let (_home, runtime) = open().await;
    for _ in 0..3 {
        let before = runtime.environment.finder.get();
        let searches: Vec<_> = (0..50)
            .map(|_| {
                let runtime = Arc::clone(&runtime);
                tokio::spawn(async move { found(&runtime).await })
            })
            .collect();
        tokio::task::yield_now().await;
        runtime.environment.registry.get().kill();
        for search in searches {
            assert_eq!(search.await.unwrap(), 1);
        }
        eventually(|| !Arc::ptr_eq(&before, &runtime.environment.finder.get())).await;
        assert_eq!(found(&runtime).await, 1);
    }
    assert_eq!(runtime.environment.meters.restarts.registry.get(), 3);
    runtime.shutdown().await.unwrap();
}

/// It is killed again and again, and each run is measured once by one play.
#[tokio::test(flavor = "multi_thread")]
async fn a_benchmark_outlives_its_actor() {
    let (_home, runtime) = open().await;
    let example = ExampleUpsert {
        workflow: "double".into(),
        name: "four".into(),
        inputs: Json::parse(r#"{"n": 2}"#).unwrap(),
        expected_outputs: Some(Json::parse("4").unwrap()),
        answers: Default::default(),
        note: None,
    };
    runtime.example_upsert(example).await.unwrap();
    let run = BenchmarkRun { workflow: "double".into(), repeats: Some(60), ..BenchmarkRun::default() };
    let benchmark_sid = runtime.benchmark_run(run).await.unwrap().benchmark_sid;
    let wait = |runs| {
        let benchmark_sid = benchmark_sid.clone();
        runtime.benchmark_wait(BenchmarkWait { benchmark_sid, runs, timeout_ms: 20_000 })
    };
    for runs in [3, 20, 40] {
        assert!(wait(Some(runs)).await.unwrap().summary.runs > runs);
        runtime.environment.benchmarks.get().kill();
    }
    assert_eq!(wait(None).await.unwrap().status, BenchmarkStatus::Completed);
    let report = runtime.benchmark_fetch(OfBenchmark::from(benchmark_sid.clone())).await.unwrap();
    assert_eq!((report.measurements.len(), report.benchmark.summary.runs), (60, 60));
    assert_eq!(report.benchmark.summary.accuracy.unwrap().mean, 1.0);
    let list = PlayList { limit: Some(1_000), ..PlayList::default() };
    assert_eq!(runtime.play_list(list).await.unwrap().plays.len(), 60);
    let statistics = runtime.workflow_statistics(OfWorkflow { workflow: "double".into() }).await.unwrap();
    assert_eq!(statistics.workflow.succeeded, 60);
    assert_eq!(runtime.environment.meters.restarts.benchmarks.get(), 3);
    runtime.shutdown().await.unwrap();
}
