//! What happens, as it happens, over server-sent events. A connection that is lost is made again, and goes on behind the
//! last event that came.

use std::time::Duration;

use futures_util::{StreamExt as _, stream, stream::BoxStream};
use http_body_util::BodyExt as _;
use hyper::{
    body::{Body, Bytes},
    header::{ACCEPT, HeaderName},
};
use serde::de::DeserializeOwned;
use sse_stream::{Sse, SseStream};

use super::{Client, percent_encoded};
use crate::{
    Error, ErrorCode, PlaySid,
    logic::{Event, EventFeed, EventFilter, EventId, News, SpanFeed},
    model::SpanPage,
    rpc::Failure,
};

/// Between two tries to connect again: the first one, and the longest.
const PAUSE: Duration = Duration::from_millis(50);
/// See [`PAUSE`].
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// After so many tries in vain nobody is there.
const TRIES_MAX: u32 = 8;
/// By which a stream says where it is to go on.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// A page of changes of a play.
const SPANS: &str = "spans";
/// The play's record does not reach as far as what was seen of it.
const RESET: &str = "reset";
/// Why the stream ends.
const ERROR: &str = "error";
/// There will be no more.
const END: &str = "end";

/// The pages of a play behind this sequence number, until it has ended.
pub(crate) async fn feed(client: &Client, play_sid: PlaySid, after_seq: u64) -> Result<SpanFeed, Error> {
    let last = (after_seq > 0).then(|| after_seq.to_string());
    let source = Source::open(client, format!("/plays/{play_sid}/events"), last).await?;
    Ok(Box::pin(stream::unfold(Some(source), async |source| {
        let mut source = source?;
        loop {
            let event = match source.next().await {
                Ok(event) => event,
                Err(error) => return Some((Err(error), None)),
            };
            match event.event.as_deref() {
                Some(SPANS) => return Some(source.item::<SpanPage>(&event)),
                Some(END) => return None,
                Some(RESET) => {
                    let message = "the play's record does not reach as far as what was seen of it";
                    let error = Error::new(ErrorCode::InvalidParams, message);
                    return Some((Err(error.hint("begin again with after_seq 0")), None));
                }
                // News of a later server.
                _ => {}
            }
        }
    })))
}

/// What happens in the whole runtime behind this event. It ends only with an error.
pub(crate) async fn events(
    client: &Client,
    filter: &EventFilter,
    after: Option<EventId>,
) -> Result<EventFeed, Error> {
    let EventFilter { play_sid, workflow, status } = filter;
    let parts = [
        ("play_sid", play_sid.as_ref().map(PlaySid::as_str)),
        ("workflow", workflow.as_deref()),
        ("status", status.map(|status| status.as_str())),
    ];
    let parts = parts.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let query: Vec<String> =
        parts.map(|(name, value)| format!("{name}={}", percent_encoded(value))).collect();
    let source =
        Source::open(client, format!("/events?{}", query.join("&")), after.map(String::from)).await?;
    Ok(Box::pin(stream::unfold(Some(source), async |source| {
        let mut source = source?;
        loop {
            match source.next().await {
                Ok(event) if event.event.as_deref().is_some_and(News::is_kind) => {
                    return Some(source.item::<Event>(&event));
                }
                // News of a later server.
                Ok(_) => {}
                Err(error) => return Some((Err(error), None)),
            }
        }
    })))
}

fn told(event: &Sse) -> Error {
    let failure: Result<Failure, _> = serde_json::from_str(event.data.as_deref().unwrap_or_default());
    failure.map_or_else(super::strange, Error::from)
}

type Stream = BoxStream<'static, Result<Sse, Error>>;

/// Where events come from.
struct Source {
    client: Client,
    path: String,
    /// The id of the last event that came.
    last: Option<String>,
    stream: Option<Stream>,
    /// Tries since the last event.
    tries: u32,
    pause: Duration,
}

impl Source {
    /// What is wrong with the question is told at once.
    async fn open(client: &Client, path: String, last: Option<String>) -> Result<Self, Error> {
        let client = Client::new(client.endpoint().clone()).patience(client.patience);
        let mut source = Self { client, path, last, stream: None, tries: 0, pause: PAUSE };
        source.stream = Some(source.connect().await?);
        Ok(source)
    }

    /// The next event with data that is no error.
    async fn next(&mut self) -> Result<Sse, Error> {
        loop {
            let Some(stream) = &mut self.stream else {
                self.reconnect().await?;
                continue;
            };
            match stream.next().await {
                Some(Ok(event)) if event.event.as_deref() == Some(ERROR) => {
                    self.stream = None;
                    self.pass(told(&event))?;
                }
                Some(Ok(event)) => {
                    if let Some(id) = &event.id {
                        self.last = Some(id.clone());
                    }
                    if event.data.is_some() {
                        (self.tries, self.pause) = (0, PAUSE);
                        return Ok(event);
                    }
                }
                Some(Err(_)) | None => self.stream = None,
            }
        }
    }

    /// What an event holds, for a stream that goes on behind it.
    fn item<T: DeserializeOwned>(self, event: &Sse) -> (Result<T, Error>, Option<Self>) {
        match serde_json::from_str(event.data.as_deref().unwrap_or_default()) {
            Ok(item) => (Ok(item), Some(self)),
            Err(error) => (Err(super::strange(error)), None),
        }
    }

    async fn reconnect(&mut self) -> Result<(), Error> {
        tokio::time::sleep(self.pause).await;
        self.pause = PAUSE_MAX.min(self.pause * 2);
        self.tries += 1;
        match self.connect().await {
            Ok(stream) => self.stream = Some(stream),
            Err(error) => self.pass(error)?,
        }
        Ok(())
    }

    /// Passes over what may be otherwise at the next try.
    fn pass(&self, error: Error) -> Result<(), Error> {
        match error.code {
            ErrorCode::Unreachable | ErrorCode::Busy | ErrorCode::ShuttingDown if self.tries < TRIES_MAX => {
                Ok(())
            }
            _ => Err(error),
        }
    }

    async fn connect(&mut self) -> Result<Stream, Error> {
        let mut headers = vec![(ACCEPT, "text/event-stream".to_owned())];
        headers.extend(self.last.clone().map(|last| (LAST_EVENT_ID, last)));
        let response = self.client.get(&self.path, &headers).await?;
        Ok(parsed(response.into_body()))
    }
}

/// The events of a body, as they come.
pub(crate) fn parsed(body: impl Body<Data = Bytes, Error = hyper::Error> + Send + 'static) -> Stream {
    let lost = |error: sse_stream::Error| Error::new(ErrorCode::Unreachable, error.to_string());
    SseStream::new(body.boxed_unsync()).map(move |event| event.map_err(lost)).boxed()
}
