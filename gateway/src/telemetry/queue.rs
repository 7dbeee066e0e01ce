//! Spans that wait to be sent. Whoever adds one never waits: where there is no room it is dropped and counted.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use tokio::sync::mpsc;

/// Spans that wait, at most.
pub(super) const SPANS_MAX: usize = 16_384;
/// Bytes of them, about.
const BYTES_MAX: usize = 32 << 20;

#[derive(Debug, Default)]
struct Count {
    bytes: AtomicUsize,
    dropped: AtomicU64,
}

/// Where spans are added.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    sender: mpsc::Sender<SpanData>,
    count: Arc<Count>,
}

/// Where they are taken.
#[derive(Debug)]
pub(super) struct Waiting {
    receiver: mpsc::Receiver<SpanData>,
    count: Arc<Count>,
}

/// An empty one.
pub(super) fn queue() -> (Queue, Waiting) {
    let (sender, receiver) = mpsc::channel(SPANS_MAX);
    let count = Arc::<Count>::default();
    (Queue { sender, count: Arc::clone(&count) }, Waiting { receiver, count })
}

impl Queue {
    /// Adds a span, or drops it.
    pub(super) fn add(&self, span: SpanData) {
        let size = size(&span);
        let has_room = self.count.bytes.fetch_add(size, Ordering::Relaxed) + size <= BYTES_MAX;
        if !has_room || self.sender.try_send(span).is_err() {
            self.count.bytes.fetch_sub(size, Ordering::Relaxed);
            self.count.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Waiting {
    /// Some spans, as soon as there is one; none once nobody adds any more and all are taken.
    pub(super) async fn take(&mut self, into: &mut Vec<SpanData>, count_max: usize) {
        let before = into.len();
        self.receiver.recv_many(into, count_max).await;
        let taken: usize = into.iter().skip(before).map(size).sum();
        self.count.bytes.fetch_sub(taken, Ordering::Relaxed);
    }

    /// Those that are there already.
    pub(super) fn take_ready(&mut self, into: &mut Vec<SpanData>, count_max: usize) {
        for _ in 0..count_max {
            let Ok(span) = self.receiver.try_recv() else { return };
            self.count.bytes.fetch_sub(size(&span), Ordering::Relaxed);
            into.push(span);
        }
    }

    /// Spans that were sent in vain are dropped as well.
    pub(super) fn count_dropped(&self, count: usize) {
        self.count.dropped.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// How many were dropped since this was asked last.
    pub(super) fn take_dropped(&self) -> u64 {
        self.count.dropped.swap(0, Ordering::Relaxed)
    }
}

/// About how many bytes a span takes.
fn size(span: &SpanData) -> usize {
    let of = |attributes: &[KeyValue]| -> usize {
        attributes
            .iter()
            .map(|attribute| {
                let text = if let Value::String(text) = &attribute.value { text.as_str().len() } else { 0 };
                size_of::<KeyValue>() + attribute.key.as_str().len() + text
            })
            .sum()
    };
    let events: usize =
        span.events.iter().map(|event| size_of_val(event) + event.name.len() + of(&event.attributes)).sum();
    size_of::<SpanData>() + span.name.len() + of(&span.attributes) + events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::spans::tests::sent_node;

    #[tokio::test]
    async fn beyond_its_limits_spans_are_dropped_and_counted() {
        let (queue, mut waiting) = queue();
        for _ in 0..SPANS_MAX + 10 {
            queue.add(sent_node("{}"));
        }
        assert_eq!((waiting.take_dropped(), waiting.take_dropped()), (10, 0));
        let mut taken = Vec::new();
        while taken.len() < SPANS_MAX {
            waiting.take(&mut taken, SPANS_MAX).await;
        }
        assert_eq!(waiting.count.bytes.load(Ordering::Relaxed), 0);
        // Large ones come to the limit of bytes first.
        let large = "x".repeat(BYTES_MAX / 8);
        for _ in 0..16 {
            queue.add(sent_node(&large));
        }
        let mut taken = Vec::new();
        waiting.take_ready(&mut taken, SPANS_MAX);
        assert_eq!((taken.len(), waiting.take_dropped()), (7, 9));
        assert_eq!(waiting.count.bytes.load(Ordering::Relaxed), 0);
        drop(queue);
        waiting.take(&mut taken, SPANS_MAX).await;
        assert_eq!(taken.len(), 7, "nobody adds any more");
    }
}
