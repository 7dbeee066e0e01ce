//! Workflows and plays that leave one home and come to another, and plays that become part of the library; with real
//! processes.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod examples;
mod plays;
#[path = "../stage/mod.rs"]
mod stage;
mod workflows;

use futures_util::TryStreamExt as _;
use hero_sdk::{
    Error, ErrorCode, Json, Logic as _, PlaySid,
    document::{Document, ExportedPlay, ExportedWorkflow, digest_of},
    logic::{
        ExampleUpsert, ImportedPlay, ImportedWorkflow, OfWorkflow, PlayImport, PlayPromote,
        PlaySaveAsExample, PlaySpans, PlayStart, SecretSet, WorkflowCreate, WorkflowCreateVersion,
        WorkflowDelete, WorkflowExport, WorkflowImport,
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
        self.logic()
            .workflow_export(WorkflowExport { workflow: workflow.into(), benchmarks: true })
            .await
            .unwrap()
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
    let members = document.as_object_mut().unwrap();
    let digest = digest_of(members.get("content").unwrap()).unwrap();
    members.insert("digest".to_owned(), digest.into());
    document
}
