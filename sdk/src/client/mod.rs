//! A client of a server: the same methods over HTTP/1.1, on a Unix socket or TCP.
//!
//! ```no_run
//! # async fn example() -> Result<(), hero_sdk::Error> {
//! use hero_sdk::{Client, Logic as _, client::Endpoint};
//!
//! let client = Client::new(Endpoint::Unix("/home/me/hero/var/sockets/hero_logic/rpc.sock".into()));
//! println!("hero_logic {}", client.server_info().await?.version);
//! # Ok(())
//! # }
//! ```

mod connection;
mod content;
pub(crate) mod events;
mod link;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use hyper::{Method, Request, Response, StatusCode, body::Incoming, header};
use serde::{Serialize, de::DeserializeOwned};

use self::connection::Connections;
pub(crate) use self::{
    content::artifact,
    events::{events, feed},
    link::resume_of_link,
};
use crate::{
    Error, ErrorCode,
    rpc::{Answer, BODY_BYTES_MAX, Call, PATH, VERSION},
};

/// Bytes of an answer, at most.
const ANSWER_BYTES_MAX: usize = 1 << 30;
/// How long an answer may take, unless told: as in the Python client.
const PATIENCE: Duration = Duration::from_secs(60);
/// The method that answers when something has happened.
const WAITS: &str = "play_wait";

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// On a socket of this machine.
    Unix(PathBuf),
    /// On TCP, with the token that it was started with.
    Tcp {
        /// Host and port, such as `localhost:7410`.
        authority: String,
        /// Sent as `Authorization: Bearer`.
        token: String,
    },
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(formatter, "{}", path.display()),
            Self::Tcp { authority, .. } => formatter.write_str(authority),
        }
    }
}

/// Talks to one server. Connections are made when they are needed, and kept.
#[derive(Debug)]
pub struct Client {
    connections: Connections,
    patience: Duration,
    next_id: AtomicU64,
}

impl Client {
    /// Of the server that listens there. Nothing is sent yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { connections: Connections::new(endpoint), patience: PATIENCE, next_id: AtomicU64::new(1) }
    }

    /// The same, for which an answer may take so long instead of a minute; a wait as long as it was told to, and then as
    /// long as any other. An event stream has to begin in this time, and then may take any.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Where the server listens.
    pub fn endpoint(&self) -> &Endpoint {
        self.connections.endpoint()
    }

    /// Calls a method by its name.
    ///
    /// Errors: those of the method; `unreachable` where no server answers in time, and then it is not known whether the
    /// call was done.
    pub async fn call<P: Serialize, R: DeserializeOwned>(
        &self,
        method: &str,
        params: Option<P>,
    ) -> Result<R, Error> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let no_json = |error: serde_json::Error| {
            Error::new(ErrorCode::InvalidParams, format!("the parameters are no JSON: {error}"))
        };
        let limit = match method {
            WAITS => self.patience_of_wait(&serde_json::to_value(&params).map_err(no_json)?),
            _ => Some(self.patience),
        };
        let call = serde_json::to_vec(&Call { jsonrpc: VERSION, id, method, params }).map_err(no_json)?;
        // A server would hang up on it, and nobody could read why.
        if call.len() > BODY_BYTES_MAX {
            let message = format!("the call has {} bytes, of at most {BODY_BYTES_MAX}", call.len());
            return Err(Error::new(ErrorCode::InvalidRequest, message));
        }
        let request = self.request(Method::POST, PATH).header(header::CONTENT_TYPE, "application/json");
        let answered = async {
            let response = self.connections.send(request, call.into()).await?;
            self.connections.read(response, ANSWER_BYTES_MAX).await
        };
        let body = self.within(limit, answered).await?;
        let answer: Answer = serde_json::from_slice(&body).map_err(strange)?;
        match answer.error {
            Some(failure) => Err(failure.into()),
            None => answer.result.unwrap_or_else(crate::Json::null).to().map_err(strange),
        }
    }

    /// Asks for what is at a path, beginning with what the server sends first.
    async fn get(
        &self,
        path: &str,
        headers: &[(header::HeaderName, String)],
    ) -> Result<Response<Incoming>, Error> {
        let mut request = self.request(Method::GET, path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = self.within(Some(self.patience), self.connections.send(request, Bytes::new())).await?;
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        let status = response.status();
        let body = self.read(response).await?;
        Err(refusal(status, &body))
    }

    /// Reads what came as a whole.
    async fn read(&self, response: Response<Incoming>) -> Result<Bytes, Error> {
        self.within(Some(self.patience), self.connections.read(response, ANSWER_BYTES_MAX)).await
    }

    /// How long a wait may take; none where it was told to wait for ever.
    fn patience_of_wait(&self, params: &serde_json::Value) -> Option<Duration> {
        let wait_ms = params.get("timeout_ms")?.as_u64()?;
        Some(self.patience.saturating_add(Duration::from_millis(wait_ms)))
    }

    async fn within<T>(
        &self,
        limit: Option<Duration>,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let Some(limit) = limit else { return answer.await };
        match tokio::time::timeout(limit, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(self.connections.gone(&format!("nothing came within {} s", limit.as_secs_f64()))),
        }
    }

    fn request(&self, method: Method, path: &str) -> hyper::http::request::Builder {
        let request = Request::builder().method(method).uri(path);
        match self.endpoint() {
            Endpoint::Unix(_) => request.header(header::HOST, "localhost"),
            Endpoint::Tcp { authority, token } => request
                .header(header::HOST, authority)
                .header(header::AUTHORIZATION, format!("Bearer {token}")),
        }
    }
}

/// What a server said instead of an answer.
fn refusal(status: StatusCode, body: &[u8]) -> Error {
    if let Ok(Answer { error: Some(failure), .. }) = serde_json::from_slice(body) {
        return failure.into();
    }
    let code = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorCode::Unauthorized,
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => ErrorCode::Busy,
        // Of a proxy.
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => ErrorCode::Unreachable,
        _ => ErrorCode::InvalidRequest,
    };
    Error::new(code, format!("the server answers {status}"))
}

fn strange(error: serde_json::Error) -> Error {
    Error::new(ErrorCode::Internal, format!("the server's answer cannot be read: {error}"))
        .hint("server and client may be of different versions")
}

/// A segment of a path, or a value of a query.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
