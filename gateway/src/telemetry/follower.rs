//! One play as it is followed: its nodes are sent as they end, and it itself at last.

use std::{collections::BTreeMap, time::Duration};

use futures_util::StreamExt as _;
use hero_sdk::{
    Error, Logic, PlaySid, Timestamp,
    logic::{OfPlay, PlaySpans},
    model::{Play, Span, SpanKind, SpanPage, SpanStatus, Status},
};
use tokio::{sync::watch, time::sleep};

use super::{closed, lines::Waiting, queue::Queue, spans};

/// Between two looks at a play whose tree grows: what has changed twice meanwhile is read once.
const LOOK: Duration = Duration::from_millis(500);
/// Interrupted nodes of one play that are kept, until they are entered again or the play has ended.
const INTERRUPTED_MAX: usize = 1_000;
/// Questions of one play that are remembered. Those before them are sent again by each replay.
const ANSWERED_MAX: usize = 1_000;

/// What is known of a play that goes on.
#[derive(Debug)]
pub(super) struct Followed {
    play_sid: PlaySid,
    root_play_sid: PlaySid,
    /// What had ended before was sent by an earlier process.
    sent_before: Option<Timestamp>,
    after_seq: u64,
    waiting: Waiting,
    interrupted: BTreeMap<u32, Span>,
    /// When the questions ended that were sent: a replay comes back to them, and they are what they were.
    answered: BTreeMap<u32, Timestamp>,
    /// The attempt at whose end the play itself was sent.
    sent: Option<u32>,
}

impl Followed {
    /// One of which nothing was sent yet, but for what had ended before a moment.
    pub(super) fn new(play_sid: PlaySid, root_play_sid: PlaySid, sent_before: Option<Timestamp>) -> Self {
        Self {
            play_sid,
            root_play_sid,
            sent_before,
            after_seq: 0,
            waiting: Waiting::default(),
            interrupted: BTreeMap::new(),
            answered: BTreeMap::new(),
            sent: None,
        }
    }

    /// Sends what ends until nothing happens any more: the play has ended or is parked, or this process ends.
    pub(super) async fn follow(
        mut self,
        logic: &dyn Logic,
        queue: &Queue,
        mut closing: watch::Receiver<bool>,
    ) -> Result<Self, Error> {
        self.live(logic, queue, &mut closing).await?;
        // The status first: whatever led to it is then among what is there.
        let play = logic.play_status(OfPlay { play_sid: self.play_sid.clone() }).await?;
        self.catch_up(logic, queue).await?;
        if play.status.is_terminal() && self.sent != Some(play.attempt) {
            self.end(&play, queue);
        }
        Ok(self)
    }

    fn end(&mut self, play: &Play, queue: &Queue) {
        self.sent = Some(play.attempt);
        for node in std::mem::take(&mut self.interrupted).into_values() {
            self.send(&node, queue);
        }
        if let Some(span) = spans::of_play(play, self.waiting.take_rest()) {
            queue.add(span);
        }
    }

    /// Page by page as they come.
    async fn live(
        &mut self,
        logic: &dyn Logic,
        queue: &Queue,
        closing: &mut watch::Receiver<bool>,
    ) -> Result<(), Error> {
        let mut feed = logic.play_feed(self.play_sid.clone(), self.after_seq).await?;
        loop {
            let page = tokio::select! {
                page = feed.next() => page,
                () = closed(closing) => return Ok(()),
            };
            let Some(page) = page.transpose()? else { return Ok(()) };
            let status = page.status;
            self.take(page, queue);
            match status {
                Status::Queued | Status::Running => {}
                // The rest of its pages is there.
                Status::Succeeded | Status::Failed | Status::Cancelled | Status::Diverged => continue,
                Status::AwaitingResume | Status::AwaitingChild | Status::Sleeping => return Ok(()),
            }
            tokio::select! {
                () = sleep(LOOK) => {}
                () = closed(closing) => return Ok(()),
            }
        }
    }

    /// What there is already.
    async fn catch_up(&mut self, logic: &dyn Logic, queue: &Queue) -> Result<(), Error> {
        loop {
            let wanted = PlaySpans { after_seq: self.after_seq, ..PlaySpans::from(self.play_sid.clone()) };
            let page = logic.play_spans(wanted).await?;
            if page.spans.is_empty() && page.logs.is_empty() {
                return Ok(());
            }
            self.take(page, queue);
        }
    }

    fn take(&mut self, page: SpanPage, queue: &Queue) {
        self.after_seq = page.last_seq;
        for line in page.logs {
            self.waiting.add(line);
        }
        for node in page.spans {
            self.interrupted.remove(&node.span_id);
            match node.status {
                SpanStatus::Running | SpanStatus::Waiting => {}
                // The next attempt enters it again, if there is one.
                SpanStatus::Interrupted => {
                    if self.interrupted.len() < INTERRUPTED_MAX {
                        self.interrupted.insert(node.span_id, node);
                    }
                }
                SpanStatus::Ok | SpanStatus::Failed | SpanStatus::Cancelled if self.was_sent(&node) => {
                    drop(self.waiting.take(node.span_id));
                }
                SpanStatus::Ok | SpanStatus::Failed | SpanStatus::Cancelled => self.send(&node, queue),
            }
        }
    }

    fn was_sent(&self, node: &Span) -> bool {
        self.sent_before.is_some_and(|moment| node.ended_at.is_some_and(|ended_at| ended_at < moment))
    }

    fn send(&mut self, node: &Span, queue: &Queue) {
        if node.kind == SpanKind::Pause
            && let Some(ended_at) = node.ended_at
        {
            if self.answered.insert(node.span_id, ended_at) == Some(ended_at) {
                return;
            }
            if self.answered.len() > ANSWERED_MAX {
                self.answered.pop_first();
            }
        }
        let lines = self.waiting.take(node.span_id);
        if let Some(span) = spans::of_node(&self.play_sid, &self.root_play_sid, node, lines) {
            queue.add(span);
        }
    }
}
