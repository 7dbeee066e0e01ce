//! Whether anybody needs the server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hero_sdk::Logic;

/// Between two looks, at most.
const LOOK: Duration = Duration::from_secs(1);
/// Whoever has started a server comes within this time.
const FIRST_COMES: Duration = Duration::from_secs(10);

/// How many are connected, and how many have been.
#[derive(Clone, Debug, Default)]
pub(crate) struct Load(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    now: AtomicUsize,
    ever: AtomicUsize,
}

/// One that is connected, until it is dropped.
#[derive(Debug)]
pub(crate) struct Connected(Load);

impl Load {
    /// One more.
    pub(crate) fn connected(&self) -> Connected {
        self.0.now.fetch_add(1, Ordering::Relaxed);
        self.0.ever.fetch_add(1, Ordering::Relaxed);
        Connected(self.clone())
    }

    fn is_none(&self) -> bool {
        self.0.now.load(Ordering::Relaxed) == 0
    }

    fn has_been(&self) -> bool {
        self.0.ever.load(Ordering::Relaxed) > 0
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns when for so long nobody was connected, and no play ran or waited for a place; not before somebody has been, or
/// should have.
pub(crate) async fn idle(logic: &dyn Logic, load: &Load, limit: Duration) {
    let look = LOOK.min(limit.max(Duration::from_millis(1)));
    let mut idle_for = Duration::ZERO;
    loop {
        tokio::time::sleep(look).await;
        let is_idle = load.is_none() && !runs(logic).await;
        idle_for = if is_idle { idle_for + look } else { Duration::ZERO };
        let limit = if load.has_been() { limit } else { limit.max(FIRST_COMES) };
        if idle_for >= limit && is_idle {
            return;
        }
    }
}

async fn runs(logic: &dyn Logic) -> bool {
    match logic.server_info().await {
        Ok(info) => info.plays_running + info.plays_queued > 0,
        // A runtime that has given up holds nobody.
        Err(_) => false,
    }
}
