//! A workflow in a document.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Content;
use crate::{
    Json, Timestamp,
    frame::present,
    model::{Benchmark, Example, Measurement, Workflow, WorkflowVersion},
};

/// A workflow with everything that belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedWorkflow {
    /// What is told of it.
    pub workflow: Workflow,
    /// Its versions with their sources, by their numbers, from 1.
    pub versions: Vec<WorkflowVersion>,
    /// Its examples, by name.
    pub examples: Vec<ExportedExample>,
    /// Its benchmarks that have ended, oldest first.
    pub benchmarks: Vec<ExportedBenchmark>,
}

impl Content for ExportedWorkflow {
    const FORMAT: &str = "hero_logic.workflow";
    const KIND: &str = "workflow";
}

/// Saved inputs of the workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedExample {
    /// Unique within the workflow.
    pub name: String,
    /// Inputs, a JSON object.
    pub inputs: Json,
    /// What the flow should return; left out where nobody said so.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub expected_outputs: Option<Json>,
    /// Answers to pauses, by name or path.
    pub answers: BTreeMap<String, Json>,
    /// What it is for.
    pub note: Option<String>,
    /// When it was saved last.
    pub updated_at: Timestamp,
}

/// The runs of one of its versions over examples as they were then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedBenchmark {
    /// What is told of it. Its summary is found anew from its runs.
    pub benchmark: Benchmark,
    /// What it ran, in the order of the runs.
    pub examples: Vec<ExportedExample>,
    /// Its runs that were measured, by index.
    pub measurements: Vec<Measurement>,
}

impl From<Example> for ExportedExample {
    fn from(example: Example) -> Self {
        let Example { workflow_sid: _, name, inputs, expected_outputs, answers, note, updated_at } = example;
        Self { name, inputs, expected_outputs, answers, note, updated_at }
    }
}

impl ExportedExample {
    /// The example as one of this workflow.
    #[must_use]
    pub fn of(self, workflow: &Workflow) -> Example {
        let Self { name, inputs, expected_outputs, answers, note, updated_at } = self;
        let workflow_sid = workflow.workflow_sid.clone();
        Example { workflow_sid, name, inputs, expected_outputs, answers, note, updated_at }
    }
}
