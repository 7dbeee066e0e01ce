//! The server: the methods for programs, and what happens as it happens, over HTTP/1.1.

mod access;
mod connection;
mod events;
mod http;
mod listen;
mod rpc;
mod staged;

use std::sync::Arc;

use hero_sdk::{Error, Logic};
use tokio::sync::watch;

use self::http::{Shared, router};
pub use self::{
    listen::{Bound, Listen, SocketFile},
    staged::stage_python_client,
};

/// A server that listens and answers nobody yet.
pub struct Server {
    bound: Vec<Bound>,
}

impl Server {
    /// Begins to listen, everywhere or nowhere.
    pub async fn bind(listen: &[Listen]) -> Result<Self, Error> {
        let mut bound = Vec::new();
        for listen in listen {
            bound.push(listen.bind().await?);
        }
        Ok(Self { bound })
    }

    /// Where it listens, for people.
    pub fn places(&self) -> Vec<String> {
        self.bound.iter().map(Bound::place).collect()
    }

    /// Answers by `logic` until it is told to stop, and until everybody who was here has had his answer.
    pub async fn serve(self, logic: Arc<dyn Logic>, stop: &watch::Receiver<bool>) {
        let serving = self.bound.into_iter().map(|bound| {
            let router = router(Shared { logic: Arc::clone(&logic) }, bound.access());
            connection::serve(bound, router, stop.clone())
        });
        futures_util::future::join_all(serving).await;
    }
}
