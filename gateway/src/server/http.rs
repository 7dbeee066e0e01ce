//! What is at which path.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use futures_util::StreamExt as _;
use hero_sdk::{
    Error, ErrorCode, Json, Logic, PlaySid,
    logic::ServerProcess,
    rpc::{self, Failure, Reply},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body as _;

use super::{
    Times,
    access::{Access, check_content},
    events, links,
    meters::{Counted, Meters},
    metrics, rpc as calls,
    served::Served,
    stop::Stop,
};

/// Bytes of a request's body.
const BODY_BYTES_MAX: usize = rpc::BODY_BYTES_MAX;

/// What all requests share.
#[derive(Clone)]
pub(crate) struct Shared {
    /// Does what is asked.
    pub(crate) served: Served,
    /// Counts what is asked.
    pub(crate) meters: Arc<Meters>,
    /// When it is time to stop.
    pub(crate) stop: Stop,
    /// How long things take.
    pub(crate) times: Times,
    /// Where answers are until they were sent.
    room: calls::Room,
}

impl Shared {
    pub(crate) fn new(logic: Arc<dyn Logic>, process: ServerProcess, stop: Stop, times: Times) -> Self {
        Self {
            served: Served::new(logic, process),
            meters: Arc::new(Meters::new()),
            stop,
            times,
            room: calls::Room::default(),
        }
    }

    /// The whole body of a request, or the response where it is too large or too slow.
    pub(crate) async fn read(&self, body: Body, bytes_max: usize) -> Result<Bytes, Response> {
        let too_large = || {
            let message = format!("the request is larger than {} MiB", bytes_max >> 20);
            let error = Error::new(ErrorCode::InvalidRequest, message).hint(
                "send less at once: several requests in place of a batch, files in place of large values",
            );
            refused(StatusCode::PAYLOAD_TOO_LARGE, error)
        };
        // One that tells its length is not asked for it first.
        if body.size_hint().lower() > bytes_max as u64 {
            return Err(too_large());
        }
        let whole = Limited::new(body, bytes_max).collect();
        match tokio::time::timeout(self.times.body_limit, whole).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
            Ok(Err(error)) => {
                let error = Error::new(
                    ErrorCode::InvalidRequest,
                    format!("the request did not come whole: {error}"),
                )
                .hint("send as many bytes as Content-Length says, or chunks to the last, which is empty");
                Err(refused(StatusCode::BAD_REQUEST, error))
            }
            Err(_) => {
                let message = format!("the request took more than {} s", self.times.body_limit.as_secs());
                let error = Error::new(ErrorCode::Timeout, message)
                    .hint("nothing was done; send it again without a pause, or in parts");
                Err(refused(StatusCode::REQUEST_TIMEOUT, error))
            }
        }
    }
}

/// All paths of one listener.
pub(crate) fn router(shared: Shared, access: Access) -> Router {
    let links = Router::new()
        .route("/r/{*token}", get(links::show).post(links::answer))
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn(links::seal));
    Router::new()
        .route(rpc::PATH, post(call))
        .route("/openrpc.json", get(description))
        .route("/health", get(health))
        .route("/metrics", get(numbers))
        .route("/events", get(events::of_all))
        .route("/plays/{play_sid}/events", get(events::of_play))
        .route("/plays/{play_sid}/artifacts/{name}", get(artifact))
        .merge(links)
        .fallback(nothing)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn_with_state(access, guard))
        .with_state(shared)
}

/// Before anything else: whether the request may come in.
async fn guard(State(access): State<Access>, request: Request, next: Next) -> Response {
    let mut response = match access.check(&request) {
        Ok(()) => next.run(request).await,
        Err((status, error)) => {
            let mut response = refused(status, error);
            // Where a request can be read in two ways, so can what comes behind it.
            if status == StatusCode::BAD_REQUEST {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn call(State(shared): State<Shared>, headers: HeaderMap, body: Body) -> Response {
    if let Err((status, error)) = check_content(&headers) {
        return refused(status, error);
    }
    let body = match shared.read(body, BODY_BYTES_MAX).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let methods = Counted { served: &shared.served, meters: &shared.meters };
    match shared.stop.or(calls::answer(&methods, &body, &shared.room)).await {
        // Its room is free when it was sent, or the client is gone.
        Ok(Some(answer)) => json(StatusCode::OK, Bytes::from_owner(answer)),
        Ok(None) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failed(error),
    }
}

async fn description() -> Response {
    json(StatusCode::OK, calls::DESCRIPTION.as_str())
}

async fn health(State(shared): State<Shared>) -> Response {
    let trouble = match shared.served.logic.server_info().await {
        _ if shared.stop.is_told() => Some(
            Error::new(ErrorCode::ShuttingDown, "the server is shutting down")
                .hint("ask again when it is back"),
        ),
        Ok(info) => info.trouble,
        Err(error) => Some(error),
    };
    match trouble {
        None => json(StatusCode::OK, r#"{"status":"ok"}"#),
        Some(error) => refused(StatusCode::SERVICE_UNAVAILABLE, error),
    }
}

async fn numbers(State(shared): State<Shared>) -> Response {
    let logic = &shared.served.logic;
    let (info, metrics) = tokio::join!(logic.server_info(), logic.server_metrics());
    match info.and_then(|info| Ok((info, metrics?))) {
        Ok((info, metrics)) => {
            let text = metrics::text(&info, &metrics, &shared.meters);
            (StatusCode::OK, [(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response()
        }
        Err(error) => failed(error),
    }
}

async fn artifact(State(shared): State<Shared>, path: Parts<(String, String)>) -> Response {
    let fetched = async {
        let (play_sid, name) = parts(path)?;
        shared.served.logic.play_artifact_fetch(play_sid.parse::<PlaySid>()?, name).await
    };
    let fetched = match fetched.await {
        Ok(fetched) => fetched,
        Err(error) => return failed(error),
    };
    let size = HeaderValue::from(fetched.artifact.size);
    // Its length is told, so whoever reads it sees when it ends early.
    let body = Body::from_stream(fetched.content.map(|chunk| chunk.map(Bytes::from)));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, size);
    // What the flow calls it is not to be believed by a browser.
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    response
}

/// What stands in the places of a path, if it can be read.
pub(crate) type Parts<T> = Result<Path<T>, PathRejection>;

pub(crate) fn parts<T>(path: Parts<T>) -> Result<T, Error> {
    path.map(|Path(parts)| parts).map_err(|_| {
        Error::new(ErrorCode::InvalidParams, "the path is no UTF-8")
            .hint("write what is not ASCII as its bytes of UTF-8, each as %XX")
    })
}

async fn nothing(request: Request) -> Response {
    let path: String = request.uri().path().chars().take(200).collect();
    let error = Error::new(ErrorCode::NotFound, format!("nothing is at {path}"))
        .hint("POST /rpc takes calls; GET /openrpc.json describes them");
    refused(StatusCode::NOT_FOUND, error)
}

async fn not_so(request: Request) -> Response {
    let message = format!("{} does not go there", request.method());
    let error = Error::new(ErrorCode::InvalidRequest, message).hint("the header Allow names what does");
    refused(StatusCode::METHOD_NOT_ALLOWED, error)
}

/// An error of a method, where a path stands for a call.
pub(crate) fn failed(error: Error) -> Response {
    refused(status_of(error.code), error)
}

/// The status by which it is told.
pub(crate) fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Conflict => StatusCode::CONFLICT,
        ErrorCode::InvalidPayload | ErrorCode::InvalidInputs => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::InvalidParams | ErrorCode::InvalidRequest => StatusCode::BAD_REQUEST,
        ErrorCode::Busy | ErrorCode::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// An error as JSON-RPC has it, under another status.
pub(crate) fn refused(status: StatusCode, error: Error) -> Response {
    let failure = Failure::from(error);
    let reply = Reply { jsonrpc: rpc::VERSION, result: None, error: Some(&failure), id: None };
    json(status, Json::of(&reply).map_or_else(|_| "null".to_owned(), |json| json.to_string()))
}

pub(crate) fn json(status: StatusCode, text: impl Into<Body>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], text.into()).into_response()
}
