//! Finds a permanent actor across its restarts. ractor's own names are global to the process, so that two runtimes
//! in one process would meet.

use std::{fmt, sync::Arc};

use ractor::ActorRef;
use tokio::sync::watch;

/// The address of a permanent actor; every clone sees its newest incarnation.
pub(crate) struct Handle<M>(Arc<watch::Sender<Option<ActorRef<M>>>>);

impl<M: ractor::Message> Handle<M> {
    /// An address where nobody lives yet.
    pub(crate) fn vacant() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    /// Says who lives there now.
    pub(crate) fn set(&self, actor: ActorRef<M>) {
        self.0.send_replace(Some(actor));
    }

    /// The newest incarnation. What is sent to one that has just stopped is lost, as a message to any actor is.
    pub(crate) fn get(&self) -> ActorRef<M> {
        let newest = self.0.borrow().clone();
        newest.expect("Root fills every handle before anybody gets one")
    }

    /// The first incarnation that is not this one; waits until there is one.
    pub(crate) async fn after(&self, ended: &ActorRef<M>) -> ActorRef<M> {
        let is_next = |actor: &ActorRef<M>| actor.get_id() != ended.get_id();
        let mut incarnations = self.0.subscribe();
        let next = incarnations.wait_for(|newest| newest.as_ref().is_some_and(is_next)).await;
        let next = next.expect("this handle keeps the channel open").clone();
        next.expect("it was there when it was waited for")
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
