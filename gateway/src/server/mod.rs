//! The server: the methods for programs, and what happens as it happens, over HTTP/1.1.

mod access;
mod connection;
mod events;
mod http;
mod idle;
mod listen;
mod rpc;
mod served;
mod stop;

use std::sync::Arc;

use hero_sdk::{Error, Logic, logic::ServerProcess};
use tokio::sync::watch;

use self::{
    http::{Shared, router},
    listen::Bound,
    served::Served,
    stop::Stop,
};
pub(crate) use self::{
    idle::{Load, idle},
    listen::Listen,
};

/// A server that listens and answers nobody yet.
pub(crate) struct Server {
    bound: Vec<Bound>,
    load: Load,
}

impl Server {
    /// Begins to listen, everywhere or nowhere.
    pub(crate) async fn bind(listen: &[Listen]) -> Result<Self, Error> {
        let mut bound = Vec::new();
        for listen in listen {
            bound.push(listen.bind().await?);
        }
        Ok(Self { bound, load: Load::default() })
    }

    /// Where it listens, for people.
    pub(crate) fn places(&self) -> Vec<String> {
        self.bound.iter().map(Bound::place).collect()
    }

    /// What it has to do, now and later.
    pub(crate) fn load(&self) -> Load {
        self.load.clone()
    }

    /// Answers by `logic` until it is told to stop, and until everybody who was here has had his answer, within limits.
    pub(crate) async fn serve(
        self,
        logic: Arc<dyn Logic>,
        process: ServerProcess,
        stop: watch::Receiver<bool>,
    ) {
        let served = Served::new(logic, process);
        let serving = self.bound.into_iter().map(|bound| {
            let shared = Shared { served: served.clone(), stop: Stop::new(stop.clone()) };
            let router = router(shared.clone(), bound.access());
            connection::serve(bound, router, self.load.clone(), shared.stop)
        });
        futures_util::future::join_all(serving).await;
    }
}
