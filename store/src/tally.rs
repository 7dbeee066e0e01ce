//! What is counted of a version as its plays end, so that nobody need look at all plays to say how it fares.

use hero_sdk::{
    Timestamp, WorkflowSid,
    model::{Play, Status},
};
use serde::{Deserialize, Serialize};

use crate::Distribution;

/// A play that has ended, as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Of which workflow.
    pub workflow_sid: WorkflowSid,
    /// Of which version.
    pub version: u32,
    status: Status,
    latency_us: u64,
    cost_nano_usd: u64,
    tokens_in: u64,
    tokens_out: u64,
    ended_at: Timestamp,
}

impl Run {
    /// How a play is counted: not at all unless it has ended, and is of a workflow.
    pub fn of(play: &Play) -> Option<Self> {
        if !play.status.is_terminal() {
            return None;
        }
        Some(Self {
            workflow_sid: play.workflow_sid.clone()?,
            version: play.version?,
            status: play.status,
            latency_us: (play.duration_ms * 1e3).round() as u64,
            // What a flow says of its costs may be anything; what is negative counts as nothing.
            cost_nano_usd: (play.cost_usd * 1e9).round() as u64,
            tokens_in: play.tokens_in,
            tokens_out: play.tokens_out,
            ended_at: play.ended_at.unwrap_or(play.created_at),
        })
    }
}

/// What has been counted of a version: plays that have ended, each once, as its last end was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Plays that gave a result.
    pub succeeded: u64,
    /// Plays that failed.
    pub failed: u64,
    /// Plays that somebody ended.
    pub cancelled: u64,
    /// Plays whose replay did not match their record.
    pub diverged: u64,
    /// What all of them cost, in billionths of a USD.
    pub cost_nano_usd: u64,
    /// Input tokens of all of them.
    pub tokens_in: u64,
    /// Output tokens of all of them.
    pub tokens_out: u64,
    /// When the last one ended, also if it was run again since.
    pub last_run_at: Option<Timestamp>,
    /// In how many microseconds those that gave a result did so, waiting not counted.
    pub latency_us: Distribution,
    /// What those cost that nobody ended, in billionths of a USD: a failure has its price.
    pub cost: Distribution,
}

impl Tally {
    /// Counts a run.
    pub fn add(&mut self, run: &Run) {
        *self.of(run.status) += 1;
        self.cost_nano_usd = self.cost_nano_usd.saturating_add(run.cost_nano_usd);
        self.tokens_in = self.tokens_in.saturating_add(run.tokens_in);
        self.tokens_out = self.tokens_out.saturating_add(run.tokens_out);
        self.last_run_at = self.last_run_at.max(Some(run.ended_at));
        if run.status == Status::Succeeded {
            self.latency_us.add(run.latency_us);
        }
        if run.status != Status::Cancelled {
            self.cost.add(run.cost_nano_usd);
        }
    }

    /// No longer counts a run that was counted.
    pub fn take_out(&mut self, run: &Run) {
        let count = self.of(run.status);
        *count = count.saturating_sub(1);
        self.cost_nano_usd = self.cost_nano_usd.saturating_sub(run.cost_nano_usd);
        self.tokens_in = self.tokens_in.saturating_sub(run.tokens_in);
        self.tokens_out = self.tokens_out.saturating_sub(run.tokens_out);
        if run.status == Status::Succeeded {
            self.latency_us.take_out(run.latency_us);
        }
        if run.status != Status::Cancelled {
            self.cost.take_out(run.cost_nano_usd);
        }
    }

    /// Counts all that another has counted.
    pub fn merge(&mut self, other: &Self) {
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
        self.diverged += other.diverged;
        self.cost_nano_usd = self.cost_nano_usd.saturating_add(other.cost_nano_usd);
        self.tokens_in = self.tokens_in.saturating_add(other.tokens_in);
        self.tokens_out = self.tokens_out.saturating_add(other.tokens_out);
        self.last_run_at = self.last_run_at.max(other.last_run_at);
        self.latency_us.merge(&other.latency_us);
        self.cost.merge(&other.cost);
    }

    fn of(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Succeeded => &mut self.succeeded,
            Status::Cancelled => &mut self.cancelled,
            Status::Diverged => &mut self.diverged,
            // A run is of a play that has ended.
            _ => &mut self.failed,
        }
    }
}
