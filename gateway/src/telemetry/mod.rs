//! Spans for a collector of OpenTelemetry: a trace for each play, by OTLP over HTTP, where the environment names one.
//!
//! The plays are followed as anybody follows them, from the store behind a cursor, so that they do not know of it. What
//! the collector does not take waits in a queue with a limit, and beyond that is dropped and counted. Each span is sent
//! once it has ended. The next process goes on behind that, but for plays that ran when this one ended: this one may have
//! been lost before it had sent all of theirs, so theirs are sent again, with the same ids.

use std::{sync::Arc, time::Duration};

use hero_sdk::{Error, Logic, Timestamp};
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use self::{
    collector::Collector,
    queue::{Queue, queue},
    settings::Settings,
};

mod collector;
mod follower;
mod ids;
mod lines;
mod plays;
mod queue;
mod resource;
mod settings;
mod spans;

/// For how long a process that ends waits for what is ready to be sent.
const FLUSH: Duration = Duration::from_secs(2);

/// What sends the spans of a runtime, until it is closed.
pub(crate) struct Telemetry {
    closing: watch::Sender<bool>,
    plays: JoinHandle<()>,
    collector: JoinHandle<()>,
}

/// What is ready to follow a runtime.
pub(crate) struct Ready {
    queue: Queue,
    collector: Collector,
    closing: watch::Sender<bool>,
}

impl Ready {
    /// What the environment asks for; none where it names no collector.
    pub(crate) fn of_environment() -> Result<Option<Self>, Error> {
        Settings::of_environment()?.map(Self::new).transpose()
    }

    fn new(settings: Settings) -> Result<Self, Error> {
        let (closing, is_closing) = watch::channel(false);
        let (queue, waiting) = queue();
        Ok(Self { queue, collector: Collector::new(settings, waiting, is_closing)?, closing })
    }

    /// Follows the plays of a runtime, which began then, from now on.
    pub(crate) fn start(self, logic: Arc<dyn Logic>, began: Timestamp) -> Telemetry {
        let Self { queue, collector, closing } = self;
        let plays = tokio::spawn(plays::follow(logic, queue, began, closing.subscribe()));
        Telemetry { closing, plays, collector: tokio::spawn(collector.run()) }
    }
}

impl Telemetry {
    /// Sends what is ready, as far as that is done in two seconds. Afterwards nothing of it holds the runtime.
    pub(crate) async fn close(mut self) {
        self.closing.send_replace(true);
        let both = async {
            // Either may have panicked, which is logged; the runtime is closed all the same.
            drop((&mut self.plays).await);
            drop((&mut self.collector).await);
        };
        if timeout(FLUSH, both).await.is_err() {
            tracing::warn!("the collector of spans did not take the last ones in time: they are lost");
            self.plays.abort();
            self.collector.abort();
        }
    }
}

/// Returns once the process ends.
async fn closed(closing: &mut watch::Receiver<bool>) {
    // Whoever would say so is gone: that is an end as well.
    drop(closing.wait_for(|closing| *closing).await);
}
