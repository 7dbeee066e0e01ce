//! Flows as Python compiled them, so that the next process of a version need not.
//!
//! A process says how it compiled its file in its very first frame, before anything of the file ran: nothing that a
//! flow does can put other code in the place of its source. It is kept in memory only: it is worth a fraction of a
//! millisecond. One that another interpreter made is refused by the process, which then says its own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use hero_sdk::VersionSid;

/// Of all versions together. Beyond it all are forgotten, and each is compiled once more.
const BYTES_MAX: usize = 16 << 20;

/// What is known, by version.
#[derive(Debug, Default)]
pub(crate) struct Compiled(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    versions: HashMap<VersionSid, Arc<str>>,
    bytes: usize,
}

impl Compiled {
    pub(super) fn of(&self, version: &VersionSid) -> Option<Arc<str>> {
        self.with(|kept| kept.versions.get(version).cloned())
    }

    pub(super) fn keep(&self, version: VersionSid, code: &str) {
        self.with(|kept| {
            if kept.bytes + code.len() > BYTES_MAX {
                *kept = Kept::default();
            }
            kept.bytes += code.len();
            if let Some(before) = kept.versions.insert(version, code.into()) {
                kept.bytes -= before.len();
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_is_kept_and_all_are_within_bounds() {
        let compiled = Compiled::default();
        let (one, other) = (VersionSid::new(), VersionSid::new());
        assert_eq!(compiled.of(&one), None);
        compiled.keep(one.clone(), "code");
        compiled.keep(one.clone(), "other code");
        assert_eq!(compiled.of(&one).as_deref(), Some("other code"));
        let most = "x".repeat(BYTES_MAX - 9);
        compiled.keep(other.clone(), &most);
        assert_eq!((compiled.of(&one), compiled.of(&other).map(|code| code.len())), (None, Some(most.len())));
    }
}
