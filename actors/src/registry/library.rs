//! The library: workflows by name, their versions, and what is known of a source.

use std::sync::Arc;

use hero_sdk::{
    Error, ErrorCode, VersionSid, WorkflowSid,
    logic::{Created, Deleted, News, WorkflowCreate, WorkflowCreateVersion, WorkflowNews, WorkflowUpdate},
    model::{VersionChoice, Workflow, WorkflowVersion},
};
use hero_store::{Batch, Tables};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex, MutexGuard};

use super::{
    bundled::{BundledFlow, as_listed, instead_of},
    describe::describe,
    message::{Resolved, Source},
    names::{
        DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, check_description, check_name, check_note, check_tags,
        named_version,
    },
};
use crate::play::Environment;

/// Everything that is known of flows. A clone works on the same.
pub(crate) struct Library {
    pub(super) environment: Arc<Environment>,
    pub(super) bundled: Arc<Vec<BundledFlow>>,
    /// Held from a look at what is there to the commit of what is to be there.
    pub(super) changing: Arc<Mutex<()>>,
}

impl Library {
    pub(crate) fn tables(&self) -> &Tables {
        &self.environment.tables
    }

    /// Until what it gives is dropped, nobody else changes the library.
    pub(crate) async fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().await
    }

    /// The anonymous version of a source, described and durable. Two of the same source at once make two versions of
    /// which the store keeps one digest: both are right.
    pub(crate) async fn anonymous(&self, source: &Source) -> Result<WorkflowVersion, Error> {
        if let Some(known) = self.tables().version_by_digest(&digest(source))? {
            // That of a workflow which was deleted takes no plays.
            let is_there = match &known.workflow_sid {
                Some(workflow_sid) => self.tables().workflow(workflow_sid)?.is_some(),
                None => true,
            };
            if is_there {
                return Ok(known);
            }
        }
        let version = self.describe(source).await?;
        let mut batch = Batch::new();
        batch.put_version(&version);
        self.tables().commit(batch).await?;
        Ok(version)
    }

    /// All workflows by name, with those that come with the program.
    pub(crate) fn list(&self) -> Result<Vec<Workflow>, Error> {
        let mut workflows = self.tables().workflows()?;
        for bundled in self.bundled.iter() {
            if !workflows.iter().any(|workflow| workflow.name == bundled.name) {
                workflows.push(as_listed(bundled, self.environment.opened_at));
            }
        }
        workflows.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(workflows)
    }

    /// A workflow by its sid or name.
    pub(crate) async fn workflow(&self, workflow: &str) -> Result<Workflow, Error> {
        if let Some(bundled) = self.bundled_by(workflow) {
            return self.install(bundled).await;
        }
        let known = match workflow.parse::<WorkflowSid>() {
            Ok(workflow_sid) => self.tables().workflow(&workflow_sid)?,
            Err(_) => self.tables().workflow_by_name(workflow)?,
        };
        known.ok_or_else(|| self.unknown(workflow))
    }

    /// A workflow by its sid or name, and a version of it.
    pub(crate) async fn resolve(&self, workflow: &str, choice: &VersionChoice) -> Result<Resolved, Error> {
        let workflow = self.workflow(workflow).await?;
        let version = self.version(&workflow, choice)?;
        Ok((workflow, version))
    }

    /// What a flow calls by this name: a workflow's current version, or that of a number, as in `trip@3`.
    pub(crate) async fn named(&self, name: &str) -> Result<Resolved, Error> {
        match named_version(name) {
            Some((workflow, number)) => self.resolve(workflow, &VersionChoice::Number(number)).await,
            None => self.resolve(name, &VersionChoice::Current).await,
        }
    }

    pub(super) fn version(
        &self,
        workflow: &Workflow,
        choice: &VersionChoice,
    ) -> Result<WorkflowVersion, Error> {
        let Workflow { workflow_sid, name, current_version, .. } = workflow;
        let known = match choice {
            VersionChoice::Current => self.tables().workflow_version(workflow_sid, *current_version)?,
            VersionChoice::Number(number) => self.tables().workflow_version(workflow_sid, *number)?,
            VersionChoice::Sid(sid) => self.tables().version(sid)?,
        };
        let is_of_it = |version: &WorkflowVersion| version.workflow_sid.as_ref() == Some(workflow_sid);
        known.filter(is_of_it).ok_or_else(|| match choice {
            VersionChoice::Current => {
                Error::new(ErrorCode::StoreCorrupt, format!("workflow {name} has no current version"))
            }
            _ => {
                let versions = self.tables().versions_of(workflow_sid).unwrap_or_default();
                let hint = match versions.last().and_then(|last| last.version) {
                    Some(last @ 2..) => {
                        format!("its versions are 1 to {last}, and {current_version} is the current one")
                    }
                    _ => "version 1 is its only one".to_owned(),
                };
                Error::new(ErrorCode::NotFound, format!("workflow {name} has no version {choice}")).hint(hint)
            }
        })
    }

    /// The versions of a workflow, oldest first, without their sources.
    pub(crate) async fn versions(&self, workflow: &str) -> Result<Vec<WorkflowVersion>, Error> {
        let workflow = self.workflow(workflow).await?;
        let mut versions = self.tables().versions_of(&workflow.workflow_sid)?;
        versions.iter_mut().for_each(|version| version.source.clear());
        Ok(versions)
    }

    /// Makes a workflow of a source.
    pub(crate) async fn create(&self, params: WorkflowCreate) -> Result<Created, Error> {
        let WorkflowCreate { name, source, entry, description, tags, note, file_name } = params;
        check_name(&name)?;
        check_tags(&tags)?;
        check_description(description.as_deref().unwrap_or_default())?;
        check_note(note.as_deref().unwrap_or_default())?;
        // Before a process is started for it, and once more when it counts.
        self.check_free(&name)?;
        let file_name = file_name.unwrap_or_else(|| file_name_of(&name));
        let mut version = self.describe(&Source { source, file_name, entry }).await?;
        let _changing = self.change().await;
        self.check_free(&name)?;
        let workflow = Workflow {
            workflow_sid: WorkflowSid::new(),
            name,
            description: description.unwrap_or_else(|| version.description.clone()),
            tags,
            current_version: 1,
            archived: false,
            created_at: self.environment.clock.now().wall,
        };
        version.note = note;
        self.put(&workflow, &mut version, 1).await?;
        Ok(Created { workflow, version })
    }

    /// Makes a source the next version of a workflow, unless it is a version of it already: then gives that one.
    pub(crate) async fn create_version(
        &self,
        params: WorkflowCreateVersion,
    ) -> Result<WorkflowVersion, Error> {
        let WorkflowCreateVersion { workflow, source, entry, note, set_current, file_name } = params;
        check_note(note.as_deref().unwrap_or_default())?;
        let (workflow, current) = self.resolve(&workflow, &VersionChoice::Current).await?;
        let source = Source { source, file_name: file_name.unwrap_or(current.file_name), entry };
        let described = self.describe(&source).await?;
        let _changing = self.change().await;
        let mut workflow = self.still_there(&workflow)?;
        let versions = self.tables().versions_of(&workflow.workflow_sid)?;
        let next = versions.last().and_then(|last| last.version).unwrap_or(0) + 1;
        let known = versions.into_iter().find(|version| version.digest == described.digest);
        let mut version = known.unwrap_or(WorkflowVersion { note, ..described });
        let number = version.version.unwrap_or(next);
        if set_current {
            let before = self.version(&workflow, &VersionChoice::Current)?;
            make_current(&mut workflow, &before, &version, number);
        }
        self.put(&workflow, &mut version, number).await?;
        Ok(version)
    }

    /// Has another version run from now on.
    pub(crate) async fn set_current(
        &self,
        workflow: &str,
        choice: &VersionChoice,
    ) -> Result<Workflow, Error> {
        self.set_current_after(workflow, choice, None).await
    }

    /// The same, but only in place of this version, where one is told.
    pub(crate) async fn set_current_after(
        &self,
        workflow: &str,
        choice: &VersionChoice,
        expected: Option<u32>,
    ) -> Result<Workflow, Error> {
        let (workflow, version) = self.resolve(workflow, choice).await?;
        let _changing = self.change().await;
        let mut workflow = self.still_there(&workflow)?;
        if let Some(expected) = expected.filter(|expected| *expected != workflow.current_version) {
            let now = workflow.current_version;
            let message = format!("version {expected} was to be replaced, and version {now} is current now");
            return Err(Error::new(ErrorCode::Conflict, message).hint("compare it with that one"));
        }
        let before = self.version(&workflow, &VersionChoice::Current)?;
        let number = version.version.unwrap_or(workflow.current_version);
        make_current(&mut workflow, &before, &version, number);
        self.put_workflow(&workflow).await?;
        Ok(workflow)
    }

    /// Changes what is told of a workflow.
    pub(crate) async fn update(&self, params: WorkflowUpdate) -> Result<Workflow, Error> {
        let WorkflowUpdate { workflow, name, description, tags, archived } = params;
        check_tags(tags.as_deref().unwrap_or_default())?;
        check_description(description.as_deref().unwrap_or_default())?;
        let workflow = self.workflow(&workflow).await?;
        let _changing = self.change().await;
        let mut workflow = self.still_there(&workflow)?;
        if let Some(name) = name.filter(|name| *name != workflow.name) {
            check_name(&name)?;
            self.check_free(&name).map_err(|error| error.hint("choose another name"))?;
            if self.bundled(&workflow.name).is_some() {
                return Err(bundled_keeps(&workflow.name, "its name"));
            }
            workflow.name = name;
        }
        workflow.description = description.unwrap_or(workflow.description);
        workflow.tags = tags.unwrap_or(workflow.tags);
        workflow.archived = archived.unwrap_or(workflow.archived);
        self.put_workflow(&workflow).await?;
        Ok(workflow)
    }

    /// A workflow that may be deleted, as far as the library is concerned.
    pub(crate) async fn deletable(&self, workflow: &str) -> Result<Workflow, Error> {
        let workflow = self.workflow(workflow).await?;
        match self.bundled(&workflow.name) {
            Some(_) => Err(bundled_keeps(&workflow.name, "its place")),
            None => Ok(workflow),
        }
    }

    /// Deletes a workflow with its examples and benchmarks. It takes no plays any more, and has no live ones. Its versions stay for the
    /// plays that ran them.
    pub(crate) async fn delete(&self, workflow: &Workflow) -> Result<Deleted, Error> {
        let _changing = self.change().await;
        let workflow = self.still_there(workflow)?;
        let mut batch = Batch::new();
        for version in self.tables().versions_of(&workflow.workflow_sid)? {
            batch.delete_number(&workflow.workflow_sid, version.version.unwrap_or_default());
        }
        for example in self.tables().examples(&workflow.workflow_sid)? {
            batch.delete_example(&workflow.workflow_sid, &example.name);
        }
        for row in self.tables().benchmarks_page(&workflow.workflow_sid, None, None, usize::MAX)? {
            batch.delete_benchmark(&row);
        }
        batch.delete_workflow(&workflow);
        self.tables().commit(batch).await?;
        self.environment.events.add(News::WorkflowDeleted(WorkflowNews::from(&workflow)));
        self.environment.finder.get().changed(workflow.workflow_sid);
        Ok(Deleted { deleted: true })
    }

    // -- what comes with the program

    fn bundled(&self, name: &str) -> Option<&BundledFlow> {
        self.bundled.iter().find(|bundled| bundled.name == name)
    }

    /// The same by its name or the id of its workflow.
    pub(super) fn bundled_by(&self, workflow: &str) -> Option<&BundledFlow> {
        let is_it =
            |bundled: &&BundledFlow| bundled.name == workflow || bundled.workflow_sid().as_str() == workflow;
        self.bundled.iter().find(is_it)
    }

    /// A bundled flow as a workflow. The source of a newer program becomes its next version, and the current one unless
    /// somebody has chosen another.
    async fn install(&self, bundled: &BundledFlow) -> Result<Workflow, Error> {
        let source =
            Source { source: bundled.source.clone(), file_name: bundled.file_name.clone(), entry: None };
        if let Some(workflow) = self.installed(bundled, &source)? {
            return Ok(workflow);
        }
        let mut version = self.describe(&source).await?;
        let _changing = self.change().await;
        // Somebody may have been faster.
        if let Some(workflow) = self.installed(bundled, &source)? {
            return Ok(workflow);
        }
        let listed = || as_listed(bundled, self.environment.opened_at);
        let mut workflow = self.tables().workflow_by_name(&bundled.name)?.unwrap_or_else(listed);
        let versions = self.tables().versions_of(&workflow.workflow_sid)?;
        let number = versions.last().and_then(|last| last.version).unwrap_or(0) + 1;
        let current = versions.iter().find(|version| version.version == Some(workflow.current_version));
        if current.is_none_or(|current| current.note.as_deref() == Some(BUNDLED_NOTE)) {
            workflow.current_version = number;
        }
        version.note = Some(BUNDLED_NOTE.to_owned());
        self.put(&workflow, &mut version, number).await?;
        Ok(workflow)
    }

    /// The workflow of this name, where it has a version of this source.
    fn installed(&self, bundled: &BundledFlow, source: &Source) -> Result<Option<Workflow>, Error> {
        let Some(known) = self.tables().workflow_by_name(&bundled.name)? else { return Ok(None) };
        let current = self.tables().workflow_version(&known.workflow_sid, known.current_version)?;
        let digest = digest(source);
        let is_it = |version: &WorkflowVersion| version.digest == digest;
        let is_there = current.as_ref().is_some_and(is_it)
            || self.tables().versions_of(&known.workflow_sid)?.iter().any(is_it);
        Ok(is_there.then_some(known))
    }

    // -- what all of these need

    /// A version of a source that belongs to no workflow yet.
    pub(crate) async fn describe(&self, source: &Source) -> Result<WorkflowVersion, Error> {
        let flow = describe(&self.environment, source).await?;
        Ok(WorkflowVersion {
            version_sid: VersionSid::new(),
            workflow_sid: None,
            version: None,
            source: source.source.clone(),
            digest: digest(source),
            file_name: source.file_name.clone(),
            entry: flow.function,
            name: flow.name,
            description: flow.description.chars().take(DESCRIPTION_CHARS_MAX).collect(),
            inputs: flow.inputs,
            outputs: flow.outputs,
            options: flow.options,
            dependencies: Vec::new(),
            note: None,
            created_at: self.environment.clock.now().wall,
        })
    }

    /// Makes a version that of this workflow, by this number.
    async fn put(
        &self,
        workflow: &Workflow,
        version: &mut WorkflowVersion,
        number: u32,
    ) -> Result<(), Error> {
        version.workflow_sid = Some(workflow.workflow_sid.clone());
        version.version = Some(number);
        let mut batch = Batch::new();
        batch.put_version(version);
        self.commit(workflow, batch).await
    }

    async fn put_workflow(&self, workflow: &Workflow) -> Result<(), Error> {
        self.commit(workflow, Batch::new()).await
    }

    /// Puts a workflow with what else has changed, and tells so.
    pub(crate) async fn commit(&self, workflow: &Workflow, mut batch: Batch) -> Result<(), Error> {
        batch.put_workflow(workflow);
        self.tables().commit(batch).await?;
        self.environment.events.add(News::WorkflowChanged(WorkflowNews::from(workflow)));
        self.environment.finder.get().changed(workflow.workflow_sid.clone());
        Ok(())
    }

    /// A workflow as it is now.
    pub(super) fn still_there(&self, workflow: &Workflow) -> Result<Workflow, Error> {
        self.tables().workflow(&workflow.workflow_sid)?.ok_or_else(|| self.unknown(&workflow.name))
    }

    /// Refuses a name that a workflow has.
    pub(crate) fn check_free(&self, name: &str) -> Result<(), Error> {
        if self.bundled(name).is_none() && self.tables().workflow_by_name(name)?.is_none() {
            return Ok(());
        }
        let message = format!("there is a workflow {name:?} already");
        Err(Error::new(ErrorCode::Conflict, message)
            .hint("make the source the next version of that one, or choose another name"))
    }

    fn unknown(&self, workflow: &str) -> Error {
        let listed = self.list().unwrap_or_default();
        let names: Vec<String> = listed.into_iter().map(|workflow| workflow.name).collect();
        let hint = instead_of(workflow, &names);
        let workflow: String = workflow.chars().take(NAME_CHARS_MAX).collect();
        Error::new(ErrorCode::NotFound, format!("no workflow {workflow:?}")).hint(hint)
    }
}

/// Why a version was made that came with the program.
const BUNDLED_NOTE: &str = "comes with hero_logic";

/// Has a version run from now on. A description that is the docstring's goes with it; one that somebody gave stays.
fn make_current(workflow: &mut Workflow, before: &WorkflowVersion, version: &WorkflowVersion, number: u32) {
    workflow.current_version = number;
    if workflow.description == before.description {
        workflow.description.clone_from(&version.description);
    }
}

/// How tracebacks call the file of a workflow.
fn file_name_of(name: &str) -> String {
    if name.ends_with(".py") { name.to_owned() } else { format!("{name}.py") }
}

fn bundled_keeps(name: &str, what: &str) -> Error {
    Error::new(ErrorCode::Conflict, format!("{name} comes with hero_logic and keeps {what}"))
        .hint("archiving keeps it without listing it")
}

/// SHA-256 over everything that decides how a version runs, each part with its length before it.
pub(crate) fn digest(source: &Source) -> String {
    let mut hash = Sha256::new();
    for part in
        [source.source.as_str(), source.file_name.as_str(), source.entry.as_deref().unwrap_or_default()]
    {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
