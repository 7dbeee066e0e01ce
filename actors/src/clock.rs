//! The one place that reads clocks, so that tests can put another in.

use std::{
    fmt,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use hero_sdk::Timestamp;

use crate::play::Now;

/// Tells the time.
pub(crate) trait Clock: Send + Sync + fmt::Debug {
    /// This moment, on the wall clock and on one that never jumps.
    fn now(&self) -> Now;
}

/// The machine's clocks.
#[derive(Debug)]
pub(crate) struct SystemClock(Instant);

impl SystemClock {
    /// A clock whose monotonic side begins now.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            wall: Timestamp(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX)),
            monotonic_us: u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX),
        }
    }
}
