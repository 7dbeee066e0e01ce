//! What the methods of workflows, versions and examples take and give.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Cursor;
use crate::{
    Json,
    frame::present,
    model::{Example, VersionChoice, Workflow, WorkflowVersion},
};

/// Parameters of methods that are about one workflow.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfWorkflow {
    /// The workflow's sid or unique name.
    pub workflow: String,
}

/// Parameters of methods that are about one version.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfVersion {
    /// The workflow's sid or unique name.
    pub workflow: String,
    /// Which version of it; the current one unless told.
    #[serde(default)]
    pub version: VersionChoice,
}

/// Parameters of `workflow_set_current_version`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowSetCurrentVersion {
    /// The workflow's sid or unique name.
    pub workflow: String,
    /// Which version of it.
    pub version: VersionChoice,
}

/// Parameters of `workflow_create`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowCreate {
    /// A name that no other workflow has: 1 to 100 characters, none that cannot be seen (controls, format characters), no white
    /// space at its ends.
    pub name: String,
    /// Python source of its first version.
    pub source: String,
    /// The entry, where the file has several flows: a function's name or a flow's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// What it does, in a sentence; the first paragraph of the entry's docstring unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Labels, each once, of the form of names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Why this version was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The name by which tracebacks call the file; the workflow's name and `.py` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
}

/// A new workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Created {
    /// The workflow.
    pub workflow: Workflow,
    /// Its first version.
    pub version: WorkflowVersion,
}

/// Parameters of `workflow_list`; all are optional.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WorkflowList {
    /// Only workflows with this text in their name or description, whatever its case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Only workflows with this label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Those that are archived as well.
    pub include_archived: bool,
    /// At most this many, 50 unless told, 1,000 at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
}

/// A page of workflows, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Workflows {
    /// The workflows.
    pub workflows: Vec<Workflow>,
    /// Pass it as `cursor` for the next page; none at the end.
    pub next_cursor: Option<Cursor>,
}

/// Parameters of `workflow_update`; what is not told stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowUpdate {
    /// The workflow's sid or unique name.
    pub workflow: String,
    /// Another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it does, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Labels, in place of those that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// True to keep it without listing it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
}

/// Parameters of `workflow_delete`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowDelete {
    /// The workflow's sid or unique name.
    pub workflow: String,
    /// Cancels its live plays, because of which it is refused otherwise.
    #[serde(default)]
    pub force: bool,
}

/// Whether something was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deleted {
    /// False where there was nothing of that name.
    pub deleted: bool,
}

/// Parameters of `workflow_create_version`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowCreateVersion {
    /// The workflow's sid or unique name.
    pub workflow: String,
    /// Python source.
    pub source: String,
    /// The entry, where the file has several flows: a function's name or a flow's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Why this version was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether it is the one that runs from now on.
    #[serde(default = "super::yes")]
    pub set_current: bool,
    /// The name by which tracebacks call the file; that of the current version unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
}

/// The versions of a workflow, oldest first, without their sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Versions {
    /// The versions.
    pub versions: Vec<WorkflowVersion>,
}

/// Parameters of methods that are about one example.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfExample {
    /// The workflow's sid or unique name.
    pub workflow: String,
    /// The example's name.
    pub example: String,
}

/// Parameters of `example_upsert`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExampleUpsert {
    /// The workflow's sid or unique name.
    pub workflow: String,
    /// Its name, in place of the one that has it.
    pub name: String,
    /// A JSON object of inputs, which the current version accepts.
    pub inputs: Json,
    /// What the flow should return; `null` is a value like any other, so leave it out where nothing is expected.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub expected_outputs: Option<Json>,
    /// Answers to pauses, by name or path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, Json>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Parameters of `example_to_input_data`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExampleToInputData {
    /// The workflow's sid or unique name.
    pub workflow: String,
    /// The example's name.
    pub example: String,
    /// For which version; the current one unless told.
    #[serde(default)]
    pub version: VersionChoice,
}

/// Inputs that a version accepts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InputData {
    /// A JSON object, with the defaults of the version filled in.
    pub inputs: Json,
}

/// The examples of a workflow, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Examples {
    /// The examples.
    pub examples: Vec<Example>,
}
