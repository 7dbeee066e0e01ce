//! What is counted while plays run, for those who watch over the runtime. To count costs some nanoseconds; the rest is
//! done when somebody looks.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use hero_sdk::{
    logic::{Bucket, Latencies, PlayCount},
    model::Status,
};

/// The ends of the buckets of latencies, in microseconds.
const BUCKETS_US: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000, 60_000_000,
];
/// How a play can end.
const ENDS: [Status; 4] = [Status::Succeeded, Status::Failed, Status::Cancelled, Status::Diverged];

/// The meters of a runtime.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    /// From acceptance to the first process.
    pub(crate) start: Histogram,
    /// From the outcome of a step to the disk.
    pub(crate) commit: Histogram,
    /// Changes of nodes that were written.
    pub(crate) spans: Counter,
    /// New beginnings of what had ended by itself.
    pub(crate) restarts: Restarts,
    ended: [Counter; ENDS.len()],
}

/// See [`Meters::restarts`].
#[derive(Debug, Default)]
pub(crate) struct Restarts {
    pub(crate) launcher: Counter,
    pub(crate) registry: Counter,
    pub(crate) plays: Counter,
    pub(crate) play: Counter,
    pub(crate) fork_server: Counter,
    pub(crate) process: Counter,
    pub(crate) gateway: Counter,
    pub(crate) benchmarks: Counter,
}

impl Restarts {
    /// Each with its name.
    pub(crate) fn all(&self) -> [(&'static str, u64); 8] {
        [
            ("launcher", self.launcher.get()),
            ("registry", self.registry.get()),
            ("plays", self.plays.get()),
            ("play", self.play.get()),
            ("fork_server", self.fork_server.get()),
            ("process", self.process.get()),
            ("gateway", self.gateway.get()),
            ("benchmarks", self.benchmarks.get()),
        ]
    }
}

impl Meters {
    /// A play has come to stand somewhere else.
    pub(crate) fn moved(&self, from: Option<Status>, to: Status) {
        // A process ended without a word: where the runtime interrupts a play nobody reads meters any more.
        if (from, to) == (Some(Status::Running), Status::Queued) {
            self.restarts.process.add(1);
        }
        if from != Some(to)
            && let Some((_, ended)) = ENDS.iter().zip(&self.ended).find(|(end, _)| **end == to)
        {
            ended.add(1);
        }
    }

    /// How many plays ended, and how.
    pub(crate) fn ended(&self) -> Vec<PlayCount> {
        let counts = ENDS.iter().zip(&self.ended);
        counts.map(|(status, count)| PlayCount { status: *status, count: count.get() }).collect()
    }
}

/// A number that grows. A clone counts the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter(Arc<AtomicU64>);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How often something took how long.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    counts: [AtomicU64; BUCKETS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Histogram {
    /// It took so many microseconds, once.
    pub(crate) fn observe(&self, took_us: u64) {
        let place = BUCKETS_US.partition_point(|up_to| *up_to < took_us);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(took_us, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Latencies {
        let counts = self.counts.each_ref().map(|count| count.load(Ordering::Relaxed));
        let buckets = BUCKETS_US.iter().zip(counts);
        Latencies {
            buckets: buckets
                .map(|(up_to, count)| Bucket { up_to_ms: *up_to as f64 / 1000.0, count })
                .collect(),
            count: counts.iter().sum(),
            sum_ms: self.sum_us.load(Ordering::Relaxed) as f64 / 1000.0,
        }
    }
}

/// Bytes of all files beneath a directory. One that goes meanwhile counts nothing.
pub(crate) fn bytes_beneath(directory: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let bytes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(about) if about.is_dir() => bytes_beneath(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    });
    bytes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_length_is_in_the_first_bucket_that_holds_it() {
        let histogram = Histogram::default();
        for took_us in [0, 100, 101, 60_000_000, 60_000_001] {
            histogram.observe(took_us);
        }
        let read = histogram.read();
        let counts: Vec<u64> = read.buckets.iter().map(|bucket| bucket.count).collect();
        assert_eq!((counts[0], counts[1], counts[15], read.count), (2, 1, 1, 5));
        assert_eq!(read.buckets[0].up_to_ms, 0.1);
        assert_eq!(read.sum_ms, 120_000.202);
    }

    #[test]
    fn ends_and_crashes_are_counted_once() {
        let meters = Meters::default();
        for (from, to) in [
            (None, Status::Queued),
            (Some(Status::Queued), Status::Running),
            (Some(Status::Running), Status::Queued),
            (Some(Status::Running), Status::Failed),
            (Some(Status::Failed), Status::Failed),
            (Some(Status::Failed), Status::Queued),
            (Some(Status::Running), Status::Succeeded),
        ] {
            meters.moved(from, to);
        }
        let ended: Vec<u64> = meters.ended().into_iter().map(|count| count.count).collect();
        assert_eq!((ended, meters.restarts.process.get()), (vec![1, 1, 0, 0], 1));
    }

    #[test]
    fn files_are_counted_at_every_depth() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("a/b")).unwrap();
        for (name, bytes) in [("one", 3), ("a/two", 5), ("a/b/three", 7)] {
            std::fs::write(directory.path().join(name), vec![0; bytes]).unwrap();
        }
        assert_eq!(bytes_beneath(directory.path()), 15);
        assert_eq!(bytes_beneath(&directory.path().join("none")), 0);
    }
}
