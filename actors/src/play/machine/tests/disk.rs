//! The rows of one play, as the store has them.

use std::collections::BTreeMap;

use hero_sdk::model::{LogLine, ResumeRequest, Span, SpanStatus};
use hero_store::{PlayRow, Record};

/// What the store has.
#[derive(Clone, Default)]
pub(super) struct Disk {
    pub(super) row: Option<PlayRow>,
    pub(super) records: BTreeMap<String, Record>,
    pub(super) spans: BTreeMap<u64, Span>,
    pub(super) logs: BTreeMap<u64, LogLine>,
    pub(super) resumes: Vec<ResumeRequest>,
}

impl Disk {
    pub(super) fn newest_seq(&self) -> u64 {
        let records = self.records.values().map(|record| record.seq);
        records.chain(self.spans.keys().copied()).chain(self.logs.keys().copied()).max().unwrap_or(0)
    }

    /// One row a node, every parent there, and no node beneath itself.
    pub(super) fn check_tree(&self, is_over: bool) {
        let parents: BTreeMap<u32, Option<u32>> =
            self.spans.values().map(|span| (span.span_id, span.parent)).collect();
        assert_eq!(parents.len(), self.spans.len(), "one row each");
        for span in self.spans.values() {
            let is_open = matches!(span.status, SpanStatus::Running | SpanStatus::Waiting);
            assert!(!(is_over && is_open), "{} is left open", span.path);
            let (mut above, mut steps) = (span.parent, 0);
            while let Some(parent) = above {
                above = *parents.get(&parent).unwrap_or_else(|| panic!("{} lacks its parent", span.path));
                steps += 1;
                assert!(steps <= parents.len(), "{} lies beneath itself", span.path);
            }
        }
    }
}
