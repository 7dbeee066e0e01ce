//! What happens in a play, as it happens: server-sent events. A stream has a cursor into the play's changes and reads
//! them from the store, so one that comes late and one that is slow see the same, and cost the play nothing.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::{
        IntoResponse as _, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, StreamExt as _, stream};
use hero_sdk::{Error, ErrorCode, PlaySid, logic::SpanFeed, rpc::Failure};
use serde::Serialize;

use super::http::{Shared, failed};

/// Between two signs of life on a stream where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The header by which a client says what it has.
const LAST_EVENT_ID: &str = "last-event-id";

/// Changes of one play behind `Last-Event-ID`, each event a page of them, until the play has ended.
pub(crate) async fn of_play(
    State(shared): State<Shared>,
    Path(play_sid): Path<String>,
    headers: HeaderMap,
) -> Response {
    let feed = async {
        let play_sid = play_sid.parse::<PlaySid>()?;
        shared.served.logic.play_feed(play_sid, cursor(&headers)?).await
    };
    match feed.await {
        Ok(feed) => {
            let keep_alive = KeepAlive::new().interval(HEARTBEAT).text("");
            Sse::new(events(feed).take_until(shared.stop.told())).keep_alive(keep_alive).into_response()
        }
        Err(error) => failed(error),
    }
}

fn cursor(headers: &HeaderMap) -> Result<u64, Error> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(0) };
    let number =
        value.to_str().ok().and_then(|text| if text.is_empty() { Some(0) } else { text.parse().ok() });
    number.ok_or_else(|| {
        Error::new(ErrorCode::InvalidParams, "Last-Event-ID is no id of an event of this stream")
    })
}

fn events(feed: SpanFeed) -> impl Stream<Item = Result<Event, Infallible>> {
    let pages = feed.map(|page| match page {
        Ok(page) => Event::default().event("spans").id(page.last_seq.to_string()).data(text(&page)),
        Err(error) => Event::default().event("error").data(text(&Failure::from(error))),
    });
    // Nothing comes behind it: a client that has it need not come again.
    let end = stream::once(async { Event::default().event("end").data("{}") });
    pages.chain(end).map(Ok)
}

/// JSON has no line ends of its own, so it is one line of an event.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "an event is no JSON");
        "null".to_owned()
    })
}
