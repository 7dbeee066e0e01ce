//! Workflows that take no new plays for now, since they are being deleted. Only in memory: whoever comes up after a
//! crash finds each of them open, or deleted.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hero_sdk::WorkflowSid;

/// Those of a runtime. A clone speaks of the same.
#[derive(Clone, Default)]
pub(crate) struct Closing(Arc<Mutex<HashSet<WorkflowSid>>>);

/// A workflow is closed as long as this lives.
pub(crate) struct Closed {
    closing: Closing,
    workflow_sid: WorkflowSid,
}

impl Closing {
    /// Closes a workflow; none where somebody else has.
    pub(crate) fn close(&self, workflow_sid: &WorkflowSid) -> Option<Closed> {
        let is_first = self.all().insert(workflow_sid.clone());
        is_first.then(|| Closed { closing: self.clone(), workflow_sid: workflow_sid.clone() })
    }

    /// Whether it is closed.
    pub(crate) fn contains(&self, workflow_sid: &WorkflowSid) -> bool {
        self.all().contains(workflow_sid)
    }

    fn all(&self) -> MutexGuard<'_, HashSet<WorkflowSid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.closing.all().remove(&self.workflow_sid);
    }
}
