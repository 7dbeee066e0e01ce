//! Flows that come with the program.

use hero_sdk::{Timestamp, WorkflowSid, model::Workflow};
use sha2::{Digest as _, Sha256};

/// The label of those that come with the program.
pub(super) const LABEL: &str = "bundled";

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

impl BundledFlow {
    /// The id of its workflow, known before it is one: whoever has it from a list can ask by it. That of nothing that
    /// was ever made: it says the year 1970.
    pub(super) fn workflow_sid(&self) -> WorkflowSid {
        let digest = Sha256::digest(&self.name);
        let digits: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{}0000000000{digits}", WorkflowSid::PREFIX).parse().expect("26 digits are an id")
    }
}

/// The names nearest to a mistyped one, best first.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    /// Jaro-Winkler similarity from which a name counts as meant.
    const LIKENESS: f64 = 0.75;
    let name = name.to_lowercase();
    let mut near: Vec<(f64, &str)> = known
        .map(|other| (strsim::jaro_winkler(&name, &other.to_lowercase()), other))
        .filter(|(score, _)| *score >= LIKENESS)
        .collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0));
    near.into_iter().map(|(_, other)| other).take(3).collect()
}

/// How a bundled flow is listed before it was ever run: as one that came with the runtime, which came up at `opened_at`.
pub(super) fn as_listed(flow: &BundledFlow, opened_at: Timestamp) -> Workflow {
    Workflow {
        workflow_sid: flow.workflow_sid(),
        name: flow.name.clone(),
        description: flow.description.clone(),
        tags: vec![LABEL.to_owned()],
        current_version: 1,
        archived: false,
        created_at: opened_at,
    }
}

/// What to do instead of a name that is not known: the nearest one, or what there is.
pub(super) fn instead_of(name: &str, known: &[String]) -> String {
    /// Names that are listed.
    const NAMES_MAX: usize = 20;
    match nearest(name, known.iter().map(String::as_str)).first() {
        Some(near) => format!("did you mean {near}?"),
        None if known.is_empty() => "there is none yet".to_owned(),
        None => {
            let names: Vec<&str> = known.iter().map(String::as_str).take(NAMES_MAX).collect();
            let more = if known.len() > NAMES_MAX { ", …" } else { "" };
            format!("there are: {}{more}", names.join(", "))
        }
    }
}
