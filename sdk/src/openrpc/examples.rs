//! A call of each method with its result, for the document. They tell one story: of the flow `hello`, which greets, and of
//! a play of `approval`, which asks.

mod library;
mod server;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::documents;
#[cfg(test)]
use crate::logic::{Event, EventId, News, ResetReason, ResumeNews};
use crate::{
    Json, PlaySid, ResumeId, Secret, SecretSource, Timestamp, VersionSid, WorkflowSid,
    logic::{
        Artifacts, BenchmarkCompare, BenchmarkListForVersion, BenchmarkListForWorkflow, BenchmarkReport,
        BenchmarkRun, BenchmarkWait, Benchmarks, Created, Cursor, Deleted, ExampleToInputData, ExampleUpsert,
        Examples, FlowLibrarySearch, InputData, OfBenchmark, OfExample, OfPlay, OfSecret, OfVersion,
        OfWorkflow, PickVersion, PlayCancel, PlayList, PlayPendingResumes, PlayResume, PlayRunAsync,
        PlaySpans, PlayStart, PlayWait, Plays, Resumes, Retried, SecretSet, Secrets, Until, Versions,
        WorkflowCreate, WorkflowCreateVersion, WorkflowDelete, WorkflowList, WorkflowSetCurrentVersion,
        WorkflowUpdate, Workflows,
    },
    model::{
        Allowance, Artifact, Benchmark, BenchmarkStatus, Example, LogLevel, LogLine, LogStream, Network,
        Play, ResumeRequest, ResumeStatus, Sandbox, SandboxLevel, Span, SpanKind, SpanPage, SpanStatus,
        Status, VersionChoice, Workflow, WorkflowVersion,
    },
};

/// Declares them: method, parameters if it takes any, result.
macro_rules! examples {
    ($($method:ident($($params:expr)?) -> $result:expr;)+) => {
        /// The example of a method, as OpenRPC has it; none where there is no such method.
        pub(super) fn of(method: &str) -> Option<Value> {
            match method {
                $(stringify!($method) => {
                    let params = examples!(@params $($params)?);
                    Some(pairing(concat!("a call of ", stringify!($method)), &params, &value(&$result)))
                })+
                _ => None,
            }
        }

        /// Reads each again as what it was.
        #[cfg(test)]
        pub(super) fn read_again() {
            $($(read(&$params);)? read(&$result);)+
        }
    };
    (@params) => { json!({}) };
    (@params $params:expr) => { value(&$params) };
}

examples! {
    play_start(PlayStart {
        workflow: "hello".to_owned(),
        inputs: Some(name_input()),
        idempotency_key: Some("order-4711".to_owned()),
        tags: vec!["nightly".to_owned()],
        ..PlayStart::default()
    }) -> play(Status::Queued);
    play_run_async(PlayRunAsync {
        source: SOURCE.to_owned(),
        file_name: "hello.py".to_owned(),
        inputs: Some(name_input()),
        ..PlayRunAsync::default()
    }) -> unsaved();
    play_status(OfPlay::from(play_sid())) -> play(Status::Succeeded);
    play_wait(PlayWait { play_sid: play_sid(), timeout_ms: Some(10_000), until: Until::Terminal })
        -> play(Status::Succeeded);
    play_cancel(PlayCancel { play_sid: play_sid(), reason: Some("no longer needed".to_owned()) })
        -> play(Status::Cancelled);
    play_resume(PlayResume {
        play_sid: play_sid(),
        resume_id: resume_id(),
        payload: json_of(&json!("publish")),
        answered_by: Some("ada".to_owned()),
    }) -> Play { workflow: "approval".to_owned(), ..play(Status::Queued) };
    play_pending_resumes(PlayPendingResumes { play_sid: Some(play_sid()), ..PlayPendingResumes::default() })
        -> Resumes { resumes: vec![question()], next_cursor: None };
    play_list(PlayList {
        workflow: Some("hello".to_owned()),
        status: Some(Status::Succeeded),
        limit: Some(1),
        ..PlayList::default()
    }) -> Plays {
        plays: vec![Play { inputs: Json::null(), outputs: None, ..play(Status::Succeeded) }],
        next_cursor: Some(Cursor("bGlzdHM6cGxheXM6cGxheV8wMWthcjl2M3p2NXc4eDJiN2M2ZDRlMGYxZw".to_owned())),
    };
    play_spans(PlaySpans { limit: Some(100), ..PlaySpans::from(play_sid()) }) -> SpanPage {
        spans: vec![step()],
        logs: vec![line()],
        last_seq: 7,
        status: Status::Succeeded,
    };
    play_retry(OfPlay::from(play_sid()))
        -> Retried { play: play(Status::Queued), runs_again: vec!["hello/compose#1".to_owned()] };
    play_artifacts(OfPlay::from(play_sid())) -> Artifacts { artifacts: vec![artifact()] };
    workflow_create(WorkflowCreate {
        name: "hello".to_owned(),
        source: SOURCE.to_owned(),
        tags: vec!["example".to_owned()],
        ..WorkflowCreate::default()
    }) -> Created { workflow: workflow(), version: version() };
    workflow_get(of_workflow()) -> workflow();
    workflow_list(WorkflowList { query: Some("greet".to_owned()), ..WorkflowList::default() })
        -> Workflows { workflows: vec![workflow()], next_cursor: None };
    workflow_update(WorkflowUpdate {
        workflow: "hello".to_owned(),
        tags: Some(vec!["example".to_owned()]),
        ..WorkflowUpdate::default()
    }) -> workflow();
    workflow_delete(WorkflowDelete { workflow: "hello".to_owned(), force: true }) -> Deleted { deleted: true };
    workflow_create_version(WorkflowCreateVersion {
        workflow: "hello".to_owned(),
        source: SOURCE.to_owned(),
        entry: None,
        note: Some("greets by name".to_owned()),
        set_current: true,
        file_name: None,
    }) -> version();
    workflow_set_current_version(WorkflowSetCurrentVersion {
        workflow: "hello".to_owned(),
        version: VersionChoice::Number(1),
    }) -> workflow();
    workflow_version_fetch(OfVersion { workflow: "hello".to_owned(), version: VersionChoice::Current })
        -> version();
    workflow_version_list(of_workflow())
        -> Versions { versions: vec![WorkflowVersion { source: String::new(), ..version() }] };
    example_upsert(ExampleUpsert {
        workflow: "hello".to_owned(),
        name: "ada".to_owned(),
        inputs: name_input(),
        expected_outputs: Some(greeting()),
        answers: BTreeMap::new(),
        note: Some("the usual case".to_owned()),
    }) -> example();
    example_fetch(of_example()) -> example();
    example_delete(of_example()) -> Deleted { deleted: true };
    example_to_input_data(ExampleToInputData {
        workflow: "hello".to_owned(),
        example: "ada".to_owned(),
        version: VersionChoice::Current,
    }) -> InputData { inputs: name_input() };
    example_list(of_workflow()) -> Examples { examples: vec![example()] };
    flow_library_search(FlowLibrarySearch {
        query: "say hello to somebody".to_owned(),
        inputs: Some(library::shape("name")),
        limit: Some(3),
        ..FlowLibrarySearch::default()
    }) -> library::hits();
    workflow_statistics(of_workflow()) -> library::workflow_statistics();
    benchmark_run(BenchmarkRun {
        workflow: "hello".to_owned(),
        examples: Some(vec!["ada".to_owned()]),
        repeats: Some(2),
        ..BenchmarkRun::default()
    }) -> library::benchmark(BenchmarkStatus::Running);
    benchmark_fetch(OfBenchmark::from(library::benchmark_sid())) -> BenchmarkReport {
        benchmark: library::benchmark(BenchmarkStatus::Completed),
        measurements: vec![library::measurement()],
    };
    benchmark_wait(BenchmarkWait {
        benchmark_sid: library::benchmark_sid(),
        runs: Some(1),
        timeout_ms: 10_000,
    }) -> library::benchmark(BenchmarkStatus::Completed);
    benchmark_cancel(OfBenchmark::from(library::benchmark_sid())) -> Benchmark {
        reason: Some("the benchmark was cancelled".to_owned()),
        ..library::benchmark(BenchmarkStatus::Cancelled)
    };
    benchmark_list_for_workflow(BenchmarkListForWorkflow {
        workflow: "hello".to_owned(),
        ..BenchmarkListForWorkflow::default()
    }) -> Benchmarks {
        benchmarks: vec![library::benchmark(BenchmarkStatus::Completed)],
        next_cursor: None,
    };
    benchmark_list_for_version(BenchmarkListForVersion {
        workflow: "hello".to_owned(),
        limit: Some(1),
        ..BenchmarkListForVersion::default()
    }) -> Benchmarks {
        benchmarks: vec![library::benchmark(BenchmarkStatus::Completed)],
        next_cursor: None,
    };
    benchmark_latest_for_version(OfVersion { workflow: "hello".to_owned(), version: VersionChoice::Current })
        -> library::benchmark(BenchmarkStatus::Completed);
    benchmark_compare(BenchmarkCompare {
        baseline: library::baseline_sid(),
        candidate: library::benchmark_sid(),
    }) -> library::comparison();
    workflow_gate(library::gate()) -> library::gated();
    pick_version(PickVersion {
        workflow: "hello".to_owned(),
        weights: library::weights(),
        limits: Some(library::limits()),
    }) -> library::picked();
    workflow_export(documents::workflow_export()) -> documents::exported_workflow();
    workflow_import(documents::workflow_import()) -> documents::imported_workflow();
    play_export(OfPlay::from(play_sid())) -> documents::exported_play();
    play_import(documents::play_import()) -> documents::imported_play();
    play_promote(documents::promote()) -> Created { workflow: workflow(), version: version() };
    play_save_as_example(documents::save_as_example()) -> example();
    secret_set(SecretSet { name: server::secret_name(), value: server::secret_value() }) -> ();
    secret_list() -> Secrets {
        secrets: vec![Secret { name: server::secret_name(), source: SecretSource::File, set_at: Some(moment(0)) }],
    };
    secret_remove(OfSecret { name: server::secret_name() }) -> ();
    server_info() -> server::server();
    server_metrics() -> server::metrics();
}

/// An event of each kind.
#[cfg(test)]
pub(super) fn events() -> Vec<Event> {
    let asked = || ResumeNews::of(&unsaved(), &question());
    let news = [
        News::Reset { reason: ResetReason::Start },
        News::PlayCreated((&unsaved()).into()),
        News::PlayChanged((&play(Status::Succeeded)).into()),
        News::ResumeOpened(asked()),
        News::ResumeClosed(asked()),
        News::WorkflowChanged((&workflow()).into()),
        News::WorkflowDeleted((&workflow()).into()),
        News::BenchmarkChanged((&library::benchmark(BenchmarkStatus::Running)).into()),
    ];
    news.into_iter().map(|news| Event { id: EventId::first(), at: moment(0), news }).collect()
}

/// As OpenRPC pairs them.
fn pairing(name: &str, params: &Value, result: &Value) -> Value {
    let params = params.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let params: Vec<Value> = params.map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({ "name": name, "params": params, "result": { "name": "result", "value": result } })
}

fn value<T: Serialize>(of: &T) -> Value {
    serde_json::to_value(of).expect("the model is JSON")
}

#[cfg(test)]
fn read<T: Serialize + serde::de::DeserializeOwned + std::fmt::Debug>(example: &T) {
    let text = serde_json::to_string(example).unwrap();
    let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(format!("{read:?}"), format!("{example:?}"));
}

const SOURCE: &str = r#"from hero_tracing import flow


@flow
def compose(name: str) -> str:
    return f"Hello, {name}!"


@flow(name="hello")
def main(name: str = "World") -> dict[str, str]:
    """Greets somebody by name."""
    return {"greeting": compose(name)}
"#;

pub(super) fn play_sid() -> PlaySid {
    sid("play_01kar9v3zv5w8x2b7c6d4e0f1g")
}

fn workflow_sid() -> WorkflowSid {
    sid("wf_01kar9t8m2n4p6q8r0s2t4v6w8")
}

fn version_sid() -> VersionSid {
    sid("ver_01kar9t8m3a5b7c9d1e3f5g7h9")
}

fn resume_id() -> ResumeId {
    sid("ask_01kar9v4b6z8y0x2w4v6t8s0r2")
}

fn sid<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("an id of its kind")
}

/// A moment in the evening of 23 November 2025, so many milliseconds after the story begins.
pub(super) fn moment(after_ms: u64) -> Timestamp {
    Timestamp(1_763_930_000_123_456).plus_ms(after_ms)
}

pub(super) fn json_of(value: &Value) -> Json {
    Json::from(value)
}

fn name_input() -> Json {
    json_of(&json!({ "name": "Ada" }))
}

fn greeting() -> Json {
    json_of(&json!({ "greeting": "Hello, Ada!" }))
}

pub(super) fn play(status: Status) -> Play {
    let has_ended = status.is_terminal();
    Play {
        play_sid: play_sid(),
        workflow_sid: Some(workflow_sid()),
        workflow: "hello".to_owned(),
        version_sid: version_sid(),
        version: Some(1),
        status,
        inputs: name_input(),
        outputs: (status == Status::Succeeded).then(greeting),
        error: None,
        attempt: u32::from(has_ended),
        trigger: "api".to_owned(),
        tags: vec!["nightly".to_owned()],
        priority: 0,
        parent_play_sid: None,
        root_play_sid: play_sid(),
        cost_usd: 0.0,
        tokens_in: 0,
        tokens_out: 0,
        created_at: moment(0),
        deadline_at: None,
        started_at: has_ended.then(|| moment(2)),
        ended_at: has_ended.then(|| moment(14)),
        duration_ms: if has_ended { 11.75 } else { 0.0 },
        pending_resumes: 0,
        sandbox: Some(Sandbox {
            level: SandboxLevel::Default,
            layers: if has_ended { vec!["landlock".to_owned(), "seccomp".to_owned()] } else { Vec::new() },
            allowance: allowance(),
        }),
    }
}

fn unsaved() -> Play {
    Play {
        workflow_sid: None,
        workflow: "hello.py".to_owned(),
        version: None,
        tags: Vec::new(),
        ..play(Status::Queued)
    }
}

fn allowance() -> Allowance {
    Allowance {
        network: Network::Ports(vec![53, 443]),
        subprocess: None,
        memory_mb: 4_096,
        processes: 256,
        disk_mb: 1_024,
        cpu_s: None,
        wall_s: Some(3_600),
        read: Vec::new(),
        write: Vec::new(),
        env: vec!["REGION".to_owned()],
    }
}

fn question() -> ResumeRequest {
    ResumeRequest {
        resume_id: resume_id(),
        play_sid: play_sid(),
        path: "approval/decision".to_owned(),
        name: "decision".to_owned(),
        question: Some("What shall become of the draft?".to_owned()),
        schema: json_of(&json!({ "enum": ["publish", "revise", "drop"] })),
        ui: json_of(&json!({ "kind": "choice" })),
        fingerprint: "5f2b8e0c".to_owned(),
        default: None,
        created_at: moment(40),
        expires_at: Some(moment(86_400_000)),
        status: ResumeStatus::Open,
        payload: None,
        answered_by: None,
        answered_at: None,
        url: None,
    }
}

pub(super) fn step() -> Span {
    Span {
        span_id: 2,
        parent: Some(1),
        seq: 7,
        path: "hello/compose#1".to_owned(),
        kind: SpanKind::Step,
        name: "compose".to_owned(),
        status: SpanStatus::Ok,
        recorded: true,
        attempt: 1,
        tries: Vec::new(),
        line: Some(12),
        inputs: Some("{\"name\":\"Ada\"}".to_owned()),
        output: Some("\"Hello, Ada!\"".to_owned()),
        error: None,
        tags: BTreeMap::from([("customer".to_owned(), json_of(&json!("ada")))]),
        progress: None,
        cost_usd: 0.0,
        tokens_in: 0,
        tokens_out: 0,
        started_at: moment(8),
        ended_at: Some(moment(9)),
        duration_ms: Some(0.42),
    }
}

pub(super) fn line() -> LogLine {
    LogLine {
        seq: 5,
        span_id: Some(2),
        attempt: 1,
        level: LogLevel::Info,
        stream: LogStream::Stdout,
        text: "composing a greeting for Ada".to_owned(),
        at: moment(8),
    }
}

pub(super) fn artifact() -> Artifact {
    Artifact {
        play_sid: play_sid(),
        path: "hello/compose#1".to_owned(),
        name: "greeting.txt".to_owned(),
        digest: DIGEST.to_owned(),
        size: 11,
        media_type: "text/plain".to_owned(),
        created_at: moment(9),
    }
}

/// Of the source, its file's name and no entry.
const VERSION_DIGEST: &str = "ff9368b1899e95fedc4b0767492d416748f45b7657e5236d6178a6dcdba1f3a6";
/// Of `Hello, Ada!`.
const DIGEST: &str = "fc80a614993089e736b5321633d88401ea4fecdeddecaff5cf05d619bd941a90";

pub(super) fn workflow() -> Workflow {
    Workflow {
        workflow_sid: workflow_sid(),
        name: "hello".to_owned(),
        description: "Greets somebody by name.".to_owned(),
        tags: vec!["example".to_owned()],
        current_version: 1,
        archived: false,
        created_at: moment(0),
    }
}

pub(super) fn version() -> WorkflowVersion {
    WorkflowVersion {
        version_sid: version_sid(),
        workflow_sid: Some(workflow_sid()),
        version: Some(1),
        source: SOURCE.to_owned(),
        digest: VERSION_DIGEST.to_owned(),
        file_name: "hello.py".to_owned(),
        entry: "main".to_owned(),
        name: "hello".to_owned(),
        description: "Greets somebody by name.".to_owned(),
        inputs: json_of(&json!({
            "type": "object",
            "properties": { "name": { "type": "string", "default": "World" } },
            "additionalProperties": false,
        })),
        outputs: json_of(&json!({ "type": "object", "additionalProperties": { "type": "string" } })),
        options: json_of(&json!({})),
        dependencies: Vec::new(),
        note: Some("greets by name".to_owned()),
        created_at: moment(0),
    }
}

fn of_workflow() -> OfWorkflow {
    OfWorkflow { workflow: "hello".to_owned() }
}

fn of_example() -> OfExample {
    OfExample { workflow: "hello".to_owned(), example: "ada".to_owned() }
}

pub(super) fn example() -> Example {
    Example {
        workflow_sid: workflow_sid(),
        name: "ada".to_owned(),
        inputs: name_input(),
        expected_outputs: Some(greeting()),
        answers: BTreeMap::new(),
        note: Some("the usual case".to_owned()),
        updated_at: moment(60_000),
    }
}
