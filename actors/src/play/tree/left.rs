//! What a node that was left hands to the next entry of its path. Pure, as the tree is.

use std::collections::HashMap;

use hero_sdk::{
    Timestamp,
    model::{Span, SpanKind, SpanStatus, Try},
};

use super::size;
use crate::play::event::Now;

/// A node that was left.
#[derive(Clone, Debug, Default)]
pub(super) struct Left {
    pub(super) span_id: u32,
    /// The row that the next state replaces.
    pub(super) seq: Option<u64>,
    pub(super) tries: Vec<Try>,
    pub(super) cost_usd: f64,
    pub(super) tokens_in: u64,
    pub(super) tokens_out: u64,
    /// A question outlives the process that asked it: whoever comes back to it finds it as it stands.
    pub(super) question: Option<Box<Span>>,
}

impl Left {
    /// Of a node whose row is at `seq`, if it has one yet.
    pub(super) fn of(span: Span, seq: Option<u64>) -> Self {
        let Span { span_id, cost_usd, tokens_in, tokens_out, .. } = span;
        let tries = span.tries.clone();
        // One that was withdrawn, or ended with its play, is asked anew.
        let lasts = matches!(span.status, SpanStatus::Waiting | SpanStatus::Ok | SpanStatus::Failed);
        let question = (span.kind == SpanKind::Pause && lasts).then(|| Box::new(span));
        Self { span_id, seq, tries, cost_usd, tokens_in, tokens_out, question }
    }

    /// True for a question that is open.
    fn is_waiting(&self) -> bool {
        self.question.as_ref().is_some_and(|question| question.status == SpanStatus::Waiting)
    }

    /// What it takes.
    fn bytes(&self) -> usize {
        size::tries(&self.tries) + self.question.as_deref().map_or(0, size::span)
    }
}

/// The nodes that were left, by their paths.
#[derive(Debug, Default)]
pub(super) struct LeftNodes {
    nodes: HashMap<Box<str>, Left>,
    bytes: usize,
}

impl LeftNodes {
    pub(super) fn get(&self, path: &str) -> Option<&Left> {
        self.nodes.get(path)
    }

    pub(super) fn insert(&mut self, path: Box<str>, left: Left) {
        let length = path.len();
        self.bytes += length + left.bytes();
        if let Some(before) = self.nodes.insert(path, left) {
            self.bytes -= length + before.bytes();
        }
    }

    pub(super) fn remove(&mut self, path: &str) -> Option<Left> {
        let left = self.nodes.remove(path)?;
        self.bytes -= path.len() + left.bytes();
        Some(left)
    }

    /// The paths of the questions that are open.
    pub(super) fn waiting(&self) -> Vec<Box<str>> {
        let waiting = self.nodes.iter().filter(|(_, left)| left.is_waiting());
        waiting.map(|(path, _)| path.clone()).collect()
    }

    /// What they take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The last moment of which the nodes of a play tell.
pub(super) fn last_sign(spans: &[Span]) -> Timestamp {
    let moments = spans.iter().map(|span| span.ended_at.unwrap_or(span.started_at));
    moments.max().unwrap_or_default()
}

/// Interrupts a node whose process is gone without a word. It ends with the last sign of life of its play: what came
/// after that, days without a runtime perhaps, was none of its time.
pub(super) fn end_lost(span: &mut Span, last_sign: Timestamp) -> bool {
    let is_lost =
        matches!(span.status, SpanStatus::Running | SpanStatus::Interrupted) && span.ended_at.is_none();
    if is_lost {
        end_question(span, SpanStatus::Interrupted, Now { wall: last_sign, ..Now::default() });
    }
    is_lost
}

/// A replay comes back to a question: it was asked when it was asked first, and is over if it was.
pub(super) fn ask_again(span: &mut Span, before: Span) {
    let Span { status, recorded, line, inputs, output, error, started_at, ended_at, duration_ms, .. } =
        before;
    span.recorded |= recorded;
    span.line = span.line.or(line);
    span.inputs = span.inputs.take().or(inputs);
    (span.status, span.output, span.error) = (status, output, error);
    (span.started_at, span.ended_at, span.duration_ms) = (started_at, ended_at, duration_ms);
}

/// Ends a question when it is answered, not when its flow hears of it. Its time is that of the wall clock: it outlives
/// every process, and with them the clock that does not jump.
pub(super) fn end_question(span: &mut Span, status: SpanStatus, now: Now) {
    span.status = status;
    if span.ended_at.is_none() {
        span.ended_at = Some(now.wall);
        span.duration_ms = Some(now.wall.0.saturating_sub(span.started_at.0).max(0) as f64 / 1000.0);
    }
}
