//! One connection: HTTP/1.1 with limits on everything that a client can make large or slow.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{OwnedSemaphorePermit, Semaphore},
};

#[cfg(feature = "fuzz")]
use super::{
    Times,
    access::Access,
    http::{Shared, router},
};
use super::{
    idle::Load,
    listen::{Bound, Stream},
    stop::Stop,
    unstalled::Unstalled,
};

/// Connections at once.
const CONNECTIONS_MAX: usize = 4_096;
/// How long the head of a request may take.
const HEAD_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Headers of a request.
const HEADERS_MAX: usize = 64;
/// How long those may take who are here when it is time to stop.
const DRAIN_LIMIT: Duration = Duration::from_secs(3);
/// After an error that lies with this machine, before the next connection is taken.
const PAUSE: Duration = Duration::from_millis(100);

/// Where connections come from, and who answers them.
pub(crate) struct Door {
    bound: Bound,
    router: Router,
    load: Load,
    stop: Stop,
    write_limit: Duration,
    places: Arc<Semaphore>,
}

impl Door {
    /// Whoever takes nothing of what is written for him within `write_limit` has to leave.
    pub(crate) fn new(bound: Bound, router: Router, load: Load, stop: Stop, write_limit: Duration) -> Self {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        Self { bound, router, load, stop, write_limit, places }
    }

    /// Takes connections until it is time to stop.
    pub(crate) async fn take(&self) {
        loop {
            let stream = tokio::select! {
                stream = self.next() => stream,
                () = self.stop.clone().told() => return,
            };
            match stream {
                Ok((stream, place)) => {
                    let Some(connected) = self.load.connected() else { continue };
                    let (router, stop, limit) = (self.router.clone(), self.stop.clone(), self.write_limit);
                    tokio::spawn(async move {
                        match stream {
                            Stream::Unix(stream) => talk(Unstalled::new(stream, limit), router, stop).await,
                            Stream::Tcp(stream) => talk(Unstalled::new(stream, limit), router, stop).await,
                        }
                        drop((place, connected));
                    });
                }
                // No descriptor is left, mostly: the next one will not fare better at once.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Returns when everybody has gone who was here, or after some seconds.
    pub(crate) async fn empty(&self) {
        let all_gone = self.places.acquire_many(CONNECTIONS_MAX as u32);
        if tokio::time::timeout(DRAIN_LIMIT, all_gone).await.is_err() {
            tracing::warn!("not everybody has gone in time, and is left");
        }
    }

    /// The next connection, once there is a place for it.
    async fn next(&self) -> std::io::Result<(Stream, OwnedSemaphorePermit)> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(std::io::Error::other)?;
        Ok((self.bound.accept().await?, place))
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, router: Router, stop: Stop) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = stop.told() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection has ended");
    }
}

/// Answers what comes by a stream, as if somebody had connected.
#[cfg(feature = "fuzz")]
pub(crate) async fn answer<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    logic: Arc<dyn hero_sdk::Logic>,
    access: Access,
) {
    use hero_sdk::{Timestamp, logic::ServerProcess};

    // Whoever could say that it is time to stop must not be gone.
    let (_keep, stop) = tokio::sync::watch::channel(false);
    let stop = Stop::new(stop);
    let process = ServerProcess { pid: 1, started_at: Timestamp(0), listening: Vec::new(), background: None };
    let times = Times::default();
    let shared = Shared::new(logic, process, stop.clone(), times);
    talk(Unstalled::new(stream, times.write_limit), router(shared, access), stop).await;
}
