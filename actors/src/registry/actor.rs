//! The registry: hands out the library to whoever has work on it.

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::Mutex;

use super::{bundled::BundledFlow, finder::Finder, library::Library, message::Message};
use crate::play::Environment;

/// The actor. It keeps no state: every question is answered from the store.
pub(crate) struct RegistryActor {
    /// What it works with.
    pub(crate) environment: Arc<Environment>,
    /// The flows that come with the program.
    pub(crate) bundled: Arc<Vec<BundledFlow>>,
    /// Held by whoever changes the library.
    pub(crate) changing: Arc<Mutex<()>>,
}

impl Actor for RegistryActor {
    type Msg = Message;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Message>, (): ()) -> Result<(), ActorProcessingErr> {
        // Whatever the one before it has made of the library is made anew.
        let finder = Finder::new(self.environment.tables.clone(), Arc::clone(&self.bundled));
        self.environment.finder.set(finder);
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<Message>,
        Message(work): Message,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        tokio::spawn(work(Library {
            environment: Arc::clone(&self.environment),
            bundled: Arc::clone(&self.bundled),
            changing: Arc::clone(&self.changing),
        }));
        Ok(())
    }
}
