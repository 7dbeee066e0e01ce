//! States, spans of time and money in words.

use hero_sdk::model::{PlayError, SpanStatus, Status};

use crate::cli::style::Paint;

/// How a state looks: an icon, a word and a meaning, so that none depends on colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// One column; none where a spinner turns.
    pub(crate) icon: Option<&'static str>,
    /// The state in a word.
    pub(crate) word: &'static str,
    /// What it means.
    pub(crate) paint: Paint,
}

const fn look(icon: &'static str, word: &'static str, paint: Paint) -> Look {
    Look { icon: Some(icon), word, paint }
}

/// How a node looks in a play that stands at `play`: nothing runs in a play that has ended or is parked.
pub(crate) fn span_look(span: SpanStatus, play: Option<Status>) -> Look {
    match span {
        SpanStatus::Running | SpanStatus::Interrupted if is_parked(play) => {
            look("‖", "paused", Paint::Attention)
        }
        SpanStatus::Running if !play.is_some_and(Status::is_terminal) => {
            Look { icon: None, word: "running", paint: Paint::Active }
        }
        SpanStatus::Running | SpanStatus::Interrupted => look("↯", "interrupted", Paint::Attention),
        SpanStatus::Waiting => look("?", "waiting", Paint::Attention),
        SpanStatus::Ok => look("✓", "ok", Paint::Good),
        SpanStatus::Failed => look("✗", "failed", Paint::Bad),
        SpanStatus::Cancelled => look("⊘", "cancelled", Paint::Faint),
    }
}

/// True for a play that has no process and goes on later.
pub(super) fn is_parked(play: Option<Status>) -> bool {
    matches!(play, Some(Status::AwaitingResume | Status::AwaitingChild | Status::Sleeping))
}

/// How a play looks.
pub(crate) fn status_look(status: Status) -> Look {
    let (icon, paint) = match status {
        Status::Queued => ("·", Paint::Faint),
        Status::Running => return Look { icon: None, word: "running", paint: Paint::Active },
        Status::AwaitingResume | Status::AwaitingChild | Status::Sleeping => ("?", Paint::Attention),
        Status::Succeeded => ("✓", Paint::Good),
        Status::Failed => ("✗", Paint::Bad),
        Status::Cancelled => ("⊘", Paint::Faint),
        Status::Diverged => ("✗", Paint::Bad),
    };
    look(icon, status.as_str(), paint)
}

/// A span of time with the precision that a person can use.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what an hour count holds"
)]
pub(crate) fn duration(milliseconds: f64) -> String {
    let milliseconds = if milliseconds.is_finite() { milliseconds.clamp(0.0, 1e15) } else { 0.0 };
    if milliseconds < 9.95 {
        return format!("{milliseconds:.1} ms");
    }
    if milliseconds < 999.5 {
        return format!("{milliseconds:.0} ms");
    }
    if milliseconds < 59_950.0 {
        return format!("{:.1} s", milliseconds / 1000.0);
    }
    let seconds = (milliseconds / 1000.0).round() as u64;
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    if minutes < 60 {
        return format!("{minutes} min {seconds:02} s");
    }
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}

/// An amount of money, small amounts included; nothing for nothing.
pub(crate) fn cost(usd: f64) -> String {
    if !usd.is_finite() || usd <= 0.0 {
        String::new()
    } else if usd < 0.0001 {
        "<$0.0001".to_owned()
    } else if usd < 1.0 {
        format!("${usd:.4}")
    } else {
        format!("${usd:.2}")
    }
}

/// `ValueError: no`, or the message alone.
pub(crate) fn error_summary(error: &PlayError) -> String {
    match &error.kind {
        Some(kind) if error.message.is_empty() => kind.clone(),
        Some(kind) => format!("{kind}: {}", error.message),
        None => error.message.clone(),
    }
}

/// `3/10`, or `3` where the end is not known.
pub(crate) fn progress(progress: hero_sdk::model::Progress) -> String {
    match progress.total {
        Some(total) if total > 0.0 => {
            let percent = (100.0 * progress.done / total).clamp(0.0, 100.0);
            format!("{}/{total} {percent:.0} %", progress.done)
        }
        Some(_) | None => progress.done.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use hero_sdk::model::Progress;

    use super::*;

    #[test]
    fn durations_keep_a_useful_precision() {
        let cases = [
            (0.0, "0.0 ms"),
            (0.04, "0.0 ms"),
            (9.94, "9.9 ms"),
            (9.96, "10 ms"),
            (999.4, "999 ms"),
            (999.6, "1.0 s"),
            (59_940.0, "59.9 s"),
            (59_960.0, "1 min 00 s"),
            (3_599_499.0, "59 min 59 s"),
            (3_599_501.0, "1 h 00 min"),
            (90_000_000.0, "25 h 00 min"),
            (-5.0, "0.0 ms"),
            (f64::NAN, "0.0 ms"),
        ];
        for (milliseconds, expected) in cases {
            assert_eq!(duration(milliseconds), expected, "{milliseconds}");
        }
    }

    #[test]
    fn money_and_progress() {
        let costs = [(0.0, ""), (-1.0, ""), (0.000_01, "<$0.0001"), (0.0123, "$0.0123"), (12.345, "$12.35")];
        for (usd, expected) in costs {
            assert_eq!(cost(usd), expected);
        }
        assert_eq!(progress(Progress { done: 3.0, total: Some(10.0) }), "3/10 30 %");
        assert_eq!(progress(Progress { done: 12.0, total: Some(10.0) }), "12/10 100 %");
        assert_eq!(progress(Progress { done: 1.5, total: None }), "1.5");
        assert_eq!(progress(Progress { done: 1.0, total: Some(0.0) }), "1");
    }
}
