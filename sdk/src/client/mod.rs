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

use std::{
    fmt,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
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
    next_id: AtomicU64,
}

impl Client {
    /// Of the server that listens there. Nothing is sent yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { connections: Connections::new(endpoint), next_id: AtomicU64::new(1) }
    }

    /// Where the server listens.
    pub fn endpoint(&self) -> &Endpoint {
        self.connections.endpoint()
    }

    /// Calls a method by its name.
    ///
    /// Errors: those of the method; `unreachable` where no server answers, and then it is not known whether the call was
    /// done.
    pub async fn call<P: Serialize, R: DeserializeOwned>(
        &self,
        method: &str,
        params: Option<P>,
    ) -> Result<R, Error> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let call = serde_json::to_vec(&Call { jsonrpc: VERSION, id, method, params }).map_err(|error| {
            Error::new(ErrorCode::InvalidParams, format!("the parameters are no JSON: {error}"))
        })?;
        // A server would hang up on it, and nobody could read why.
        if call.len() > BODY_BYTES_MAX {
            let message = format!("the call has {} bytes, of at most {BODY_BYTES_MAX}", call.len());
            return Err(Error::new(ErrorCode::InvalidRequest, message));
        }
        let request = self.request(Method::POST, PATH).header(header::CONTENT_TYPE, "application/json");
        let response = self.connections.send(request, call.into()).await?;
        let body = self.connections.read(response, ANSWER_BYTES_MAX).await?;
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
        let response = self.connections.send(request, Bytes::new()).await?;
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        let status = response.status();
        let body = self.connections.read(response, ANSWER_BYTES_MAX).await?;
        Err(refusal(status, &body))
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
