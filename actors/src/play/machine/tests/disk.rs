//! The rows of one play, as the store has them, and what holds of them whoever wrote them.

use std::collections::BTreeMap;

use hero_sdk::model::{Artifact, LogLine, Play, ResumeRequest, ResumeStatus, Span, SpanStatus, Status};
use hero_store::{PlayRow, Record, Run};

use super::tree::assert_tree;
use crate::play::{effect::Write, event::Past};

/// What the store has.
#[derive(Clone, Default)]
pub(super) struct Disk {
    pub(super) row: Option<PlayRow>,
    pub(super) records: BTreeMap<String, Record>,
    pub(super) spans: BTreeMap<u64, Span>,
    pub(super) logs: BTreeMap<u64, LogLine>,
    pub(super) resumes: Vec<ResumeRequest>,
    pub(super) artifacts: BTreeMap<String, Artifact>,
    /// How it counts in the statistics of its version.
    counted: Option<Run>,
    /// The highest sequence number that was written since a machine was made of these rows.
    last_seq: u64,
}

impl Disk {
    /// What a machine is made of, if the play was ever written.
    pub(super) fn read(&mut self) -> Option<(PlayRow, Past)> {
        let seqs = self.records.values().map(|record| record.seq);
        self.last_seq =
            seqs.chain(self.spans.keys().copied()).chain(self.logs.keys().copied()).max().unwrap_or(0);
        let records = self.records.values();
        let past = Past {
            resumes: self.resumes.clone(),
            artifacts: self.artifacts.values().cloned().collect(),
            spans: self.spans.values().cloned().collect(),
            logs: u32::try_from(self.logs.len()).unwrap(),
            last_seq: self.last_seq,
            failed: records.filter(|record| !record.outcome.is_final()).map(|r| r.path.clone()).collect(),
        };
        Some((self.row.clone()?, past))
    }

    pub(super) fn write(&mut self, write: Write) {
        match write {
            Write::Play(row) => {
                if let Some(before) = self.row.as_ref().filter(|before| before.play.status.is_terminal()) {
                    let end = |play: &Play| (play.status, play.ended_at, play.error.clone());
                    let stands = end(&before.play) == end(&row.play);
                    assert!(stands || row.play.status == Status::Queued, "P4: the first end stands");
                }
                self.row = Some(*row);
            }
            Write::Record(record) => {
                self.grows_to(record.seq);
                self.records.insert(record.path.clone(), record);
            }
            Write::DropRecord(path) => {
                let dropped = self.records.remove(&path);
                assert!(dropped.is_none_or(|record| !record.outcome.is_final()), "{path} had its outcome");
            }
            Write::Span { span, replaces } => {
                self.grows_to(span.seq);
                if let Some(seq) = replaces {
                    self.spans.remove(&seq);
                }
                self.spans.insert(span.seq, *span);
            }
            Write::Log(line) => {
                self.grows_to(line.seq);
                self.logs.insert(line.seq, line);
            }
            Write::Artifact { artifact, replaces } => {
                let before = self.artifacts.insert(artifact.name.clone(), *artifact);
                assert_eq!(before.map(|before| before.digest), replaces, "it knows what it replaces");
            }
            Write::Count(run) => {
                let before = self.counted.replace(run);
                assert_eq!(before, None, "it counts once");
            }
            Write::TakeOut(run) => assert_eq!(self.counted.take(), Some(run), "it counts as it was counted"),
            Write::Resume(resume) => {
                let known = self.resumes.iter_mut().find(|known| known.resume_id == resume.resume_id);
                match known {
                    None => self.resumes.push(*resume),
                    Some(known) => {
                        assert_eq!(known.status, ResumeStatus::Open, "P3: what is over stays as it is");
                        *known = *resume;
                    }
                }
            }
        }
    }

    fn grows_to(&mut self, seq: u64) {
        assert!(seq > self.last_seq, "sequence number {seq} after {}", self.last_seq);
        self.last_seq = seq;
    }

    pub(super) fn newest_record(&self) -> Option<&Record> {
        self.records.values().max_by_key(|record| record.seq)
    }

    /// What holds between any two commits.
    pub(super) fn check(&self) {
        let Some(PlayRow { play, .. }) = &self.row else { return };
        check_play(play, &self.resumes);
        assert_eq!(self.counted, Run::of(play), "statistics are those of the plays");
        assert_tree(self.spans.values());
        for span in self.spans.values() {
            let is_open = matches!(span.status, SpanStatus::Running | SpanStatus::Waiting);
            assert!(!(is_open && play.status.is_terminal()), "{} is left open", span.path);
            assert_eq!(span.ended_at.is_none(), is_open, "{span:?}");
            assert_eq!(span.ended_at.is_some(), span.duration_ms.is_some(), "{span:?}");
        }
    }
}

/// A play keeps count of its open questions, and has a moment of its end if it has ended.
pub(super) fn check_play(play: &Play, resumes: &[ResumeRequest]) {
    let open = resumes.iter().filter(|resume| resume.status == ResumeStatus::Open).count();
    assert_eq!(open, play.pending_resumes as usize);
    assert_eq!(play.ended_at.is_some(), play.status.is_terminal());
}
