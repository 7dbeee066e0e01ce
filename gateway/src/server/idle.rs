//! Whether anybody needs the server.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hero_sdk::Logic;

/// Between two looks, at most.
const LOOK: Duration = Duration::from_secs(1);
/// Whoever has started a server comes within this time.
const FIRST_COMES: Duration = Duration::from_secs(10);

/// How many are connected, and how many have been.
#[derive(Clone, Debug, Default)]
pub(crate) struct Load(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    now: usize,
    ever: usize,
    is_closed: bool,
}

/// One that is connected, until it is dropped.
#[derive(Debug)]
pub(crate) struct Connected(Load);

impl Load {
    /// One more; none once the server has decided to leave. Whoever is answered then would find nobody by his next call,
    /// and whoever is not looks for another server.
    pub(crate) fn connected(&self) -> Option<Connected> {
        let mut counts = self.counts();
        if counts.is_closed {
            return None;
        }
        counts.now += 1;
        counts.ever += 1;
        Some(Connected(self.clone()))
    }

    /// Takes nobody from now on, unless somebody is connected, or has been since there were so many.
    fn close(&self, ever: usize) -> bool {
        let mut counts = self.counts();
        counts.is_closed |= counts.now == 0 && counts.ever == ever;
        counts.is_closed
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.counts().now -= 1;
    }
}

/// Returns when for so long nobody was connected, and no play ran or waited for a place; not before somebody has been, or
/// should have. Nobody else is taken then.
pub(crate) async fn idle(logic: &dyn Logic, load: &Load, limit: Duration) {
    let look = LOOK.min(limit.max(Duration::from_millis(1)));
    let mut idle_for = Duration::ZERO;
    loop {
        tokio::time::sleep(look).await;
        let Counts { now, ever, .. } = *load.counts();
        let is_idle = now == 0 && !runs(logic).await;
        idle_for = if is_idle { idle_for + look } else { Duration::ZERO };
        let limit = if ever > 0 { limit } else { limit.max(FIRST_COMES) };
        if is_idle && idle_for >= limit && load.close(ever) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_is_taken_or_keeps_the_server_from_leaving() {
        let load = Load::default();
        let first = load.connected().unwrap();
        assert!(!load.close(1), "somebody is there");
        drop(first);
        assert!(!load.close(0), "somebody has been there since, and may have started something");
        assert!(load.close(1));
        assert!(load.connected().is_none());
    }
}
