//! Workflows and plays that leave one home and come to another, and plays that become part of the library; with real
//! processes.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod stage;

use futures_util::TryStreamExt as _;
use hero_sdk::{
    Error, ErrorCode, Json, Logic as _, PlaySid,
    document::{Document, ExportedPlay, ExportedWorkflow, digest_of},
    logic::{
        ExampleUpsert, ImportedPlay, ImportedWorkflow, OfWorkflow, PlayImport, PlayPromote,
        PlaySaveAsExample, PlaySpans, PlayStart, SecretSet, WorkflowCreate, WorkflowCreateVersion,
        WorkflowDelete, WorkflowImport,
    },
    model::{Play, Status},
};
use serde_json::{Value, json};
use stage::{Stage, outputs};

fn source(text: &str) -> String {
    format!("from hero_tracing import ask_user, flow\n\n{text}")
}

impl Stage {
    async fn create(&self, name: &str, text: &str) {
        let params = WorkflowCreate {
            name: name.into(),
            source: source(text),
            tags: vec!["one".into(), "two".into()],
            note: Some("the first".into()),
            ..WorkflowCreate::default()
        };
        self.logic().workflow_create(params).await.unwrap();
    }

    async fn next(&self, name: &str, text: &str) {
        let params = WorkflowCreateVersion {
            workflow: name.into(),
            source: source(text),
            entry: Some("main".into()),
            note: None,
            set_current: false,
            file_name: Some("other.py".into()),
        };
        self.logic().workflow_create_version(params).await.unwrap();
    }

    async fn example(&self, workflow: &str, name: &str, inputs: Value) {
        let params = ExampleUpsert {
            workflow: workflow.into(),
            name: name.into(),
            inputs: Json::from(&inputs),
            expected_outputs: Some(Json::parse("[1.50, 1e2]").unwrap()),
            answers: [("q".to_owned(), Json::null())].into(),
            note: None,
        };
        self.logic().example_upsert(params).await.unwrap();
    }

    async fn play_of(&self, workflow: &str, inputs: Value) -> Play {
        let inputs = Some(Json::from(&inputs));
        let start = PlayStart { workflow: workflow.into(), inputs, ..PlayStart::default() };
        let play = self.logic().play_start(start).await.unwrap();
        self.settle(&play.play_sid).await
    }

    async fn workflow(&self, workflow: &str) -> Document<ExportedWorkflow> {
        self.logic().workflow_export(OfWorkflow { workflow: workflow.into() }).await.unwrap()
    }

    async fn export(&self, play_sid: &PlaySid) -> Document<ExportedPlay> {
        self.logic().play_export(play_sid.clone().into()).await.unwrap()
    }

    async fn take_workflow(&self, document: &impl serde::Serialize) -> Result<ImportedWorkflow, Error> {
        let document = Json::of(document).unwrap();
        self.logic().workflow_import(WorkflowImport { document, name: None }).await
    }

    async fn take(&self, document: &impl serde::Serialize) -> Result<ImportedPlay, Error> {
        self.logic().play_import(PlayImport { document: Json::of(document).unwrap() }).await
    }

    async fn retry(&self, play_sid: &PlaySid) -> Play {
        self.logic().play_retry(play_sid.clone().into()).await.unwrap();
        self.settle(play_sid).await
    }

    /// What the play printed in this attempt.
    async fn printed(&self, play_sid: &PlaySid, attempt: u32) -> Vec<String> {
        let page = self.logic().play_spans(PlaySpans::from(play_sid.clone())).await.unwrap();
        let lines = page.logs.into_iter().filter(|line| line.attempt == attempt);
        lines.map(|line| line.text).collect()
    }

    async fn plays_of(&self, workflow: &str) -> Vec<PlaySid> {
        let list = hero_sdk::logic::PlayList { workflow: Some(workflow.into()), ..Default::default() };
        let listed = self.logic().play_list(list).await.unwrap().plays;
        listed.into_iter().map(|play| play.play_sid).collect()
    }

    async fn artifact(&self, play_sid: &PlaySid, name: &str) -> Vec<u8> {
        let fetched = self.logic().play_artifact_fetch(play_sid.clone(), name.into()).await.unwrap();
        fetched.content.try_concat().await.unwrap()
    }
}

/// The same document after a program has read it and written it again.
fn rewritten<T: serde::Serialize>(document: &T) -> Value {
    let text = serde_json::to_string(document).unwrap();
    serde_json::from_str(
        &serde_json::to_string_pretty(&serde_json::from_str::<Value>(&text).unwrap()).unwrap(),
    )
    .unwrap()
}

/// The document with this in the place of what it has there, as somebody writes it who knows how digests are made.
fn changed<T: serde::Serialize>(document: &T, pointer: &str, to: Value) -> Value {
    let mut document = rewritten(document);
    *document.pointer_mut(pointer).unwrap_or_else(|| panic!("nothing is at {pointer}")) = to;
    document["digest"] = digest_of(&document["content"]).unwrap().into();
    document
}

const GREET: &str = "
@flow
def main(name: str, times: int = 1) -> str:
    '''Greets.'''
    return name * times
";

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_the_same_in_another_home() {
    let (mut one, mut other) = (Stage::new().await, Stage::new().await);
    one.create("größe", GREET).await;
    one.next("größe", &GREET.replace("name * times", "times * name")).await;
    one.example("größe", "two", json!({"name": "é", "times": 2})).await;
    one.example("größe", "one", json!({"name": "x"})).await;
    let document = one.workflow("größe").await;
    assert_eq!((document.format.as_str(), document.format_version), ("hero_logic.workflow", 1));
    let imported = other.take_workflow(&rewritten(&document)).await.unwrap();
    assert!(imported.is_new);
    assert_eq!((imported.versions_added, imported.examples_added, imported.benchmarks_added), (2, 2, 0));
    assert_eq!(imported.workflow, document.content.workflow);
    let again = other.workflow("größe").await;
    assert_eq!((&again.digest, &again.content.versions), (&document.digest, &document.content.versions));
    // It is run there as it was.
    let start = PlayStart { workflow: "größe".into(), example: Some("two".into()), ..PlayStart::default() };
    let play = other.logic().play_start(start).await.unwrap();
    assert_eq!(outputs(&other.settle(&play.play_sid).await), "éé");
    // Again it changes nothing, whatever became of it there.
    let rename = hero_sdk::logic::WorkflowUpdate {
        workflow: "größe".into(),
        name: Some("renamed".into()),
        ..Default::default()
    };
    other.logic().workflow_update(rename).await.unwrap();
    let imported = other.take_workflow(&document).await.unwrap();
    assert_eq!((imported.is_new, imported.versions_added, imported.examples_added), (false, 0, 0));
    assert_eq!(imported.workflow.name, "renamed");
    // What is missing is added, and nothing else.
    one.next("größe", &GREET.replace("name * times", "name")).await;
    let version = hero_sdk::model::VersionChoice::Number(3);
    let set = hero_sdk::logic::WorkflowSetCurrentVersion { workflow: "größe".into(), version };
    one.logic().workflow_set_current_version(set).await.unwrap();
    one.example("größe", "three", json!({"name": "y"})).await;
    let imported = other.take_workflow(&one.workflow("größe").await).await.unwrap();
    assert_eq!((imported.is_new, imported.versions_added, imported.examples_added), (false, 1, 1));
    assert_eq!(
        (imported.workflow.current_version, other.workflow("renamed").await.content.versions.len()),
        (1, 3)
    );
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_the_place_of_a_workflow_stays() {
    let (mut one, mut other) = (Stage::new().await, Stage::new().await);
    one.create("greet", GREET).await;
    one.example("greet", "one", json!({"name": "x"})).await;
    let document = one.workflow("greet").await;
    other.create("greet", GREET).await;
    let before = other.workflow("greet").await.digest;
    let error = other.take_workflow(&document).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Conflict);
    assert!(error.hint.unwrap().contains("--name"));
    let import =
        |name: &str| WorkflowImport { document: Json::of(&document).unwrap(), name: Some(name.into()) };
    for (name, code) in
        [("greet", ErrorCode::Conflict), ("bundled", ErrorCode::Conflict), (" x", ErrorCode::InvalidParams)]
    {
        assert_eq!(other.logic().workflow_import(import(name)).await.unwrap_err().code, code, "{name}");
    }
    assert_eq!(other.logic().workflow_import(import("hello")).await.unwrap().workflow.name, "hello");
    let error = other.logic().workflow_import(import("another")).await.unwrap_err();
    assert_eq!((error.code, error.message.contains("\"hello\"")), (ErrorCode::Conflict, true));
    let before_it = other.workflow("hello").await.digest;
    // The second version of each is another one.
    one.next("greet", &GREET.replace("name * times", "name")).await;
    other.next("hello", &GREET.replace("name * times", "'x'")).await;
    let here = other.workflow("hello").await.digest;
    let error = other.take_workflow(&one.workflow("greet").await).await.unwrap_err();
    assert_eq!((error.code, error.message.contains("version 2")), (ErrorCode::Conflict, true), "{error}");
    // So is the example.
    let error = other
        .take_workflow(&changed(&document, "/content/examples/0/inputs/name", json!("y")))
        .await
        .unwrap_err();
    assert_eq!((error.code, error.message.contains("\"one\"")), (ErrorCode::Conflict, true), "{error}");
    assert_ne!(here, before_it);
    assert_eq!(other.workflow("hello").await.digest, here, "nothing changed");
    assert_eq!(other.workflow("greet").await.digest, before, "nothing changed");
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_comes_with_the_program_is_the_same_everywhere() {
    let (mut one, mut other) = (Stage::new().await, Stage::new().await);
    one.example("bundled", "two", json!({"n": 2})).await;
    let document = one.workflow("bundled").await;
    let imported = other.take_workflow(&document).await.unwrap();
    assert_eq!((imported.is_new, imported.versions_added, imported.examples_added), (false, 0, 1));
    let forged = changed(&document, "/content/workflow/name", json!("forged"));
    assert_eq!(other.take_workflow(&forged).await.unwrap().workflow.name, "bundled");
    one.close().await;
    other.close().await;
}

/// What a document says of a version is worth as much as its source.
#[tokio::test(flavor = "multi_thread")]
async fn a_version_declares_what_its_source_declares() {
    let (mut one, mut other) = (Stage::new().await, Stage::new().await);
    one.create("greet", GREET).await;
    let document = one.workflow("greet").await;
    let mut forged = rewritten(&document);
    let version = &mut forged["content"]["versions"][0];
    version["inputs"] = json!({});
    version["outputs"] = json!({"type": "integer"});
    version["options"] = json!({"secrets": ["API_KEY"], "sandbox": {"network": true}});
    version["dependencies"] = json!(["evil"]);
    version["description"] = json!("Does something else.");
    forged["digest"] = digest_of(&forged["content"]).unwrap().into();
    other.take_workflow(&forged).await.unwrap();
    assert_eq!(other.workflow("greet").await.content.versions, document.content.versions);
    // The version is there still when its workflow is gone.
    for is_known in [true, false] {
        if !is_known {
            other.close().await;
            other = Stage::new().await;
        }
        other.logic().workflow_delete(WorkflowDelete { workflow: "greet".into(), force: false }).await.ok();
        for (member, to) in [
            ("source", json!(source(&GREET.replace("Greets.", "Does not greet.")))),
            ("file_name", json!("x.py")),
            ("entry", json!("other")),
            ("digest", json!("00")),
        ] {
            let changed = changed(&document, &format!("/content/versions/0/{member}"), to);
            let error = other.take_workflow(&changed).await.unwrap_err();
            assert_eq!(error.code, ErrorCode::ImportInvalid, "{member}");
            assert!(error.fields[0].pointer.starts_with("/content/versions/0"), "{member}");
        }
    }
    other.take_workflow(&document).await.unwrap();
    let stolen = changed(&document, "/content/workflow/workflow_sid", json!("wf_0000000000000000000000000x"));
    let stolen = changed(&stolen, "/content/versions/0/workflow_sid", json!("wf_0000000000000000000000000x"));
    let stolen = changed(&stolen, "/content/workflow/name", json!("stolen"));
    let error = other.take_workflow(&stolen).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Conflict, "the version is that of another workflow: {error}");
    one.close().await;
    other.close().await;
}

/// Five steps, of which the fourth fails the first time; with all kinds of what a play keeps.
const STEPS: &str = "
from pathlib import Path

@flow
def first(n: int) -> list[int]:
    print('first')
    return list(range(n))

@flow(retries=1)
def second(items: list[int]) -> float:
    print('second')
    if flow.current_span and not Path('tried').exists():
        Path('tried').write_text('once')
        raise ValueError('try again')
    return sum(items) / 7

@flow
def third() -> str:
    print('third')
    Path('report.txt').write_text('whole')
    flow.artifact('report.txt')
    return flow.invoke('helper', word='x' * 300_000)

@flow
def fourth() -> int:
    print('fourth')
    if flow.attempt == 2:
        raise ValueError('not here')
    return 4

@flow
def fifth() -> int:
    print('fifth')
    return 5

@flow
def main(n: int = 3) -> dict:
    a, b = first(n), second(list(range(n)))
    answer = flow.pause('q', schema={'type': ['string', 'null']})
    return {'a': a, 'b': b, 'answer': answer, 'c': len(third()), 'd': fourth(), 'e': fifth()}
";

const HELPER: &str = "
@flow
def main(word: str) -> str:
    return word.upper()
";

#[tokio::test(flavor = "multi_thread")]
async fn a_play_goes_on_in_another_home_from_where_it_failed() {
    let (mut one, mut other) = (Stage::new().await, Stage::new().await);
    one.create("helper", HELPER).await;
    one.create("steps", STEPS).await;
    let play_sid = one.play_of("steps", json!({"n": 4})).await.play_sid;
    one.answer(&play_sid, "q", json!(null)).await.unwrap();
    let failed = one.settle(&play_sid).await;
    assert_eq!((failed.status, failed.attempt), (Status::Failed, 2), "{:?}", failed.error);
    let document = one.export(&play_sid).await;
    let content = &document.content;
    assert_eq!((content.values.len(), content.artifacts.len(), content.workflows.len()), (1, 1, 1));

    // A workflow of the same name that is another one there, which the play does not run.
    other.create("helper", &HELPER.replace("upper", "lower")).await;
    let imported = other.take(&rewritten(&document)).await.unwrap();
    assert!(imported.is_new);
    assert_eq!(imported.play, Play { sandbox: None, ..failed.clone() });
    let again = other.export(&play_sid).await;
    assert_eq!((&again.digest, &again.content), (&document.digest, content));
    assert!(!other.take(&document).await.unwrap().is_new, "it is here already");
    assert_eq!(other.artifact(&play_sid, "report.txt").await, b"whole");
    assert_eq!(other.printed(&play_sid, 2).await, one.printed(&play_sid, 2).await);
    assert_eq!(other.plays_of("steps").await, [play_sid.clone()]);

    // What has succeeded is not done again, neither here nor there.
    let play = other.retry(&play_sid).await;
    let expected = json!({"a": [0, 1, 2, 3], "b": 6.0 / 7.0, "answer": null, "c": 300_000, "d": 4, "e": 5});
    assert_eq!((outputs(&play), play.attempt), (expected, 3));
    assert_eq!(other.printed(&play_sid, 3).await, ["fourth", "fifth"]);
    assert_eq!(one.settle(&play_sid).await, failed);
    let error = other.take(&document).await.unwrap_err();
    assert_eq!(
        (error.code, error.message.contains("is here already")),
        (ErrorCode::Conflict, true),
        "{error}"
    );

    // Its workflow did not come with it.
    let error = other.logic().workflow_get(OfWorkflow { workflow: "steps".into() }).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    let imported = other.take_workflow(&one.workflow("steps").await).await.unwrap();
    assert_eq!((imported.is_new, imported.versions_added), (true, 1));
    assert_eq!(other.workflow("steps").await.digest, one.workflow("steps").await.digest);
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_play_that_waited_goes_on_in_one_place_unless_it_is_retried() {
    let (mut one, mut other) = (Stage::new().await, Stage::new().await);
    let waits = "
@flow
def before() -> int:
    print('before')
    return 1

@flow
def main() -> list:
    return [before(), flow.pause('q', default=None), flow.pause('r')]
";
    let play_sid = one.run(waits, json!({})).await.play_sid;
    one.answer(&play_sid, "q", json!("first")).await.unwrap();
    let waiting = one.settle(&play_sid).await;
    assert_eq!((waiting.status, waiting.pending_resumes), (Status::AwaitingResume, 1));
    let document = one.export(&play_sid).await;
    let imported = other.take(&document).await.unwrap().play;
    let code = imported.error.as_ref().unwrap().code.as_str();
    assert_eq!((imported.status, code, imported.pending_resumes), (Status::Cancelled, "imported", 0));
    assert!(other.logic().play_pending_resumes(play_sid.clone().into()).await.unwrap().resumes.is_empty());
    assert!(!other.take(&one.export(&play_sid).await).await.unwrap().is_new, "the same again");
    assert_eq!(one.settle(&play_sid).await, waiting);
    // Where it was it is answered, and where it came to it asks anew.
    one.answer(&play_sid, "r", json!("here")).await.unwrap();
    assert_eq!(outputs(&one.settle(&play_sid).await), json!([1, "first", "here"]));
    assert_eq!(other.retry(&play_sid).await.status, Status::AwaitingResume);
    other.answer(&play_sid, "r", json!("there")).await.unwrap();
    assert_eq!(outputs(&other.settle(&play_sid).await), json!([1, "first", "there"]));
    let printed = other.printed(&play_sid, imported.attempt + 1).await;
    assert!(printed.is_empty(), "{printed:?}");
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_play_that_runs_stays() {
    let mut stage = Stage::new().await;
    let endless = "
import time

@flow
def main():
    while True:
        time.sleep(0.01)
";
    let play_sid = stage.start(endless, json!({})).await.unwrap().play_sid;
    let error = stage.logic().play_export(play_sid.clone().into()).await.unwrap_err();
    assert_eq!((error.code, error.hint.unwrap().contains("play wait")), (ErrorCode::Conflict, true));
    let error = stage.logic().play_export(PlaySid::new().into()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    stage.logic().play_cancel(play_sid.clone().into()).await.unwrap();
    assert_eq!(stage.export(&play_sid).await.content.play.status, Status::Cancelled);
    stage.close().await;
}

/// Nothing is null that is left out, and nothing is left out that is null.
#[tokio::test(flavor = "multi_thread")]
async fn a_play_that_gave_nothing_gave_null() {
    let (mut one, mut other) = (Stage::new().await, Stage::new().await);
    let play = one.run("@flow\ndef main() -> None: ...\n", json!({})).await;
    assert_eq!(outputs(&play), json!(null));
    let document = one.export(&play.play_sid).await;
    let imported = other.take(&rewritten(&document)).await.unwrap().play;
    assert_eq!(imported.outputs, Some(Json::null()));
    assert_eq!(other.export(&play.play_sid).await.digest, document.digest);
    // The same source is run here as it was there.
    assert_eq!(other.run("@flow\ndef main() -> None: ...\n", json!({})).await.status, Status::Succeeded);
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_stays_and_what_held_it_is_no_example() {
    let (mut one, mut other) = (Stage::new().await, Stage::new().await);
    let secret =
        |value: &str| SecretSet { name: "KEY".parse().unwrap(), value: value.to_owned().try_into().unwrap() };
    one.logic().secret_set(secret("correct horse battery")).await.unwrap();
    let charges = "
@flow
def large(key: str) -> str:
    return key * 20_000

@flow(secrets=['KEY'])
def main(of: str) -> int:
    size = len(large(flow.secret('KEY')))
    if flow.attempt == 1:
        raise flow.Failed('once more')
    return size
";
    one.create("charge", charges).await;
    let play_sid = one.play_of("charge", json!({"of": "to correct horse battery"})).await.play_sid;
    let document = one.export(&play_sid).await;
    let text = serde_json::to_string(&document).unwrap();
    let value = &document.content.values[0];
    assert_ne!(value.digest, value.content_digest);
    for hidden in ["correct horse battery", "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5"] {
        assert!(!text.contains(hidden));
    }
    let error = other.take(&rewritten(&document)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ImportInvalid, "its marks are gone: {error}");
    other.take(&document).await.unwrap();
    assert_eq!(other.export(&play_sid).await.digest, document.digest);
    // The other home has neither the value nor the salt of the first.
    other.logic().secret_set(secret("correct horse battery")).await.unwrap();
    let play = other.retry(&play_sid).await;
    assert_eq!((play.status, play.error.unwrap().code.as_str()), (Status::Failed, "secret_changed"));
    let play = one.retry(&play_sid).await;
    assert_eq!(outputs(&play), json!(20_000 * "correct horse battery".len()));
    let save = PlaySaveAsExample { play_sid, name: "usual".into(), workflow: None, note: None };
    let error = one.logic().play_save_as_example(save).await.unwrap_err();
    assert_eq!((error.code, error.message.contains("secret KEY")), (ErrorCode::Conflict, true), "{error}");
    one.close().await;
    other.close().await;
}

const ASKS: &str = "
@flow
def main(to: str, seats: int = 1) -> list:
    first = [flow.pause('same'), flow.pause('same')]
    return [to, seats, *first, flow.pause('alone', schema={'type': 'null'})]
";

#[tokio::test(flavor = "multi_thread")]
async fn a_play_becomes_a_workflow_and_an_example() {
    let mut stage = Stage::new().await;
    let play_sid = stage.run(ASKS, json!({"to": "Graz"})).await.play_sid;
    let save = |workflow: Option<&str>| PlaySaveAsExample {
        play_sid: play_sid.clone(),
        name: "graz".into(),
        workflow: workflow.map(Into::into),
        note: Some("the usual case".into()),
    };
    let refused =
        async |stage: &Stage, workflow| stage.logic().play_save_as_example(save(workflow)).await.unwrap_err();
    assert_eq!(refused(&stage, None).await.code, ErrorCode::Conflict, "it has not ended");
    for (name, payload) in [("same", json!("a")), ("same", json!("b")), ("alone", json!(null))] {
        stage.answer(&play_sid, name, payload).await.unwrap();
        stage.settle(&play_sid).await;
    }
    let given = json!(["Graz", 1, "a", "b", null]);
    assert_eq!(outputs(&stage.settle(&play_sid).await), given);
    let error = refused(&stage, None).await;
    assert_eq!((error.code, error.hint.unwrap().contains("play promote")), (ErrorCode::Conflict, true));
    assert_eq!(refused(&stage, Some("nowhere")).await.code, ErrorCode::NotFound);

    // The name is that of the file, test.py.
    let promote = |workflow: Option<&str>| PlayPromote {
        workflow: workflow.map(Into::into),
        note: Some("worked".into()),
        ..PlayPromote::from(play_sid.clone())
    };
    let made = stage.logic().play_promote(promote(None)).await.unwrap();
    assert_eq!((made.workflow.name.as_str(), made.version.version), ("test", Some(1)));
    assert_eq!(made.version.note.as_deref(), Some("worked"));
    let error = stage.logic().play_promote(promote(None)).await.unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str()),
        (ErrorCode::Conflict, "there is a workflow \"test\" already")
    );
    let same = stage.logic().play_promote(promote(Some("test"))).await.unwrap();
    assert_eq!(same, made, "the same source is the version that is there");
    stage.create("trip", GREET).await;
    let stays = PlayPromote { set_current: false, ..promote(Some("trip")) };
    let next = stage.logic().play_promote(stays).await.unwrap();
    assert_eq!((next.version.version, next.workflow.current_version), (Some(2), 1));
    let next = stage.logic().play_promote(promote(Some("trip"))).await.unwrap();
    assert_eq!((next.version.version, next.workflow.current_version), (Some(2), 2));
    for (wrong, field) in [
        (PlayPromote { name: Some("x".into()), ..promote(Some("trip")) }, "/name"),
        (PlayPromote { tags: vec!["x".into()], ..promote(Some("trip")) }, "/tags"),
        (PlayPromote { description: Some("x".into()), ..promote(Some("trip")) }, "/description"),
    ] {
        let error = stage.logic().play_promote(wrong).await.unwrap_err();
        assert_eq!((error.code, error.fields[0].pointer.as_str()), (ErrorCode::InvalidParams, field));
    }

    let saved = stage.logic().play_save_as_example(save(Some("test"))).await.unwrap();
    let answers: Vec<(&str, &str)> =
        saved.answers.iter().map(|(name, answer)| (name.as_str(), answer.as_str())).collect();
    assert_eq!(answers, [("alone", "null"), ("same#0", "\"a\""), ("same#1", "\"b\"")]);
    assert_eq!(saved.expected_outputs.unwrap().to::<Value>().unwrap(), given);
    assert_eq!(saved.inputs.as_str(), r#"{"to":"Graz"}"#);

    // A play of a workflow becomes a copy of it under another name only.
    let play = stage.play_of("trip", json!({"to": "Linz"})).await;
    assert_eq!(play.version, Some(2));
    let copy = PlayPromote { name: Some("copy".into()), ..PlayPromote::from(play.play_sid.clone()) };
    let copied = stage.logic().play_promote(copy).await.unwrap();
    assert_eq!((copied.version.version, &copied.version.digest), (Some(1), &next.version.digest));
    let taken = PlayPromote { name: Some("trip".into()), ..PlayPromote::from(play.play_sid) };
    assert_eq!(stage.logic().play_promote(taken).await.unwrap_err().code, ErrorCode::Conflict);
    stage.close().await;
}
