//! What the server counts itself: calls, by method and outcome, and open streams. Labels are those that are declared, so
//! nobody can make more of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hero_sdk::{
    Error, ErrorCode, Json,
    logic::{METHODS, Params},
};

use super::{
    rpc::Methods,
    served::{DISCOVER, Served},
};

/// How calls of no method that there is are listed, all together.
const UNKNOWN: &str = "unknown";
/// The ends of the buckets of latencies, in seconds.
pub(crate) const BUCKETS_S: [f64; 12] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0];

/// Of one server.
#[derive(Debug)]
pub(crate) struct Meters {
    /// By method: those that are declared, in their order, then two more.
    calls: Vec<Calls>,
    streams: [Arc<AtomicI64>; 2],
}

/// Calls of one method.
#[derive(Debug)]
pub(crate) struct Calls {
    pub(crate) method: &'static str,
    /// Those that went well, then by code of error.
    outcomes: Vec<AtomicU64>,
    /// The last is for what took longer.
    buckets: [AtomicU64; BUCKETS_S.len() + 1],
    sum_us: AtomicU64,
}

/// Which streams of events are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Streams {
    /// Of one play.
    Play,
    /// Of the whole runtime.
    All,
}

impl Streams {
    /// Each, with its name.
    pub(crate) const ALL: [(Self, &str); 2] = [(Self::Play, "play"), (Self::All, "all")];
}

/// A stream that is open as long as this is there.
#[derive(Debug)]
pub(crate) struct Open(Arc<AtomicI64>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Meters {
    pub(crate) fn new() -> Self {
        let methods = METHODS.iter().map(|method| method.name).chain([DISCOVER, UNKNOWN]);
        Self { calls: methods.map(Calls::of).collect(), streams: Default::default() }
    }

    /// A stream was opened.
    pub(crate) fn stream(&self, which: Streams) -> Open {
        let [play, all] = &self.streams;
        let count = if which == Streams::Play { play } else { all };
        count.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(count))
    }

    /// How many streams are open.
    pub(crate) fn open_streams(&self, which: Streams) -> i64 {
        let [play, all] = &self.streams;
        if which == Streams::Play { play } else { all }.load(Ordering::Relaxed)
    }

    /// The methods that were called.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Calls> {
        self.calls.iter().filter(|calls| calls.outcomes().next().is_some())
    }

    fn called(&self, method: &str, outcome: Option<ErrorCode>, took: Duration) {
        let known = self.calls.iter().find(|calls| calls.method == method).or(self.calls.last());
        if let Some(calls) = known {
            calls.add(outcome, took);
        }
    }
}

impl Calls {
    fn of(method: &'static str) -> Self {
        let outcomes = (0..=ErrorCode::ALL.len()).map(|_| AtomicU64::new(0)).collect();
        Self { method, outcomes, buckets: Default::default(), sum_us: AtomicU64::new(0) }
    }

    fn add(&self, outcome: Option<ErrorCode>, took: Duration) {
        let code = outcome.and_then(|code| ErrorCode::ALL.iter().position(|known| *known == code));
        let bucket = BUCKETS_S.partition_point(|up_to| *up_to < took.as_secs_f64());
        let counts = [self.outcomes.get(code.map_or(0, |code| code + 1)), self.buckets.get(bucket)];
        for count in counts.into_iter().flatten() {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.sum_us.fetch_add(took_us, Ordering::Relaxed);
    }

    /// How often it ended how; what never came is left out.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let names = ["ok"].into_iter().chain(ErrorCode::ALL.iter().map(|code| code.as_str()));
        let counts = self.outcomes.iter().map(|count| count.load(Ordering::Relaxed));
        names.zip(counts).filter(|(_, count)| *count > 0)
    }

    /// How often it took how long, by bucket, and all together in seconds.
    pub(crate) fn latencies(&self) -> ([u64; BUCKETS_S.len() + 1], f64) {
        let buckets = self.buckets.each_ref().map(|count| count.load(Ordering::Relaxed));
        (buckets, Duration::from_micros(self.sum_us.load(Ordering::Relaxed)).as_secs_f64())
    }
}

/// Methods whose calls are counted.
pub(crate) struct Counted<'a> {
    pub(crate) served: &'a Served,
    pub(crate) meters: &'a Meters,
}

#[async_trait::async_trait]
impl Methods for Counted<'_> {
    async fn call(&self, method: &str, params: Params<'_>) -> Option<Result<Json, Error>> {
        #[expect(clippy::disallowed_methods, reason = "how long a call takes is measured by nothing else")]
        let start = Instant::now();
        let result = self.served.call(method, params).await;
        let outcome = match &result {
            Some(Ok(_)) => None,
            Some(Err(error)) => Some(error.code),
            None => Some(ErrorCode::MethodNotFound),
        };
        self.meters.called(method, outcome, start.elapsed());
        result
    }
}
