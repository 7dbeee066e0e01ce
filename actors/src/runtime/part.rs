//! A part of a play's tree: what is beneath one node, to some depth.

use std::collections::HashMap;

use hero_sdk::{
    Error, PlaySid,
    model::{LogLine, SpanPage},
};

use super::{
    feed::{PAGE_BYTES_MAX, SPANS_LIMIT, page, span_bytes},
    paging::wrong,
};
use crate::play::Environment;

/// Which part.
pub(super) struct Part {
    /// The node above it; none for the top of the play.
    pub(super) parent: Option<u32>,
    /// How many levels.
    pub(super) depth: u32,
}

impl Part {
    /// What changed in it after a sequence number, up to some bytes of text. All of the tree is looked at first, since
    /// only a node itself tells what is above it.
    pub(super) fn page(
        &self,
        environment: &Environment,
        play_sid: &PlaySid,
        after_seq: u64,
        limit: u32,
    ) -> Result<SpanPage, Error> {
        let mut parents = self.parents(environment, play_sid)?;
        if let Some(parent) = self.parent.filter(|parent| !parents.contains_key(parent)) {
            let message = format!("play {play_sid} has no node {parent}");
            return Err(wrong("parent", message).hint("parent is the `span_id` of a node of this play"));
        }
        let (limit, mut bytes) = (limit as usize, 0);
        let mut part = page(environment, play_sid, after_seq, 0, PAGE_BYTES_MAX)?;
        let mut spans = HashMap::new();
        while spans.len() + part.logs.len() < limit && bytes < PAGE_BYTES_MAX {
            let page = page(environment, play_sid, part.last_seq, SPANS_LIMIT, PAGE_BYTES_MAX)?;
            let is_last = page.last_seq == part.last_seq;
            parents.extend(page.spans.iter().map(|span| (span.span_id, span.parent)));
            for span in page.spans.into_iter().filter(|span| self.holds(span.span_id, &parents)) {
                bytes += span_bytes(&span);
                spans.insert(span.span_id, span);
            }
            let holds = |line: &LogLine| line.span_id.is_none_or(|span| self.holds(span, &parents));
            for line in page.logs.into_iter().filter(holds) {
                bytes += line.text.len();
                part.logs.push(line);
            }
            (part.last_seq, part.status) = (page.last_seq, page.status);
            if is_last {
                break;
            }
        }
        part.spans = spans.into_values().collect();
        part.spans.sort_unstable_by_key(|span| span.seq);
        // What is cut comes with the next page.
        let mut seqs: Vec<u64> =
            part.spans.iter().map(|span| span.seq).chain(part.logs.iter().map(|line| line.seq)).collect();
        seqs.sort_unstable();
        if seqs.len() > limit {
            part.last_seq = seqs.get(limit - 1).copied().unwrap_or(part.last_seq);
        }
        part.spans.retain(|span| span.seq <= part.last_seq);
        part.logs.retain(|line| line.seq <= part.last_seq);
        Ok(part)
    }

    /// What is above each node.
    fn parents(
        &self,
        environment: &Environment,
        play_sid: &PlaySid,
    ) -> Result<HashMap<u32, Option<u32>>, Error> {
        let mut parents = HashMap::new();
        let mut seen = 0;
        loop {
            let page = page(environment, play_sid, seen, SPANS_LIMIT, PAGE_BYTES_MAX)?;
            if page.last_seq == seen {
                return Ok(parents);
            }
            seen = page.last_seq;
            parents.extend(page.spans.iter().map(|span| (span.span_id, span.parent)));
        }
    }

    /// Whether a node is beneath the parent, and not too far.
    fn holds(&self, span: u32, parents: &HashMap<u32, Option<u32>>) -> bool {
        let mut above = parents.get(&span).copied().flatten();
        let mut levels = 1;
        while above != self.parent {
            let Some(next) = above.and_then(|above| parents.get(&above)) else { return false };
            above = *next;
            levels += 1;
        }
        levels <= self.depth
    }
}
