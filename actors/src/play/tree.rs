//! The tree of a play as it grows. Only open nodes and questions are held whole; of the others just what a later entry
//! of the same path must carry on. Pure: no I/O, no clock.

mod left;
mod open;
mod size;
mod tags;
mod tries;

use std::collections::{BTreeMap, HashMap, HashSet};

use hero_sdk::{
    Json,
    frame::{Begin, EndStatus},
    model::{LogLevel, LogLine, LogStream, PlayError, Progress, Span, SpanKind, SpanStatus, Try},
};

use self::left::{Left, LeftNodes, ask_again, end_lost, end_question, last_sign};
pub(crate) use self::{
    open::Open,
    size::{error as error_bytes, span as span_bytes},
};
use super::{effect::Write, event::Now};

/// Nodes of one play; more are run and recorded, but not shown.
pub(crate) const SPANS_MAX: u32 = 100_000;
/// Lines of text of one play; more are dropped.
pub(crate) const LOGS_MAX: u32 = 100_000;
/// Characters of one line of text.
pub(crate) const LOG_CHARS_MAX: usize = 16_384;
/// Characters of a preview of inputs or output.
const PREVIEW_CHARS_MAX: usize = 4_096;
/// Bytes of a path: deep recursion with long names stays below, an attack does not.
pub(crate) const PATH_BYTES_MAX: usize = 8_192;

/// Why a frame does not fit the tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Misfit {
    /// The id is in use.
    #[error("span {0} has begun already")]
    DuplicateId(u64),
    /// No node above, or a second root.
    #[error("span {id} has no parent {parent}")]
    UnknownParent { id: u64, parent: u64 },
    /// The node has not begun, or has ended.
    #[error("span {0} is not open")]
    NotOpen(u64),
    /// The path is empty or too long.
    #[error("span {0} has no usable path")]
    BadPath(u64),
    /// Another open node has this path.
    #[error("path {0} is open already")]
    PathOpen(String),
    /// It is entered again beneath what lies beneath it.
    #[error("span {0} would lie beneath itself")]
    Cycle(u64),
}

impl Misfit {
    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::DuplicateId(_) => "duplicate_id",
            Self::UnknownParent { .. } => "unknown_parent",
            Self::NotOpen(_) => "not_open",
            Self::BadPath(_) => "bad_path",
            Self::PathOpen(_) => "path_open",
            Self::Cycle(_) => "cycle",
        }
    }
}

/// The tree.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    open: HashMap<u64, Open>,
    open_paths: HashSet<String>,
    /// What the open nodes take.
    open_bytes: usize,
    /// The node above each node that is shown, by its number; 0 where there is none.
    parents: Vec<u32>,
    left: LeftNodes,
    /// Left since the last drain: the node and the row that it replaces.
    just_left: Vec<(Span, Option<u64>)>,
    logs: Vec<LogLine>,
    spans: u32,
    logs_kept: u32,
    has_root: bool,
    truncated: bool,
    has_changes: bool,
}

impl Tree {
    /// The tree that earlier attempts left.
    pub(crate) fn of(spans: Vec<Span>, logs: u32) -> Self {
        let mut tree = Self { logs_kept: logs, ..Self::default() };
        let last_sign = last_sign(&spans);
        for mut span in spans {
            tree.spans = tree.spans.max(span.span_id);
            tree.set_parent(span.span_id, span.parent);
            let seq = Some(span.seq);
            if end_lost(&mut span, last_sign) {
                tree.just_left.push((span, seq));
                tree.has_changes = true;
            } else {
                tree.leave(seq, span);
            }
        }
        tree
    }

    /// A new attempt: what the last one had open is entered anew.
    pub(crate) fn begin_attempt(&mut self) {
        self.has_root = false;
        self.open.clear();
        self.open_paths.clear();
        self.open_bytes = 0;
    }

    /// An open node.
    pub(crate) fn get(&self, id: u64) -> Result<&Open, Misfit> {
        self.open.get(&id).ok_or(Misfit::NotOpen(id))
    }

    /// Enters a node.
    pub(crate) fn begin(&mut self, frame: Begin, attempt: u32, now: Now) -> Result<(), Misfit> {
        let Begin { id, parent, path, kind, name, fp, line, inputs, tags, recorded, .. } = frame;
        if self.open.contains_key(&id) {
            return Err(Misfit::DuplicateId(id));
        }
        let above = match (parent, self.has_root) {
            (0, false) => None,
            (0, true) => return Err(Misfit::UnknownParent { id, parent }),
            _ => {
                let above = self.open.get(&parent).ok_or(Misfit::UnknownParent { id, parent })?;
                if above.hidden { above.span.parent } else { Some(above.span.span_id) }
            }
        };
        if path.is_empty() || path.len() > PATH_BYTES_MAX {
            return Err(Misfit::BadPath(id));
        }
        if self.open_paths.contains(&path) {
            return Err(Misfit::PathOpen(path));
        }
        if self.would_lie_beneath_itself(&path, above) {
            return Err(Misfit::Cycle(id));
        }
        self.open_paths.insert(path.clone());
        self.has_root = true;
        let before = self.enter_again(&path);
        let hidden = before.is_none() && self.spans >= SPANS_MAX;
        if hidden && !self.truncated {
            self.truncated = true;
            let text = format!("spans_truncated: only the first {SPANS_MAX} spans of this play are shown");
            self.log(None, LogLevel::Warning, LogStream::Runtime, &text, attempt, now);
        }
        let span_id = match &before {
            Some(left) => left.span_id,
            None if hidden => 0,
            None => {
                self.spans += 1;
                self.spans
            }
        };
        if !hidden {
            self.set_parent(span_id, above);
        }
        let before = before.unwrap_or_default();
        let mut span = Span {
            span_id,
            parent: above,
            seq: 0,
            path,
            kind,
            name: shorten(name, PREVIEW_CHARS_MAX),
            status: if kind == SpanKind::Pause { SpanStatus::Waiting } else { SpanStatus::Running },
            recorded,
            attempt,
            tries: before.tries,
            line,
            inputs: inputs.map(|text| shorten(text, PREVIEW_CHARS_MAX)),
            output: None,
            error: None,
            tags: BTreeMap::new(),
            progress: None,
            cost_usd: before.cost_usd,
            tokens_in: before.tokens_in,
            tokens_out: before.tokens_out,
            started_at: now.wall,
            ended_at: None,
            duration_ms: None,
        };
        tags::add(&mut span.tags, tags);
        if let Some(question) = before.question {
            ask_again(&mut span, *question);
        }
        let fingerprint = fp.unwrap_or_default();
        let began_us = now.monotonic_us;
        let open = Open { span, fingerprint, hidden, began_us, persisted: before.seq, changed: true };
        self.open_bytes += open.bytes();
        self.open.insert(id, open);
        self.has_changes = true;
        Ok(())
    }

    /// Leaves a node, and gives it as it was left.
    pub(crate) fn end(
        &mut self,
        id: u64,
        status: EndStatus,
        output: Option<String>,
        error: Option<PlayError>,
        now: Now,
    ) -> Result<Open, Misfit> {
        let status = match status {
            EndStatus::Ok => SpanStatus::Ok,
            EndStatus::Failed => SpanStatus::Failed,
            EndStatus::Cancelled => SpanStatus::Cancelled,
        };
        let mut open = self.open.remove(&id).ok_or(Misfit::NotOpen(id))?;
        self.open_bytes = self.open_bytes.saturating_sub(open.bytes());
        open.span.output = output.map(|text| shorten(text, PREVIEW_CHARS_MAX));
        open.span.error = error;
        self.close(&mut open, status, now);
        Ok(open)
    }

    /// The process has ended: nodes that it left open are interrupted. A question stays what it is, whether or not a
    /// process waits with it.
    pub(crate) fn interrupt_all(&mut self, now: Now) {
        for mut open in self.take_open() {
            if open.span.kind == SpanKind::Pause {
                self.put_down(&open);
            } else {
                self.close(&mut open, SpanStatus::Interrupted, now);
            }
        }
    }

    /// The play has ended, and with it everything that is open, and every question that waits.
    pub(crate) fn end_all(&mut self, status: SpanStatus, now: Now) {
        for mut open in self.take_open() {
            let status = if open.span.ended_at.is_some() { open.span.status } else { status };
            self.close(&mut open, status, now);
        }
        for path in self.left.waiting() {
            self.pick_up_question(&path);
        }
        for (span, _) in self.just_left.iter_mut().filter(|(span, _)| span.status == SpanStatus::Waiting) {
            end_question(span, status, now);
        }
    }

    /// A question is over, whether or not a process waits with it.
    pub(crate) fn answer(&mut self, path: &str, status: SpanStatus, output: Option<String>, now: Now) {
        let output = output.map(|text| shorten(text, PREVIEW_CHARS_MAX));
        self.pick_up_question(path);
        let open = self.open.values_mut().filter(|open| open.span.path == path).map(|open| {
            open.changed = true;
            &mut open.span
        });
        let left = self.just_left.iter_mut().map(|(span, _)| span).filter(|span| span.path == path);
        for span in open.chain(left).filter(|span| span.status == SpanStatus::Waiting) {
            span.output.clone_from(&output);
            end_question(span, status, now);
            self.has_changes = true;
        }
    }

    /// The attempt that asked the question at this path last, where it is shown.
    pub(crate) fn last_asked(&self, path: &str) -> Option<u32> {
        let left = self.left.get(path).and_then(|left| left.question.as_deref());
        let just_left = || self.just_left.iter().map(|(span, _)| span).find(|span| span.path == path);
        left.or_else(just_left).map(|span| span.attempt)
    }

    /// A question that nobody waits with is about to change.
    fn pick_up_question(&mut self, path: &str) {
        if let Some(Left { seq, question, .. }) = self.left.get(path)
            && let Some(question) = question
        {
            self.just_left.push(((**question).clone(), *seq));
            self.has_changes = true;
            self.left.remove(path);
        }
    }

    fn take_open(&mut self) -> Vec<Open> {
        self.open_bytes = 0;
        let mut open: Vec<Open> = self.open.drain().map(|(_, open)| open).collect();
        open.sort_by_key(|open| open.span.span_id);
        open
    }

    fn close(&mut self, open: &mut Open, status: SpanStatus, now: Now) {
        if open.span.kind == SpanKind::Pause {
            end_question(&mut open.span, status, now);
        } else {
            open.span.status = status;
            open.span.ended_at = Some(now.wall);
            open.span.duration_ms = Some(now.monotonic_us.saturating_sub(open.began_us) as f64 / 1000.0);
        }
        self.put_down(open);
    }

    fn put_down(&mut self, open: &Open) {
        self.open_paths.remove(&open.span.path);
        if !open.hidden {
            self.just_left.push((open.span.clone(), open.persisted));
            self.has_changes = true;
        }
    }

    /// A try failed and another follows.
    pub(crate) fn add_try(&mut self, id: u64, failed: Try) -> Result<&Open, Misfit> {
        let is_brief = self.left.bytes() > size::BRIEF_BYTES;
        self.grow(id, |span| tries::add(&mut span.tries, failed, is_brief))
    }

    /// Data for a node.
    pub(crate) fn tag(&mut self, id: u64, tags: BTreeMap<String, Json>) -> Result<(), Misfit> {
        self.grow(id, |span| tags::add(&mut span.tags, tags)).map(drop)
    }

    /// Cost for a node.
    pub(crate) fn add_cost(
        &mut self,
        id: u64,
        usd: f64,
        tokens_in: u64,
        tokens_out: u64,
    ) -> Result<(), Misfit> {
        let open = self.change(id)?;
        open.span.cost_usd += usd;
        open.span.tokens_in = open.span.tokens_in.saturating_add(tokens_in);
        open.span.tokens_out = open.span.tokens_out.saturating_add(tokens_out);
        Ok(())
    }

    /// How far a node is.
    pub(crate) fn set_progress(&mut self, id: u64, done: f64, total: Option<f64>) -> Result<(), Misfit> {
        self.change(id)?.span.progress = Some(Progress { done, total });
        Ok(())
    }

    /// A line of text on a node that is open, or on the play.
    pub(crate) fn log(
        &mut self,
        id: Option<u64>,
        level: LogLevel,
        stream: LogStream,
        text: &str,
        attempt: u32,
        now: Now,
    ) {
        if self.logs_kept >= LOGS_MAX {
            return;
        }
        self.logs_kept += 1;
        let text = if self.logs_kept == LOGS_MAX {
            format!("logs_truncated: only the first {LOGS_MAX} lines of this play are kept")
        } else {
            shorten(text.to_owned(), LOG_CHARS_MAX)
        };
        let span_id =
            id.and_then(|id| self.open.get(&id)).filter(|open| !open.hidden).map(|open| open.span.span_id);
        self.logs.push(LogLine { seq: 0, span_id, attempt, level, stream, text, at: now.wall });
        self.has_changes = true;
    }

    /// True when a drain would give something.
    pub(crate) fn has_changes(&self) -> bool {
        self.has_changes
    }

    /// Everything that changed since the last drain, numbered from `next_seq` on; parents before children, so that
    /// a reader of the first page knows every parent that a node names.
    pub(crate) fn drain(&mut self, next_seq: &mut u64) -> Vec<Write> {
        enum Changed {
            Left(Box<Span>, Option<u64>),
            Open(u64),
        }
        let mut take_seq = || {
            let seq = *next_seq;
            *next_seq += 1;
            seq
        };
        let mut writes = Vec::new();
        for mut line in self.logs.drain(..) {
            line.seq = take_seq();
            writes.push(Write::Log(line));
        }
        let left = std::mem::take(&mut self.just_left).into_iter();
        let mut changed: Vec<(u32, Changed)> =
            left.map(|(span, replaces)| (span.span_id, Changed::Left(Box::new(span), replaces))).collect();
        if self.has_changes {
            let open = self.open.iter().filter(|(_, open)| open.changed && !open.hidden);
            changed.extend(open.map(|(id, open)| (open.span.span_id, Changed::Open(*id))));
        }
        changed.sort_by_key(|(span_id, _)| *span_id);
        for (_, change) in changed {
            match change {
                Changed::Left(mut span, replaces) => {
                    span.seq = take_seq();
                    self.leave(Some(span.seq), (*span).clone());
                    writes.push(Write::Span { span, replaces });
                }
                Changed::Open(id) => {
                    let Some(open) = self.open.get_mut(&id) else { continue };
                    open.changed = false;
                    open.span.seq = take_seq();
                    let replaces = open.persisted.replace(open.span.seq);
                    writes.push(Write::Span { span: Box::new(open.span.clone()), replaces });
                }
            }
        }
        self.has_changes = false;
        writes
    }

    fn change(&mut self, id: u64) -> Result<&mut Open, Misfit> {
        let open = self.open.get_mut(&id).ok_or(Misfit::NotOpen(id))?;
        open.changed = true;
        self.has_changes = true;
        Ok(open)
    }

    /// A change by which a node may take more, or less.
    fn grow(&mut self, id: u64, change: impl FnOnce(&mut Span)) -> Result<&Open, Misfit> {
        let open = self.change(id)?;
        let before = open.bytes();
        change(&mut open.span);
        let after = open.bytes();
        self.open_bytes = self.open_bytes.saturating_sub(before) + after;
        self.get(id)
    }

    /// True where more is held than a play may have the runtime hold.
    pub(crate) fn is_beyond(&self) -> bool {
        self.open_bytes > size::OPEN_BYTES_MAX || self.left.bytes() > size::LEFT_BYTES_MAX
    }

    /// What the last entry of this path left, whether or not it was drained.
    fn enter_again(&mut self, path: &str) -> Option<Left> {
        if let Some(left) = self.left.remove(path) {
            return Some(left);
        }
        let index = self.just_left.iter().position(|(span, _)| span.path == path)?;
        let (span, seq) = self.just_left.swap_remove(index);
        Some(Left::of(span, seq))
    }

    /// A node may be left before what it holds, and be entered again elsewhere.
    fn would_lie_beneath_itself(&self, path: &str, mut above: Option<u32>) -> bool {
        let just_left = || self.just_left.iter().find(|(span, _)| span.path == path);
        let known = self.left.get(path).map(|left| left.span_id);
        let Some(known) = known.or_else(|| just_left().map(|(span, _)| span.span_id)) else { return false };
        // Never longer than the tree has nodes, whatever a damaged store says.
        for _ in 0..self.parents.len() {
            let Some(span_id) = above else { return false };
            if span_id == known {
                return true;
            }
            above = self.parents.get(span_id as usize).copied().filter(|parent| *parent != 0);
        }
        false
    }

    fn set_parent(&mut self, span_id: u32, parent: Option<u32>) {
        let index = span_id as usize;
        if self.parents.len() <= index {
            self.parents.resize(index + 1, 0);
        }
        if let Some(known) = self.parents.get_mut(index) {
            *known = parent.unwrap_or(0);
        }
    }

    fn leave(&mut self, seq: Option<u64>, span: Span) {
        self.left.insert(span.path.as_str().into(), Left::of(span, seq));
    }
}

fn shorten(mut text: String, chars_max: usize) -> String {
    if text.len() > chars_max
        && let Some((end, _)) = text.char_indices().nth(chars_max)
    {
        text.truncate(end);
        text.push('…');
    }
    text
}
