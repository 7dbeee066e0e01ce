//! What the methods take and give by which workflows and plays leave a home and come to another, and by which a play
//! becomes part of the library.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Json, PlaySid,
    model::{Play, Workflow},
};

/// Parameters of `workflow_export`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowExport {
    /// The workflow, by its sid or unique name.
    pub workflow: String,
    /// Whether its benchmarks that have ended come with it; true unless told. They are what makes a document large.
    #[serde(default = "super::yes")]
    pub benchmarks: bool,
}

/// Parameters of `workflow_import`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowImport {
    /// What `workflow_export` gave.
    pub document: Json,
    /// A name in place of the workflow's own, if it is not here yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A workflow that was imported, and what of it was not here before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImportedWorkflow {
    /// The workflow as it is now. Where it was here before, what is told of it and its current version are as they were.
    pub workflow: Workflow,
    /// True where it was not here before.
    pub is_new: bool,
    /// How many versions were not.
    pub versions_added: u32,
    /// How many examples were not.
    pub examples_added: u32,
    /// How many benchmarks were not.
    pub benchmarks_added: u32,
}

/// Parameters of `play_import`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayImport {
    /// What `play_export` gave.
    pub document: Json,
}

/// A play that was imported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImportedPlay {
    /// The play as it is now.
    pub play: Play,
    /// False where it was here before, as it is in the document.
    pub is_new: bool,
}

/// Parameters of `play_promote`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayPromote {
    /// The play.
    pub play_sid: PlaySid,
    /// Name of the new workflow; that of the play's file without its ending unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Make it the next version of this workflow instead, by its sid or unique name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// What the new workflow does, in a sentence; the first paragraph of the flow's docstring unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Labels of the new workflow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Why this version was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether the next version of `workflow` runs from now on unless another is asked for; true unless told.
    #[serde(default = "super::yes")]
    pub set_current: bool,
}

impl From<PlaySid> for PlayPromote {
    fn from(play_sid: PlaySid) -> Self {
        Self {
            play_sid,
            name: None,
            workflow: None,
            description: None,
            tags: Vec::new(),
            note: None,
            set_current: true,
        }
    }
}

/// Parameters of `play_save_as_example`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaySaveAsExample {
    /// The play, which has succeeded.
    pub play_sid: PlaySid,
    /// The example's name.
    pub name: String,
    /// Of which workflow, by its sid or unique name; the play's own unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
