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
    watched: Mutex<HashMap<PlaySid, Watched>>,
    troubles: Mutex<HashMap<PlaySid, Error>>,
    /// Why no play goes on any more.
    ended: OnceLock<Error>,
}

/// Who waits for a play to come somewhere is not woken by each of its steps.
#[derive(Debug)]
struct Watched {
    tree: watch::Sender<()>,
    row: watch::Sender<()>,
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

    fn watch(&self, play_sid: &PlaySid, how: fn(&Watched) -> watch::Receiver<()>) -> watch::Receiver<()> {
        let mut all = lock(&self.watched);
        // Those whom nobody watches any more go when the next one comes.
        all.retain(|_, watched| watched.tree.receiver_count() + watched.row.receiver_count() > 0);
        let watched = all
            .entry(play_sid.clone())
            .or_insert_with(|| Watched { tree: watch::channel(()).0, row: watch::channel(()).0 });
        how(watched)
    }

    /// The play has changed in the store.
    pub(crate) fn notify(&self, play_sid: &PlaySid, changed: Changed) {
        if let Some(watched) = lock(&self.watched).get(play_sid) {
            watched.notify(changed);
        }
    }

    /// The play stands still, since the store did not take its change; whoever watches it should know.
    pub(crate) fn fail(&self, play_sid: &PlaySid, error: Error) {
        lock(&self.troubles).insert(play_sid.clone(), error);
        self.notify(play_sid, Changed::Row);
    }

    /// The play goes on.
    pub(crate) fn recovered(&self, play_sid: &PlaySid) {
        lock(&self.troubles).remove(play_sid);
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
        self.ended.get().cloned().or_else(|| lock(&self.troubles).get(play_sid).cloned())
    }
}

impl Watched {
    fn notify(&self, changed: Changed) {
        self.tree.send_replace(());
        if changed == Changed::Row {
            self.row.send_replace(());
        }
    }
}

/// Nothing here can panic halfway through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
