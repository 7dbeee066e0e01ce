//! What changes in a play as it happens, over server-sent events. A connection that is lost is made again, and goes on
//! behind the last event that came.

use std::time::Duration;

use futures_util::{StreamExt as _, stream::BoxStream};
use http_body_util::BodyExt as _;
use hyper::{
    body::{Body, Bytes},
    header::{ACCEPT, HeaderName},
};
use sse_stream::{Sse, SseStream};

use super::Client;
use crate::{Error, ErrorCode, PlaySid, logic::SpanFeed, model::SpanPage};

/// Between two tries to connect again: the first one, and the longest.
const PAUSE: Duration = Duration::from_millis(50);
/// See [`PAUSE`].
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// After so many tries in vain nobody is there.
const TRIES_MAX: u32 = 8;
/// By which a stream says where it is to go on.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// A page of changes.
const SPANS: &str = "spans";
/// There will be no more.
const END: &str = "end";

type Events = BoxStream<'static, Result<Sse, Error>>;

/// Where the events of a play come from.
struct Source {
    client: Client,
    path: String,
}

struct Feed {
    source: Source,
    after_seq: u64,
    events: Option<Events>,
}

/// The pages of a play behind this sequence number, until it has ended.
pub(crate) async fn feed(client: &Client, play_sid: PlaySid, after_seq: u64) -> Result<SpanFeed, Error> {
    let path = format!("/plays/{play_sid}/events");
    let source = Source { client: Client::new(client.endpoint().clone()), path };
    // What is wrong with the question is told at once.
    let events = Some(source.connect(after_seq).await?);
    let feed = Feed { source, after_seq, events };
    Ok(Box::pin(futures_util::stream::unfold(Some(feed), Feed::next)))
}

/// What an event says.
pub(crate) enum News {
    /// What changed.
    Page(SpanPage),
    /// There will be no more.
    End,
    /// A heartbeat, or news of a later server.
    Nothing,
}

/// Reads an event. Errors on a page that is none.
pub(crate) fn news(event: &Sse) -> Result<News, Error> {
    match event.event.as_deref() {
        Some(SPANS) => {
            let text = event.data.as_deref().unwrap_or_default();
            serde_json::from_str(text).map(News::Page).map_err(super::strange)
        }
        Some(END) => Ok(News::End),
        _ => Ok(News::Nothing),
    }
}

/// The events of a body, as they come.
pub(crate) fn events(body: impl Body<Data = Bytes, Error = hyper::Error> + Send + 'static) -> Events {
    let lost = |error: sse_stream::Error| Error::new(ErrorCode::Unreachable, error.to_string());
    SseStream::new(body.boxed_unsync()).map(move |event| event.map_err(lost)).boxed()
}

impl Feed {
    async fn next(feed: Option<Self>) -> Option<(Result<SpanPage, Error>, Option<Self>)> {
        let mut feed = feed?;
        loop {
            let event = match &mut feed.events {
                Some(events) => events.next().await,
                None => match feed.source.reconnect(feed.after_seq).await {
                    Ok(events) => {
                        feed.events = Some(events);
                        continue;
                    }
                    Err(error) => return Some((Err(error), None)),
                },
            };
            let Some(Ok(event)) = event else {
                feed.events = None;
                continue;
            };
            match news(&event) {
                Ok(News::Page(page)) => {
                    feed.after_seq = page.last_seq;
                    return Some((Ok(page), Some(feed)));
                }
                Ok(News::End) => return None,
                Ok(News::Nothing) => {}
                Err(error) => return Some((Err(error), None)),
            }
        }
    }
}

impl Source {
    async fn reconnect(&self, after_seq: u64) -> Result<Events, Error> {
        let mut pause = PAUSE;
        for _ in 1..TRIES_MAX {
            match self.connect(after_seq).await {
                Err(error)
                    if matches!(
                        error.code,
                        ErrorCode::Unreachable | ErrorCode::Busy | ErrorCode::ShuttingDown
                    ) =>
                {
                    tokio::time::sleep(pause).await;
                    pause = PAUSE_MAX.min(pause * 2);
                }
                connected => return connected,
            }
        }
        self.connect(after_seq).await
    }

    async fn connect(&self, after_seq: u64) -> Result<Events, Error> {
        let headers = [(ACCEPT, "text/event-stream".to_owned()), (LAST_EVENT_ID, after_seq.to_string())];
        let response = self.client.get(&self.path, &headers).await?;
        Ok(events(response.into_body()))
    }
}
