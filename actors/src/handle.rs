//! Finds a permanent actor across its restarts. ractor's own names are global to the process, so that two runtimes
//! in one process would meet.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use ractor::ActorRef;

/// The address of a permanent actor; every clone sees its newest incarnation.
pub(crate) struct Handle<M>(Arc<RwLock<Option<ActorRef<M>>>>);

impl<M: ractor::Message> Handle<M> {
    /// An address where nobody lives yet.
    pub(crate) fn vacant() -> Self {
        Self(Arc::new(RwLock::new(None)))
    }

    /// Says who lives there now.
    pub(crate) fn set(&self, actor: ActorRef<M>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(actor);
    }

    /// The newest incarnation. What is sent to one that has just stopped is lost, as a message to any actor is.
    pub(crate) fn get(&self) -> ActorRef<M> {
        let guard = self.0.read().unwrap_or_else(PoisonError::into_inner);
        guard.clone().expect("Root fills every handle before anybody gets one")
    }
}

impl<M> Clone for Handle<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> fmt::Debug for Handle<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Handle")
    }
}
