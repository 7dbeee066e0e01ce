//! How workflows have fared, and which of their versions is the best by that.

use std::collections::BTreeMap;

use hero_sdk::{
    Error, Timestamp, WorkflowSid,
    logic::{PickVersion, Picked, WorkflowStatistics},
    model::{Benchmark, BenchmarkStatus, Scoring, Statistics, VersionChoice, VersionStatistics},
};
use hero_store::{BenchmarkRow, Measured, Tables, Tally};

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
        let limits = limits.unwrap_or_default();
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
                candidate.cost = tally.cost;
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

/// What benchmarks have found, of those that can be held against each other: over the same examples, found right in the same
/// way. Of several such groups it is the one in which most versions are, and of those the newest. Where all versions that
/// have run are in it, cost and speed are what it measured, too, since plays from elsewhere had other inputs.
fn measured_alike(
    tables: &Tables,
    workflow_sid: &WorkflowSid,
    candidates: &mut [Candidate],
) -> Result<(), Error> {
    /// Newest benchmarks of a version that are looked at.
    const LOOKED_AT: usize = 10;
    let mut groups: Vec<Group> = Vec::new();
    for candidate in candidates.iter() {
        for row in tables.benchmarks_page(workflow_sid, Some(candidate.version), None, LOOKED_AT)? {
            let BenchmarkRow { benchmark, measured } = row;
            if benchmark.status != BenchmarkStatus::Completed || measured.scores.count() == 0 {
                continue;
            }
            let is_it = |group: &Group| {
                group.examples_digest == benchmark.examples_digest
                    && group.scoring.judges_as(&benchmark.scoring)
            };
            let at = groups.iter().position(is_it).unwrap_or_else(|| {
                groups.push(Group::of(&benchmark));
                groups.len() - 1
            });
            let Some(group) = groups.get_mut(at) else { continue };
            group.newest = group.newest.max(benchmark.created_at);
            let all = group.measured.entry(candidate.version).or_default();
            all.tally.merge(&measured.tally);
            all.scores.merge(&measured.scores);
        }
    }
    let Some(group) = groups.into_iter().max_by_key(|group| (group.measured.len(), group.newest)) else {
        return Ok(());
    };
    let has_run = |candidate: &Candidate| candidate.successes.1 > 0;
    let are_all = candidates
        .iter()
        .filter(|candidate| has_run(candidate))
        .all(|candidate| group.measured.contains_key(&candidate.version));
    for (version, measured) in group.measured {
        let Some(candidate) = candidates.iter_mut().find(|candidate| candidate.version == version) else {
            continue;
        };
        candidate.scores = measured.scores;
        if are_all {
            candidate.cost = measured.tally.cost;
            candidate.latency = measured.tally.latency_us;
        }
    }
    Ok(())
}

/// Benchmarks that can be held against each other.
struct Group {
    examples_digest: String,
    scoring: Scoring,
    newest: Timestamp,
    /// By version, all of its benchmarks together.
    measured: BTreeMap<u32, Measured>,
}

impl Group {
    fn of(benchmark: &Benchmark) -> Self {
        Self {
            examples_digest: benchmark.examples_digest.clone(),
            scoring: benchmark.scoring.clone(),
            newest: benchmark.created_at,
            measured: BTreeMap::new(),
        }
    }
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
        cost_p50_usd: tally.cost.quantile(0.5).map(|cost| cost / COST_UNITS),
        cost_mean_usd: tally.cost.mean().map(|cost| cost / COST_UNITS),
        cost_usd: tally.cost_nano_usd as f64 / COST_UNITS,
        tokens_in: tally.tokens_in,
        tokens_out: tally.tokens_out,
        last_run_at: tally.last_run_at,
    }
}
