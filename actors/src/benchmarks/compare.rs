//! How the runs of a benchmark stand to those of another over the same examples. Pure: the same runs give the same answer.
//!
//! What is uncertain is found by the bootstrap (Efron 1979), in two stages: examples are drawn anew, and of each drawn
//! example its runs. So one hard example among a few shows as what it is, and so do runs that vary by themselves.

use std::collections::BTreeMap;

use hero_sdk::{logic::Difference, model::Measurement};

/// How often everything is drawn anew. It takes milliseconds, and the shares are right to about a percent.
const DRAWS: usize = 2_000;
/// Draws must be the same whenever the same is compared.
const SEED: u64 = 0x6865_726f;
/// Of the intervals.
const CONFIDENCE: f64 = 0.95;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// The score.
    Accuracy,
    /// Whether an evaluator that was to judge a run did.
    Judged,
    /// Whether a run gave a result.
    SuccessRate,
    /// Of all runs: a failure has its price.
    Cost,
    /// Of those that gave a result.
    Latency,
}

impl Measure {
    pub(super) const ALL: [Self; 5] =
        [Self::Accuracy, Self::Judged, Self::SuccessRate, Self::Cost, Self::Latency];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Judged => "judged",
            Self::SuccessRate => "success_rate",
            Self::Cost => "cost",
            Self::Latency => "latency",
        }
    }

    /// Whether more of it is better; then it is a share, and else an amount.
    pub(super) fn is_share(self) -> bool {
        matches!(self, Self::Accuracy | Self::Judged | Self::SuccessRate)
    }

    fn of(self, run: &Measurement) -> Option<f64> {
        match self {
            Self::Accuracy => run.accuracy,
            Self::Judged if run.unscored.is_some() => Some(0.0),
            Self::Judged => run.accuracy.map(|_| 1.0),
            Self::SuccessRate => Some(f64::from(u8::from(run.succeeded))),
            Self::Cost => Some(run.cost_usd),
            Self::Latency => run.succeeded.then_some(run.latency_ms),
        }
    }

    /// Whether a change is not worse than by this much. Differences of rounding are no differences.
    fn is_within(self, change: f64, bound: f64) -> bool {
        let worse_by = if self.is_share() { -change } else { change };
        worse_by - bound <= 1e-9
    }

    fn change(self, baseline: f64, candidate: f64) -> f64 {
        match (self.is_share(), baseline > 0.0) {
            (true, _) => candidate - baseline,
            (false, true) => candidate / baseline - 1.0,
            // Of nothing no multiple is more.
            (false, false) if candidate > 0.0 => f64::MAX,
            (false, false) => 0.0,
        }
    }
}

/// How a measure differs, and what could have come out as well.
pub(super) struct Compared {
    pub(super) difference: Difference,
    pub(super) measure: Measure,
    /// Changes, rising; none where there are too few runs to draw from.
    drawn: Vec<f64>,
    /// Runs of the side that has fewer.
    runs: usize,
}

impl Compared {
    /// With which confidence the change is not worse than by this much: the share of draws in which it is not. Draws know
    /// nothing of what has not come up yet, so it is never more than (n + 1) / (n + 2) of n runs, nor less than the rest: as
    /// sure as Laplace's rule of succession lets anybody be of what came out the same each time.
    pub(super) fn confidence(&self, bound: f64) -> f64 {
        let is_within = |change: &f64| self.measure.is_within(*change, bound);
        let share = match self.drawn.len() {
            0 => f64::from(u8::from(is_within(&self.difference.change))),
            draws => self.drawn.iter().filter(|change| is_within(change)).count() as f64 / draws as f64,
        };
        let most = (self.runs + 1) as f64 / (self.runs + 2) as f64;
        share.clamp(1.0 - most, most)
    }

    /// Whether what was measured is not worse than by this much.
    pub(super) fn is_within(&self, bound: f64) -> bool {
        self.measure.is_within(self.difference.change, bound)
    }
}

/// Values of both sides, by example; only of examples that both have.
type Pairs = Vec<(Vec<f64>, Vec<f64>)>;

/// Compares one measure; none where no example has it on both sides.
pub(super) fn compare(
    measure: Measure,
    baseline: &[Measurement],
    candidate: &[Measurement],
) -> Option<Compared> {
    let pairs = pairs(measure, baseline, candidate);
    if pairs.is_empty() {
        return None;
    }
    let count = pairs.len() as f64;
    let baseline = pairs.iter().map(|(one, _)| mean(one)).sum::<f64>() / count;
    let candidate = pairs.iter().map(|(_, other)| mean(other)).sum::<f64>() / count;
    let change = measure.change(baseline, candidate);
    let can_vary = pairs.len() > 1 || pairs.iter().any(|(one, other)| one.len() > 1 && other.len() > 1);
    let mut drawn = if can_vary { draw(measure, &pairs) } else { Vec::new() };
    drawn.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let index = (share * drawn.len().saturating_sub(1) as f64).round() as usize;
        drawn.get(index).copied().unwrap_or(change)
    };
    let (low, high) = (at((1.0 - CONFIDENCE) / 2.0), at((1.0 + CONFIDENCE) / 2.0));
    let difference = Difference { baseline, candidate, change, low, high, confidence: 0.0 };
    let of = |side: fn(&(Vec<f64>, Vec<f64>)) -> usize| pairs.iter().map(side).sum::<usize>();
    let runs = of(|(one, _)| one.len()).min(of(|(_, other)| other.len()));
    let mut compared = Compared { difference, measure, drawn, runs };
    compared.difference.confidence = compared.confidence(0.0);
    Some(compared)
}

/// How many examples both have runs of.
pub(super) fn common_examples(baseline: &[Measurement], candidate: &[Measurement]) -> usize {
    pairs(Measure::SuccessRate, baseline, candidate).len()
}

fn pairs(measure: Measure, baseline: &[Measurement], candidate: &[Measurement]) -> Pairs {
    let by_example = |runs: &[Measurement]| {
        let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for run in runs {
            if let Some(value) = measure.of(run) {
                values.entry(run.example.clone()).or_default().push(value);
            }
        }
        values
    };
    let mut others = by_example(candidate);
    let both =
        by_example(baseline).into_iter().filter_map(|(name, values)| Some((values, others.remove(&name)?)));
    both.collect()
}

fn draw(measure: Measure, pairs: &Pairs) -> Vec<f64> {
    let mut random = SplitMix(SEED);
    (0..DRAWS)
        .map(|_| {
            let (mut baseline, mut candidate) = (0.0, 0.0);
            for _ in pairs {
                let Some((one, other)) = pairs.get(random.below(pairs.len())) else { continue };
                baseline += drawn_mean(one, &mut random);
                candidate += drawn_mean(other, &mut random);
            }
            let count = pairs.len() as f64;
            measure.change(baseline / count, candidate / count)
        })
        .collect()
}

fn drawn_mean(values: &[f64], random: &mut SplitMix) -> f64 {
    let drawn = values.iter().filter_map(|_| values.get(random.below(values.len())));
    drawn.sum::<f64>() / values.len() as f64
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The generator of Steele, Lea and Flood (2014).
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        ((u128::from(word) * count as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(values: &[(&str, f64, f64)]) -> Vec<Measurement> {
        let run = |(index, (example, accuracy, cost_usd)): (usize, &(&str, f64, f64))| Measurement {
            index: u32::try_from(index).unwrap(),
            example: (*example).to_owned(),
            repeat: 1,
            play_sid: None,
            succeeded: *accuracy >= 0.0,
            error: None,
            latency_ms: cost_usd * 1_000.0,
            cost_usd: *cost_usd,
            tokens_in: 0,
            tokens_out: 0,
            accuracy: Some(accuracy.max(0.0)),
            verdict: None,
            unscored: None,
            outputs: None,
        };
        values.iter().enumerate().map(run).collect()
    }

    #[test]
    fn what_is_better_for_certain_is_so_with_certainty() {
        let names: Vec<String> = (0..20).map(|number| format!("e{number}")).collect();
        let side = |accuracy: f64, cost: f64| {
            let values: Vec<_> = names.iter().map(|name| (name.as_str(), accuracy, cost)).collect();
            runs(&values)
        };
        let (old, new) = (side(0.5, 0.02), side(1.0, 0.01));
        let accuracy = compare(Measure::Accuracy, &old, &new).unwrap();
        // Twenty runs came out the same.
        assert_eq!((accuracy.difference.change, accuracy.difference.confidence), (0.5, 21.0 / 22.0));
        let cost = compare(Measure::Cost, &old, &new).unwrap().difference;
        assert!((cost.change + 0.5).abs() < 1e-9 && cost.low <= cost.change && cost.change <= cost.high);
        let back = compare(Measure::Cost, &new, &old).unwrap();
        let confidences = (back.confidence(0.0), back.confidence(0.99), back.confidence(1.0));
        assert_eq!(confidences, (1.0 - 21.0 / 22.0, 1.0 - 21.0 / 22.0, 21.0 / 22.0));
        assert!(!back.is_within(0.99) && back.is_within(1.0));
        // The same again, whenever it is asked.
        assert_eq!(compare(Measure::Cost, &new, &old).unwrap().difference, back.difference);
    }

    #[test]
    fn what_is_a_matter_of_luck_is_said_with_doubt() {
        let old = runs(&[("a", 1.0, 1.0), ("b", 0.0, 1.0), ("c", 1.0, 1.0), ("d", 0.0, 1.0)]);
        let new = runs(&[("a", 0.0, 1.0), ("b", 1.0, 1.0), ("c", 1.0, 1.0), ("d", 1.0, 1.0)]);
        let accuracy = compare(Measure::Accuracy, &old, &new).unwrap().difference;
        assert_eq!(accuracy.change, 0.25);
        assert!((0.6..0.95).contains(&accuracy.confidence), "{accuracy:?}");
        assert!(accuracy.low < 0.0 && accuracy.high > 0.25, "{accuracy:?}");
    }

    #[test]
    fn only_examples_of_both_count_and_a_failure_has_its_price_and_no_latency() {
        let old = runs(&[("a", 1.0, 1.0), ("a", 1.0, 3.0), ("gone", 1.0, 9.0)]);
        let new = runs(&[("new", 1.0, 9.0), ("a", -1.0, 0.1), ("a", 1.0, 4.0)]);
        assert_eq!(common_examples(&old, &new), 1);
        let cost = compare(Measure::Cost, &old, &new).unwrap().difference;
        assert_eq!((cost.baseline, cost.candidate), (2.0, 2.05));
        let latency = compare(Measure::Latency, &old, &new).unwrap().difference;
        assert_eq!((latency.baseline, latency.candidate, latency.change), (2_000.0, 4_000.0, 1.0));
        let success = compare(Measure::SuccessRate, &old, &new).unwrap().difference;
        assert_eq!((success.baseline, success.candidate), (1.0, 0.5));
        assert!(compare(Measure::Latency, &old, &runs(&[("a", -1.0, 1.0)])).is_none());
        // One run on each side says nothing of how they vary.
        let one = compare(Measure::Cost, &runs(&[("a", 1.0, 1.0)]), &runs(&[("a", 1.0, 1.1)])).unwrap();
        assert_eq!((one.confidence(0.0), one.confidence(0.2)), (1.0 - 2.0 / 3.0, 2.0 / 3.0));
    }

    #[test]
    fn something_is_more_than_nothing() {
        let (free, dear) =
            (runs(&[("a", 1.0, 0.0), ("b", 1.0, 0.0)]), runs(&[("a", 1.0, 0.1), ("b", 1.0, 0.1)]));
        assert_eq!(compare(Measure::Cost, &free, &free).unwrap().difference.change, 0.0);
        assert!(!compare(Measure::Cost, &free, &dear).unwrap().is_within(100.0));
        assert!(compare(Measure::Cost, &dear, &free).unwrap().is_within(0.0));
    }

    /// A few lucky runs make nobody sure.
    #[test]
    fn nobody_is_surer_than_so_many_runs_allow() {
        let side = |runs_of_each: usize| {
            let values: Vec<_> = (0..runs_of_each).flat_map(|_| [("a", 1.0, 1.0), ("b", 1.0, 1.0)]).collect();
            runs(&values)
        };
        for (runs_of_each, most) in [(1, 0.75), (5, 11.0 / 12.0), (50, 101.0 / 102.0)] {
            let accuracy = compare(Measure::Accuracy, &side(50), &side(runs_of_each)).unwrap();
            assert_eq!((accuracy.difference.change, accuracy.difference.confidence), (0.0, most));
        }
    }

    #[test]
    fn runs_that_nobody_has_judged_are_seen() {
        let judged = runs(&[("a", 1.0, 1.0), ("b", 1.0, 1.0)]);
        let mut other = judged.clone();
        (other[1].accuracy, other[1].unscored) = (None, Some("evaluator_failed: it broke".to_owned()));
        let difference = compare(Measure::Judged, &judged, &other).unwrap();
        assert_eq!(difference.difference.change, -0.5);
        assert!(!difference.is_within(0.0));
        assert_eq!(compare(Measure::Accuracy, &judged, &other).unwrap().difference.change, 0.0);
    }
}
