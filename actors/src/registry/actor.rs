//! Finds versions in the store, and makes those that are not there.

use std::sync::Arc;

use hero_sdk::{
    Error, ErrorCode, VersionSid, WorkflowSid,
    model::{Workflow, WorkflowVersion},
};
use hero_store::Batch;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use super::{
    bundled::{BundledFlow, as_listed, nearest},
    describe::describe,
    message::{Message, Resolved, Source},
};
use crate::play::Environment;

/// The actor. It keeps no state: every question is answered from the store, beside the others.
pub(crate) struct RegistryActor {
    /// What it works with.
    pub(crate) environment: Arc<Environment>,
    /// The flows that come with the program.
    pub(crate) library: Arc<Vec<BundledFlow>>,
    /// Held while a bundled flow becomes a workflow, of which there must be one.
    pub(crate) installing: Arc<Mutex<()>>,
}

impl Actor for RegistryActor {
    type Msg = Message;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Message>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<Message>,
        message: Message,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        let library = Library {
            environment: Arc::clone(&self.environment),
            bundled: Arc::clone(&self.library),
            installing: Arc::clone(&self.installing),
        };
        // A description takes as long as the file's imports do; others do not wait for it. Two of the same source at
        // once make two versions of which the store keeps one digest: both are right.
        match message {
            Message::Describe { source, reply } => {
                tokio::spawn(async move { drop(reply.send(library.anonymous(&source).await)) });
            }
            Message::Resolve { workflow, reply } => {
                tokio::spawn(async move { drop(reply.send(library.resolve(&workflow).await)) });
            }
            Message::List(reply) => drop(reply.send(library.list())),
        }
        Ok(())
    }
}

struct Library {
    environment: Arc<Environment>,
    bundled: Arc<Vec<BundledFlow>>,
    installing: Arc<Mutex<()>>,
}

impl Library {
    async fn anonymous(&self, source: &Source) -> Result<WorkflowVersion, Error> {
        if let Some(known) = self.environment.tables.version_by_digest(&digest(source))? {
            return Ok(known);
        }
        let version = self.make_version(source).await?;
        let mut batch = Batch::new();
        batch.put_version(&version);
        self.environment.tables.commit(batch).await?;
        Ok(version)
    }

    async fn resolve(&self, workflow: &str) -> Result<Resolved, Error> {
        if let Some(bundled) = self.bundled.iter().find(|bundled| bundled.name == workflow) {
            return self.install(bundled).await;
        }
        let tables = &self.environment.tables;
        let known = match workflow.parse::<WorkflowSid>() {
            Ok(workflow_sid) => tables.workflow(&workflow_sid)?,
            Err(_) => tables.workflow_by_name(workflow)?,
        };
        let known = known.ok_or_else(|| self.unknown(workflow))?;
        let missing =
            || Error::new(ErrorCode::StoreCorrupt, format!("workflow {workflow} has no current version"));
        let version =
            tables.workflow_version(&known.workflow_sid, known.current_version)?.ok_or_else(missing)?;
        Ok((known, version))
    }

    /// A bundled flow as a workflow; a newer program's source becomes its next version.
    async fn install(&self, bundled: &BundledFlow) -> Result<Resolved, Error> {
        let tables = &self.environment.tables;
        let source =
            Source { source: bundled.source.clone(), file_name: bundled.file_name.clone(), entry: None };
        if let (Some(workflow), Some(current)) = self.installed(bundled, &source)? {
            return Ok((workflow, current));
        }
        let mut version = self.make_version(&source).await?;
        let _installing = self.installing.lock().await;
        // Somebody may have been faster.
        let known = match self.installed(bundled, &source)? {
            (Some(workflow), Some(current)) => return Ok((workflow, current)),
            (known, _) => known,
        };
        let mut workflow = known
            .unwrap_or_else(|| as_listed(bundled, WorkflowSid::new(), self.environment.clock.now().wall));
        let mut number = workflow.current_version;
        while tables.workflow_version(&workflow.workflow_sid, number)?.is_some() {
            number += 1;
        }
        workflow.current_version = number;
        version.workflow_sid = Some(workflow.workflow_sid.clone());
        version.version = Some(number);
        let mut batch = Batch::new();
        batch.put_version(&version);
        batch.put_workflow(&workflow);
        tables.commit(batch).await?;
        Ok((workflow, version))
    }

    /// The workflow of this name, and its current version where that is of this source.
    fn installed(
        &self,
        bundled: &BundledFlow,
        source: &Source,
    ) -> Result<(Option<Workflow>, Option<WorkflowVersion>), Error> {
        let tables = &self.environment.tables;
        let Some(known) = tables.workflow_by_name(&bundled.name)? else { return Ok((None, None)) };
        let current = tables.workflow_version(&known.workflow_sid, known.current_version)?;
        let is_same = |current: &WorkflowVersion| current.digest == digest(source);
        Ok((Some(known), current.filter(is_same)))
    }

    fn list(&self) -> Result<Vec<Workflow>, Error> {
        let mut workflows = self.environment.tables.workflows()?;
        let now = self.environment.clock.now().wall;
        for bundled in self.bundled.iter() {
            if !workflows.iter().any(|workflow| workflow.name == bundled.name) {
                workflows.push(as_listed(bundled, WorkflowSid::new(), now));
            }
        }
        workflows.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(workflows)
    }

    async fn make_version(&self, source: &Source) -> Result<WorkflowVersion, Error> {
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
            description: flow.description,
            inputs: flow.inputs,
            outputs: flow.outputs,
            options: flow.options,
            dependencies: Vec::new(),
            note: None,
            created_at: self.environment.clock.now().wall,
        })
    }

    fn unknown(&self, workflow: &str) -> Error {
        let listed = self.list().unwrap_or_default();
        let near = nearest(workflow, listed.iter().map(|workflow| workflow.name.as_str()));
        let hint = match near.first() {
            Some(near) => format!("did you mean {near}?"),
            None => {
                let names: Vec<&str> = listed.iter().map(|workflow| workflow.name.as_str()).collect();
                format!("there are: {}", names.join(", "))
            }
        };
        Error::new(ErrorCode::NotFound, format!("no workflow {workflow:?}")).hint(hint)
    }
}

/// SHA-256 over everything that decides how a version runs, each part with its length before it.
fn digest(source: &Source) -> String {
    let mut hash = Sha256::new();
    for part in
        [source.source.as_str(), source.file_name.as_str(), source.entry.as_deref().unwrap_or_default()]
    {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
