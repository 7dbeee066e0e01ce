//! Where tests make things fail, by the environment: a play's process after a given number of durable outcomes, the
//! runtime itself, and layers of the sandbox.

use std::sync::atomic::{AtomicU64, Ordering};

/// The variable that arms the failpoint: `kill_process_after_record:N`, `end_runtime_after_copy`,
/// `end_runtime_after_answer` or `end_runtime_in_import`.
const VARIABLE: &str = "HERO_LOGIC_FAILPOINT";
/// The variable that takes layers of the sandbox away: their names, with commas between.
const WITHOUT: &str = "HERO_LOGIC_SANDBOX_WITHOUT";

/// Counts durable outcomes of this runtime.
#[derive(Debug, Default)]
pub(crate) struct Failpoint {
    /// 0 when it is not armed.
    after: u64,
    seen: AtomicU64,
    ends_after_copy: bool,
    ends_after_answer: bool,
    ends_in_import: bool,
}

impl Failpoint {
    /// Armed by the environment in debug builds; never in release.
    pub(crate) fn from_environment() -> Self {
        let wish = wish(VARIABLE);
        let after = wish.strip_prefix("kill_process_after_record:").and_then(|number| number.parse().ok());
        Self {
            after: after.unwrap_or(0),
            seen: AtomicU64::new(0),
            ends_after_copy: wish == "end_runtime_after_copy",
            ends_after_answer: wish == "end_runtime_after_answer",
            ends_in_import: wish == "end_runtime_in_import",
        }
    }

    /// The content of an artifact is kept, and its row is not written.
    pub(crate) fn copied(&self) {
        if self.ends_after_copy {
            std::process::abort();
        }
    }

    /// An answer to a question is durable, and whoever gave it is not told.
    pub(crate) fn answered(&self) {
        if self.ends_after_answer {
            std::process::abort();
        }
    }

    /// The files of a play that is imported are kept, and its rows are not written.
    pub(crate) fn arrived(&self) {
        if self.ends_in_import {
            std::process::abort();
        }
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

/// Layers of the sandbox that the environment takes away in debug builds; never in release.
pub(crate) fn layers_taken_away() -> Vec<String> {
    wish(WITHOUT).split(',').filter(|layer| !layer.is_empty()).map(str::to_owned).collect()
}

fn wish(variable: &str) -> String {
    if cfg!(debug_assertions) { std::env::var(variable).unwrap_or_default() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_hits_once() {
        let failpoint = Failpoint { after: 3, ..Failpoint::default() };
        assert_eq!(
            [1, 1, 0, 1, 1].map(|outcomes| failpoint.hit(outcomes)),
            [false, false, false, true, false]
        );
        assert!(!Failpoint::default().hit(5));
    }
}
