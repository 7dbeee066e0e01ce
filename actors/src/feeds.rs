//! Wakes whoever watches a play. Only that something changed is told; what changed is read from the store, so that
//! live and catch-up are one path and a slow watcher costs nothing.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use hero_sdk::{Error, PlaySid};
use tokio::sync::watch;

/// The plays that are watched, and those that the store did not take a change of.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    watched: Mutex<HashMap<PlaySid, watch::Sender<()>>>,
    troubles: Mutex<HashMap<PlaySid, Error>>,
    /// Why no play goes on any more.
    ended: OnceLock<Error>,
}

impl Feeds {
    /// Changes from now on. Subscribe first, then read the store, and nothing is missed.
    pub(crate) fn subscribe(&self, play_sid: &PlaySid) -> watch::Receiver<()> {
        let mut watched = lock(&self.watched);
        // Those whom nobody watches any more go when the next one comes.
        watched.retain(|_, sender| sender.receiver_count() > 0);
        watched.entry(play_sid.clone()).or_insert_with(|| watch::channel(()).0).subscribe()
    }

    /// The play has changed in the store.
    pub(crate) fn notify(&self, play_sid: &PlaySid) {
        if let Some(sender) = lock(&self.watched).get(play_sid) {
            sender.send_replace(());
        }
    }

    /// The play stands still, since the store did not take its change; whoever watches it should know.
    pub(crate) fn fail(&self, play_sid: &PlaySid, error: Error) {
        lock(&self.troubles).insert(play_sid.clone(), error);
        self.notify(play_sid);
    }

    /// The play goes on.
    pub(crate) fn recovered(&self, play_sid: &PlaySid) {
        lock(&self.troubles).remove(play_sid);
    }

    /// No play goes on any more.
    pub(crate) fn end(&self, error: Error) {
        self.ended.get_or_init(|| error);
        for sender in lock(&self.watched).values() {
            sender.send_replace(());
        }
    }

    /// Why the play stands still, if it does.
    pub(crate) fn trouble(&self, play_sid: &PlaySid) -> Option<Error> {
        self.ended.get().cloned().or_else(|| lock(&self.troubles).get(play_sid).cloned())
    }
}

/// Nothing here can panic halfway through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
