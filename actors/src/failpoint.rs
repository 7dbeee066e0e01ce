//! A place where tests make a play's process die: after a given number of durable outcomes.

use std::sync::atomic::{AtomicU64, Ordering};

/// The variable that arms it, in debug builds only: `kill_process_after_record:N`.
const VARIABLE: &str = "HERO_LOGIC_FAILPOINT";

/// Counts durable outcomes of this runtime.
#[derive(Debug, Default)]
pub(crate) struct Failpoint {
    /// 0 when it is not armed.
    after: u64,
    seen: AtomicU64,
}

impl Failpoint {
    /// Armed by the environment in debug builds; never in release.
    pub(crate) fn from_environment() -> Self {
        let wish =
            if cfg!(debug_assertions) { std::env::var(VARIABLE).unwrap_or_default() } else { String::new() };
        let after = wish.strip_prefix("kill_process_after_record:").and_then(|number| number.parse().ok());
        Self { after: after.unwrap_or(0), seen: AtomicU64::new(0) }
    }

    /// True once: when the count passes the mark.
    pub(crate) fn hit(&self, outcomes: u64) -> bool {
        if self.after == 0 || outcomes == 0 {
            return false;
        }
        let before = self.seen.fetch_add(outcomes, Ordering::Relaxed);
        before < self.after && before + outcomes >= self.after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_hits_once() {
        let failpoint = Failpoint { after: 3, seen: AtomicU64::new(0) };
        assert_eq!(
            [1, 1, 0, 1, 1].map(|outcomes| failpoint.hit(outcomes)),
            [false, false, false, true, false]
        );
        assert!(!Failpoint::default().hit(5));
    }
}
