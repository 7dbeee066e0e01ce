//! The server: the methods for programs, and what happens as it happens, over HTTP/1.1.

mod access;
mod connection;
mod events;
mod gateway;
mod http;
mod idle;
mod links;
mod listen;
mod meters;
mod metrics;
mod public_url;
pub(crate) mod rpc;
mod served;
mod staged;
mod stop;
#[cfg(test)]
mod tests;
mod unstalled;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use hero_sdk::{Error, Logic, logic::ServerProcess};
use tokio::sync::watch;

#[cfg(feature = "fuzz")]
pub(crate) use self::{access::Access, connection::answer};
use self::{
    connection::Door,
    gateway::Gateway,
    http::{Shared, router},
    listen::{Bound, SocketFile},
    stop::Stop,
};
pub(crate) use self::{
    idle::{Load, idle},
    listen::Listen,
    public_url::{PublicUrl, host_name},
    staged::stage_python_client,
};

/// Between two looks for the sockets' files.
const LOOK: Duration = Duration::from_secs(1);

/// How long things take that clients see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// Between two signs of life on a stream where nothing happens.
    pub(crate) heartbeat: Duration,
    /// How long a client may take nothing of what is written for him, which stays in memory meanwhile. As long as web
    /// servers commonly wait; whoever was only asleep comes again, and an event stream goes on where he was.
    pub(crate) write_limit: Duration,
    /// How long the body of a request may take.
    pub(crate) body_limit: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(15),
            write_limit: Duration::from_secs(60),
            body_limit: Duration::from_secs(30),
        }
    }
}

/// A server that listens and answers nobody yet.
pub(crate) struct Server {
    bound: Vec<Bound>,
    times: Times,
}

/// A server whose actor is there, or comes.
pub(crate) struct Serving {
    doors: Arc<Vec<Door>>,
    sockets: Vec<SocketFile>,
    stop: watch::Sender<bool>,
    /// How many are connected.
    pub(crate) load: Load,
}

impl Server {
    /// Begins to listen, everywhere or nowhere.
    pub(crate) async fn bind(listen: &[Listen]) -> Result<Self, Error> {
        let mut bound = Vec::new();
        for listen in listen {
            bound.push(listen.bind().await?);
        }
        Ok(Self { bound, times: Times::default() })
    }

    /// Where it listens, for people.
    pub(crate) fn places(&self) -> Vec<String> {
        self.bound.iter().map(Bound::place).collect()
    }

    /// Where others reach it, if that is known: on TCP, at an address that is not just all of this machine's.
    pub(crate) fn url(&self) -> Option<String> {
        self.bound.iter().find_map(Bound::url)
    }

    /// Has everybody who comes be answered by `logic`, once the actor is adopted.
    pub(crate) fn serve(self, logic: Arc<dyn Logic>, process: ServerProcess) -> (Serving, Gateway) {
        let (stop, stopped) = watch::channel(false);
        let (stopped, load) = (Stop::new(stopped), Load::default());
        let shared = Shared::new(logic, process, stopped.clone(), self.times);
        let mut sockets = Vec::new();
        let doors = self.bound.into_iter().map(|mut bound| {
            sockets.extend(bound.take_file());
            let router = router(shared.clone(), bound.access());
            Door::new(bound, router, load.clone(), stopped.clone(), self.times.write_limit)
        });
        let doors = Arc::new(doors.collect::<Vec<_>>());
        let gateway = Gateway::new(Arc::clone(&doors));
        (Serving { doors, sockets, stop, load }, gateway)
    }
}

impl Serving {
    /// Returns when a socket is not any more where clients look for it: nobody else can come.
    pub(crate) async fn lost(&self) {
        while self.sockets.iter().all(SocketFile::is_there) {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Has nobody come any more, and returns when everybody who is here has had his answer, within limits.
    pub(crate) async fn drain(self) {
        drop(self.sockets);
        self.stop.send_replace(true);
        join_all(self.doors.iter().map(Door::empty)).await;
    }
}
