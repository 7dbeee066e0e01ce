//! The part of the examples' story in which its workflow and its play leave a home.

use super::examples::{artifact, example, json_of, line, moment, play, play_sid, step, version, workflow};
use crate::{
    Json,
    document::{
        Content, Document, ExportedArtifact, ExportedPlay, ExportedRecord, ExportedWorkflow, RecordedOutcome,
    },
    logic::{
        ImportedPlay, ImportedWorkflow, PlayImport, PlayPromote, PlaySaveAsExample, WorkflowExport,
        WorkflowImport,
    },
    model::{Play, Span, Status},
};

/// All of a workflow is exported.
pub(super) fn workflow_export() -> WorkflowExport {
    WorkflowExport { workflow: workflow().name, benchmarks: true }
}

/// The exported workflow.
pub(super) fn exported_workflow() -> Document<ExportedWorkflow> {
    document(ExportedWorkflow {
        workflow: workflow(),
        versions: vec![version()],
        examples: vec![example().into()],
        benchmarks: Vec::new(),
    })
}

/// The exported play.
pub(super) fn exported_play() -> Document<ExportedPlay> {
    let record = ExportedRecord {
        path: step().path,
        kind: step().kind.as_str().to_owned(),
        fingerprint: "9a1c44e07d2b5f38".to_owned(),
        attempt: 1,
        seq: 6,
        loop_time: None,
        outcome: RecordedOutcome::Ok,
        number: None,
        value: Some(json_of(&serde_json::json!("Hello, Ada!"))),
        file: None,
    };
    let (path, name) = ("hello".to_owned(), "hello".to_owned());
    let root = Span { span_id: 1, parent: None, seq: 4, path, name, recorded: false, ..step() };
    document(ExportedPlay {
        play: ended(),
        timeout_ms: None,
        version: version(),
        workflows: Vec::new(),
        spans: vec![root, step()],
        logs: vec![line()],
        records: vec![record],
        questions: Vec::new(),
        artifacts: vec![ExportedArtifact::with(artifact(), "SGVsbG8sIEFkYSE=".to_owned())],
        values: Vec::new(),
    })
}

/// It is taken under another name.
pub(super) fn workflow_import() -> WorkflowImport {
    WorkflowImport { document: json(&exported_workflow()), name: Some("greet".to_owned()) }
}

/// What comes of that.
pub(super) fn imported_workflow() -> ImportedWorkflow {
    let mut workflow = workflow();
    workflow.name = "greet".to_owned();
    ImportedWorkflow { workflow, is_new: true, versions_added: 1, examples_added: 1, benchmarks_added: 0 }
}

/// The play is taken.
pub(super) fn play_import() -> PlayImport {
    PlayImport { document: json(&exported_play()) }
}

/// What comes of that.
pub(super) fn imported_play() -> ImportedPlay {
    ImportedPlay { play: ended(), is_new: true }
}

/// Its source becomes a workflow.
pub(super) fn promote() -> PlayPromote {
    PlayPromote {
        name: Some("hello".to_owned()),
        tags: vec!["example".to_owned()],
        note: Some("greets by name".to_owned()),
        ..PlayPromote::from(play_sid())
    }
}

/// Its inputs become an example.
pub(super) fn save_as_example() -> PlaySaveAsExample {
    let note = Some("the usual case".to_owned());
    PlaySaveAsExample { play_sid: play_sid(), name: "ada".to_owned(), workflow: None, note }
}

fn ended() -> Play {
    Play { sandbox: None, ..play(Status::Succeeded) }
}

fn document<C: Content>(content: C) -> Document<C> {
    Document::of(content, moment(120_000)).expect("it is small")
}

fn json<C: Content>(document: &Document<C>) -> Json {
    Json::of(document).expect("the model is JSON")
}
