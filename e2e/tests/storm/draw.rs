//! Numbers drawn from a seed: SplitMix64, by Steele, Lea and Flood.

/// Where the next number comes from.
#[derive(Clone, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from `first`, and below `end`.
    pub(crate) fn between(&mut self, first: u64, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        first + (number ^ (number >> 31)) % (end - first)
    }
}
