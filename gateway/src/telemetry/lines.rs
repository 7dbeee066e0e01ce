//! Lines of text that wait for the end of their node, whose events they become.

use std::collections::HashMap;

use hero_sdk::model::LogLine;

/// Lines that one node keeps: as many as OpenTelemetry gives a span events unless told.
pub(super) const LINES_MAX: usize = 128;
/// Lines that wait of one play. With what a line keeps of its text these are 2 MB.
const WAITING_MAX: usize = 1_000;
/// Characters that a line keeps.
const CHARS_MAX: usize = 2_000;

/// The lines of one node.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The first ones.
    pub(super) kept: Vec<LogLine>,
    /// How many more there were.
    pub(super) dropped: u32,
}

/// Those of the nodes of a play, by the number of the node; 0 for the play as a whole.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    lines: HashMap<u32, Lines>,
    count: usize,
}

impl Waiting {
    /// Keeps a line if there is room for it.
    pub(super) fn add(&mut self, mut line: LogLine) {
        let lines = self.lines.entry(line.span_id.unwrap_or(0)).or_default();
        if lines.kept.len() >= LINES_MAX || self.count >= WAITING_MAX {
            lines.dropped = lines.dropped.saturating_add(1);
            return;
        }
        if let Some((end, _)) = line.text.char_indices().nth(CHARS_MAX) {
            line.text.truncate(end);
            line.text.push('…');
        }
        self.count += 1;
        lines.kept.push(line);
    }

    /// The lines of a node that has ended.
    pub(super) fn take(&mut self, span_id: u32) -> Lines {
        let lines = self.lines.remove(&span_id).unwrap_or_default();
        self.count -= lines.kept.len();
        lines
    }

    /// The lines of the play, and those that came to a node behind its end.
    pub(super) fn take_rest(&mut self) -> Lines {
        let mut rest = Lines::default();
        for (_, mut lines) in std::mem::take(&mut self.lines) {
            rest.kept.append(&mut lines.kept);
            rest.dropped = rest.dropped.saturating_add(lines.dropped);
        }
        self.count = 0;
        rest.kept.sort_by_key(|line| line.seq);
        let more = rest.kept.len().saturating_sub(LINES_MAX);
        rest.kept.truncate(LINES_MAX);
        rest.dropped = rest.dropped.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        rest
    }
}

#[cfg(test)]
mod tests {
    use hero_sdk::{
        Timestamp,
        model::{LogLevel, LogStream},
    };

    use super::*;

    fn line(seq: u64, span_id: Option<u32>, text: &str) -> LogLine {
        let (level, stream) = (LogLevel::Info, LogStream::Stdout);
        LogLine { seq, span_id, attempt: 1, level, stream, text: text.into(), at: Timestamp(0) }
    }

    #[test]
    fn a_node_keeps_its_first_lines_and_counts_the_others() {
        let mut waiting = Waiting::default();
        for seq in 0..200 {
            waiting.add(line(seq, Some(1), &"é".repeat(3_000)));
        }
        waiting.add(line(200, Some(2), "of another"));
        let lines = waiting.take(1);
        assert_eq!((lines.kept.len(), lines.dropped), (LINES_MAX, 72));
        assert_eq!(lines.kept[0].text.chars().count(), CHARS_MAX + 1);
        assert_eq!(waiting.take(1).kept.len(), 0);
        assert_eq!((waiting.take(2).kept.len(), waiting.count), (1, 0));
    }

    #[test]
    fn the_rest_is_in_order_and_has_a_limit() {
        let mut waiting = Waiting::default();
        for seq in 0..2_000 {
            waiting.add(line(seq, Some(1_999 - seq as u32), "late"));
        }
        assert_eq!(waiting.count, WAITING_MAX);
        let rest = waiting.take_rest();
        assert_eq!((rest.kept.len(), rest.dropped), (LINES_MAX, 2_000 - LINES_MAX as u32));
        assert!(rest.kept.is_sorted_by_key(|line| line.seq));
        assert_eq!((rest.kept[0].seq, waiting.count), (0, 0));
    }
}
