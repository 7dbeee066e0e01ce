//! What a node keeps of its failed tries. Pure, as the tree is.

use hero_sdk::model::{PlayError, Try};

use super::shorten;

/// Failed tries of one node.
const COUNT_MAX: usize = 1_000;
/// Bytes of their errors: all are written again with each that comes. Beyond it only what kind of error each was is kept.
const BYTES_MAX: usize = 256 << 10;
/// Characters of each name that is kept then.
const NAME_CHARS_MAX: usize = 200;

/// Adds one to those that a node has.
pub(super) fn add(kept: &mut Vec<Try>, mut failed: Try) {
    if kept.len() >= COUNT_MAX {
        return;
    }
    let bytes: usize = kept.iter().chain([&failed]).map(|failed| size(&failed.error)).sum();
    if bytes > BYTES_MAX {
        let PlayError { code, kind, .. } = failed.error;
        failed.error = PlayError {
            code: shorten(code, NAME_CHARS_MAX),
            kind: kind.map(|kind| shorten(kind, NAME_CHARS_MAX)),
            message: format!("the errors of earlier tries have {BYTES_MAX} bytes, more is not kept"),
            ..PlayError::default()
        };
    }
    kept.push(failed);
}

/// Bytes of what a flow can make long in an error.
pub(crate) fn size(error: &PlayError) -> usize {
    let PlayError { code, kind, message, traceback, path, expected, actual, location, hint } = error;
    let optional = [kind, traceback, path, expected, actual, location, hint];
    code.len() + message.len() + optional.into_iter().flatten().map(String::len).sum::<usize>()
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
                add(&mut kept, failed(number, bytes));
            }
            assert!(kept.iter().map(|failed| failed.number).eq(1..=1_000), "{bytes}");
            assert_eq!(kept.iter().filter(|failed| failed.error.traceback.is_some()).count(), whole);
            assert!(kept.iter().all(|failed| failed.error.code == "exception"));
            let all: usize = kept.iter().map(|failed| size(&failed.error)).sum();
            assert!(all < BYTES_MAX + COUNT_MAX * 4 * NAME_CHARS_MAX, "{all}");
        }
    }
}
