//! What a watcher of one play gets: pages from the store after a cursor.

use std::{collections::HashMap, sync::Arc};

use hero_sdk::{
    Error, PlaySid,
    logic::SpanFeed,
    model::{Span, SpanPage},
};
use hero_store::Change;

use super::paging::wrong;
use crate::{
    play::{Environment, error_bytes},
    plays::not_found,
};

/// Changes of a page unless told.
pub(super) const SPANS_LIMIT: u32 = 1_000;
/// Bytes of text in a page behind which it ends, whatever was asked for.
pub(super) const PAGE_BYTES_MAX: usize = 1 << 20;
/// The same of a page for a watcher. For each who does not keep up one is in memory, and there may be thousands.
const FEED_BYTES_MAX: usize = 128 << 10;
/// Changes that are read at once, since nobody knows how large they are.
const STEP: usize = 64;

/// Refuses a cursor behind the newest change: nothing that is known led there.
pub(super) fn check_cursor(
    environment: &Environment,
    play_sid: &PlaySid,
    after_seq: u64,
) -> Result<(), Error> {
    let is_known = match after_seq.checked_sub(1) {
        None => true,
        Some(before) => !environment.tables.changes_after(play_sid, before, 1)?.is_empty(),
    };
    if is_known {
        return Ok(());
    }
    let message = format!("play {play_sid} has not come to change {after_seq}");
    Err(wrong("after_seq", message).hint("begin again with after_seq 0"))
}

/// A watcher of one play: pages from the store after its cursor, woken by changes.
struct Feed {
    environment: Arc<Environment>,
    play_sid: PlaySid,
    cursor: u64,
    changes: tokio::sync::watch::Receiver<()>,
    /// The failure after which the play rested when the watcher came.
    known_failure: u64,
    is_first: bool,
}

/// The pages after this cursor, and then each as it comes, to the one after which nothing can come.
pub(super) fn feed(environment: Arc<Environment>, play_sid: PlaySid, after_seq: u64) -> SpanFeed {
    let changes = environment.feeds.subscribe(&play_sid);
    let known_failure = environment.feeds.failure(&play_sid);
    let feed = Feed { environment, play_sid, cursor: after_seq, changes, known_failure, is_first: true };
    Box::pin(futures_util::stream::unfold(Some(feed), Feed::next))
}

impl Feed {
    /// The next page; the one after which nothing can come ends the stream.
    async fn next(feed: Option<Self>) -> Option<(Result<SpanPage, Error>, Option<Self>)> {
        let mut feed = feed?;
        loop {
            let feeds = &feed.environment.feeds;
            if let Some(trouble) = feeds.trouble_after(&feed.play_sid, feed.known_failure) {
                return Some((Err(trouble), None));
            }
            let page = match page(&feed.environment, &feed.play_sid, feed.cursor, SPANS_LIMIT, FEED_BYTES_MAX)
            {
                Ok(page) => page,
                Err(error) => return Some((Err(error), None)),
            };
            let is_empty = page.spans.is_empty() && page.logs.is_empty();
            feed.cursor = page.last_seq;
            // The terminal status and the last spans are one commit, so a terminal page that is empty is the end.
            if page.status.is_terminal() && is_empty {
                return if feed.is_first { Some((Ok(page), None)) } else { None };
            }
            if !is_empty || feed.is_first {
                feed.is_first = false;
                return Some((Ok(page), Some(feed)));
            }
            feed.changes.changed().await.ok()?;
        }
    }
}

pub(super) fn page(
    environment: &Environment,
    play_sid: &PlaySid,
    after_seq: u64,
    limit: u32,
    bytes_max: usize,
) -> Result<SpanPage, Error> {
    // The status is read first: what it says is then never newer than the changes that follow.
    let row = environment.tables.play(play_sid)?.ok_or_else(|| not_found(play_sid))?;
    let mut page =
        SpanPage { spans: Vec::new(), logs: Vec::new(), last_seq: after_seq, status: row.play.status };
    let (mut left, mut bytes) = (limit as usize, 0);
    while left > 0 && bytes < bytes_max {
        let step = left.min(STEP);
        let before = page.spans.len();
        let changes = environment.tables.changes_after(play_sid, page.last_seq, step)?;
        let is_last = changes.len() < step;
        left -= changes.len();
        for change in changes {
            if bytes >= bytes_max {
                break;
            }
            page.last_seq = change.seq();
            match change {
                Change::Span(span) => {
                    bytes += span_bytes(&span);
                    page.spans.push(span);
                }
                Change::Log(line) => {
                    bytes += line.text.len();
                    page.logs.push(line);
                }
            }
        }
        // A node that has changed since the step before is here again, behind all others.
        let (older, newer) = page.spans.split_at(before);
        if older.iter().any(|old| newer.iter().any(|new| new.span_id == old.span_id)) {
            let newest: HashMap<u32, u64> = page.spans.iter().map(|span| (span.span_id, span.seq)).collect();
            page.spans.retain(|span| newest.get(&span.span_id) == Some(&span.seq));
        }
        if is_last {
            break;
        }
    }
    Ok(page)
}

/// Bytes of what a flow can make long in a node.
pub(super) fn span_bytes(span: &Span) -> usize {
    let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let tags = span.tags.iter().map(|(name, value)| name.len() + value.as_str().len());
    let tries = span.tries.iter().map(|failed| &failed.error);
    let errors = tries.chain(&span.error).map(error_bytes);
    span.path.len()
        + span.name.len()
        + optional(&span.inputs)
        + optional(&span.output)
        + errors.sum::<usize>()
        + tags.sum::<usize>()
}
