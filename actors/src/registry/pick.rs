//! Chooses a version by what is known of each: limits first, then weights. Pure.
//!
//! What counts of a measure is not what was measured but how bad it may be: the end, on the bad side, of an interval of
//! which the truth is on the other side with a confidence of 80 %. So a version with one lucky run is not the best, and a
//! version with many runs is nearly what it was measured to be.

use hero_sdk::{
    Error, ErrorCode, FieldError,
    logic::{Limits, Measure, VersionScore, Weights},
};
use hero_store::Distribution;

use crate::benchmarks::estimate::{
    COST_UNITS, LATENCY_UNITS, SCORE_UNITS, normal_quantile, variance, wilson,
};

/// One-sided, of every bound.
const CONFIDENCE: f64 = 0.8;
/// How many runs the spread of all versions counts for in that of one, of which few runs say little.
const PRIOR_RUNS: f64 = 4.0;
/// The spread, as a share of the mean, that is taken for that of all at least: a few runs that were alike are no proof.
const SPREAD: f64 = 0.5;
/// Scores that are nearer to each other are the same.
const TIE: f64 = 1e-6;

/// What is known of a version.
#[derive(Clone, Debug, Default)]
pub(super) struct Candidate {
    pub(super) version: u32,
    pub(super) is_current: bool,
    /// Of runs that nobody ended, in billionths of a USD.
    pub(super) cost: Distribution,
    /// Of those that gave a result, in microseconds.
    pub(super) latency: Distribution,
    /// Of the runs of its benchmarks that can be held against those of others, in millionths.
    pub(super) scores: Distribution,
    /// Of all runs that nobody ended: how many gave a result, and how many there were.
    pub(super) successes: (u64, u64),
}

/// The versions in their order, and the reason why the first is the first.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) scores: Vec<VersionScore>,
    pub(super) reason: String,
}

/// Refuses weights and limits that are none.
pub(super) fn check(weights: &Weights, limits: &Limits) -> Result<(), Error> {
    let wrong = |pointer: &str, message: String, hint: &str| {
        let field = FieldError { pointer: pointer.to_owned(), message: message.clone() };
        Err(Error::new(ErrorCode::InvalidParams, message).fields(vec![field]).hint(hint))
    };
    let Weights { cost, speed, accuracy } = *weights;
    for (name, weight) in [("cost", cost), ("speed", speed), ("accuracy", accuracy)] {
        if !weight.is_finite() || weight < 0.0 {
            let message = format!("the weight of {name} is {weight}, and must not be negative");
            return wrong(&format!("/weights/{name}"), message, "0 has it not count");
        }
    }
    if cost.max(speed).max(accuracy) <= 0.0 {
        let message = "all weights are 0, so nothing counts".to_owned();
        return wrong("/weights", message, "give cost, speed or accuracy a weight above 0");
    }
    let Limits { max_cost_usd, max_p95_ms, min_accuracy } = *limits;
    for (name, limit, max) in [
        ("max_cost_usd", max_cost_usd, f64::MAX),
        ("max_p95_ms", max_p95_ms, f64::MAX),
        ("min_accuracy", min_accuracy, 1.0),
    ] {
        let Some(limit) = limit.filter(|limit| !(0.0..=max).contains(limit)) else { continue };
        let range = if max == 1.0 { "0 to 1" } else { "a number from 0" };
        let message = format!("the limit {name} is {limit}, and must be {range}");
        return wrong(&format!("/limits/{name}"), message, "leave it out to set no limit");
    }
    Ok(())
}

/// Chooses. `no_version_fits` where the limits exclude all; there is at least one candidate.
pub(super) fn pick(candidates: &[Candidate], weights: &Weights, limits: &Limits) -> Result<Choice, Error> {
    let uses_success = candidates.iter().all(|candidate| candidate.scores.count() == 0);
    let mut rows: Vec<(VersionScore, bool)> =
        measures(candidates, uses_success && limits.min_accuracy.is_none())
            .into_iter()
            .zip(candidates)
            .map(|([cost, speed, accuracy], candidate)| {
                let excluded = excluded(&[cost, speed, accuracy], limits);
                let version = candidate.version;
                (VersionScore { version, score: None, excluded, cost, speed, accuracy }, candidate.is_current)
            })
            .collect();
    if rows.iter().all(|(row, _)| !row.excluded.is_empty()) {
        return Err(none_fits(rows.iter().map(|(row, _)| row)));
    }
    normalise(&mut rows, |row| &mut row.cost, ratio, f64::min);
    normalise(&mut rows, |row| &mut row.speed, ratio, f64::min);
    normalise(&mut rows, |row| &mut row.accuracy, |best, bound| ratio(bound, best), f64::max);
    for (row, _) in rows.iter_mut().filter(|(row, _)| row.excluded.is_empty()) {
        row.score = Some(score(row, weights));
    }
    // The best score; of the same scores the current version, then the newest.
    rows.sort_by(|(one, one_is_current), (other, other_is_current)| {
        let rank = |row: &VersionScore| row.score.map_or(f64::NEG_INFINITY, |score| (score / TIE).round());
        rank(other)
            .total_cmp(&rank(one))
            .then(other_is_current.cmp(one_is_current))
            .then(other.version.cmp(&one.version))
    });
    let reason = reason(&rows, weights, uses_success && limits.min_accuracy.is_none());
    Ok(Choice { scores: rows.into_iter().map(|(row, _)| row).collect(), reason })
}

/// Cost, speed and accuracy of each, not normalised yet.
fn measures(candidates: &[Candidate], uses_success: bool) -> Vec<[Option<Measure>; 3]> {
    let cost_spread = pooled(candidates.iter().map(|candidate| &candidate.cost));
    let latency_spread = pooled(candidates.iter().map(|candidate| &candidate.latency));
    let z = normal_quantile(CONFIDENCE);
    candidates
        .iter()
        .map(|candidate| {
            // What never gave a result is not cheap.
            let (succeeded, ended) = candidate.successes;
            let cost = candidate.cost.mean().filter(|_| succeeded > 0 || ended == 0).map(|mean| {
                let count = candidate.cost.count();
                let error = spread(&candidate.cost, cost_spread) * mean / (count as f64).sqrt();
                measure(mean / COST_UNITS, (mean + z * error) / COST_UNITS, count)
            });
            let speed = candidate.latency.quantile(0.95).map(|p95| {
                let count = candidate.latency.count();
                // The error of a quantile of a log-normal distribution, by the delta method.
                let tail = normal_quantile(0.95).powi(2) / 2.0;
                let error = spread(&candidate.latency, latency_spread) * ((1.0 + tail) / count as f64).sqrt();
                measure(p95 / LATENCY_UNITS, p95 * (z * error).exp() / LATENCY_UNITS, count)
            });
            let (sum, count) = match uses_success {
                true => (candidate.successes.0 as f64, candidate.successes.1),
                false => (candidate.scores.sum() as f64 / SCORE_UNITS, candidate.scores.count()),
            };
            let accuracy = (count > 0).then(|| {
                let mean = sum / count as f64;
                measure(mean, wilson(mean, count as f64, z).0, count)
            });
            [cost, speed, accuracy]
        })
        .collect()
}

fn measure(measured: f64, bound: f64, runs: u64) -> Measure {
    Measure { measured, bound, runs, normalised: 0.0 }
}

/// The variance, as a share of the mean's square, of all that have two values, each by how many it has.
fn pooled<'a>(all: impl Iterator<Item = &'a Distribution>) -> f64 {
    let (mut sum, mut freedom) = (0.0, 0.0);
    for values in all.filter(|values| values.count() > 1 && values.sum() > 0) {
        let free = (values.count() - 1) as f64;
        sum += free * relative_variance(values);
        freedom += free;
    }
    if freedom > 0.0 { (sum / freedom).max(SPREAD * SPREAD) } else { SPREAD * SPREAD }
}

fn relative_variance(values: &Distribution) -> f64 {
    values.mean().filter(|mean| *mean > 0.0).map_or(0.0, |mean| variance(values) / (mean * mean))
}

/// The standard deviation as a share of the mean: that of these values, and for as many runs as the prior says that of all
/// (as Smyth 2004 moderates variances).
fn spread(values: &Distribution, pooled: f64) -> f64 {
    let free = values.count().saturating_sub(1) as f64;
    ((free * relative_variance(values) + PRIOR_RUNS * pooled) / (free + PRIOR_RUNS)).sqrt()
}

/// Each limit that is not kept, and by how much.
fn excluded([cost, speed, accuracy]: &[Option<Measure>; 3], limits: &Limits) -> Vec<String> {
    let mut excluded = Vec::new();
    let mut hold = |name: &str, limit: Option<f64>, measure: &Option<Measure>, unit: &str, is_least: bool| {
        let Some(limit) = limit else { return };
        let Some(Measure { measured, bound, runs, .. }) = measure else {
            excluded.push(format!("{name} {limit}{unit}: nothing was measured"));
            return;
        };
        if if is_least { *bound >= limit } else { *bound <= limit } {
            return;
        }
        let (side, by) = if is_least { ("at least", limit - bound) } else { ("up to", bound - limit) };
        excluded.push(format!(
            "{name} {limit}{unit}: {side} {bound:.4}{unit} (measured {measured:.4}{unit} in {runs} runs), {by:.4}{unit} too {}",
            if is_least { "low" } else { "high" },
        ));
    };
    hold("max_cost_usd", limits.max_cost_usd, cost, " USD", false);
    hold("max_p95_ms", limits.max_p95_ms, speed, " ms", false);
    hold("min_accuracy", limits.min_accuracy, accuracy, "", true);
    excluded
}

fn none_fits<'a>(rows: impl ExactSizeIterator<Item = &'a VersionScore>) -> Error {
    /// Versions that are named.
    const NAMED_MAX: usize = 10;
    let more = rows.len().saturating_sub(NAMED_MAX);
    let mut versions: Vec<String> = rows
        .take(NAMED_MAX)
        .map(|row| format!("version {}: {}", row.version, row.excluded.join("; ")))
        .collect();
    if more > 0 {
        versions.push(format!("and {more} more"));
    }
    Error::new(ErrorCode::NoVersionFits, format!("no version keeps the limits: {}", versions.join(". ")))
        .hint("loosen a limit, or benchmark the versions more often: with few runs they are taken to be as bad as those allow")
}

/// Holds a measure of all that are not excluded against the best of them.
fn normalise(
    rows: &mut [(VersionScore, bool)],
    of: fn(&mut VersionScore) -> &mut Option<Measure>,
    normalised: fn(f64, f64) -> f64,
    better: fn(f64, f64) -> f64,
) {
    let included = rows.iter_mut().filter(|(row, _)| row.excluded.is_empty());
    let bounds = included.filter_map(|(row, _)| of(row).as_ref().map(|measure| measure.bound));
    let Some(best) = bounds.reduce(better) else { return };
    for (row, _) in rows.iter_mut().filter(|(row, _)| row.excluded.is_empty()) {
        if let Some(measure) = of(row) {
            measure.normalised = normalised(best, measure.bound);
        }
    }
}

/// The less as a share of the more; two that are nothing are the same.
fn ratio(less: f64, more: f64) -> f64 {
    if more <= 0.0 { 1.0 } else { (less / more).clamp(0.0, 1.0) }
}

fn score(row: &VersionScore, weights: &Weights) -> f64 {
    // Only their ratio counts, and a sum of huge ones would be none.
    let largest = weights.cost.max(weights.speed).max(weights.accuracy);
    let weights = Weights {
        cost: weights.cost / largest,
        speed: weights.speed / largest,
        accuracy: weights.accuracy / largest,
    };
    let part =
        |weight: f64, measure: &Option<Measure>| weight * measure.map_or(0.0, |measure| measure.normalised);
    let sum = part(weights.cost, &row.cost)
        + part(weights.speed, &row.speed)
        + part(weights.accuracy, &row.accuracy);
    sum / (weights.cost + weights.speed + weights.accuracy)
}

fn reason(rows: &[(VersionScore, bool)], weights: &Weights, uses_success: bool) -> String {
    let Some((best, best_is_current)) = rows.first() else { return String::new() };
    let score = best.score.unwrap_or_default();
    let mut reason = format!("version {} scores {score:.3}", best.version);
    let second = rows.iter().skip(1).find_map(|(row, _)| Some((row.version, row.score?)));
    match second {
        Some((version, other)) if (other - score).abs() < TIE => {
            let why = if *best_is_current { "it is the current one" } else { "it is the newer one" };
            reason.push_str(&format!(", the same as version {version}, and {why}"));
        }
        Some((version, other)) => reason.push_str(&format!(", version {version} as the next {other:.3}")),
        None if rows.len() > 1 => reason.push_str(", as the only one that keeps the limits"),
        None => reason.push_str(", as the only version"),
    }
    let mut parts = Vec::new();
    let mut say = |weight: f64, name: &str, measure: &Option<Measure>, unit: &str| {
        if weight > 0.0 {
            parts.push(match measure {
                Some(Measure { measured, bound, runs, .. }) => {
                    format!("{name} {measured:.4}{unit} in {runs} runs, taken as {bound:.4}{unit}")
                }
                None => format!("{name} not measured, which counts as nothing"),
            });
        }
    };
    let accuracy = if uses_success { "no benchmark says how accurate, so success rate" } else { "accuracy" };
    say(weights.accuracy, accuracy, &best.accuracy, "");
    say(weights.cost, "mean cost", &best.cost, " USD");
    say(weights.speed, "95th percentile of latency", &best.speed, " ms");
    let excluded = rows.iter().filter(|(row, _)| row.score.is_none()).count();
    reason.push_str(&format!(": {}", parts.join("; ")));
    match excluded {
        0 => {}
        1 => reason.push_str(". One version does not keep the limits"),
        many => reason.push_str(&format!(". {many} versions do not keep the limits")),
    }
    reason
}

#[cfg(test)]
mod tests;
