//! How workflows have fared, and which of their versions is the best by that.

use hero_sdk::{
    Error,
    logic::{PickVersion, Picked, WorkflowStatistics},
    model::{Statistics, VersionChoice, VersionStatistics},
};
use hero_store::{Tables, Tally};

use super::{
    library::Library,
    pick::{Candidate, check, pick},
};
use crate::benchmarks::estimate::{COST_UNITS, LATENCY_UNITS};

impl Library {
    /// How a workflow and its versions have fared.
    pub(crate) async fn statistics(&self, workflow: &str) -> Result<WorkflowStatistics, Error> {
        let workflow = self.workflow(workflow).await?;
        let tallies = self.tables().tallies(&workflow.workflow_sid)?;
        let versions = tallies
            .iter()
            .map(|(version, tally)| VersionStatistics { version: *version, statistics: shown(tally) });
        Ok(WorkflowStatistics { versions: versions.collect(), workflow: shown(&all(&tallies)) })
    }

    /// The best version by what counts.
    pub(crate) async fn pick_version(&self, params: PickVersion) -> Result<Picked, Error> {
        let PickVersion { workflow, weights, limits } = params;
        check(&weights, &limits)?;
        let workflow = self.workflow(&workflow).await?;
        let (tables, workflow_sid) = (self.tables(), &workflow.workflow_sid);
        let mut candidates: Vec<Candidate> = tables
            .version_numbers(workflow_sid)?
            .into_iter()
            .map(|version| Candidate {
                version,
                is_current: version == workflow.current_version,
                ..Candidate::default()
            })
            .collect();
        for (version, tally) in tables.tallies(workflow_sid)? {
            if let Some(candidate) = candidates.iter_mut().find(|candidate| candidate.version == version) {
                candidate.successes = (tally.succeeded, tally.succeeded + tally.failed + tally.diverged);
                candidate.cost = tally.cost_of_success;
                candidate.latency = tally.latency_us;
            }
        }
        measured_alike(tables, workflow_sid, &mut candidates)?;
        let choice = pick(&candidates, &weights, &limits)?;
        let version = choice.scores.first().map_or(workflow.current_version, |score| score.version);
        let version_sid = self.version(&workflow, &VersionChoice::Number(version))?.version_sid;
        Ok(Picked { version, version_sid, reason: choice.reason, scores: choice.scores })
    }
}

/// Scores are those of the latest benchmarks. Where all that have run have one over the same examples, cost and speed are
/// what those measured as well, since plays from elsewhere had other inputs.
fn measured_alike(
    tables: &Tables,
    workflow_sid: &hero_sdk::WorkflowSid,
    candidates: &mut [Candidate],
) -> Result<(), Error> {
    let mut benchmarks = Vec::with_capacity(candidates.len());
    for candidate in candidates.iter_mut() {
        let latest = tables.benchmark_latest(workflow_sid, candidate.version)?;
        if let Some(row) = &latest {
            candidate.scores.clone_from(&row.measured.scores);
        }
        benchmarks.push(latest);
    }
    let has_run = |candidate: &Candidate| candidate.successes.1 > 0;
    let of_those_that_ran: Vec<_> = candidates
        .iter()
        .zip(&benchmarks)
        .filter(|(candidate, _)| has_run(candidate))
        .map(|(_, row)| row.as_ref().map(|row| &row.benchmark.examples_digest))
        .collect();
    let are_alike = of_those_that_ran.iter().all(Option::is_some)
        && of_those_that_ran.windows(2).all(|pair| pair.first() == pair.last());
    if are_alike {
        for (candidate, row) in candidates.iter_mut().zip(benchmarks) {
            if let Some(row) = row {
                candidate.cost = row.measured.tally.cost_of_success;
                candidate.latency = row.measured.tally.latency_us;
            }
        }
    }
    Ok(())
}

/// Those of all versions together.
pub(super) fn all(tallies: &[(u32, Tally)]) -> Tally {
    let mut all = Tally::default();
    tallies.iter().for_each(|(_, tally)| all.merge(tally));
    all
}

/// A tally as it is shown.
pub(super) fn shown(tally: &Tally) -> Statistics {
    let Tally { succeeded, failed, cancelled, diverged, .. } = *tally;
    let by_themselves = succeeded + failed + diverged;
    let latency = |share: f64| Some(tally.latency_us.quantile(share)? / LATENCY_UNITS);
    Statistics {
        runs: by_themselves + cancelled,
        succeeded,
        failed,
        cancelled,
        diverged,
        success_rate: (by_themselves > 0).then(|| succeeded as f64 / by_themselves as f64),
        latency_p50_ms: latency(0.5),
        latency_p95_ms: latency(0.95),
        cost_p50_usd: tally.cost_of_success.quantile(0.5).map(|cost| cost / COST_UNITS),
        cost_mean_usd: tally.cost_of_success.mean().map(|cost| cost / COST_UNITS),
        cost_usd: tally.cost_nano_usd as f64 / COST_UNITS,
        tokens_in: tally.tokens_in,
        tokens_out: tally.tokens_out,
        last_run_at: tally.last_run_at,
    }
}
