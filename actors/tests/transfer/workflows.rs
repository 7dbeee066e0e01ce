//! Workflows that come to another home.

use super::*;

pub(crate) const GREET: &str = "
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
