//! The top of the actor tree: brings the permanent actors up, puts a new one where one has ended, and gives up when
//! that happens too often.

use std::{collections::VecDeque, sync::Arc};

use hero_sdk::{Error, ErrorCode};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, RpcReplyPort, SpawnErr, SupervisionEvent};

use crate::{
    adopted::Adopted,
    benchmarks::{self, BenchmarksActor},
    launcher::{self, Launcher, Python},
    play::Environment,
    plays::{self, PlaysActor},
    registry::{self, BundledFlow, RegistryActor},
};

/// Restarts within [`WINDOW_MS`] that are still an accident; more are a fault that restarting does not cure.
const RESTARTS_MAX: usize = 5;
/// See [`RESTARTS_MAX`].
const WINDOW_MS: u64 = 10_000;

/// The actor; its fields are what the permanent actors are started with, each time.
pub(crate) struct Root {
    pub(crate) environment: Arc<Environment>,
    pub(crate) python: Result<Python, String>,
    pub(crate) library: Arc<Vec<BundledFlow>>,
    pub(crate) running_max: usize,
    pub(crate) living_max: usize,
    /// Whether plays run in this runtime, or are only set right.
    pub(crate) runs: bool,
}

pub(crate) struct State {
    launcher: ActorRef<launcher::Message>,
    registry: ActorRef<registry::Message>,
    plays: ActorRef<plays::Message>,
    benchmarks: ActorRef<benchmarks::Message>,
    adopted: Vec<(ActorCell, Arc<dyn Adopted>)>,
    /// When the last restarts were, by the monotonic clock, in microseconds.
    restarts: VecDeque<u64>,
    is_going_down: bool,
}

/// Messages of Root.
pub(crate) enum Message {
    /// The children are about to be stopped, and stay so.
    GoDown(RpcReplyPort<()>),
    /// One more permanent actor.
    Adopt(Arc<dyn Adopted>, RpcReplyPort<Result<(), Error>>),
}

impl Actor for Root {
    type Msg = Message;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<Message>, (): ()) -> Result<State, ActorProcessingErr> {
        Ok(State {
            launcher: self.start_launcher(&myself).await?,
            registry: self.start_registry(&myself).await?,
            plays: self.start_plays(&myself).await?,
            benchmarks: self.start_benchmarks(&myself).await?,
            adopted: Vec::new(),
            restarts: VecDeque::new(),
            is_going_down: false,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        // Whoever no longer waits for the answer has it all the same.
        match message {
            Message::GoDown(reply) => {
                state.is_going_down = true;
                drop(reply.send(()));
            }
            Message::Adopt(adopted, reply) => {
                let started = adopted.start(myself.get_cell()).await;
                let started = started.map(|cell| state.adopted.push((cell, adopted)));
                drop(reply.send(started.map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))));
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Message>,
        event: SupervisionEvent,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let (cell, reason) = match event {
            SupervisionEvent::ActorFailed(cell, error) => (cell, error.to_string()),
            SupervisionEvent::ActorTerminated(cell, _, reason) => (cell, reason.unwrap_or_default()),
            _ => return Ok(()),
        };
        if state.is_going_down {
            return Ok(());
        }
        let restarted = self.restart(&myself, state, &cell, &reason).await;
        if let Err(error) = &restarted {
            // With this actor everything beneath it ends; whoever waits for a play must know.
            let message = format!("the runtime has given up: {error}");
            let error =
                Error::new(ErrorCode::Internal, message).hint("open it again; no acknowledged step is lost");
            self.environment.feeds.end(error);
        }
        restarted
    }
}

impl Root {
    /// Puts a new actor where one has ended, unless that happens too often.
    async fn restart(
        &self,
        myself: &ActorRef<Message>,
        state: &mut State,
        cell: &ActorCell,
        reason: &str,
    ) -> Result<(), ActorProcessingErr> {
        let now_us = self.environment.clock.now().monotonic_us;
        state.restarts.push_back(now_us);
        state.restarts.retain(|at| now_us.saturating_sub(*at) <= WINDOW_MS * 1000);
        if state.restarts.len() > RESTARTS_MAX {
            return Err(
                format!("{RESTARTS_MAX} restarts within {WINDOW_MS} ms, the last because: {reason}").into()
            );
        }
        let (ended, restarts) = (cell.get_id(), &self.environment.meters.restarts);
        if ended == state.launcher.get_id() {
            tracing::error!(reason, "the launcher has ended and is started again");
            restarts.launcher.add(1);
            state.launcher = self.start_launcher(myself).await?;
        } else if ended == state.registry.get_id() {
            tracing::error!(reason, "the registry has ended and is started again");
            restarts.registry.add(1);
            state.registry = self.start_registry(myself).await?;
        } else if ended == state.plays.get_id() {
            tracing::error!(reason, "the directory of plays has ended and is started again");
            restarts.plays.add(1);
            state.plays = self.start_plays(myself).await?;
            // The plays ended with their parent; the store says where each goes on.
            let runs = self.runs;
            let (reply, _) = ractor::concurrency::oneshot();
            state.plays.cast(plays::Message::Sweep { runs, reply: reply.into() })?;
        } else if ended == state.benchmarks.get_id() {
            tracing::error!(reason, "the actor of benchmarks has ended and is started again");
            restarts.benchmarks.add(1);
            state.benchmarks = self.start_benchmarks(myself).await?;
        } else if let Some((cell, adopted)) =
            state.adopted.iter_mut().find(|(cell, _)| cell.get_id() == ended)
        {
            tracing::error!(reason, "the {} has ended and is started again", adopted.name());
            // There is one so far.
            restarts.gateway.add(1);
            *cell = adopted.start(myself.get_cell()).await?;
        }
        Ok(())
    }

    async fn start_launcher(
        &self,
        myself: &ActorRef<Message>,
    ) -> Result<ActorRef<launcher::Message>, SpawnErr> {
        let launcher = Launcher {
            python: self.python.clone(),
            sdk: self.environment.paths.sdk(),
            plays: self.environment.paths.plays(),
            describe: self.environment.paths.describe(),
            sandbox: self.environment.sandbox.clone(),
            known: self.environment.layers.clone(),
            starts_early: self.runs,
            restarts: self.environment.meters.restarts.fork_server.clone(),
        };
        let (actor, _) = Actor::spawn_linked(None, launcher, (), myself.get_cell()).await?;
        self.environment.launcher.set(actor.clone());
        Ok(actor)
    }

    async fn start_registry(
        &self,
        myself: &ActorRef<Message>,
    ) -> Result<ActorRef<registry::Message>, SpawnErr> {
        let (environment, bundled) = (Arc::clone(&self.environment), Arc::clone(&self.library));
        let registry = RegistryActor { environment, bundled, changing: Arc::default() };
        let (actor, _) = Actor::spawn_linked(None, registry, (), myself.get_cell()).await?;
        self.environment.registry.set(actor.clone());
        Ok(actor)
    }

    async fn start_plays(&self, myself: &ActorRef<Message>) -> Result<ActorRef<plays::Message>, SpawnErr> {
        let plays = PlaysActor {
            environment: Arc::clone(&self.environment),
            running_max: self.running_max,
            living_max: self.living_max,
        };
        let (actor, _) = Actor::spawn_linked(None, plays, (), myself.get_cell()).await?;
        self.environment.plays.set(actor.clone());
        Ok(actor)
    }

    async fn start_benchmarks(
        &self,
        myself: &ActorRef<Message>,
    ) -> Result<ActorRef<benchmarks::Message>, SpawnErr> {
        let benchmarks = BenchmarksActor { environment: Arc::clone(&self.environment), runs: self.runs };
        let (actor, _) = Actor::spawn_linked(None, benchmarks, (), myself.get_cell()).await?;
        self.environment.benchmarks.set(actor.clone());
        Ok(actor)
    }
}
