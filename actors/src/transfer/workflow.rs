//! A workflow becomes a document, and a document a workflow.

use std::{collections::HashSet, sync::Arc};

use hero_sdk::{
    Error, ErrorCode, Json, WorkflowSid,
    document::{Document, ExportedBenchmark, ExportedWorkflow, digest_of},
    logic::{ImportedWorkflow, WorkflowExport, WorkflowImport},
    model::{Example, Workflow, WorkflowVersion},
};
use hero_store::{Batch, OfWorkflow, PlayFilter, Run, Tables};

use super::{benchmarks, ensure, refused, versions};
use crate::{
    play::Environment,
    registry::{Library, check_description, check_example_name, check_name, check_note, check_tags},
    runtime::{blocking, library},
};

/// Versions of a workflow that is imported: each may take a process.
const VERSIONS_MAX: usize = 1_000;
/// Its examples.
const EXAMPLES_MAX: usize = 10_000;

/// A workflow with its versions, examples and benchmarks.
pub(crate) async fn export_workflow(
    environment: Arc<Environment>,
    params: WorkflowExport,
) -> Result<Document<ExportedWorkflow>, Error> {
    let WorkflowExport { workflow, benchmarks } = params;
    let work = async move |library: Library| {
        let workflow = library.workflow(&workflow).await?;
        // So that no version comes in between.
        let _changing = library.change().await;
        let tables = library.tables();
        let workflow = tables.workflow(&workflow.workflow_sid)?.unwrap_or(workflow);
        let examples = tables.examples(&workflow.workflow_sid)?.into_iter().map(Into::into).collect();
        let versions = tables.versions_of(&workflow.workflow_sid)?;
        let benchmarks = if benchmarks { benchmarks::exported(tables, &workflow)? } else { Vec::new() };
        Ok(ExportedWorkflow { workflow, versions, examples, benchmarks })
    };
    let content = library(&environment, work).await?;
    blocking(move || Document::of(content, environment.clock.now().wall)).await
}

/// Takes a workflow, or what of it is not here yet. What is here stays as it is.
///
/// Errors: those of [`Document::read`]; `import_invalid`; `conflict` where something else has its place; those of a source
/// that cannot be described.
pub(crate) async fn import_workflow(
    environment: Arc<Environment>,
    params: WorkflowImport,
) -> Result<ImportedWorkflow, Error> {
    let WorkflowImport { document, name } = params;
    if let Some(name) = &name {
        check_name(name)?;
    }
    let content = blocking(move || checked(&document)).await?;
    let mut arrival = Arrival { content, name };
    // Before processes are started for it, and once more when it counts.
    let looking = arrival.clone();
    let look = async move |library: Library| {
        // A flow that comes with the program becomes a workflow first.
        match library.workflow(looking.content.workflow.workflow_sid.as_str()).await {
            Err(error) if error.code != ErrorCode::NotFound => Err(error),
            _ => Ok(looking.plan(&library)?.versions),
        }
    };
    let missing = library(&environment, look).await?;
    for (at, version) in arrival.content.versions.iter_mut().enumerate() {
        if version.version.is_some_and(|number| missing.contains(&number)) {
            let pointer = format!("/versions/{at}");
            *version = versions::here::<ExportedWorkflow>(&environment, version.clone(), &pointer).await?;
        }
    }
    library(&environment, async move |library: Library| arrival.commit(&library, &missing).await).await
}

/// A workflow on its way in.
#[derive(Clone)]
struct Arrival {
    content: ExportedWorkflow,
    /// The name that was asked for in place of its own.
    name: Option<String>,
}

/// What of a workflow is not here.
struct Plan {
    /// It itself, if it is.
    known: Option<Workflow>,
    /// Numbers of versions.
    versions: HashSet<u32>,
    examples: Vec<Example>,
    benchmarks: Vec<ExportedBenchmark>,
}

impl Arrival {
    /// What is to be added; `conflict` where something else is here.
    fn plan(&self, library: &Library) -> Result<Plan, Error> {
        let ExportedWorkflow { workflow, versions, examples, benchmarks } = &self.content;
        let tables = library.tables();
        let known = tables.workflow(&workflow.workflow_sid)?;
        match (&known, &self.name) {
            (Some(known), Some(name)) if *name != known.name => {
                let message = format!("the workflow is here already, and is called {:?}", known.name);
                return Err(
                    conflict(message).hint("leave the name out: what is missing of it is added there")
                );
            }
            (Some(_), _) => {}
            (None, name) => library
                .check_free(name.as_ref().unwrap_or(&workflow.name))
                .map_err(|error| error.hint("give the one that is imported another name: `hero_logic workflow import FILE --name NAME`"))?,
        }
        let mut missing = HashSet::new();
        for version in versions {
            let number = version.version.unwrap_or_default();
            match tables.workflow_version(&workflow.workflow_sid, number)? {
                Some(here) if here.digest == version.digest => {}
                Some(_) => {
                    let message =
                        format!("the workflow has another version {number} here than in the document");
                    return Err(conflict(message).hint(
                        "each home has given the number to a source of its own; `hero_logic workflow add --to` \
                         makes one of them a further version",
                    ));
                }
                None => drop(missing.insert(number)),
            }
        }
        let mut added = Vec::new();
        for example in examples {
            let coming = example.clone().of(workflow);
            match tables.example(&workflow.workflow_sid, &example.name)? {
                None => added.push(coming),
                Some(here) => {
                    let updated_at = here.updated_at;
                    if digest_of(&here)? != digest_of(&Example { updated_at, ..coming })? {
                        let message = format!("the workflow has another example {:?} here", example.name);
                        return Err(conflict(message).hint("delete the one that is here, or keep it"));
                    }
                }
            }
        }
        let mut measured = Vec::new();
        for benchmark in benchmarks {
            match benchmarks::is_here(tables, benchmark)? {
                None => measured.push(benchmark.clone()),
                Some(true) => {}
                Some(false) => {
                    let message = format!("there is another {} here", benchmark.benchmark.benchmark_sid);
                    return Err(
                        conflict(message).hint("a benchmark never changes: one of the two was tampered with")
                    );
                }
            }
        }
        Ok(Plan { known, versions: missing, examples: added, benchmarks: measured })
    }

    /// Adds it, all at once. Those of these numbers are as they are to be.
    async fn commit(self, library: &Library, described: &HashSet<u32>) -> Result<ImportedWorkflow, Error> {
        let _changing = library.change().await;
        let Plan { known, versions, examples, benchmarks } = self.plan(library)?;
        if !versions.is_subset(described) {
            return Err(conflict("the workflow was deleted while it was imported").hint("import it again"));
        }
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let is_new = known.is_none();
        let workflow = known.unwrap_or_else(|| {
            let own = self.content.workflow;
            Workflow { name: self.name.unwrap_or(own.name), ..own }
        });
        let imported = ImportedWorkflow {
            workflow,
            is_new,
            versions_added: count(versions.len()),
            examples_added: count(examples.len()),
            benchmarks_added: count(benchmarks.len()),
        };
        let mut batch = Batch::new();
        if is_new {
            let (tables, workflow_sid) = (library.tables().clone(), imported.workflow.workflow_sid.clone());
            for run in blocking(move || runs_of(&tables, workflow_sid)).await? {
                batch.count(run);
            }
        }
        let is_coming =
            |version: &&WorkflowVersion| version.version.is_some_and(|number| versions.contains(&number));
        self.content.versions.iter().filter(is_coming).for_each(|version| batch.put_version(version));
        examples.iter().for_each(|example| batch.put_example(example));
        benchmarks.iter().for_each(|benchmark| benchmarks::put(&mut batch, benchmark, &imported.workflow));
        if is_new || !batch.is_empty() {
            library.commit(&imported.workflow, batch).await?;
        }
        Ok(imported)
    }
}

/// Plays of a workflow that have ended, which were here before it: it was deleted, or they came without it.
fn runs_of(tables: &Tables, workflow_sid: WorkflowSid) -> Result<Vec<Run>, Error> {
    let workflow = OfWorkflow { name: String::new(), workflow_sid: Some(workflow_sid) };
    let filter = PlayFilter { workflow: Some(workflow), ..PlayFilter::default() };
    Ok(tables.plays_page(&filter, None, usize::MAX)?.iter().filter_map(Run::of).collect())
}

fn conflict(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::Conflict, message)
}

fn holds(holds: bool, pointer: impl FnOnce() -> String, what: &str) -> Result<(), Error> {
    ensure::<ExportedWorkflow>(holds, pointer, what)
}

/// Reads a workflow, and checks whether it is one that there could be here. Pure.
pub(crate) fn checked(document: &Json) -> Result<ExportedWorkflow, Error> {
    let content = Document::<ExportedWorkflow>::read(document)?.content;
    let ExportedWorkflow { workflow, versions, examples, .. } = &content;
    let told = |pointer: &str, error: Error| refused::<ExportedWorkflow>(pointer, error);
    check_name(&workflow.name).map_err(|error| told("/workflow/name", error))?;
    check_description(&workflow.description).map_err(|error| told("/workflow/description", error))?;
    check_tags(&workflow.tags).map_err(|error| told("/workflow/tags", error))?;
    let count = versions.len();
    holds((1..=VERSIONS_MAX).contains(&count), || "/versions".to_owned(), "there are none, or too many")?;
    let mut ids = HashSet::new();
    for (number, (at, version)) in (1..).zip(versions.iter().enumerate()) {
        let pointer = || format!("/versions/{at}");
        let is_next =
            version.version == Some(number) && version.workflow_sid.as_ref() == Some(&workflow.workflow_sid);
        holds(is_next, pointer, "there is not the next version of the workflow")?;
        holds(ids.insert(&version.version_sid), pointer, "there is an id that was there before")?;
        check_note(version.note.as_deref().unwrap_or_default()).map_err(|error| told(&pointer(), error))?;
    }
    let has_current = versions.iter().any(|version| version.version == Some(workflow.current_version));
    holds(has_current, || "/workflow/current_version".to_owned(), "there is no number of a version")?;
    holds(examples.len() <= EXAMPLES_MAX, || "/examples".to_owned(), "there are too many")?;
    let mut names = HashSet::new();
    for (at, example) in examples.iter().enumerate() {
        let pointer = || format!("/examples/{at}");
        check_example_name(&example.name).map_err(|error| told(&pointer(), error))?;
        check_note(example.note.as_deref().unwrap_or_default()).map_err(|error| told(&pointer(), error))?;
        holds(names.insert(&example.name), pointer, "there is a name that was there before")?;
        holds(example.inputs.as_str().starts_with('{'), pointer, "the inputs are no object")?;
    }
    benchmarks::check(&content)?;
    Ok(content)
}
