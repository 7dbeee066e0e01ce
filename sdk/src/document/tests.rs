//! What is taken for a document, and what is told of anything else. What a play or a workflow may hold is tested where it
//! is checked, in `actors/src/transfer`.

use serde_json::{Value, json};

use super::*;
use crate::model::Workflow;

fn document() -> Document<ExportedWorkflow> {
    let workflow = Workflow {
        workflow_sid: "wf_01kar9t8m2n4p6q8r0s2t4v6w8".parse().unwrap(),
        name: "größe [1]".into(),
        description: "\u{7f}\u{2028}\u{1}".into(),
        tags: Vec::new(),
        current_version: 1,
        archived: false,
        created_at: Timestamp(0),
    };
    let content =
        ExportedWorkflow { workflow, versions: Vec::new(), examples: Vec::new(), benchmarks: Vec::new() };
    Document::of(content, Timestamp(1)).unwrap()
}

fn read(document: &Value) -> Result<Document<ExportedWorkflow>, Error> {
    Document::read(&Json::from(document))
}

#[test]
fn what_was_written_is_read_however_it_is_laid_out() {
    let document = document();
    let value = serde_json::to_value(&document).unwrap();
    let escaped: String = serde_json::to_string(&value)
        .unwrap()
        .chars()
        .map(|one| if one.is_ascii() { one.to_string() } else { format!("\\u{:04x}", u32::from(one)) })
        .collect();
    for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap(), escaped] {
        assert_eq!(Document::read(&Json::parse(&text).unwrap()).unwrap(), document, "{text}");
    }
    document.check().unwrap();
    let changed = Document { digest: document.digest.replace('a', "b"), ..document };
    assert_eq!(changed.check().unwrap_err().code, ErrorCode::ImportInvalid);
}

#[test]
fn anything_else_is_told_what_it_is() {
    let whole = serde_json::to_value(document()).unwrap();
    let with = |name: &str, value: Value| {
        let mut changed = whole.clone();
        changed[name] = value;
        changed
    };
    let without = |name: &str| {
        let mut changed = whole.clone();
        changed.as_object_mut().unwrap().remove(name);
        changed
    };
    let deep = (0..DEPTH_MAX).fold(json!(1), |inner, _| json!([inner]));
    for (other, code, told) in [
        (json!([]), ErrorCode::ImportInvalid, "has no format"),
        (json!("text"), ErrorCode::ImportInvalid, "is no object"),
        (json!({}), ErrorCode::ImportInvalid, "has no format \"hero_logic.workflow\""),
        (with("format", json!(1)), ErrorCode::ImportInvalid, "has no format"),
        (with("format", json!("other")), ErrorCode::ImportInvalid, "has no format"),
        (with("format", json!("hero_logic.play")), ErrorCode::ImportInvalid, "holds a play"),
        (with("format_version", json!(2)), ErrorCode::ImportNewer, "has version 2 of its format"),
        (with("format_version", json!(u64::MAX)), ErrorCode::ImportNewer, "has version"),
        (with("format_version", json!(0)), ErrorCode::ImportInvalid, "has no format_version"),
        (with("format_version", json!("1")), ErrorCode::ImportInvalid, "has no format_version"),
        (with("format_version", json!(1.0)), ErrorCode::ImportInvalid, "has no format_version"),
        (with("exported_at", json!("now")), ErrorCode::ImportInvalid, "cannot be read, /exported_at"),
        (with("hero_logic", json!(1)), ErrorCode::ImportInvalid, "cannot be read, /hero_logic"),
        (with("content", json!({})), ErrorCode::ImportInvalid, "is not what it was"),
        (with("content", deep), ErrorCode::ImportInvalid, "nested more than"),
        (with("digest", json!("")), ErrorCode::ImportInvalid, "is not what it was"),
        (with("digest", json!(null)), ErrorCode::ImportInvalid, "cannot be read, /digest"),
        (with("more", json!(1)), ErrorCode::ImportInvalid, "cannot be read, /more"),
        (without("content"), ErrorCode::ImportInvalid, "missing field `content`"),
        (without("digest"), ErrorCode::ImportInvalid, "missing field `digest`"),
        (without("format_version"), ErrorCode::ImportInvalid, "has no format_version"),
    ] {
        let error = read(&other).unwrap_err();
        assert_eq!(error.code, code, "{other:.200}");
        assert!(error.message.contains(told) && error.hint.is_some(), "{}: {told}", error.message);
    }
    for (at, other, told) in [
        ("/content/workflow/name", json!(1), "a whole number stands where text belongs"),
        ("/content/workflow", json!([]), "a list stands where an object belongs"),
    ] {
        let mut typed = whole.clone();
        *typed.pointer_mut(at).unwrap() = other;
        typed["digest"] = digest_of(&typed["content"]).unwrap().into();
        let error = read(&typed).unwrap_err();
        assert!(error.message.ends_with(&format!("{at}: {told}")), "{error}");
    }
}

#[test]
fn a_member_that_is_there_twice_has_two_meanings() {
    let text = serde_json::to_string(&document()).unwrap();
    let twice = text.replace(r#""archived":false"#, r#""archived":true,"\u0061rchived":false"#);
    let error = Document::<ExportedWorkflow>::read(&Json::parse(&twice).unwrap()).unwrap_err();
    assert!(error.message.contains("/content/workflow/archived twice"), "{error}");
}

#[test]
fn there_is_a_largest_one() {
    check_size(DOCUMENT_BYTES_MAX).unwrap();
    let error = check_size(DOCUMENT_BYTES_MAX + 1).unwrap_err();
    assert_eq!((error.code, error.hint.is_some()), (ErrorCode::DocumentTooLarge, true));
}
