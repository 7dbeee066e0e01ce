//! W11: what the library costs: statistics on the way, the choice of a version, a benchmark; and a runtime with very many
//! workflows in its store.

use std::time::Instant;

use hero_actors::{Config, Runtime, search::Document};
use hero_sdk::{
    Json, Logic as _, PlaySid, Timestamp, VersionSid, WorkflowSid,
    logic::{
        BenchmarkRun, BenchmarkWait, ExampleUpsert, FlowLibrarySearch, PickVersion, Weights, WorkflowCreate,
        WorkflowCreateVersion, WorkflowUpdate,
    },
    model::{BenchmarkStatus, Play, Status, VersionChoice, Workflow, WorkflowVersion},
};
use hero_store::{Batch, Durability, OpenOptions, PlayRow, Run, Tables};
use serde_json::json;

use crate::{
    Result,
    figure::{Figure, percentile},
    floor,
    home::{Home, ONE_STEP, directory},
    many::Maker,
    search::resident_mb,
};

/// Versions among which one is chosen, and runs of each.
const VERSIONS: u32 = 5;
const RUNS: u32 = 100;
/// Choices that are measured, and before them.
const CHOICES: usize = 1_000;
const FIRST_CHOICES: usize = 100;
/// Workflows of the large store, and how many are written at once.
const WORKFLOWS: usize = 100_000;
const BATCH: usize = 500;
/// Searches of it, and changes of it.
const SEARCHES: usize = 500;
const WRITES: usize = 100;
/// Ends of plays that are written, with and without being counted.
const ENDS: usize = 5_000;

/// A flow of nothing, whose versions differ by a number.
fn source(number: u32) -> String {
    format!("from hero_tracing import flow\n\n\n@flow\ndef main():\n    return {number}\n")
}

pub(crate) async fn measure() -> Result<()> {
    let home = Home::new().await?;
    let play = home.run(ONE_STEP, json!({})).await?;
    measure_counting(play).await?;
    let create = WorkflowCreate { name: "nothing".into(), source: source(1), ..WorkflowCreate::default() };
    home.logic.workflow_create(create).await?;
    for number in 2..=VERSIONS {
        let create = WorkflowCreateVersion {
            workflow: "nothing".into(),
            source: source(number),
            entry: None,
            note: None,
            set_current: false,
            file_name: None,
        };
        home.logic.workflow_create_version(create).await?;
    }
    let example = ExampleUpsert {
        workflow: "nothing".into(),
        name: "one".into(),
        inputs: Json::from(&json!({})),
        expected_outputs: Some(Json::from(&json!(1))),
        answers: Default::default(),
        note: None,
    };
    home.logic.example_upsert(example).await?;
    measure_benchmarks(&home).await?;
    measure_choices(&home).await?;
    home.close().await?;
    measure_large().await
}

/// The time of the write that ends a play, with and without its being counted, taken in turns.
async fn measure_counting(play: Play) -> Result<()> {
    let directory = directory()?;
    let tables =
        Tables::open(&directory.path().join("store"), OpenOptions { lock_wait: Default::default() })?;
    let workflow_sid = WorkflowSid::new();
    let nothing = Document {
        workflow_sid: workflow_sid.clone(),
        name: "nothing".into(),
        description: String::new(),
        tags: Vec::new(),
        inputs: Json::from(&json!({})),
        outputs: Json::from(&json!({})),
        source: source(1),
    };
    let (_, version) = rows(nothing);
    let mut batch = Batch::new();
    batch.put_version(&version);
    tables.commit(batch).await?;
    let (mut counted, mut plain) = (Vec::new(), Vec::new());
    for end in 0..2 * ENDS {
        let play = Play {
            play_sid: PlaySid::new(),
            workflow_sid: Some(workflow_sid.clone()),
            version: Some(1),
            status: Status::Succeeded,
            // Of all sizes, so that the tally has many buckets.
            duration_ms: 1.0 + (end % 997) as f64 * 3.7,
            ..play.clone()
        };
        let run = Run::of(&play).ok_or("a play that has ended is a run")?;
        let mut batch = Batch::new();
        batch.put_play(&PlayRow { play, memory: Default::default() });
        let times = if end % 2 == 0 {
            batch.count(run);
            &mut counted
        } else {
            &mut plain
        };
        let start = Instant::now();
        let (reply, answer) = tokio::sync::oneshot::channel();
        let done = move |result| drop(reply.send(result));
        tables.submit(batch, Durability::Buffered, done).await?;
        answer.await??;
        times.push(start.elapsed());
    }
    let (with, without) = (percentile(&mut counted, 0.5) * 1e3, percentile(&mut plain, 0.5) * 1e3);
    tables.close().await?;
    Figure::new("W11", "a play is counted, p50", with - without, "µs")
        .target(20.0)
        .samples(ENDS)
        .floor("the same write uncounted", without)
        .print()
}

/// A document as the rows of a workflow with one version.
fn rows(document: Document) -> (Workflow, WorkflowVersion) {
    let Document { workflow_sid, name, description, tags, inputs, outputs, source } = document;
    let version = WorkflowVersion {
        version_sid: VersionSid::new(),
        workflow_sid: Some(workflow_sid.clone()),
        version: Some(1),
        source,
        digest: format!("digest of {name}"),
        file_name: format!("{name}.py"),
        entry: "main".into(),
        name: "main".into(),
        description: description.clone(),
        inputs,
        outputs,
        options: Json::from(&json!({})),
        dependencies: Vec::new(),
        note: None,
        created_at: Timestamp(0),
    };
    let workflow = Workflow {
        workflow_sid,
        name,
        description,
        tags,
        current_version: 1,
        archived: false,
        created_at: Timestamp(0),
    };
    (workflow, version)
}

/// A runtime that comes up on a store of very many workflows, is searched, and takes changes.
async fn measure_large() -> Result<()> {
    let directory = directory()?;
    let mut maker = Maker::new();
    let path = directory.path().join(".hero/var/hero_logic/store");
    std::fs::create_dir_all(&path)?;
    let tables = Tables::open(&path, OpenOptions { lock_wait: Default::default() })?;
    let (mut questions, mut names) = (Vec::new(), Vec::new());
    for first in (0..WORKFLOWS).step_by(BATCH) {
        let mut batch = Batch::new();
        for number in first..first + BATCH {
            let document = maker.document(number);
            names.push(document.name.clone());
            if number % (WORKFLOWS / SEARCHES) == 0 {
                questions.push(maker.question(&document));
            }
            let (workflow, version) = rows(document);
            batch.put_version(&version);
            batch.put_workflow(&workflow);
        }
        tables.commit(batch).await?;
    }
    tables.close().await?;
    let figure = |what: &str, value, unit, target| {
        Figure::new("W11", &format!("{WORKFLOWS} workflows: {what}"), value, unit).target(target)
    };
    let before = resident_mb()?;
    let start = Instant::now();
    let runtime = Runtime::open(Config::new(directory.path())).await?;
    let opened = resident_mb()?;
    runtime.index_library()?;
    let search = |query: &str| {
        runtime.flow_library_search(FlowLibrarySearch { query: query.to_owned(), ..Default::default() })
    };
    search("send an invoice to a customer").await?;
    figure("from a start to the first search", start.elapsed().as_secs_f64(), "s", 5.0).print()?;
    figure("memory of the index", resident_mb()? - opened, "MB", 200.0).print()?;
    Figure::new("W11", &format!("{WORKFLOWS} workflows: memory of the rest"), opened - before, "MB")
        .print()?;
    let mut times = Vec::new();
    for question in &questions {
        let start = Instant::now();
        search(question).await?;
        times.push(start.elapsed());
    }
    figure("search, p50", percentile(&mut times, 0.5), "ms", 20.0).samples(times.len()).print()?;
    figure("search, p99", percentile(&mut times, 0.99), "ms", 100.0).samples(times.len()).print()?;
    let mut times = Vec::new();
    for (number, workflow) in names.into_iter().step_by(WORKFLOWS / WRITES).enumerate() {
        let description = Some(format!("Feeds the zebra {number} at noon."));
        let update = WorkflowUpdate { workflow: workflow.clone(), description, ..WorkflowUpdate::default() };
        runtime.workflow_update(update).await?;
        let start = Instant::now();
        let hits = search(&format!("feed zebra {number} at noon")).await?.hits;
        times.push(start.elapsed());
        if hits.first().is_none_or(|hit| hit.workflow != workflow) {
            return Err(format!("{workflow} is not found as it is now").into());
        }
    }
    figure("found after its write, p50", percentile(&mut times, 0.5), "ms", 100.0).samples(WRITES).print()?;
    figure("found after its write, p99", percentile(&mut times, 0.99), "ms", 100.0)
        .samples(WRITES)
        .print()?;
    runtime.shutdown().await?;
    Ok(())
}

async fn measure_benchmarks(home: &Home) -> Result<()> {
    let mut times = Vec::new();
    for version in 1..=VERSIONS {
        let run = BenchmarkRun {
            workflow: "nothing".into(),
            version: VersionChoice::Number(version),
            repeats: Some(RUNS),
            ..BenchmarkRun::default()
        };
        let start = Instant::now();
        let benchmark_sid = home.logic.benchmark_run(run).await?.benchmark_sid;
        let wait = BenchmarkWait { benchmark_sid, runs: None, timeout_ms: 600_000 };
        let benchmark = home.logic.benchmark_wait(wait).await?;
        let took = start.elapsed();
        if benchmark.status != BenchmarkStatus::Completed || benchmark.summary.succeeded != RUNS {
            return Err(
                format!("the benchmark is {}: {:?}", benchmark.status.as_str(), benchmark.summary).into()
            );
        }
        // The first one has the fork server learn.
        if version > 1 {
            times.push(took);
        }
    }
    let floor = floor::python_fork(&home.python().await?)? * f64::from(RUNS);
    Figure::new("W11", "a benchmark of 100 runs, p50", percentile(&mut times, 0.5), "ms")
        .target(1_000.0)
        .samples(times.len())
        .floor("a warm Python forks 100 times", floor)
        .print()
}

async fn measure_choices(home: &Home) -> Result<()> {
    let weights = Weights { cost: 1.0, speed: 1.0, accuracy: 1.0 };
    let mut times = Vec::new();
    for choice in 0..FIRST_CHOICES + CHOICES {
        let pick = PickVersion { workflow: "nothing".into(), weights, ..PickVersion::default() };
        let start = Instant::now();
        home.logic.pick_version(pick).await?;
        if choice >= FIRST_CHOICES {
            times.push(start.elapsed());
        }
    }
    let figure = |what: &str, value| Figure::new("W11", what, value, "ms").samples(CHOICES);
    figure("pick_version of 5 measured versions, p50", percentile(&mut times, 0.5)).target(1.0).print()?;
    figure("pick_version, p99", percentile(&mut times, 0.99)).print()?;
    Ok(())
}
