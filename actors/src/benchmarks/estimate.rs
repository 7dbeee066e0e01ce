//! What a few measurements say of all that could be made: means with intervals, and how bad things may be.

use hero_sdk::model::{BenchmarkSummary, Estimate, Measurement};
use hero_store::{Distribution, Measured};
use statrs::distribution::{ContinuousCDF as _, Normal, StudentsT};

/// Of the intervals that are shown, two-sided.
const CONFIDENCE: f64 = 0.95;
/// Scores are kept in millionths.
pub(crate) const SCORE_UNITS: f64 = 1e6;
/// Costs are kept in billionths of a USD.
pub(crate) const COST_UNITS: f64 = 1e9;
/// Latencies are kept in microseconds.
pub(crate) const LATENCY_UNITS: f64 = 1e3;

/// The quantile of the standard normal distribution.
pub(crate) fn normal_quantile(share: f64) -> f64 {
    Normal::standard().inverse_cdf(share)
}

/// The interval of Wilson (1927) for a mean of values from 0 to 1, of `count` of them, `z` standard deviations wide on each
/// side. For values between 0 and 1 it is wider than need be.
pub(crate) fn wilson(mean: f64, count: f64, z: f64) -> (f64, f64) {
    let square = z * z;
    let middle = mean + square / (2.0 * count);
    let half = z * (mean * (1.0 - mean) / count + square / (4.0 * count * count)).max(0.0).sqrt();
    let scale = 1.0 + square / count;
    // Rounding must not put the mean outside.
    (((middle - half) / scale).clamp(0.0, mean), ((middle + half) / scale).clamp(mean, 1.0))
}

/// A share with Wilson's interval; none of nothing.
fn share(sum: f64, count: u64) -> Option<Estimate> {
    if count == 0 {
        return None;
    }
    let mean = sum / count as f64;
    let (low, high) = wilson(mean, count as f64, normal_quantile((1.0 + CONFIDENCE) / 2.0));
    Some(Estimate { mean, low, high })
}

/// A mean with Student's interval; of one value, that says nothing of how they vary, the interval is that value.
fn mean(values: &Distribution, units: f64) -> Option<Estimate> {
    let mean = values.mean()?;
    let half = match values.count() {
        0 | 1 => 0.0,
        count => {
            let student = StudentsT::new(0.0, 1.0, (count - 1) as f64).expect("there is freedom");
            student.inverse_cdf((1.0 + CONFIDENCE) / 2.0) * (variance(values) / count as f64).sqrt()
        }
    };
    Some(Estimate { mean: mean / units, low: (mean - half).max(0.0) / units, high: (mean + half) / units })
}

/// The variance of what these values are a sample of; 0 of fewer than two.
pub(crate) fn variance(values: &Distribution) -> f64 {
    let Some(mean) = values.mean().filter(|_| values.count() > 1) else { return 0.0 };
    let squares: f64 = values.values().map(|(value, count)| (value - mean).powi(2) * count as f64).sum();
    squares / (values.count() - 1) as f64
}

/// Counts a run. A play that somebody ended has given no result, like one that failed.
pub(crate) fn count(measured: &mut Measured, measurement: &Measurement) {
    let Measured { tally, scores, unscored } = measured;
    let cost = (measurement.cost_usd * COST_UNITS).round() as u64;
    if measurement.succeeded {
        tally.succeeded += 1;
        tally.latency_us.add((measurement.latency_ms * LATENCY_UNITS).round() as u64);
    } else {
        tally.failed += 1;
    }
    tally.cost.add(cost);
    tally.cost_nano_usd = tally.cost_nano_usd.saturating_add(cost);
    tally.tokens_in = tally.tokens_in.saturating_add(measurement.tokens_in);
    tally.tokens_out = tally.tokens_out.saturating_add(measurement.tokens_out);
    if let Some(accuracy) = measurement.accuracy {
        scores.add((accuracy * SCORE_UNITS).round() as u64);
    }
    *unscored += u32::from(measurement.unscored.is_some());
}

/// What measured runs come to.
pub(crate) fn summary(measured: &Measured) -> BenchmarkSummary {
    let Measured { tally, scores, unscored } = measured;
    let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let runs = tally.succeeded + tally.failed + tally.cancelled + tally.diverged;
    let latency = |share: f64| Some(tally.latency_us.quantile(share)? / LATENCY_UNITS);
    BenchmarkSummary {
        runs: number(runs),
        succeeded: number(tally.succeeded),
        success_rate: share(tally.succeeded as f64, runs),
        scored: number(scores.count()),
        unscored: *unscored,
        accuracy: share(scores.sum() as f64 / SCORE_UNITS, scores.count()),
        latency_p50_ms: latency(0.5),
        latency_p95_ms: latency(0.95),
        cost_mean_usd: mean(&tally.cost, COST_UNITS),
        cost_usd: tally.cost_nano_usd as f64 / COST_UNITS,
        tokens_in: tally.tokens_in,
        tokens_out: tally.tokens_out,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(one: f64, other: f64) {
        assert!((one - other).abs() < 5e-4, "{one} is not {other}");
    }

    #[test]
    fn intervals_are_those_of_the_tables() {
        // Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        for (hits, count, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let found = share(f64::from(hits), count).unwrap();
            near(found.low, low);
            near(found.high, high);
        }
        // Student's t for 4 degrees of freedom is 2.776; the variance of 1 to 5 is 2.5.
        let mut values = Distribution::default();
        (1..=5).for_each(|value| values.add(value));
        let found = mean(&values, 1.0).unwrap();
        near(found.mean, 3.0);
        near(found.high - found.mean, 2.776 * (2.5_f64 / 5.0).sqrt());
    }

    #[test]
    fn nothing_has_no_estimate_and_one_value_no_width() {
        assert_eq!((share(0.0, 0), mean(&Distribution::default(), 1.0)), (None, None));
        let mut one = Distribution::default();
        one.add(7);
        assert_eq!(mean(&one, 1.0), Some(Estimate { mean: 7.0, low: 7.0, high: 7.0 }));
        let summary = summary(&Measured::default());
        assert_eq!((summary.runs, summary.accuracy, summary.latency_p95_ms), (0, None, None));
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_mean_and_shrinks(hits in 0..1_000u64, more in 0..1_000u64) {
            let count = hits + more + 1;
            let few = share(hits as f64, count).unwrap();
            prop_assert!(0.0 <= few.low && few.low <= few.mean && few.mean <= few.high && few.high <= 1.0);
            let many = share((hits * 10) as f64, count * 10).unwrap();
            prop_assert!(many.high - many.low < few.high - few.low);
        }
    }
}
