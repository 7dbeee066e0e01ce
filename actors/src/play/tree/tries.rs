//! What a node keeps of its failed tries. Pure, as the tree is.

use hero_sdk::model::{PlayError, Try};

use super::{shorten, size};

/// Failed tries of one node.
const COUNT_MAX: usize = 1_000;
/// Bytes of their errors: all are written again with each that comes. Beyond it only what kind of error each was is kept.
const BYTES_MAX: usize = 256 << 10;
/// Characters of each name that is kept then.
const NAME_CHARS_MAX: usize = 200;

/// Adds one to those that a node has; a brief one by its kind only.
pub(super) fn add(kept: &mut Vec<Try>, mut failed: Try, is_brief: bool) {
    if kept.len() >= COUNT_MAX {
        return;
    }
    let bytes: usize = kept.iter().chain([&failed]).map(|failed| size::error(&failed.error)).sum();
    if is_brief || bytes > BYTES_MAX {
        let PlayError { code, kind, .. } = failed.error;
        failed.error = PlayError {
            code: shorten(code, NAME_CHARS_MAX),
            kind: kind.map(|kind| shorten(kind, NAME_CHARS_MAX)),
            message: "more is not kept: the errors of earlier tries are too long".to_owned(),
            ..PlayError::default()
        };
    }
    kept.push(failed);
}

#[cfg(test)]
mod tests {
    use hero_sdk::Timestamp;

    use super::*;

    fn failed(number: u32, bytes: usize) -> Try {
        let error = PlayError {
            code: "exception".into(),
            kind: Some("x".repeat(bytes / 2)),
            message: "no".into(),
            traceback: Some("x".repeat(bytes / 2)),
            ..PlayError::default()
        };
        Try { number, error, ended_at: Timestamp(0), delay_ms: 0.0 }
    }

    #[test]
    fn the_first_are_kept_whole_and_all_others_by_their_kind() {
        for (bytes, whole) in [(100, 1_000), (4 << 10, 63), (1 << 20, 0)] {
            let mut kept = Vec::new();
            for number in 1..=1_100 {
                add(&mut kept, failed(number, bytes), false);
            }
            assert!(kept.iter().map(|failed| failed.number).eq(1..=1_000), "{bytes}");
            assert_eq!(kept.iter().filter(|failed| failed.error.traceback.is_some()).count(), whole);
            assert!(kept.iter().all(|failed| failed.error.code == "exception"));
            let all: usize = kept.iter().map(|failed| size::error(&failed.error)).sum();
            assert!(all < BYTES_MAX + COUNT_MAX * 4 * NAME_CHARS_MAX, "{all}");
        }
        let mut brief = Vec::new();
        add(&mut brief, failed(1, 100), true);
        assert_eq!((brief[0].error.code.as_str(), &brief[0].error.traceback), ("exception", &None));
    }
}
