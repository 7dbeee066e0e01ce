//! What the registry is told.

use std::pin::Pin;

use hero_sdk::{
    Error,
    model::{Workflow, WorkflowVersion},
};
use ractor::RpcReplyPort;

use super::library::Library;

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

type Work = Box<dyn FnOnce(Library) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Work on the library, which is done beside all other: a description takes as long as the file's imports do, and
/// nobody else waits for it.
pub(crate) struct Message(pub(super) Work);

impl Message {
    /// Does this with the library, and says what came of it.
    pub(crate) fn new<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
        work: impl FnOnce(Library) -> F + Send + 'static,
        reply: RpcReplyPort<Result<T, Error>>,
    ) -> Self {
        // Whoever asked may have gone.
        Self(Box::new(|library| Box::pin(async move { drop(reply.send(work(library).await)) })))
    }
}
