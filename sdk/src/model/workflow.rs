//! A named entry of the library, its immutable versions and its saved inputs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Json, Timestamp, VersionSid, WorkflowSid};

/// A named, described, tagged entry of the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// The workflow's id.
    pub workflow_sid: WorkflowSid,
    /// Unique among workflows.
    pub name: String,
    /// What it does, in a sentence.
    pub description: String,
    /// Labels.
    pub tags: Vec<String>,
    /// The version that runs unless another is asked for.
    pub current_version: u32,
    /// True when it is kept but not found.
    pub archived: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One immutable source, of a workflow or anonymous.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowVersion {
    /// The version's id.
    pub version_sid: VersionSid,
    /// The workflow, unless anonymous.
    pub workflow_sid: Option<WorkflowSid>,
    /// From 1 within its workflow.
    pub version: Option<u32>,
    /// Python source, UTF-8.
    pub source: String,
    /// SHA-256 of source, file name and entry, 64 lower-case hex digits.
    pub digest: String,
    /// The name by which tracebacks call the file.
    pub file_name: String,
    /// The entry function's name.
    pub entry: String,
    /// The entry flow's name.
    pub name: String,
    /// First paragraph of the entry's docstring.
    pub description: String,
    /// JSON Schema of the inputs.
    pub inputs: Json,
    /// JSON Schema of the outputs.
    pub outputs: Json,
    /// The entry's declared options, a JSON object: retries, timeout, sandbox wish, …
    pub options: Json,
    /// Packages that the source needs.
    pub dependencies: Vec<String>,
    /// Why this version was made.
    pub note: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A saved input preset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// The workflow it belongs to.
    pub workflow_sid: WorkflowSid,
    /// Unique within the workflow.
    pub name: String,
    /// Inputs, a JSON object.
    pub inputs: Json,
    /// What the flow should return.
    pub expected_outputs: Option<Json>,
    /// Answers to pauses, by name or path.
    pub answers: BTreeMap<String, Json>,
    /// What it is for.
    pub note: Option<String>,
    /// When it was saved last.
    pub updated_at: Timestamp,
}
