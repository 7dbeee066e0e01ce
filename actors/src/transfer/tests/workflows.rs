//! What is no document of a workflow.

use hero_sdk::{
    ErrorCode, Json, Timestamp, WorkflowSid,
    document::{Document, ExportedExample, ExportedWorkflow},
    model::Workflow,
};
use serde_json::{Value, json};

use super::{
    sample::{AT, parsed, version},
    signed,
};
use crate::transfer::workflow::checked;

fn whole() -> Value {
    let workflow = Workflow {
        workflow_sid: WorkflowSid::new(),
        name: "trip".into(),
        description: String::new(),
        tags: vec!["a".into(), "b".into()],
        current_version: 2,
        archived: false,
        created_at: AT,
    };
    let example = |name: &str| ExportedExample {
        name: name.into(),
        inputs: parsed("{}"),
        expected_outputs: Some(parsed("null")),
        answers: [("q".to_owned(), parsed("null"))].into(),
        note: None,
        updated_at: Timestamp(0),
    };
    let of = |number| version(Some((workflow.workflow_sid.clone(), number)));
    let content = ExportedWorkflow {
        versions: vec![of(1), of(2)],
        workflow,
        examples: vec![example("one"), example("two")],
        benchmarks: Vec::new(),
    };
    serde_json::to_value(Document::of(content, AT).unwrap()).unwrap()
}

#[test]
fn what_no_workflow_can_be_is_refused() {
    let whole = whole();
    let came = checked(&Json::from(&whole)).unwrap();
    assert_eq!(came.examples[0].expected_outputs, Some(Json::null()));
    for (pointer, to) in [
        ("/workflow/workflow_sid", json!("trip")),
        ("/workflow/workflow_sid", json!("wf_0000000000000000000000000x")),
        ("/workflow/name", json!("")),
        ("/workflow/name", json!(" x")),
        ("/workflow/name", json!("a\u{202e}b")),
        ("/workflow/name", json!("wf_0000000000000000000000000x")),
        ("/workflow/tags", json!(["a", "a"])),
        ("/workflow/tags", json!(["\n"])),
        ("/workflow/current_version", json!(0)),
        ("/workflow/current_version", json!(3)),
        ("/workflow/created_at", json!("then")),
        ("/versions", json!([])),
        ("/versions/0/version", json!(2)),
        ("/versions/0/version", json!(0)),
        ("/versions/1/version", json!(3)),
        ("/versions/1/version", Value::Null),
        ("/versions/1/version_sid", whole["content"]["versions"][0]["version_sid"].clone()),
        ("/versions/1/version_sid", json!("../../x")),
        ("/versions/1/workflow_sid", json!("wf_0000000000000000000000000x")),
        ("/versions/1/source", json!(1)),
        ("/examples/0/name", json!("two")),
        ("/examples/0/name", json!("")),
        ("/examples/0/inputs", json!([])),
        ("/examples/0/more", json!(1)),
        ("/benchmarks", json!([{}])),
    ] {
        let mut changed = whole.clone();
        let (above, name) = pointer.rsplit_once('/').unwrap();
        changed.pointer_mut(&format!("/content{above}")).unwrap()[name] = to.clone();
        let error = checked(&Json::from(&signed(changed))).unwrap_err();
        assert_eq!(error.code, ErrorCode::ImportInvalid, "{pointer}: {to}");
        let place = error.fields[0].pointer.as_str();
        assert!(place.starts_with("/content/") && error.hint.is_some(), "{pointer}: {place}");
    }
}

#[test]
fn there_is_an_end_to_versions_and_examples() {
    for (list, count) in [("versions", 1_001), ("examples", 10_001)] {
        let mut many = whole();
        let items = many["content"][list].as_array_mut().unwrap();
        let first = items[0].clone();
        for number in items.len() + 1..=count {
            let mut item = first.clone();
            match list {
                "versions" => {
                    item["version"] = json!(number);
                    item["version_sid"] = json!(format!("ver_{number:026}"));
                }
                _ => item["name"] = json!(number.to_string()),
            }
            items.push(item);
        }
        let error = checked(&Json::from(&signed(many))).unwrap_err();
        assert!(error.message.ends_with("too many"), "{error}");
    }
}
