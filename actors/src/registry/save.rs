//! What a flow saves. It never changes which version of a workflow runs: that is for a person, or a gate, to decide.

use hero_sdk::{
    Error, ErrorCode, VersionSid, WorkflowSid,
    logic::{Created, WorkflowCreate, WorkflowCreateVersion},
    model::{Workflow, WorkflowVersion},
};
use serde::Serialize;

use super::library::Library;

/// A source that is to be kept.
#[derive(Clone)]
pub(crate) struct Save {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) entry: Option<String>,
    /// Of a new workflow.
    pub(crate) description: Option<String>,
    /// Of a new workflow.
    pub(crate) tags: Vec<String>,
    pub(crate) note: String,
}

/// Where it is kept.
#[derive(Serialize)]
pub(crate) struct Saved {
    workflow: String,
    workflow_sid: WorkflowSid,
    version: u32,
    version_sid: VersionSid,
    /// Whether it is the version that runs.
    is_current: bool,
}

impl Library {
    /// Makes a workflow of a source, or where there is one of this name its next version. The same again is the same.
    pub(crate) async fn save(&self, save: Save) -> Result<Saved, Error> {
        let known = match self.workflow(&save.name).await {
            Ok(known) => known,
            Err(error) if error.code == ErrorCode::NotFound => match self.save_new(&save).await {
                Ok(Created { workflow, version }) => return Ok(saved(workflow, version)),
                // Somebody has made one of this name meanwhile.
                Err(error) if error.code == ErrorCode::Conflict => self.workflow(&save.name).await?,
                Err(error) => return Err(error),
            },
            Err(error) => return Err(error),
        };
        let version = self
            .create_version(WorkflowCreateVersion {
                workflow: known.workflow_sid.to_string(),
                source: save.source,
                entry: save.entry,
                note: Some(save.note),
                set_current: false,
                file_name: None,
            })
            .await?;
        Ok(saved(self.workflow(known.workflow_sid.as_str()).await?, version))
    }

    async fn save_new(&self, save: &Save) -> Result<Created, Error> {
        let Save { name, source, entry, description, tags, note } = save.clone();
        self.create(WorkflowCreate {
            name,
            source,
            entry,
            description,
            tags,
            note: Some(note),
            file_name: None,
        })
        .await
    }
}

fn saved(workflow: Workflow, version: WorkflowVersion) -> Saved {
    let number = version.version.unwrap_or_default();
    Saved {
        is_current: workflow.current_version == number,
        workflow: workflow.name,
        workflow_sid: workflow.workflow_sid,
        version: number,
        version_sid: version.version_sid,
    }
}
