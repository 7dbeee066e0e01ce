//! What the actor of benchmarks is told.

use hero_sdk::{BenchmarkSid, Error, WorkflowSid};
use ractor::RpcReplyPort;

/// Messages.
pub(crate) enum Message {
    /// Take up what an earlier actor, or an earlier runtime, left unfinished.
    Recover,
    /// Run one that is in the store.
    Run {
        /// Which.
        benchmark_sid: BenchmarkSid,
        /// Of which workflow.
        workflow_sid: WorkflowSid,
    },
    /// End one with the plays that it runs.
    Cancel {
        /// Which.
        benchmark_sid: BenchmarkSid,
        /// Why.
        reason: String,
        /// Once nothing of it runs any more; false where it did not run.
        reply: RpcReplyPort<bool>,
    },
    /// End all of a workflow.
    CancelAllOf {
        /// Of which.
        workflow_sid: WorkflowSid,
        /// Why.
        reason: String,
        /// Once nothing of them runs any more: how many there were.
        reply: RpcReplyPort<usize>,
    },
    /// How many of a workflow run.
    CountOf {
        /// Of which.
        workflow_sid: WorkflowSid,
        /// So many.
        reply: RpcReplyPort<usize>,
    },
    /// One has ended, or cannot go on.
    Ended(Result<(), Error>, BenchmarkSid),
}
