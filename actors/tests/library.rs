//! The library: what its methods find, refuse and leave behind, with real processes.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use hero_actors::{BundledFlow, Config, Runtime};
use hero_sdk::{
    Error, ErrorCode, Json, Logic as _, PlaySid,
    logic::{
        ExampleToInputData, ExampleUpsert, OfExample, OfVersion, OfWorkflow, PlayList, PlayRunAsync,
        PlayStart, PlayWait, Until, WorkflowCreate, WorkflowCreateVersion, WorkflowDelete, WorkflowList,
        WorkflowSetCurrentVersion, WorkflowUpdate,
    },
    model::{Play, Status, VersionChoice},
};

/// Runs until it is told to end.
const ENDLESS: &str = "
import time

from hero_tracing import flow


@flow
def main(city: str, seats: int | None = None, window: bool | str = False):
    while True:
        time.sleep(0.01)
";

/// A library with a bundled flow, and a home that goes away.
struct Stage {
    _home: tempfile::TempDir,
    runtime: Runtime,
}

impl Stage {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let bundled = BundledFlow {
            name: "Bundled".into(),
            file_name: "bundled.py".into(),
            description: "Doubles.".into(),
            source: "from hero_tracing import flow\n\n@flow\ndef main(n: int = 4): return 2 * n\n".into(),
        };
        let runtime =
            Runtime::open(Config { library: vec![bundled], ..Config::new(home.path()) }).await.unwrap();
        Self { _home: home, runtime }
    }

    async fn create(&self, name: &str) -> String {
        let create =
            WorkflowCreate { name: name.into(), source: ENDLESS.into(), ..WorkflowCreate::default() };
        self.runtime.workflow_create(create).await.unwrap().workflow.workflow_sid.to_string()
    }

    async fn start(&self, workflow: &str) -> Play {
        self.try_start(workflow).await.unwrap()
    }

    async fn try_start(&self, workflow: &str) -> Result<Play, Error> {
        let inputs = Some(Json::parse(r#"{"city": "Graz"}"#).unwrap());
        let start = PlayStart { workflow: workflow.into(), inputs, ..PlayStart::default() };
        self.runtime.play_start(start).await
    }

    async fn plays_of(&self, workflow: &str) -> usize {
        let list = PlayList { workflow: Some(workflow.into()), ..PlayList::default() };
        self.runtime.play_list(list).await.unwrap().plays.len()
    }

    async fn delete(&self, workflow: &str, force: bool) -> Result<bool, Error> {
        let delete = WorkflowDelete { workflow: workflow.into(), force };
        Ok(self.runtime.workflow_delete(delete).await?.deleted)
    }

    async fn close(self) {
        self.runtime.shutdown().await.unwrap();
    }
}

fn of(workflow: &str) -> OfWorkflow {
    OfWorkflow { workflow: workflow.into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundled_flow_has_its_id_before_it_is_run() {
    let stage = Stage::new().await;
    let list = async || stage.runtime.workflow_list(WorkflowList::default()).await.unwrap().workflows;
    let listed = list().await;
    assert_eq!(listed[0].workflow_sid, list().await[0].workflow_sid);
    let found = stage.runtime.workflow_get(of(listed[0].workflow_sid.as_str())).await.unwrap();
    assert_eq!((&found.workflow_sid, found.name.as_str()), (&listed[0].workflow_sid, "Bundled"));
    assert_eq!(list().await, [found]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn force_ends_what_runs_before_the_workflow_goes() {
    let stage = Stage::new().await;
    stage.create("endless").await;
    let (first, second) = (stage.start("endless").await, stage.start("endless").await);
    let error = stage.delete("endless", false).await.unwrap_err();
    assert_eq!((error.code, error.message.contains("2 live plays")), (ErrorCode::Conflict, true), "{error}");
    assert!(stage.delete("endless", true).await.unwrap());
    for play in [first, second] {
        let play = stage.runtime.play_status(play.play_sid.into()).await.unwrap();
        assert_eq!((play.status, play.workflow.as_str()), (Status::Cancelled, "endless"));
    }
    assert_eq!(stage.runtime.workflow_get(of("endless")).await.unwrap_err().code, ErrorCode::NotFound);
    // The name is free again.
    stage.create("endless").await;
    assert!(stage.delete("endless", false).await.unwrap());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_run_that_was_once_a_workflow() {
    let stage = Stage::new().await;
    stage.create("endless").await;
    assert!(stage.delete("endless", false).await.unwrap());
    let inputs = Some(Json::parse(r#"{"city": "Graz"}"#).unwrap());
    let file_name = "endless.py".into();
    let start = PlayRunAsync { source: ENDLESS.into(), file_name, inputs, ..PlayRunAsync::default() };
    let play = stage.runtime.play_run_async(start).await.unwrap();
    assert_eq!((play.workflow_sid, play.workflow.as_str()), (None, "endless.py"));
    stage.runtime.play_cancel(play.play_sid.into()).await.unwrap();
    stage.close().await;
}

/// Whatever is accepted meanwhile is ended too, and what is refused was never a play.
#[tokio::test(flavor = "multi_thread")]
async fn force_wins_against_those_who_go_on_starting() {
    let stage = Stage::new().await;
    stage.create("endless").await;
    let mut plays = Vec::new();
    for _ in 0..200 {
        plays.push(stage.start("endless").await.play_sid);
    }
    let go_on = async || {
        let mut accepted = Vec::new();
        loop {
            match stage.try_start("endless").await {
                Ok(play) => accepted.push(play.play_sid),
                Err(error) => return (accepted, error.code),
            }
        }
    };
    let (deleted, first, second) = tokio::join!(stage.delete("endless", true), go_on(), go_on());
    assert!(deleted.unwrap());
    for (accepted, code) in [first, second] {
        assert!([ErrorCode::Conflict, ErrorCode::NotFound].contains(&code), "{code:?}");
        plays.extend(accepted);
    }
    for play_sid in plays {
        let play = stage.runtime.play_status(play_sid.into()).await.unwrap();
        assert_eq!(play.status, Status::Cancelled);
    }
    assert_eq!(stage.try_start("endless").await.unwrap_err().code, ErrorCode::NotFound);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_deleted_keeps_its_plays() {
    let stage = Stage::new().await;
    let inputs = Some(Json::parse(r#"{"n": 1}"#).unwrap());
    let start = PlayStart { workflow: "Bundled".into(), inputs, ..PlayStart::default() };
    let play = stage.runtime.play_start(start).await.unwrap();
    assert_eq!(stage.delete("Bundled", true).await.unwrap_err().code, ErrorCode::Conflict);
    let wait = PlayWait { play_sid: play.play_sid, timeout_ms: None, until: Until::Terminal };
    assert_eq!(stage.runtime.play_wait(wait).await.unwrap().status, Status::Succeeded);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plays_are_found_by_each_name_of_their_workflow_and_by_its_id() {
    let stage = Stage::new().await;
    let workflow_sid = stage.create("before").await;
    stage.create("other").await;
    stage.start("before").await;
    let name = Some("after".into());
    let rename = WorkflowUpdate { workflow: "before".into(), name, ..WorkflowUpdate::default() };
    stage.runtime.workflow_update(rename).await.unwrap();
    for (workflow, expected) in [("before", 1), ("after", 1), (workflow_sid.as_str(), 1), ("other", 0)] {
        assert_eq!(stage.plays_of(workflow).await, expected, "{workflow}");
    }
    let unknown = PlayList { workflow: Some("aftr".into()), ..PlayList::default() };
    let error = stage.runtime.play_list(unknown).await.unwrap_err();
    assert_eq!((error.code, error.hint.as_deref()), (ErrorCode::NotFound, Some("did you mean after?")));
    assert!(stage.delete("after", true).await.unwrap());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn defaults_fill_an_example_with_null_too() {
    let stage = Stage::new().await;
    stage.create("trip").await;
    let example = |inputs: &str| ExampleUpsert {
        workflow: "trip".into(),
        name: "graz".into(),
        inputs: Json::parse(inputs).unwrap(),
        expected_outputs: None,
        answers: Default::default(),
        note: None,
    };
    stage.runtime.example_upsert(example(r#"{"city": "Graz"}"#)).await.unwrap();
    let (workflow, name, version) = ("trip".into(), "graz".into(), VersionChoice::Current);
    let data = ExampleToInputData { workflow, example: name, version };
    let inputs = stage.runtime.example_to_input_data(data).await.unwrap().inputs;
    assert_eq!(inputs.as_str(), r#"{"city":"Graz","seats":null,"window":false}"#);
    let error = stage.runtime.example_upsert(example("{}")).await.unwrap_err();
    assert_eq!(
        error.hint.as_deref(),
        Some(
            "main takes city (string, required), seats (integer or null, optional), window (boolean or string, optional)"
        )
    );
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_mistyped_finds_the_nearest_name_whatever_its_case() {
    let stage = Stage::new().await;
    stage.create("trip").await;
    let hint =
        async |workflow: &str| stage.runtime.workflow_get(of(workflow)).await.unwrap_err().hint.unwrap();
    assert_eq!(hint("TIRP").await, "did you mean trip?");
    assert_eq!(hint("bundle").await, "did you mean Bundled?");
    assert_eq!(hint("zzz").await, "there are: Bundled, trip");
    let start = PlayStart { workflow: "bundeld".into(), ..PlayStart::default() };
    let error = stage.runtime.play_start(start).await.unwrap_err();
    assert_eq!((error.code, error.hint.as_deref()), (ErrorCode::NotFound, Some("did you mean Bundled?")));
    let error = stage.runtime.play_status(PlaySid::new().into()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    let example = OfExample { workflow: "trip".into(), example: "graz".into() };
    let error = stage.runtime.example_fetch(example).await.unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("there is none yet"));
    let version = OfVersion { workflow: "trip".into(), version: VersionChoice::Number(2) };
    let error = stage.runtime.workflow_version_fetch(version).await.unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("version 1 is its only one"));
    stage.close().await;
}

/// It is that of the current version's docstring until somebody gives another.
#[tokio::test(flavor = "multi_thread")]
async fn a_description_is_the_docstring_unless_one_is_given() {
    let stage = Stage::new().await;
    let source = |docstring: &str| {
        format!("from hero_tracing import flow\n\n@flow\ndef main():{docstring}\n    return 1\n")
    };
    let next = async |source: String| {
        let version = WorkflowCreateVersion {
            workflow: "told".into(),
            source,
            entry: None,
            note: None,
            set_current: true,
            file_name: None,
        };
        stage.runtime.workflow_create_version(version).await.unwrap();
    };
    let choose = async |number| {
        let version = VersionChoice::Number(number);
        let params = WorkflowSetCurrentVersion { workflow: "told".into(), version };
        stage.runtime.workflow_set_current_version(params).await.unwrap();
    };
    let description = async || {
        let listed = stage.runtime.workflow_list(WorkflowList::default()).await.unwrap().workflows;
        listed.into_iter().find(|workflow| workflow.name == "told").unwrap().description
    };
    let create = WorkflowCreate { name: "told".into(), source: source(""), ..WorkflowCreate::default() };
    stage.runtime.workflow_create(create).await.unwrap();
    assert_eq!(description().await, "");
    next(source("\n    \"\"\"Gives\n    one.\n\n    Always.\n    \"\"\"")).await;
    assert_eq!(description().await, "Gives one.");
    choose(1).await;
    assert_eq!(description().await, "");
    choose(2).await;
    let description_given = Some("The only one.".to_owned());
    let update = WorkflowUpdate {
        workflow: "told".into(),
        description: description_given.clone(),
        ..WorkflowUpdate::default()
    };
    stage.runtime.workflow_update(update).await.unwrap();
    next(source("\n    \"\"\"Gives it.\"\"\"")).await;
    assert_eq!(Some(description().await), description_given);
    stage.close().await;
}
