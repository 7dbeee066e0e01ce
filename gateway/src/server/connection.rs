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
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

use super::{
    listen::{Bound, Stream},
    stop::told,
};

/// Connections at once.
const CONNECTIONS_MAX: usize = 4_096;
/// How long the head of a request may take.
const HEAD_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Headers of a request.
const HEADERS_MAX: usize = 64;
/// After an error that lies with this machine, before the next connection is taken.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections until it is told to stop, and returns when each has had its answer.
pub(crate) async fn serve(bound: Bound, router: Router, stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let stream = tokio::select! {
            stream = next(&bound, &places) => stream,
            () = told(stop.clone()) => break,
        };
        match stream {
            Ok((stream, place)) => {
                let (router, stop) = (router.clone(), stop.clone());
                tokio::spawn(async move {
                    match stream {
                        Stream::Unix(stream) => talk(stream, router, stop).await,
                        Stream::Tcp(stream) => talk(stream, router, stop).await,
                    }
                    drop(place);
                });
            }
            // No descriptor is left, mostly: the next one will not fare better at once.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    // Its file goes, and nobody comes any more; those that are here finish.
    drop(bound);
    drop(places.acquire_many(CONNECTIONS_MAX as u32).await);
}

/// The next connection, once there is a place for it.
async fn next(bound: &Bound, places: &Arc<Semaphore>) -> std::io::Result<(Stream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(std::io::Error::other)?;
    Ok((bound.accept().await?, place))
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    router: Router,
    stop: watch::Receiver<bool>,
) {
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
        () = told(stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection has ended");
    }
}
