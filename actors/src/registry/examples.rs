//! Saved inputs of workflows.

use hero_sdk::{
    Error, ErrorCode,
    logic::{Deleted, ExampleToInputData, ExampleUpsert, InputData, OfExample},
    model::{Example, VersionChoice, Workflow},
};
use hero_store::Batch;

use super::{
    bundled::instead_of,
    inputs::{check_inputs, defaults, filled},
    library::Library,
    names::{NAME_CHARS_MAX, check_example_name, check_note},
};

impl Library {
    /// Saves inputs under a name, in place of those that it had, if the current version accepts them.
    pub(crate) async fn upsert_example(&self, params: ExampleUpsert) -> Result<Example, Error> {
        let ExampleUpsert { workflow, name, inputs, expected_outputs, answers, note } = params;
        check_example_name(&name)?;
        check_note(note.as_deref().unwrap_or_default())?;
        let (workflow, version) = self.resolve(&workflow, &VersionChoice::Current).await?;
        check_inputs(&version, &inputs)?;
        let example = Example {
            workflow_sid: workflow.workflow_sid.clone(),
            name,
            inputs,
            expected_outputs,
            answers,
            note,
            updated_at: self.environment.clock.now().wall,
        };
        let _changing = self.change().await;
        self.still_there(&workflow)?;
        let mut batch = Batch::new();
        batch.put_example(&example);
        self.tables().commit(batch).await?;
        Ok(example)
    }

    /// A saved example.
    pub(crate) async fn example(&self, params: OfExample) -> Result<Example, Error> {
        let workflow = self.workflow(&params.workflow).await?;
        self.example_of(&workflow, &params.example)
    }

    /// The saved examples of a workflow, by name.
    pub(crate) async fn examples(&self, workflow: &str) -> Result<Vec<Example>, Error> {
        let workflow = self.workflow(workflow).await?;
        Ok(self.tables().examples(&workflow.workflow_sid)?)
    }

    /// Deletes a saved example.
    pub(crate) async fn delete_example(&self, params: OfExample) -> Result<Deleted, Error> {
        let workflow = self.workflow(&params.workflow).await?;
        let _changing = self.change().await;
        if self.tables().example(&workflow.workflow_sid, &params.example)?.is_none() {
            return Ok(Deleted { deleted: false });
        }
        let mut batch = Batch::new();
        batch.delete_example(&workflow.workflow_sid, &params.example);
        self.tables().commit(batch).await?;
        Ok(Deleted { deleted: true })
    }

    /// The inputs of an example as a version takes them.
    pub(crate) async fn example_inputs(&self, params: ExampleToInputData) -> Result<InputData, Error> {
        let (workflow, version) = self.resolve(&params.workflow, &params.version).await?;
        let example = self.example_of(&workflow, &params.example)?;
        check_inputs(&version, &example.inputs)?;
        Ok(InputData { inputs: filled(example.inputs, defaults(&version)) })
    }

    /// An example of a workflow by its name.
    pub(crate) fn example_of(&self, workflow: &Workflow, name: &str) -> Result<Example, Error> {
        let known = self.tables().example(&workflow.workflow_sid, name)?;
        known.ok_or_else(|| {
            let shown: String = name.chars().take(NAME_CHARS_MAX).collect();
            let examples = self.tables().examples(&workflow.workflow_sid).unwrap_or_default();
            let names: Vec<String> = examples.into_iter().map(|example| example.name).collect();
            Error::new(ErrorCode::NotFound, format!("{} has no example {shown:?}", workflow.name))
                .hint(instead_of(name, &names))
        })
    }
}
