//! How often values occurred, to within one percent, in a form from which one can be taken out again.
//!
//! Buckets are those of HdrHistogram (Gil Tene): powers of two, each cut into equal parts. So it adds up from parts in
//! any order, and what was added and taken out again leaves nothing behind, which means and sketches cannot say of
//! themselves.

use serde::{Deserialize, Serialize};

/// Each power of two is cut into 2 to this many parts.
const PRECISION_BITS: u32 = 6;
const PARTS: u64 = 1 << PRECISION_BITS;

/// How often values occurred. Values below 64 are exact, those above are known to within 0.8 %.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// Number of a bucket and how often it was hit, by number, none of them zero.
    buckets: Vec<(u16, u64)>,
    count: u64,
    sum: u64,
}

impl Distribution {
    /// Adds a value.
    pub fn add(&mut self, value: u64) {
        let bucket = bucket_of(value);
        match self.buckets.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => {
                if let Some((_, count)) = self.buckets.get_mut(at) {
                    *count += 1;
                }
            }
            Err(at) => self.buckets.insert(at, (bucket, 1)),
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(value);
    }

    /// Takes a value out that was added before. One that was not changes nothing.
    pub fn take_out(&mut self, value: u64) {
        let bucket = bucket_of(value);
        let Ok(at) = self.buckets.binary_search_by_key(&bucket, |(bucket, _)| *bucket) else { return };
        if let Some((_, count)) = self.buckets.get_mut(at) {
            *count -= 1;
        }
        self.buckets.retain(|(_, count)| *count > 0);
        self.count -= 1;
        self.sum = self.sum.saturating_sub(value);
    }

    /// Adds all values of another.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, more) in &other.buckets {
            match self.buckets.binary_search_by_key(bucket, |(bucket, _)| *bucket) {
                Ok(at) => {
                    if let Some((_, count)) = self.buckets.get_mut(at) {
                        *count += more;
                    }
                }
                Err(at) => self.buckets.insert(at, (*bucket, *more)),
            }
        }
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum of all values, exactly.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The mean, none of nothing.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The value that this share of all values do not exceed, by the nearest rank; none of nothing. `share` is from 0 to 1.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = ((share * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (bucket, count) in &self.buckets {
            seen += count;
            if seen >= rank {
                return Some(middle_of(*bucket));
            }
        }
        None
    }

    /// Values and how often each occurred, rising.
    pub fn values(&self) -> impl Iterator<Item = (f64, u64)> {
        self.buckets.iter().map(|(bucket, count)| (middle_of(*bucket), *count))
    }
}

fn bucket_of(value: u64) -> u16 {
    let exponent = value.max(1).ilog2();
    if exponent <= PRECISION_BITS {
        // Below twice the number of parts each value has a bucket of its own.
        return u16::try_from(value).expect("values of small exponents are below 128");
    }
    let shift = exponent - PRECISION_BITS;
    let part = (value >> shift) - PARTS;
    u16::try_from(u64::from(shift + 1) * PARTS + part).expect("58 powers of two have 64 parts each")
}

/// The middle of the values that share a bucket.
fn middle_of(bucket: u16) -> f64 {
    let bucket = u64::from(bucket);
    if bucket < 2 * PARTS {
        return bucket as f64;
    }
    let shift = bucket / PARTS - 1;
    let least = ((PARTS + bucket % PARTS) as f64) * (shift as f64).exp2();
    least + ((shift as f64).exp2() - 1.0) / 2.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> Distribution {
        let mut distribution = Distribution::default();
        values.iter().for_each(|value| distribution.add(*value));
        distribution
    }

    fn value() -> impl Strategy<Value = u64> {
        prop_oneof![0..200u64, 0..1_000_000u64, any::<u32>().prop_map(u64::from), 0..u64::MAX / 1_000]
    }

    proptest! {
        #[test]
        fn a_value_is_known_to_within_a_percent(value in prop_oneof![value(), any::<u64>()]) {
            let known = middle_of(bucket_of(value));
            prop_assert!((known - value as f64).abs() <= value as f64 * 0.008, "{value} is known as {known}");
            prop_assert!(value == u64::MAX || bucket_of(value) <= bucket_of(value + 1));
        }

        /// The order does not count, and what was taken out was never there.
        #[test]
        fn it_is_that_of_what_is_in_it(
            kept in prop::collection::vec(value(), 0..40), gone in prop::collection::vec(value(), 0..40),
        ) {
            let mut all = of(&[kept.clone(), gone.clone()].concat());
            gone.iter().rev().for_each(|value| all.take_out(*value));
            let backward: Vec<u64> = kept.iter().rev().copied().collect();
            prop_assert_eq!(&all, &of(&backward));
            let (one, other) = kept.split_at(kept.len() / 2);
            let mut merged = of(other);
            merged.merge(&of(one));
            prop_assert_eq!(all, merged);
        }

        #[test]
        fn quantiles_are_those_of_the_sorted_values(
            mut values in prop::collection::vec(value(), 1..200), share in 0.0..=1.0f64,
        ) {
            let distribution = of(&values);
            values.sort_unstable();
            let rank = ((share * values.len() as f64).ceil() as usize).max(1);
            let (found, exact) = (distribution.quantile(share).unwrap(), values[rank - 1] as f64);
            prop_assert!((found - exact).abs() <= exact * 0.008, "{found} for {exact}");
            prop_assert_eq!(distribution.sum(), values.iter().sum::<u64>());
        }
    }

    #[test]
    fn nothing_has_no_mean_and_no_quantile() {
        let mut none = Distribution::default();
        assert_eq!((none.mean(), none.quantile(0.5)), (None, None));
        none.take_out(7);
        assert_eq!(none, Distribution::default());
    }
}
