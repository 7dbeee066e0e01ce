//! What the registry is told.

use hero_sdk::{
    Error,
    model::{Workflow, WorkflowVersion},
};
use ractor::RpcReplyPort;

/// A source to be run, saved or not.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Python source.
    pub(crate) source: String,
    /// The name by which tracebacks call its file.
    pub(crate) file_name: String,
    /// The entry, where there are several flows.
    pub(crate) entry: Option<String>,
}

/// A workflow and its version that runs.
pub(crate) type Resolved = (Workflow, WorkflowVersion);

/// Messages of the registry.
pub(crate) enum Message {
    /// Give the anonymous version of a source, described and durable.
    Describe {
        /// The source.
        source: Source,
        /// Its version.
        reply: RpcReplyPort<Result<WorkflowVersion, Error>>,
    },
    /// Give the current version of a workflow, by its name or sid.
    Resolve {
        /// Name or sid.
        workflow: String,
        /// Both.
        reply: RpcReplyPort<Result<Resolved, Error>>,
    },
    /// Give all workflows by name.
    List(RpcReplyPort<Result<Vec<Workflow>, Error>>),
}
