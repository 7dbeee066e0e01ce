//! Every method by the Rust client. What comes back fits the schema of the method's result.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _};
use hero_e2e::{Stage, binary};
use hero_sdk::{Client, ErrorCode, Json, Logic as _, PlaySid, logic::*, model::*, openrpc};
use jsonschema::Validator;
use serde::Serialize;
use serde_json::{Value, json};

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn every_method_over_both_listeners() {
    let stage = Stage::new();
    let server = Server::start(&stage);
    for (number, client) in server.clients().into_iter().enumerate() {
        let mut caller = Caller { client, document: openrpc::document(), called: BTreeSet::new() };
        let name = format!("everything {number}");
        let begin = caller.client.events(EventFilter::default(), None).await.unwrap().next().await;
        let begin = begin.unwrap().unwrap().id;
        library(&mut caller, &name).await;
        let play_sid = play(&mut caller, &name).await;
        files(&mut caller, &play_sid).await;
        moved(&mut caller, &name, &play_sid).await;
        measured(&mut caller).await;
        ends(&mut caller, &name).await;
        secrets(&mut caller).await;
        events(&mut caller, &name, begin).await;
        let declared: BTreeSet<&str> = METHODS.iter().map(|method| method.name).collect();
        assert_eq!(caller.called, declared);
    }
    server.stop();
}

/// A client that remembers what was called, and checks what came back.
struct Caller {
    client: Client,
    document: Value,
    called: BTreeSet<&'static str>,
}

impl Caller {
    #[track_caller]
    fn checked<T: Serialize>(&mut self, method: &'static str, result: T) -> T {
        self.called.insert(method);
        let mut methods = self.document["methods"].as_array().unwrap().iter();
        let described = methods.find(|described| described["name"] == method).unwrap();
        self.fits(&described["result"]["schema"], &result, method);
        result
    }

    #[track_caller]
    fn fits<T: Serialize>(&self, schema: &Value, told: &T, what: &str) {
        let mut schema = schema.clone();
        schema["components"] = self.document["components"].clone();
        let validator: Validator = jsonschema::draft7::new(&schema).unwrap();
        let value = serde_json::to_value(told).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{what} gave {value}: {errors:#?}");
    }
}

/// Calls a method of a `Caller`.
macro_rules! call {
    ($caller:ident.$method:ident($($params:expr)?)) => {{
        let result = $caller.client.$method($($params)?).await;
        let result = result.unwrap_or_else(|error| panic!("{}: {error:?}", stringify!($method)));
        $caller.checked(stringify!($method), result)
    }};
}

fn json(value: Value) -> Json {
    Json::from(&value)
}

async fn library(caller: &mut Caller, name: &str) {
    let source = std::fs::read_to_string(binary::repository().join("e2e/flows/clients.py")).unwrap();
    let create =
        WorkflowCreate { name: name.to_owned(), source: source.clone(), ..WorkflowCreate::default() };
    let created = call!(caller.workflow_create(create));
    let of = || OfWorkflow { workflow: name.to_owned() };
    assert_eq!(call!(caller.workflow_get(of())), created.workflow);
    let query = WorkflowList { query: Some(name.to_owned()), ..WorkflowList::default() };
    assert_eq!(call!(caller.workflow_list(query)).workflows, [created.workflow]);
    let update = WorkflowUpdate {
        workflow: name.to_owned(),
        tags: Some(vec!["test".to_owned()]),
        ..WorkflowUpdate::default()
    };
    assert_eq!(call!(caller.workflow_update(update)).tags, ["test"]);
    let second = WorkflowCreateVersion {
        workflow: name.to_owned(),
        source: format!("{source}\n# another\n"),
        entry: None,
        note: None,
        set_current: false,
        file_name: None,
    };
    let second = call!(caller.workflow_create_version(second));
    assert_eq!(call!(caller.workflow_version_list(of())).versions.len(), 2);
    let version = VersionChoice::Sid(second.version_sid.clone());
    let fetch = OfVersion { workflow: name.to_owned(), version: version.clone() };
    assert_eq!(call!(caller.workflow_version_fetch(fetch)), second);
    let set = WorkflowSetCurrentVersion { workflow: name.to_owned(), version };
    assert_eq!(call!(caller.workflow_set_current_version(set)).current_version, 2);
}

/// A play of an example, answered and ended.
async fn play(caller: &mut Caller, name: &str) -> PlaySid {
    let upsert = ExampleUpsert {
        workflow: name.to_owned(),
        name: "short".to_owned(),
        inputs: json(json!({"lines": 1})),
        expected_outputs: Some(json(json!({"total": 1}))),
        answers: [("more".to_owned(), json(json!("0")))].into(),
        note: None,
    };
    let example = call!(caller.example_upsert(upsert));
    let of = || OfExample { workflow: name.to_owned(), example: "short".to_owned() };
    assert_eq!(call!(caller.example_fetch(of())), example);
    assert_eq!(call!(caller.example_list(OfWorkflow { workflow: name.to_owned() })).examples, [example]);
    let version = VersionChoice::Current;
    let filled = ExampleToInputData { workflow: name.to_owned(), example: "short".to_owned(), version };
    let filled = call!(caller.example_to_input_data(filled)).inputs;
    assert_eq!(filled.to::<Value>().unwrap(), json!({"lines": 1, "fails": false}));

    let start =
        PlayStart { workflow: name.to_owned(), example: Some("short".to_owned()), ..PlayStart::default() };
    let play_sid = call!(caller.play_start(start)).play_sid;
    let settled = wait(caller, &play_sid, Until::Settled).await;
    assert_eq!(settled.status, Status::AwaitingResume);
    let resumes = call!(caller.play_pending_resumes(play_sid.clone().into())).resumes;
    let resume = PlayResume {
        play_sid: play_sid.clone(),
        resume_id: resumes[0].resume_id.clone(),
        payload: json(json!("2")),
        answered_by: Some("a test".to_owned()),
    };
    call!(caller.play_resume(resume));
    let ended = wait(caller, &play_sid, Until::Terminal).await;
    assert_eq!(ended.outputs.clone().unwrap().to::<Value>().unwrap(), json!({"total": 3}));
    assert_eq!(call!(caller.play_status(play_sid.clone().into())), ended);
    let list = PlayList { workflow: Some(name.to_owned()), ..PlayList::default() };
    assert_eq!(call!(caller.play_list(list)).plays.len(), 1);
    play_sid
}

async fn wait(caller: &mut Caller, play_sid: &PlaySid, until: Until) -> Play {
    call!(caller.play_wait(PlayWait { play_sid: play_sid.clone(), timeout_ms: None, until }))
}

/// What a play leaves: its tree, by question and by stream, and its files.
async fn files(caller: &mut Caller, play_sid: &PlaySid) {
    let page = call!(caller.play_spans(play_sid.clone().into()));
    let fed: Vec<SpanPage> =
        caller.client.play_feed(play_sid.clone(), 0).await.unwrap().try_collect().await.unwrap();
    assert_eq!(
        fed.iter().flat_map(|page| &page.spans).collect::<Vec<_>>(),
        page.spans.iter().collect::<Vec<_>>()
    );
    // Nobody can have seen more than there is.
    let mut beyond = caller.client.play_feed(play_sid.clone(), page.last_seq + 1).await.unwrap();
    let error = beyond.next().await.unwrap().unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidParams);
    assert_eq!(error.hint.as_deref(), Some("begin again with after_seq 0"));
    assert!(beyond.next().await.is_none());
    let artifacts = call!(caller.play_artifacts(play_sid.clone().into())).artifacts;
    let fetched = caller.client.play_artifact_fetch(play_sid.clone(), artifacts[0].name.clone());
    let ArtifactFetch { artifact, content } = fetched.await.unwrap();
    let content: Vec<Vec<u8>> = content.try_collect().await.unwrap();
    assert_eq!((content.concat().len() as u64, &artifact), (artifact.size, &artifacts[0]));
}

/// What leaves the home, and comes back to where it is; and a play that becomes part of the library.
async fn moved(caller: &mut Caller, name: &str, play_sid: &PlaySid) {
    let workflow =
        call!(caller.workflow_export(WorkflowExport { workflow: name.to_owned(), benchmarks: true }));
    assert_eq!(workflow.content.versions.len(), 2);
    workflow.check().unwrap();
    let import = WorkflowImport { document: Json::of(&workflow).unwrap(), name: None };
    let imported = call!(caller.workflow_import(import));
    assert_eq!((imported.is_new, imported.versions_added), (false, 0));
    let play = call!(caller.play_export(play_sid.clone().into()));
    play.check().unwrap();
    assert!(!call!(caller.play_import(PlayImport { document: Json::of(&play).unwrap() })).is_new);
    let workflow = Some(name.to_owned());
    let promote = PlayPromote { workflow, set_current: false, ..PlayPromote::from(play_sid.clone()) };
    assert_eq!(call!(caller.play_promote(promote)).version, play.content.version);
    let (play_sid, workflow) = (play_sid.clone(), None);
    let save = PlaySaveAsExample { play_sid, name: "worked".to_owned(), workflow, note: None };
    let saved = call!(caller.play_save_as_example(save));
    assert_eq!(saved.expected_outputs, play.content.play.outputs);
}

/// Two versions over an example: measured, compared, gated, picked, and found.
async fn measured(caller: &mut Caller) {
    let workflow = || "measured by Rust".to_owned();
    let source = |body: &str| {
        format!("from hero_tracing import flow\n\n\n@flow\ndef main(n: int):\n    return {body}\n")
    };
    let create = WorkflowCreate { name: workflow(), source: source("2 * n"), ..WorkflowCreate::default() };
    call!(caller.workflow_create(create));
    let create = WorkflowCreateVersion {
        workflow: workflow(),
        source: source("n + n"),
        entry: None,
        note: None,
        set_current: false,
        file_name: None,
    };
    call!(caller.workflow_create_version(create));
    let example = ExampleUpsert {
        workflow: workflow(),
        name: "four".to_owned(),
        inputs: Json::parse(r#"{"n": 2}"#).unwrap(),
        expected_outputs: Some(Json::parse("4").unwrap()),
        answers: BTreeMap::new(),
        note: None,
    };
    call!(caller.example_upsert(example));
    let mut sids = Vec::new();
    for number in [1, 2] {
        let version = VersionChoice::Number(number);
        let run = BenchmarkRun { workflow: workflow(), version, repeats: Some(2), ..BenchmarkRun::default() };
        let benchmark_sid = call!(caller.benchmark_run(run)).benchmark_sid;
        let wait = BenchmarkWait { benchmark_sid: benchmark_sid.clone(), runs: None, timeout_ms: 60_000 };
        let ended = call!(caller.benchmark_wait(wait));
        assert_eq!((ended.status, ended.summary.succeeded), (BenchmarkStatus::Completed, 2));
        let report = call!(caller.benchmark_fetch(OfBenchmark::from(benchmark_sid.clone())));
        assert_eq!((&report.benchmark, report.measurements.len()), (&ended, 2));
        sids.push(benchmark_sid);
    }
    let list = BenchmarkListForWorkflow { workflow: workflow(), ..BenchmarkListForWorkflow::default() };
    assert_eq!(call!(caller.benchmark_list_for_workflow(list)).benchmarks.len(), 2);
    let version = VersionChoice::Number(2);
    let list =
        BenchmarkListForVersion { workflow: workflow(), version: version.clone(), limit: None, cursor: None };
    assert_eq!(call!(caller.benchmark_list_for_version(list)).benchmarks.len(), 1);
    let of = OfVersion { workflow: workflow(), version: version.clone() };
    assert_eq!(call!(caller.benchmark_latest_for_version(of)).benchmark_sid, sids[1]);
    let compare = BenchmarkCompare { baseline: sids[0].clone(), candidate: sids[1].clone() };
    assert_eq!(call!(caller.benchmark_compare(compare)).accuracy.unwrap().change, 0.0);
    let run = BenchmarkRun { workflow: workflow(), repeats: Some(5_000), ..BenchmarkRun::default() };
    let long = call!(caller.benchmark_run(run)).benchmark_sid;
    let cancelled = call!(caller.benchmark_cancel(OfBenchmark::from(long)));
    assert_eq!(cancelled.status, BenchmarkStatus::Cancelled);
    let again = caller.client.benchmark_cancel(OfBenchmark::from(sids[0].clone())).await.unwrap_err();
    assert_eq!(again.code, ErrorCode::Conflict);
    let gate = WorkflowGate {
        workflow: workflow(),
        version,
        max_latency_increase: 1_000.0,
        ..WorkflowGate::default()
    };
    assert!(call!(caller.workflow_gate(gate)).is_current);
    let weights = Weights { accuracy: 1.0, ..Weights::default() };
    let pick = PickVersion { workflow: workflow(), weights, ..PickVersion::default() };
    assert_eq!(call!(caller.pick_version(pick)).version, 2);
    assert!(call!(caller.workflow_statistics(OfWorkflow { workflow: workflow() })).workflow.succeeded >= 4);
    let search = FlowLibrarySearch { query: workflow(), ..FlowLibrarySearch::default() };
    assert_eq!(call!(caller.flow_library_search(search)).hits[0].workflow, workflow());
    assert!(call!(caller.workflow_delete(WorkflowDelete { workflow: workflow(), force: false })).deleted);
}

/// Plays that fail, are run again and are cancelled; and what is deleted.
async fn ends(caller: &mut Caller, name: &str) {
    let source = "from hero_tracing import flow\n\n\n@flow\ndef main() -> None:\n    raise ValueError\n";
    let run = PlayRunAsync { source: source.to_owned(), ..PlayRunAsync::default() };
    let play_sid = call!(caller.play_run_async(run)).play_sid;
    let failed = wait(caller, &play_sid, Until::Terminal).await;
    assert_eq!(failed.status, Status::Failed);
    call!(caller.play_retry(play_sid.clone().into()));
    assert!(wait(caller, &play_sid, Until::Terminal).await.attempt > failed.attempt);
    let start = PlayStart { workflow: name.to_owned(), ..PlayStart::default() };
    let play_sid = call!(caller.play_start(start)).play_sid;
    wait(caller, &play_sid, Until::Settled).await;
    call!(caller.play_cancel(play_sid.clone().into()));
    assert_eq!(wait(caller, &play_sid, Until::Terminal).await.status, Status::Cancelled);
    let again = caller.client.play_cancel(play_sid.into()).await.unwrap_err();
    assert_eq!(again.code, ErrorCode::Conflict);
    assert!(again.hint.is_some() || !again.message.is_empty());
    let example = OfExample { workflow: name.to_owned(), example: "short".to_owned() };
    assert!(call!(caller.example_delete(example)).deleted);
    assert!(call!(caller.workflow_delete(WorkflowDelete { workflow: name.to_owned(), force: true })).deleted);
}

/// What has happened to a workflow from its beginning to its end, each event as the document describes it.
async fn events(caller: &mut Caller, workflow: &str, begin: EventId) {
    let filter = EventFilter { workflow: Some(workflow.to_owned()), ..EventFilter::default() };
    let mut events = caller.client.events(filter, Some(begin)).await.unwrap();
    let mut kinds = BTreeSet::new();
    while !kinds.contains("workflow_deleted") {
        let event = events.next().await.unwrap().unwrap();
        let schema = json!({ "$ref": "#/components/schemas/Event" });
        caller.fits(&schema, &event, event.news.name());
        kinds.insert(event.news.name());
    }
    let told = ["play_changed", "play_created", "resume_closed", "resume_opened", "workflow_changed"];
    assert_eq!(kinds, told.into_iter().chain(["workflow_deleted"]).collect());
}

async fn secrets(caller: &mut Caller) {
    let name: hero_sdk::SecretName = "KEY_OF_CLIENTS".parse().unwrap();
    let value = "a long value".to_owned().try_into().unwrap();
    call!(caller.secret_set(SecretSet { name: name.clone(), value }));
    assert!(call!(caller.secret_list()).secrets.iter().any(|secret| secret.name == name));
    call!(caller.secret_remove(OfSecret { name }));
    assert_eq!(call!(caller.server_info()).version, env!("CARGO_PKG_VERSION"));
    assert!(call!(caller.server_metrics()).store_bytes > 0);
}
