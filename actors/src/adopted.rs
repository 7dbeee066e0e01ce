//! Actors of whoever embeds the runtime, such as one that owns listeners. They live beneath Root, which starts a new one
//! where one has ended, and ends them with all others.

use ractor::{ActorCell, SpawnErr};

/// Starts an actor, each time that there is none.
#[async_trait::async_trait]
pub trait Adopted: Send + Sync + 'static {
    /// What logs call it.
    fn name(&self) -> &'static str;

    /// Starts one, linked to its supervisor.
    async fn start(&self, supervisor: ActorCell) -> Result<ActorCell, SpawnErr>;
}
