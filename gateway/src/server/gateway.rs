//! The actor that takes connections. Each is a task; the listeners outlive it, so that one who comes while a new actor is
//! started waits for it.

#[cfg(test)]
mod tests;

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{FutureExt as _, future::join_all};
use hero_actors::Adopted;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr};
use tokio::task::JoinSet;

use super::connection::Door;

/// Starts the actor, each time that there is none.
pub(crate) struct Gateway {
    doors: Arc<Vec<Door>>,
}

struct GatewayActor {
    doors: Arc<Vec<Door>>,
}

/// Messages of the actor.
enum Message {
    /// Nobody takes connections any more, though nobody has said so.
    Broken,
}

impl Gateway {
    pub(crate) fn new(doors: Arc<Vec<Door>>) -> Self {
        Self { doors }
    }
}

#[async_trait::async_trait]
impl Adopted for Gateway {
    fn name(&self) -> &'static str {
        "gateway"
    }

    async fn start(&self, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let actor = GatewayActor { doors: Arc::clone(&self.doors) };
        let (actor, _) = Actor::spawn_linked(None, actor, (), supervisor).await?;
        Ok(actor.get_cell())
    }
}

impl Actor for GatewayActor {
    type Msg = Message;
    /// What takes connections; it ends with the actor.
    type State = JoinSet<()>;
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<Message>, (): ()) -> Result<JoinSet<()>, ActorProcessingErr> {
        let (doors, mut tasks) = (Arc::clone(&self.doors), JoinSet::new());
        tasks.spawn(async move {
            let taking = AssertUnwindSafe(join_all(doors.iter().map(Door::take))).catch_unwind().await;
            if taking.is_err() {
                // An actor that has ended already need not be told.
                drop(myself.cast(Message::Broken));
            }
        });
        Ok(tasks)
    }

    async fn handle(
        &self,
        _: ActorRef<Message>,
        Message::Broken: Message,
        _: &mut JoinSet<()>,
    ) -> Result<(), ActorProcessingErr> {
        Err("what takes connections has panicked".into())
    }
}
