//! What is searched: a workflow as its texts.

use hero_sdk::{Json, WorkflowSid};

/// A workflow as it is found. One that is archived is simply not put, or removed.
#[derive(Clone, Debug)]
pub struct Document {
    /// The workflow's id; a document put later under the same id replaces it.
    pub workflow_sid: WorkflowSid,
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Its labels.
    pub tags: Vec<String>,
    /// JSON Schema of the inputs of its current version.
    pub inputs: Json,
    /// JSON Schema of the outputs of its current version.
    pub outputs: Json,
    /// Python source of its current version.
    pub source: String,
}
