//! A play as plain lines, one per fact: where there is no terminal to redraw. Pure: pages in, lines out.

use std::{cmp::Reverse, collections::HashMap};

use hero_sdk::{
    Timestamp,
    model::{LogLevel, LogLine, Play, Span, SpanKind, SpanPage, SpanStatus},
};

use crate::cli::{
    style::Paint,
    tree::{Line, cost, duration, error_summary, span_look},
};

/// When a line's fact happened; at one time the deeper first, then in the order of the store.
type Moment = (Timestamp, Reverse<usize>, u64);

/// Columns of the first word; the longest is `succeeded`.
const WORD_COLUMNS: usize = 9;

/// What has been said, so that each fact is said once although pages repeat nodes.
#[derive(Default)]
pub(crate) struct PlainLines {
    /// Of each node: its path, and how far it was told.
    told: HashMap<u32, Told>,
    last_log_seq: u64,
}

struct Told {
    path: String,
    state: Option<(SpanStatus, u32)>,
    tries: usize,
}

impl PlainLines {
    /// The lines for what is new in `page`, in the order in which it happened.
    pub(crate) fn apply(&mut self, page: &SpanPage) -> Vec<Line> {
        for span in &page.spans {
            self.told.entry(span.span_id).or_insert_with(|| Told {
                path: span.path.clone(),
                state: None,
                tries: 0,
            });
        }
        // What one commit holds came at one moment, and nodes stand there from the root down, while the end of a
        // step comes before that of the step around it.
        let mut lines: Vec<(Moment, Line)> = Vec::new();
        for log in page.logs.iter().filter(|log| log.seq > self.last_log_seq) {
            lines.push(((log.at, Reverse(usize::MAX), log.seq), self.log_line(log)));
        }
        self.last_log_seq = page.logs.last().map_or(self.last_log_seq, |log| log.seq.max(self.last_log_seq));
        for span in &page.spans {
            let when = span.ended_at.unwrap_or(span.started_at);
            let place = (when, Reverse(span.path.matches('/').count()), span.seq);
            lines.extend(self.span_lines(span).into_iter().map(|line| (place, line)));
        }
        lines.sort_by_key(|(place, _)| *place);
        lines.into_iter().map(|(_, line)| line).collect()
    }

    fn span_lines(&mut self, span: &Span) -> Vec<Line> {
        let Some(told) = self.told.get_mut(&span.span_id) else { return Vec::new() };
        let mut lines: Vec<Line> = span
            .tries
            .iter()
            .skip(told.tries)
            .map(|failed| {
                let mut line = start("retry", Paint::Attention, &span.path);
                line.push_apart(
                    Paint::Plain,
                    &format!(
                        "try {} failed: {}; the next in {}",
                        failed.number,
                        error_summary(&failed.error),
                        duration(failed.delay_ms)
                    ),
                );
                line
            })
            .collect();
        told.tries = told.tries.max(span.tries.len());

        // A question is answered once, and every later attempt passes it again.
        let state = (span.status, if span.kind == SpanKind::Pause { 0 } else { span.attempt });
        let is_news = match span.status {
            // Entered again by every attempt; only ends are facts.
            SpanStatus::Running | SpanStatus::Interrupted => false,
            SpanStatus::Waiting => told.state.is_none_or(|(status, _)| status != SpanStatus::Waiting),
            // A branch is a place, not a step; only its failure is news.
            SpanStatus::Ok | SpanStatus::Cancelled => {
                told.state != Some(state) && span.kind != SpanKind::Branch
            }
            SpanStatus::Failed => told.state != Some(state),
        };
        if is_news {
            told.state = Some(state);
            lines.push(end_line(span));
        }
        lines
    }

    /// A line about the play as a whole.
    pub(crate) fn play_line(word: &str, paint: Paint, play: &Play, more: &str) -> Line {
        let mut line = start(word, paint, play.play_sid.as_str());
        line.push_apart(Paint::Plain, more);
        line
    }

    /// A line that is no fact of the tree.
    pub(crate) fn line(word: &str, paint: Paint, text: &str) -> Line {
        start(word, paint, text)
    }

    fn log_line(&self, log: &LogLine) -> Line {
        let (word, paint) = match log.level {
            LogLevel::Debug => ("debug", Paint::Faint),
            LogLevel::Info => ("log", Paint::Faint),
            LogLevel::Warning => ("warning", Paint::Attention),
            LogLevel::Error => ("error", Paint::Bad),
        };
        let path =
            log.span_id.and_then(|span_id| self.told.get(&span_id)).map_or("", |told| told.path.as_str());
        let mut line = start(word, paint, path);
        line.push_apart(Paint::Plain, &log.text);
        line
    }
}

/// What was left, how long it took, and why it failed.
fn end_line(span: &Span) -> Line {
    let look = span_look(span.status, None);
    let mut line = start(look.word, look.paint, &span.path);
    if let (Some(milliseconds), false) = (span.duration_ms, span.status == SpanStatus::Waiting) {
        line.push_apart(Paint::Faint, &duration(milliseconds));
    }
    line.push_apart(Paint::Plain, &cost(span.cost_usd));
    if let Some(error) = &span.error {
        line.push_apart(Paint::Bad, &error_summary(error));
    }
    line
}

fn start(word: &str, paint: Paint, path: &str) -> Line {
    let mut line = Line::default();
    line.push(paint, &format!("{word:WORD_COLUMNS$}"));
    line.push_apart(Paint::Plain, path);
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{
        style::Palette,
        testing::{PageBuilder, error},
    };

    fn text(lines: &[Line]) -> String {
        lines.iter().map(|line| line.to_text(Palette::Text) + "\n").collect()
    }

    #[test]
    fn an_answer_is_said_once_however_many_attempts_pass_it() {
        let mut plain = PlainLines::default();
        let answered = |attempt: u32| {
            PageBuilder::new()
                .span(1, None, "main", SpanStatus::Running)
                .span(2, Some(1), "which", SpanStatus::Ok)
                .with(|span| {
                    span.kind = SpanKind::Pause;
                    span.attempt = attempt;
                })
                .page()
        };
        assert!(text(&plain.apply(&answered(1))).starts_with("ok         main#0/which#0"));
        assert_eq!(text(&plain.apply(&answered(2))), "");
    }

    #[test]
    fn each_fact_is_said_once() {
        let mut plain = PlainLines::default();
        let first = PageBuilder::new()
            .span(1, None, "main", SpanStatus::Running)
            .span(2, Some(1), "fetch", SpanStatus::Running)
            .log(2, "page 1 \u{1b}[31m")
            .page();
        assert_eq!(text(&plain.apply(&first)), "log        main#0/fetch#0  page 1 \\x1b[31m\n");
        assert_eq!(text(&plain.apply(&first)), "");
        let second = PageBuilder::after(&first)
            .span(2, Some(1), "fetch", SpanStatus::Running)
            .with(|span| span.tries.push(crate::cli::testing::failed_try(1, "OSError", "down", 120.0)))
            .page();
        insta::assert_snapshot!(text(&plain.apply(&second)), @"retry      main#0/fetch#0  try 1 failed: OSError: down; the next in 120 ms");
        let third = PageBuilder::after(&second)
            .span(2, Some(1), "fetch", SpanStatus::Ok)
            .with(|span| {
                span.tries.push(crate::cli::testing::failed_try(1, "OSError", "down", 120.0));
                span.cost_usd = 0.25;
            })
            .span(3, Some(1), "approve", SpanStatus::Waiting)
            .span(1, None, "main", SpanStatus::Interrupted)
            .page();
        insta::assert_snapshot!(text(&plain.apply(&third)), @r"
        ok         main#0/fetch#0  12 ms  $0.2500
        waiting    main#0/approve#0
        ");
        let fourth = PageBuilder::after(&third)
            .span(3, Some(1), "approve", SpanStatus::Ok)
            .span(1, None, "main", SpanStatus::Failed)
            .with(|span| span.error = Some(error("ValueError", "no\nway")))
            .page();
        insta::assert_snapshot!(text(&plain.apply(&fourth)), @r"
        ok         main#0/approve#0  12 ms
        failed     main#0  12 ms  ValueError: no\nway
        ");
    }
}
