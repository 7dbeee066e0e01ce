//! What happens, as it happens: server-sent events, of one play or of the whole runtime. A stream has a cursor and reads
//! what is behind it, so one that comes late and one that is slow see the same, and cost the plays nothing.

use std::convert::Infallible;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, Uri},
    response::{
        IntoResponse as _, Response, Sse,
        sse::{self, KeepAlive},
    },
};
use futures_util::{Stream, StreamExt as _, stream};
use hero_sdk::{
    Error, ErrorCode, PlaySid,
    logic::{EventFilter, EventId, SpanFeed},
    rpc::Failure,
};
use serde::{Deserialize, Serialize, de::IntoDeserializer};

use super::{
    http::{Parts, Shared, failed, parts},
    meters::Streams,
};

/// The header by which a client says what it has.
const LAST_EVENT_ID: &str = "last-event-id";
/// What it has is not what is known here: it begins again.
const RESET: &str = "reset";

/// Changes of one play behind `Last-Event-ID`, each event a page of them, until the play has ended. A `reset` comes first
/// where the play has not come as far as the client has.
pub(crate) async fn of_play(
    State(shared): State<Shared>,
    path: Parts<String>,
    headers: HeaderMap,
) -> Response {
    let feed = async {
        let play_sid = parts(path)?.parse::<PlaySid>()?;
        let after_seq = last_event_id(&headers)?.unwrap_or(0);
        match shared.served.logic.play_feed(play_sid.clone(), after_seq).await {
            Err(error) if error.code == ErrorCode::InvalidParams && after_seq > 0 => {
                Ok((true, shared.served.logic.play_feed(play_sid, 0).await?))
            }
            feed => Ok((false, feed?)),
        }
    };
    match feed.await {
        Ok((is_reset, feed)) => {
            let reset = is_reset.then(|| sse::Event::default().event(RESET).id("0").data("{}"));
            shared.stream(Streams::Play, stream::iter(reset).chain(pages(feed)))
        }
        Err(error) => failed(error),
    }
}

/// What happens in the whole runtime behind `Last-Event-ID`, as far as the query wants it.
pub(crate) async fn of_all(State(shared): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let feed = async {
        let filter = filter(uri.query().unwrap_or_default())?;
        let after = last_event_id::<EventId>(&headers)?;
        shared.served.logic.events(filter, after).await
    };
    match feed.await {
        Ok(feed) => {
            let events = feed.map(|event| match event {
                Ok(event) => {
                    sse::Event::default().event(event.news.name()).id(event.id.to_string()).data(text(&event))
                }
                Err(error) => failure(error),
            });
            shared.stream(Streams::All, events)
        }
        Err(error) => failed(error),
    }
}

impl Shared {
    /// Sends events until there are no more, or the server stops.
    fn stream(&self, which: Streams, events: impl Stream<Item = sse::Event> + Send + 'static) -> Response {
        let open = self.meters.stream(which);
        let events = events.take_until(self.stop.clone().told()).map(move |event| {
            // It goes with the stream.
            let _open = &open;
            Ok::<_, Infallible>(event)
        });
        let keep_alive = KeepAlive::new().interval(self.times.heartbeat).text("");
        let mut response = Sse::new(events).keep_alive(keep_alive).into_response();
        // Some that stand in between would gather them.
        response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
        response
    }
}

/// What a client has, if it says so.
fn last_event_id<T: std::str::FromStr>(headers: &HeaderMap) -> Result<Option<T>, Error> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.parse().ok());
    let message = "Last-Event-ID is no id of an event of this stream";
    Ok(Some(id.ok_or_else(|| {
        Error::new(ErrorCode::InvalidParams, message).hint("send the id of the last event that came, or none")
    })?))
}

fn filter(query: &str) -> Result<EventFilter, Error> {
    let mut filter = EventFilter::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "play_sid" => filter.play_sid = Some(value.parse()?),
            "workflow" => filter.workflow = Some(value.into_owned()),
            "status" => {
                let status: Result<_, serde::de::value::Error> =
                    Deserialize::deserialize((*value).into_deserializer());
                filter.status = Some(status.map_err(|error| invalid(&format!("status: {error}")))?);
            }
            _ => return Err(invalid(&format!("there is no filter {name:?}"))),
        }
    }
    Ok(filter)
}

fn invalid(message: &str) -> Error {
    let message: String = message.chars().take(200).collect();
    Error::new(ErrorCode::InvalidParams, message).hint("filters are play_sid, workflow and status")
}

fn pages(feed: SpanFeed) -> impl Stream<Item = sse::Event> {
    let pages = feed.map(|page| match page {
        Ok(page) => sse::Event::default().event("spans").id(page.last_seq.to_string()).data(text(&page)),
        Err(error) => failure(error),
    });
    // Nothing comes behind it: a client that has it need not come again.
    pages.chain(stream::once(async { sse::Event::default().event("end").data("{}") }))
}

fn failure(error: Error) -> sse::Event {
    sse::Event::default().event("error").data(text(&Failure::from(error)))
}

/// JSON has no line ends of its own, so it is one line of an event.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "an event is no JSON");
        "null".to_owned()
    })
}
