//! The actor that takes connections ends in the middle, by each way that an actor can: whoever is connected stays, and
//! whoever comes is answered by the next one, until that happens too often.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use hero_actors::{Config, Runtime};
use hero_sdk::{
    Client, Logic, Timestamp,
    client::Endpoint,
    logic::{ServerProcess, WorkflowList},
};

use super::*;
use crate::server::{Listen, Server, Serving};

/// Far more than anything here takes.
const LIMIT: Duration = Duration::from_secs(60);
/// Restarts that Root takes for accidents.
const RESTARTS_MAX: usize = 5;

/// The adopted one, which tells which actor there is.
struct Watched {
    gateway: Gateway,
    newest: Mutex<Option<ActorCell>>,
}

#[async_trait::async_trait]
impl Adopted for Watched {
    fn name(&self) -> &'static str {
        self.gateway.name()
    }

    async fn start(&self, supervisor: ActorCell) -> Result<ActorCell, SpawnErr> {
        let cell = self.gateway.start(supervisor).await?;
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(cell.clone());
        Ok(cell)
    }
}

impl Watched {
    fn newest(&self) -> ActorCell {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone().expect("one was started")
    }

    /// Returns when there is another one. Whoever comes before may be answered by what an actor that has ended leaves.
    async fn until_replaced(&self, cell: &ActorCell) {
        let replaced = async {
            while self.newest().get_id() == cell.get_id() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LIMIT, replaced).await.expect("another one comes");
    }
}

struct Stage {
    runtime: Arc<Runtime>,
    watched: Arc<Watched>,
    serving: Serving,
    socket: PathBuf,
    _home: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("sockets/rpc.sock");
        let runtime = Arc::new(Runtime::open(Config::new(home.path())).await.unwrap());
        let server = Server::bind(&[Listen::Unix(socket.clone())]).await.unwrap();
        let process =
            ServerProcess { pid: 1, started_at: Timestamp(0), listening: server.places(), background: None };
        let logic: Arc<dyn Logic> = Arc::<Runtime>::clone(&runtime);
        let (serving, gateway) = server.serve(logic, process);
        let watched = Arc::new(Watched { gateway, newest: Mutex::new(None) });
        runtime.adopt(Arc::<Watched>::clone(&watched)).await.unwrap();
        Self { runtime, watched, serving, socket, _home: home }
    }

    /// Somebody who is not connected yet.
    fn client(&self) -> Client {
        Client::new(Endpoint::Unix(self.socket.clone()))
    }
}

async fn is_answered(client: &Client) {
    let answer = tokio::time::timeout(LIMIT, client.workflow_list(WorkflowList::default()));
    answer.await.expect("it is answered in time").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn however_it_ends_the_next_one_takes_connections() {
    let ends: [fn(ActorCell); 3] = [
        |cell| cell.kill(),
        |cell| cell.stop(None),
        |cell| ActorRef::<Message>::from(cell).cast(Message::Broken).unwrap(),
    ];
    let stage = Stage::new().await;
    let connected = stage.client();
    is_answered(&connected).await;
    for end in ends {
        let cell = stage.watched.newest();
        end(cell.clone());
        // Nobody is turned away meanwhile: the listener outlives the actor.
        is_answered(&stage.client()).await;
        stage.watched.until_replaced(&cell).await;
        is_answered(&stage.client()).await;
        is_answered(&connected).await;
    }
    stage.serving.drain().await;
    stage.runtime.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_ends_again_and_again_is_the_end_of_the_runtime() {
    let stage = Stage::new().await;
    for _ in 0..RESTARTS_MAX {
        let cell = stage.watched.newest();
        cell.kill();
        stage.watched.until_replaced(&cell).await;
        is_answered(&stage.client()).await;
    }
    stage.watched.newest().kill();
    tokio::time::timeout(LIMIT, stage.runtime.ended()).await.expect("the runtime gives up");
    stage.serving.drain().await;
    stage.runtime.shutdown().await.unwrap_err();
}
