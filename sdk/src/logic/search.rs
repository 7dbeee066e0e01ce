//! What the search of the library takes and gives.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Json, WorkflowSid, model::Statistics};

/// Parameters of `flow_library_search`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FlowLibrarySearch {
    /// What the flow should do, in anybody's words: 1,000 characters and 64 words at most. It may be empty where inputs or
    /// outputs are given.
    pub query: String,
    /// What the caller can give: an object of a JSON Schema, or the name of a type, by name. What a flow requires and the
    /// caller has not speaks against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Json>,
    /// What the caller wants, in the same form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outputs: Option<Json>,
    /// Labels that the workflow must have, all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// At most this many, 10 unless told, 100 at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The score, 0 to 1, below which a workflow is no answer. Unless told it is set so that a question that nothing in the
    /// library answers has no hits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_score: Option<f64>,
}

/// A workflow that answers, with what is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LibraryHit {
    /// The workflow.
    pub workflow_sid: WorkflowSid,
    /// Its name, by which it is started.
    pub workflow: String,
    /// The version that runs.
    pub version: u32,
    /// How well it answers, 0 to 1; comparable between questions.
    pub score: f64,
    /// Why it was found, in words.
    pub why: Vec<String>,
    /// What it does.
    pub description: String,
    /// Labels.
    pub tags: Vec<String>,
    /// JSON Schema of what it takes; null for a bundled flow that never ran.
    pub inputs: Json,
    /// JSON Schema of what it gives; null for a bundled flow that never ran.
    pub outputs: Json,
    /// How the version has fared.
    pub statistics: Statistics,
}

/// What the library has, best first. Nothing at all is an answer, too: nothing in it fits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LibraryHits {
    /// The workflows.
    pub hits: Vec<LibraryHit>,
    /// Where there is none, the score of the workflow that comes nearest: with a `min_score` as low as that it is a hit.
    /// Null where there are hits, and where no workflow has any word of the question.
    pub nearest: Option<f64>,
    /// How many workflows were looked through.
    pub searched: u64,
}
