//! What is known of a play's tree: each node in its newest state, and the last line of text on it.

use std::collections::{BTreeMap, BTreeSet};

use hero_sdk::model::{LogLevel, LogLine, Span, SpanPage, SpanStatus, Status};

use super::words::is_parked;

/// A node in its newest state.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// What the runtime tells of it.
    pub(crate) span: Span,
    /// The newest line of text.
    pub(crate) last_log: Option<(LogLevel, String)>,
    /// When this state was first seen, in milliseconds of the view's clock: a running node has no duration yet,
    /// and the wall clock would jump.
    pub(crate) seen_ms: f64,
}

/// The tree, grown page by page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    nodes: BTreeMap<u32, Node>,
    /// Children in order of first entry. A child may come pages before its parent, whose newest change is later.
    children: BTreeMap<Option<u32>, BTreeSet<u32>>,
    /// Text that came before its node.
    early_logs: BTreeMap<u32, (LogLevel, String)>,
    status: Option<Status>,
}

/// How many nodes stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Left with a value.
    pub(crate) ok: usize,
    /// Left with an exception.
    pub(crate) failed: usize,
    /// Neither left nor waiting.
    pub(crate) running: usize,
    /// With an open question.
    pub(crate) waiting: usize,
    /// Left where they were, to go on once the play does.
    pub(crate) paused: usize,
    /// Cancelled or interrupted.
    pub(crate) other: usize,
}

impl Tree {
    /// Takes a page in; what is older than what is known changes nothing.
    pub(crate) fn apply(&mut self, page: &SpanPage, now_ms: f64) {
        for span in &page.spans {
            self.apply_span(span, now_ms);
        }
        for log in &page.logs {
            self.apply_log(log);
        }
        self.status = Some(page.status);
    }

    fn apply_span(&mut self, span: &Span, now_ms: f64) {
        let known = self.nodes.get(&span.span_id);
        if known.is_some_and(|node| node.span.seq >= span.seq) {
            return;
        }
        let same_state =
            known.filter(|node| node.span.status == span.status && node.span.attempt == span.attempt);
        let seen_ms = same_state.map_or(now_ms, |node| node.seen_ms);
        let last_log = match known {
            Some(node) => node.last_log.clone(),
            None => self.early_logs.remove(&span.span_id),
        };
        self.children.entry(span.parent).or_default().insert(span.span_id);
        self.nodes.insert(span.span_id, Node { span: span.clone(), last_log, seen_ms });
    }

    fn apply_log(&mut self, log: &LogLine) {
        // Text of the play as a whole stands on its root, which is the first node.
        let span_id = log.span_id.unwrap_or(1);
        let entry = (log.level, log.text.clone());
        match self.nodes.get_mut(&span_id) {
            Some(node) => node.last_log = Some(entry),
            None => drop(self.early_logs.insert(span_id, entry)),
        }
    }

    /// The play's status when the newest page was read.
    pub(crate) fn status(&self) -> Option<Status> {
        self.status
    }

    /// The play's status by a newer word than the pages'.
    pub(crate) fn set_status(&mut self, status: Status) {
        self.status = Some(status);
    }

    /// A node by its number.
    pub(crate) fn node(&self, span_id: u32) -> Option<&Node> {
        self.nodes.get(&span_id)
    }

    /// All nodes, by number.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Numbers of the nodes beneath `parent`, or of the roots, in order of first entry.
    pub(crate) fn children(&self, parent: Option<u32>) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.children.get(&parent).into_iter().flatten().copied()
    }

    /// How many nodes are directly beneath `parent`.
    pub(crate) fn child_count(&self, parent: Option<u32>) -> usize {
        self.children.get(&parent).map_or(0, BTreeSet::len)
    }

    /// How many nodes stand where.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for node in self.nodes() {
            counts.add(node.span.status, self.status);
        }
        counts
    }
}

impl Counts {
    /// Counts one more, of a play that stands at `play`.
    pub(crate) fn add(&mut self, status: SpanStatus, play: Option<Status>) {
        match status {
            SpanStatus::Running | SpanStatus::Interrupted if is_parked(play) => self.paused += 1,
            SpanStatus::Ok => self.ok += 1,
            SpanStatus::Failed => self.failed += 1,
            SpanStatus::Running => self.running += 1,
            SpanStatus::Waiting => self.waiting += 1,
            SpanStatus::Cancelled | SpanStatus::Interrupted => self.other += 1,
        }
    }

    /// `5 done, 2 running`; empty when there is nothing.
    pub(crate) fn in_words(self) -> String {
        let parts = [
            (self.ok, "done"),
            (self.running, "running"),
            (self.waiting, "waiting"),
            (self.paused, "paused"),
            (self.failed, "failed"),
            (self.other, "stopped"),
        ];
        let words: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        words.join(", ")
    }
}
