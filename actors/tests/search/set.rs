//! The set on which search is measured: flows and questions that lie beside this file as data.

use std::{
    fs,
    path::{Path, PathBuf},
};

use hero_actors::search::{Document, Index, Ingredients, Outcome, Plain, Query};
use hero_sdk::{Error, Json, WorkflowSid};
use serde::Deserialize;

/// The flows, as documents.
pub(crate) struct Library {
    pub(crate) documents: Vec<Document>,
}

#[derive(Deserialize)]
struct Flow {
    name: String,
    file: String,
    description: String,
    tags: Vec<String>,
    inputs: Json,
    outputs: Json,
}

/// A question, with the names of the flows that answer it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Question {
    /// `development`, to tune with, or `test`, to measure with.
    pub(crate) split: String,
    /// How it is put: `plain`, `paraphrase`, `typo`, …; `none` when nothing answers it.
    pub(crate) kind: String,
    pub(crate) query: String,
    pub(crate) inputs: Option<Json>,
    pub(crate) outputs: Option<Json>,
    pub(crate) relevant: Vec<String>,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../actors/tests/search")
}

impl Library {
    pub(crate) fn load() -> Self {
        let flows: Vec<Flow> = read("library.json");
        let document = |(place, flow): (usize, Flow)| Document {
            workflow_sid: format!("wf_{place:026}").parse().expect("digits are of a ULID"),
            source: fs::read_to_string(directory().join(&flow.file)).expect("the flow's file is there"),
            name: flow.name,
            description: flow.description,
            tags: flow.tags,
            inputs: flow.inputs,
            outputs: flow.outputs,
        };
        Self { documents: flows.into_iter().enumerate().map(document).collect() }
    }

    /// An index of all flows.
    pub(crate) fn index(&self, ingredients: Ingredients) -> Result<Index, Error> {
        let index = Index::new(ingredients)?;
        for document in &self.documents {
            index.put(document)?;
        }
        index.commit()?;
        Ok(index)
    }

    fn sid(&self, name: &str) -> WorkflowSid {
        let found = self.documents.iter().find(|document| document.name == name);
        found.unwrap_or_else(|| panic!("{name} is in the library")).workflow_sid.clone()
    }

    /// What an index says to a question.
    pub(crate) fn ask(&self, index: &Index, question: &Question) -> Result<Outcome, Error> {
        let hits = index.search(&question.query())?.hits;
        let returned = hits.into_iter().map(|hit| hit.workflow_sid).collect();
        Ok(Outcome { relevant: self.relevant(question), returned })
    }

    /// What plain BM25 says.
    pub(crate) fn ask_plain(&self, plain: &Plain, question: &Question) -> Result<Outcome, Error> {
        let returned = plain.search(&question.query, 10)?;
        Ok(Outcome { relevant: self.relevant(question), returned })
    }

    fn relevant(&self, question: &Question) -> Vec<WorkflowSid> {
        question.relevant.iter().map(|name| self.sid(name)).collect()
    }
}

impl Question {
    /// All questions, those to tune with and those to measure with.
    pub(crate) fn load() -> Vec<Self> {
        read("queries.json")
    }

    pub(crate) fn query(&self) -> Query {
        Query { inputs: self.inputs.clone(), outputs: self.outputs.clone(), ..Query::new(&self.query) }
    }
}

fn read<T: for<'de> Deserialize<'de>>(name: &str) -> Vec<T> {
    let text = fs::read_to_string(directory().join(name)).expect("the set is there");
    serde_json::from_str(&text).expect("the set has its form")
}
