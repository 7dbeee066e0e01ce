//! Wakes whoever watches a play. Only that something changed is told; what changed is read from the store, so that
//! live and catch-up are one path and a slow watcher costs nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use hero_sdk::{Error, ErrorCode, PlaySid};
use tokio::sync::{Notify, watch};

/// Watchers of one thing whom whoever changes it wakes himself. For more there is a task: to wake a thousand takes half a
/// millisecond, which the store's writer has not.
const WOKEN_MAX: usize = 16;

/// The plays that are watched, and those that the store did not take a change of.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    watched: Mutex<HashMap<PlaySid, Watched>>,
    troubles: Mutex<Troubles>,
    /// Why no play goes on any more.
    ended: OnceLock<Error>,
}

/// Why plays rest, each until it is taken up again.
#[derive(Debug, Default)]
struct Troubles {
    /// With the number of the failure.
    of: HashMap<PlaySid, (u64, Error)>,
    failures: u64,
}

/// Who waits for a play to come somewhere is not woken by each of its steps.
#[derive(Debug, Default)]
struct Watched {
    tree: Watchers,
    row: Watchers,
}

/// Who watches one thing.
#[derive(Debug, Default)]
struct Watchers {
    wake: watch::Sender<()>,
    /// Asks the task to wake them, where there is one.
    relay: Option<Arc<Notify>>,
}

impl Watchers {
    fn subscribe(&mut self) -> watch::Receiver<()> {
        let watcher = self.wake.subscribe();
        if self.relay.is_none() && self.count() > WOKEN_MAX {
            let (wake, due) = (self.wake.clone(), Arc::<Notify>::default());
            self.relay = Some(Arc::clone(&due));
            tokio::spawn(async move {
                loop {
                    tokio::select! {
                        () = due.notified() => { wake.send_replace(()); }
                        () = wake.closed() => return,
                    }
                }
            });
        }
        watcher
    }

    fn count(&self) -> usize {
        self.wake.receiver_count()
    }

    fn notify(&self) {
        match &self.relay {
            Some(due) => due.notify_one(),
            None => {
                self.wake.send_replace(());
            }
        }
    }
}

/// What has changed of a play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// Nodes or lines of text.
    Tree,
    /// The play itself, and perhaps its tree.
    Row,
}

impl Feeds {
    /// Changes of the play itself from now on. Subscribe first, then read the store, and nothing is missed.
    pub(crate) fn subscribe_row(&self, play_sid: &PlaySid) -> watch::Receiver<()> {
        self.watch(play_sid, |watched| watched.row.subscribe())
    }

    /// The same for every change.
    pub(crate) fn subscribe(&self, play_sid: &PlaySid) -> watch::Receiver<()> {
        self.watch(play_sid, |watched| watched.tree.subscribe())
    }

    fn watch(&self, play_sid: &PlaySid, how: fn(&mut Watched) -> watch::Receiver<()>) -> watch::Receiver<()> {
        let mut all = lock(&self.watched);
        // Those whom nobody watches any more go when the next one comes.
        all.retain(|_, watched| watched.tree.count() + watched.row.count() > 0);
        how(all.entry(play_sid.clone()).or_default())
    }

    /// The play has changed in the store.
    pub(crate) fn notify(&self, play_sid: &PlaySid, changed: Changed) {
        if let Some(watched) = lock(&self.watched).get(play_sid) {
            watched.notify(changed);
        }
    }

    /// The play stands still, since the store did not take its change; whoever watches it should know.
    pub(crate) fn fail(&self, play_sid: &PlaySid, error: Error) {
        {
            let mut troubles = lock(&self.troubles);
            troubles.failures += 1;
            let failure = (troubles.failures, error);
            troubles.of.insert(play_sid.clone(), failure);
        }
        self.notify(play_sid, Changed::Row);
    }

    /// The play goes on.
    pub(crate) fn recovered(&self, play_sid: &PlaySid) {
        lock(&self.troubles).of.remove(play_sid);
    }

    /// No play goes on any more.
    pub(crate) fn end(&self, error: Error) {
        self.ended.get_or_init(|| error);
        for watched in lock(&self.watched).values() {
            watched.notify(Changed::Row);
        }
    }

    /// Why the play stands still, if it does.
    pub(crate) fn trouble(&self, play_sid: &PlaySid) -> Option<Error> {
        self.trouble_after(play_sid, 0)
    }

    /// The number of the failure after which the play rests; 0 where it does not.
    pub(crate) fn failure(&self, play_sid: &PlaySid) -> u64 {
        lock(&self.troubles).of.get(play_sid).map_or(0, |(failure, _)| *failure)
    }

    /// Why the play stands still, unless it only rests after the failure `known`: it is about to be tried again, and
    /// whether there is still no way is seen then.
    pub(crate) fn trouble_after(&self, play_sid: &PlaySid, known: u64) -> Option<Error> {
        if let Some(error) = self.ended.get() {
            return Some(error.clone());
        }
        let troubles = lock(&self.troubles);
        let (failure, error) = troubles.of.get(play_sid)?;
        (*failure != known || !may_pass(error)).then(|| error.clone())
    }
}

impl Watched {
    fn notify(&self, changed: Changed) {
        self.tree.notify();
        if changed == Changed::Row {
            self.row.notify();
        }
    }
}

/// False for what is the same however often it is tried.
pub(crate) fn may_pass(error: &Error) -> bool {
    !matches!(error.code, ErrorCode::StoreCorrupt | ErrorCode::NotFound)
}

/// Nothing here can panic halfway through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_while_a_play_rests_is_told_what_comes_of_the_next_try() {
        let (feeds, play_sid) = (Feeds::default(), PlaySid::new());
        let told = |known| feeds.trouble_after(&play_sid, known).map(|error| error.code);
        let fail = |code| feeds.fail(&play_sid, Error::new(code, "no"));
        let early = feeds.failure(&play_sid);
        fail(ErrorCode::StorageFull);
        let late = feeds.failure(&play_sid);
        assert_eq!((told(early), told(late)), (Some(ErrorCode::StorageFull), None));
        feeds.recovered(&play_sid);
        assert_eq!((told(early), told(late)), (None, None));
        fail(ErrorCode::StorageFull);
        assert_eq!((told(early), told(late)), (Some(ErrorCode::StorageFull), Some(ErrorCode::StorageFull)));
        // It is tried no more.
        fail(ErrorCode::StoreCorrupt);
        assert_eq!(told(feeds.failure(&play_sid)), Some(ErrorCode::StoreCorrupt));
        feeds.end(Error::new(ErrorCode::Internal, "no more"));
        assert_eq!(told(feeds.failure(&play_sid)), Some(ErrorCode::Internal));
    }

    #[tokio::test]
    async fn everybody_is_woken_however_many_watch() {
        for count in [1, WOKEN_MAX, WOKEN_MAX + 1, 1_000] {
            let feeds = Feeds::default();
            let play_sid = PlaySid::new();
            let mut watching: Vec<_> = (0..count).map(|_| feeds.subscribe(&play_sid)).collect();
            let mut waiting = feeds.subscribe_row(&play_sid);
            for _ in 0..3 {
                feeds.notify(&play_sid, Changed::Tree);
                for watcher in &mut watching {
                    watcher.changed().await.unwrap();
                }
                assert!(!waiting.has_changed().unwrap());
            }
            feeds.notify(&play_sid, Changed::Row);
            waiting.changed().await.unwrap();
            let relayed = lock(&feeds.watched)[&play_sid].tree.relay.clone();
            assert_eq!(relayed.is_some(), count > WOKEN_MAX);
            // With the last watcher the task goes.
            drop(watching);
            while relayed.as_ref().is_some_and(|relay| Arc::strong_count(relay) > 2) {
                tokio::task::yield_now().await;
            }
        }
    }
}
