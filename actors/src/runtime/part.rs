//! A part of a play's tree: what is beneath one node, to some depth.

use std::collections::HashMap;

use hero_sdk::{Error, PlaySid, model::SpanPage};

use super::feed::{SPANS_LIMIT, page};
use crate::play::Environment;

/// Which part.
pub(super) struct Part {
    /// The node above it; none for the top of the play.
    pub(super) parent: Option<u32>,
    /// How many levels.
    pub(super) depth: u32,
}

impl Part {
    /// What changed in it after a sequence number. The whole tree is looked at, since a node is found by the number of
    /// its newest change only.
    pub(super) fn page(
        &self,
        environment: &Environment,
        play_sid: &PlaySid,
        after_seq: u64,
        limit: u32,
    ) -> Result<SpanPage, Error> {
        let mut parents = HashMap::new();
        let mut spans = Vec::new();
        let mut logs = Vec::new();
        let mut seen = 0;
        let status = loop {
            let page = page(environment, play_sid, seen, SPANS_LIMIT)?;
            if page.last_seq == seen {
                break page.status;
            }
            seen = page.last_seq;
            parents.extend(page.spans.iter().map(|span| (span.span_id, span.parent)));
            spans.extend(page.spans.into_iter().filter(|span| span.seq > after_seq));
            logs.extend(page.logs.into_iter().filter(|line| line.seq > after_seq));
        };
        spans.retain(|span| self.holds(span.span_id, &parents));
        logs.retain(|line| line.span_id.is_none_or(|span| self.holds(span, &parents)));
        // What is cut comes with the next page.
        let limit = limit as usize;
        let mut seqs: Vec<u64> =
            spans.iter().map(|span| span.seq).chain(logs.iter().map(|line| line.seq)).collect();
        seqs.sort_unstable();
        let last_seq = if seqs.len() > limit { seqs.get(limit - 1).copied().unwrap_or(seen) } else { seen };
        spans.retain(|span| span.seq <= last_seq);
        logs.retain(|line| line.seq <= last_seq);
        Ok(SpanPage { spans, logs, last_seq: last_seq.max(after_seq), status })
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
