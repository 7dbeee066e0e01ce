//! Sends what waits in the queue to the collector, a batch at a time, and again where it may take it later.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use hero_sdk::{Error, ErrorCode};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response, hyper::HyperClient};
use opentelemetry_otlp::{RetryPolicy, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    error::OTelSdkError,
    trace::{SpanData, SpanExporter as _},
};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{closed, queue::Waiting, settings::Settings};

/// Spans of one request.
const BATCH_MAX: usize = 512;
/// How long a span may wait for others to go with.
const LINGER: Duration = Duration::from_millis(500);
/// From the first vain request to the second; each pause is twice the one before.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Dropped spans are told of once in this time.
const TOLD_EVERY: Duration = Duration::from_secs(60);
/// Instead of the status of an answer, where there was none.
const NO_ANSWER: u16 = 0;

/// The collector, as we know it.
#[derive(Debug)]
pub(super) struct Collector {
    exporter: SpanExporter,
    waiting: Waiting,
    closing: watch::Receiver<bool>,
    answered: Arc<AtomicU16>,
    url: String,
    is_down: bool,
    told_at: Option<Instant>,
}

/// Remembers how a request was answered: the exporter tells only that it was in vain.
#[derive(Debug)]
struct Remembering {
    client: HyperClient,
    answered: Arc<AtomicU16>,
}

#[async_trait::async_trait]
impl HttpClient for Remembering {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.answered.store(NO_ANSWER, Ordering::Relaxed);
        let response = self.client.send_bytes(request).await?;
        self.answered.store(response.status().as_u16(), Ordering::Relaxed);
        Ok(response)
    }
}

impl Collector {
    /// The one that the settings name.
    pub(super) fn new(
        settings: Settings,
        waiting: Waiting,
        closing: watch::Receiver<bool>,
    ) -> Result<Self, Error> {
        let Settings { url, protocol, timeout, resource } = settings;
        let answered = Arc::<AtomicU16>::default();
        let client = HyperClient::with_default_connector(timeout, None);
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Remembering { client, answered: Arc::clone(&answered) })
            .with_endpoint(url.clone())
            .with_protocol(protocol)
            .with_timeout(timeout)
            // Here it is tried again, for as long as there is room for what waits.
            .with_retry_policy(RetryPolicy::disabled())
            .build()
            .map_err(|error| {
                Error::new(ErrorCode::InvalidParams, format!("no spans can be sent: {error}"))
            })?;
        exporter.set_resource(&resource);
        Ok(Self { exporter, waiting, closing, answered, url, is_down: false, told_at: None })
    }

    /// Sends until nobody adds any more.
    pub(super) async fn run(mut self) {
        tracing::info!(url = self.url, "spans are sent");
        let mut batch = Vec::new();
        loop {
            self.waiting.take(&mut batch, BATCH_MAX).await;
            if batch.is_empty() {
                self.tell_dropped();
                return;
            }
            if batch.len() < BATCH_MAX {
                tokio::select! {
                    () = sleep(LINGER) => {}
                    () = closed(&mut self.closing) => {}
                }
                let room = BATCH_MAX - batch.len();
                self.waiting.take_ready(&mut batch, room);
            }
            self.send(std::mem::take(&mut batch)).await;
            self.tell_dropped_at_times();
        }
    }

    /// Sends a batch until it is taken or refused. Of a process that ends it is tried once.
    async fn send(&mut self, batch: Vec<SpanData>) {
        let mut pause = PAUSE;
        loop {
            let sent = self.exporter.export(batch.clone()).await;
            let Err(error) = sent else {
                if std::mem::take(&mut self.is_down) {
                    tracing::info!(url = self.url, "the collector takes spans again");
                }
                return;
            };
            let answered = self.answered.load(Ordering::Relaxed);
            // Which of them are worth another try is written in the specification of OTLP over HTTP.
            let is_worth_it = matches!(answered, NO_ANSWER | 429 | 502..=504);
            self.tell_down(&error, answered);
            self.tell_dropped_at_times();
            if !is_worth_it || *self.closing.borrow() {
                self.waiting.count_dropped(batch.len());
                return;
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = closed(&mut self.closing) => {}
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Once until it works again.
    fn tell_down(&mut self, error: &OTelSdkError, status: u16) {
        if !std::mem::replace(&mut self.is_down, true) {
            tracing::warn!(url = self.url, status, %error, "the collector takes no spans: they wait, and plays go on");
        }
    }

    fn tell_dropped_at_times(&mut self) {
        if self.told_at.is_none_or(|told_at| told_at.elapsed() >= TOLD_EVERY) {
            self.tell_dropped();
        }
    }

    fn tell_dropped(&mut self) {
        let dropped = self.waiting.take_dropped();
        if dropped > 0 {
            self.told_at = Some(Instant::now());
            tracing::warn!(
                url = self.url,
                dropped,
                "spans were dropped, since the collector did not take them"
            );
        }
    }
}
