//! Connections to one server, kept while they are good.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Response, StatusCode,
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
    http::request::Builder,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};

use super::{Endpoint, refusal};
use crate::{Error, ErrorCode};

/// Connections that are kept for the next calls.
const KEPT_MAX: usize = 16;

type Sender = SendRequest<Full<Bytes>>;

#[derive(Debug)]
pub(super) struct Connections {
    endpoint: Endpoint,
    /// Those whose answer is not read yet are not ready, and are not taken.
    kept: Mutex<Vec<Sender>>,
}

impl Connections {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, kept: Mutex::default() }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends a request and gives the head of the response.
    pub(super) async fn send(&self, request: Builder, body: Bytes) -> Result<Response<Incoming>, Error> {
        let request = request
            .body(Full::new(body))
            .map_err(|error| Error::new(ErrorCode::InvalidParams, format!("this cannot be sent: {error}")))?;
        let request = match self.take() {
            None => request,
            Some(mut sender) => match sender.try_send_request(request).await {
                Ok(response) => return Ok(self.keep(sender, response)),
                // The server had closed it before it took anything of this.
                Err(mut error) => match error.take_message() {
                    Some(request) => request,
                    None => return Err(self.gone(&error.into_error())),
                },
            },
        };
        let mut sender = self.connect().await?;
        match sender.send_request(request).await {
            Ok(response) => Ok(self.keep(sender, response)),
            Err(error) => Err(self.gone(&error)),
        }
    }

    /// Reads what came as a whole.
    pub(super) async fn read(&self, response: Response<Incoming>, bytes_max: usize) -> Result<Bytes, Error> {
        let status = response.status();
        let body = Limited::new(response.into_body(), bytes_max).collect().await;
        let body = body.map_err(|error| self.gone(&error))?.to_bytes();
        // Of JSON-RPC all answers have this one.
        if status == StatusCode::OK { Ok(body) } else { Err(refusal(status, &body)) }
    }

    fn take(&self) -> Option<Sender> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|sender| !sender.is_closed());
        let place = kept.iter().rposition(Sender::is_ready)?;
        Some(kept.swap_remove(place))
    }

    fn keep(&self, sender: Sender, response: Response<Incoming>) -> Response<Incoming> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.push(sender);
        }
        response
    }

    async fn connect(&self) -> Result<Sender, Error> {
        match &self.endpoint {
            Endpoint::Unix(path) => self.shake_hands(UnixStream::connect(path).await).await,
            Endpoint::Tcp { authority, .. } => {
                let stream = TcpStream::connect(authority).await;
                // A call is one small packet, and waits for nothing.
                self.shake_hands(stream.and_then(|stream| stream.set_nodelay(true).map(|()| stream))).await
            }
        }
    }

    async fn shake_hands<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        &self,
        stream: std::io::Result<S>,
    ) -> Result<Sender, Error> {
        let stream = stream.map_err(|error| self.gone(&error))?;
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|error| self.gone(&error))?;
        // It ends with the sender, and what goes wrong the sender is told.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    /// Nobody answers.
    pub(super) fn gone(&self, error: &dyn std::fmt::Display) -> Error {
        Error::new(
            ErrorCode::Unreachable,
            format!("the server at {} does not answer: {error}", self.endpoint),
        )
        .hint("`hero_logic --info` shows whether one runs, `hero_logic --start` starts one")
    }
}
