//! The server: the methods for programs, and what happens as it happens, over HTTP/1.1.

mod access;
mod connection;
mod events;
mod http;
mod links;
mod listen;
mod meters;
mod metrics;
mod public_url;
mod rpc;
mod stop;

use std::{sync::Arc, time::Duration};

use hero_sdk::{Error, Logic};
use tokio::sync::watch;

use self::{
    http::{Shared, router},
    meters::Meters,
};
pub use self::{
    listen::{Bound, Listen, SocketFile},
    public_url::PublicUrl,
};

/// Between two signs of life on a stream where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A server that listens and answers nobody yet.
pub struct Server {
    bound: Vec<Bound>,
    heartbeat: Duration,
}

impl Server {
    /// Begins to listen, everywhere or nowhere.
    pub async fn bind(listen: &[Listen]) -> Result<Self, Error> {
        let mut bound = Vec::new();
        for listen in listen {
            bound.push(listen.bind().await?);
        }
        Ok(Self { bound, heartbeat: HEARTBEAT })
    }

    /// The same with another time between two signs of life on a stream where nothing happens: 15 s unless told.
    #[must_use]
    pub fn heartbeat(self, heartbeat: Duration) -> Self {
        Self { heartbeat, ..self }
    }

    /// Where it listens, for people.
    pub fn places(&self) -> Vec<String> {
        self.bound.iter().map(Bound::place).collect()
    }

    /// Where others reach it, if that is known: on TCP, at an address that is not just all of this machine's.
    pub fn url(&self) -> Option<String> {
        self.bound.iter().find_map(Bound::url)
    }

    /// Answers by `logic` until it is told to stop, and until everybody who was here has had his answer.
    pub async fn serve(self, logic: Arc<dyn Logic>, stop: &watch::Receiver<bool>) {
        let shared =
            Shared { logic, meters: Arc::new(Meters::new()), stop: stop.clone(), heartbeat: self.heartbeat };
        let serving = self.bound.into_iter().map(|bound| {
            let router = router(shared.clone(), bound.access());
            connection::serve(bound, router, stop.clone())
        });
        futures_util::future::join_all(serving).await;
    }
}
