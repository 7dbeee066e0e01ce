//! Since when plays work that have a process. Their rows tell of time worked only when an attempt has ended.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hero_sdk::{
    PlaySid,
    model::{Play, Status},
};

use crate::play::Now;

/// Those of a runtime, each with a moment of the clock that never jumps. A clone speaks of the same.
#[derive(Clone, Default)]
pub(crate) struct Working(Arc<Mutex<HashMap<PlaySid, u64>>>);

/// A play counts as working while this lives and its row says that it runs.
pub(crate) struct Works {
    working: Working,
    play_sid: PlaySid,
    pub(crate) since_us: u64,
}

impl Working {
    /// A play works from this moment on.
    pub(crate) fn begin(&self, play_sid: PlaySid, since_us: u64) -> Works {
        self.all().insert(play_sid.clone(), since_us);
        Works { working: self.clone(), play_sid, since_us }
    }

    /// Adds the time of the attempt that runs to a play as its row has it.
    pub(crate) fn add_to(&self, play: &mut Play, now: Now) {
        if play.status == Status::Running
            && let Some(since_us) = self.all().get(&play.play_sid)
        {
            play.duration_ms += now.monotonic_us.saturating_sub(*since_us) as f64 / 1000.0;
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<PlaySid, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Works {
    fn drop(&mut self) {
        self.working.all().remove(&self.play_sid);
    }
}
