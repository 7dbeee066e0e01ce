//! What the runs of each example came to. Pure: a report in, numbers out.

use std::collections::{HashMap, HashSet};

use hero_sdk::{
    logic::BenchmarkReport,
    model::{BenchmarkStatus, Measurement},
};

/// The runs of one example, those that are measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// The example.
    pub(crate) name: String,
    /// How many runs there will be.
    pub(crate) total: u32,
    /// Those that are measured.
    pub(crate) runs: u32,
    /// Those that go on just now.
    pub(crate) running: u32,
    /// Those that gave a result.
    pub(crate) succeeded: u32,
    /// Those whose score is 1.
    pub(crate) right: u32,
    /// Those that gave a result whose score is between 0 and 1.
    pub(crate) partly: u32,
    /// Those that gave a result whose score is 0.
    pub(crate) wrong: u32,
    /// Those that an evaluator should have judged and did not.
    pub(crate) unscored: u32,
    scored: u32,
    scores: f64,
    cost_usd: f64,
    /// Milliseconds of those that gave a result, rising.
    latencies: Vec<f64>,
}

impl Tally {
    /// Runs that gave no result.
    pub(crate) fn failed(&self) -> u32 {
        self.runs - self.succeeded
    }

    /// Whether something was not as it should be.
    pub(crate) fn has_flaws(&self) -> bool {
        self.failed() + self.wrong + self.partly + self.unscored > 0
    }

    /// The share of runs that gave a result, 0 to 1.
    pub(crate) fn success_rate(&self) -> Option<f64> {
        (self.runs > 0).then(|| f64::from(self.succeeded) / f64::from(self.runs))
    }

    /// The mean score, 0 to 1.
    pub(crate) fn accuracy(&self) -> Option<f64> {
        (self.scored > 0).then(|| self.scores / f64::from(self.scored))
    }

    /// The mean cost of a run, in USD.
    pub(crate) fn cost_mean_usd(&self) -> Option<f64> {
        (self.runs > 0).then(|| self.cost_usd / f64::from(self.runs))
    }

    /// The time in which this share of those that gave a result did so, by the nearest rank; milliseconds.
    pub(crate) fn latency_ms(&self, share: f64) -> Option<f64> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a rank among ten thousand at most"
        )]
        let rank = (share * self.latencies.len() as f64).ceil() as usize;
        self.latencies.get(rank.saturating_sub(1)).copied()
    }

    fn add(&mut self, run: &Measurement) {
        self.runs += 1;
        self.unscored += u32::from(run.unscored.is_some());
        self.cost_usd += run.cost_usd;
        if run.succeeded {
            self.succeeded += 1;
            self.latencies.push(run.latency_ms);
        }
        if let Some(score) = run.accuracy {
            self.scored += 1;
            self.scores += score;
            self.right += u32::from(is_right(score));
            self.partly += u32::from(run.succeeded && score > 0.0 && !is_right(score));
            self.wrong += u32::from(run.succeeded && score <= 0.0);
        }
    }
}

/// Whether a score is the best that there is.
pub(crate) fn is_right(score: f64) -> bool {
    score >= 1.0
}

/// The runs of each example, in the order of the benchmark.
pub(crate) fn tallies(report: &BenchmarkReport) -> Vec<Tally> {
    let BenchmarkReport { benchmark, measurements } = report;
    let empty = |name: &String| Tally { name: name.clone(), total: benchmark.repeats, ..Tally::default() };
    let mut tallies: Vec<Tally> = benchmark.examples.iter().map(empty).collect();
    let places: HashMap<&str, usize> =
        benchmark.examples.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    for run in measurements {
        if let Some(tally) = places.get(run.example.as_str()).and_then(|place| tallies.get_mut(*place)) {
            tally.add(run);
        }
    }
    for index in in_motion(report) {
        let place = (index / benchmark.repeats.max(1)) as usize;
        if let Some(tally) = tallies.get_mut(place) {
            tally.running += 1;
        }
    }
    tallies.iter_mut().for_each(|tally| tally.latencies.sort_by(f64::total_cmp));
    tallies
}

/// The runs that go on: they begin in their order, and so many at once.
fn in_motion(report: &BenchmarkReport) -> Vec<u32> {
    let BenchmarkReport { benchmark, measurements } = report;
    if benchmark.status != BenchmarkStatus::Running {
        return Vec::new();
    }
    let done: HashSet<u32> = measurements.iter().map(|run| run.index).collect();
    let left = (0..benchmark.total).filter(|index| !done.contains(index));
    left.take(benchmark.concurrency as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::testing::{failed, report, right, wrong};

    #[test]
    fn each_run_counts_once_and_in_its_example() {
        let report = report(&["a", "b"], 3, &[right(0, 10.0), wrong(1, 30.0), failed(2), right(3, 5.0)]);
        let [a, b] = &tallies(&report)[..] else { panic!("two examples") };
        assert_eq!((a.total, a.runs, a.succeeded, a.failed(), a.right, a.wrong), (3, 3, 2, 1, 1, 1));
        assert_eq!((a.success_rate(), a.accuracy()), (Some(2.0 / 3.0), Some(1.0 / 3.0)));
        assert_eq!((a.latency_ms(0.5), a.latency_ms(0.95)), (Some(10.0), Some(30.0)));
        assert_eq!((a.running, b.running), (0, 2));
        assert_eq!((b.runs, b.right, b.latency_ms(0.5), b.cost_mean_usd()), (1, 1, Some(5.0), Some(0.001)));
        assert_eq!(Tally::default().latency_ms(0.5), None);
    }
}
