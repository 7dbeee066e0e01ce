//! Flows that come with the program.

use hero_sdk::model::Workflow;

/// A flow that is part of the library from the start. It becomes a workflow of the store when it is first run.
#[derive(Clone, Debug)]
pub struct BundledFlow {
    /// Its name in the library.
    pub name: String,
    /// The name by which tracebacks call its file.
    pub file_name: String,
    /// What it does, in a sentence.
    pub description: String,
    /// Python source.
    pub source: String,
}

/// The names nearest to a mistyped one, best first.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    /// Jaro-Winkler similarity from which a name counts as meant.
    const LIKENESS: f64 = 0.75;
    let mut near: Vec<(f64, &str)> = known
        .map(|other| (strsim::jaro_winkler(name, other), other))
        .filter(|(score, _)| *score >= LIKENESS)
        .collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0));
    near.into_iter().map(|(_, other)| other).take(3).collect()
}

/// How a bundled flow is listed before it was ever run.
pub(crate) fn as_listed(
    flow: &BundledFlow,
    workflow_sid: hero_sdk::WorkflowSid,
    now: hero_sdk::Timestamp,
) -> Workflow {
    Workflow {
        workflow_sid,
        name: flow.name.clone(),
        description: flow.description.clone(),
        tags: vec!["bundled".to_owned()],
        current_version: 1,
        archived: false,
        created_at: now,
    }
}
