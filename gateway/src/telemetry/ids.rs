//! Which trace and which spans belong to which play. The same every time, so that what is sent twice is the same span.

use hero_sdk::PlaySid;
use opentelemetry::trace::{SpanId, TraceId};
use sha2::{Digest as _, Sha256};
use ulid::Ulid;

/// The trace of the plays under this one at the top: the 128 bits of its ULID.
pub(super) fn trace_id(root: &PlaySid) -> TraceId {
    let digits = root.as_str().trim_start_matches(PlaySid::PREFIX);
    match Ulid::from_string(digits) {
        Ok(ulid) => TraceId::from(ulid.0),
        // One that others have made, of letters that no ULID has.
        Err(_) => TraceId::from(u128::from_be_bytes(digest(root, 0))),
    }
}

/// The span of a play as a whole.
pub(super) fn play_span_id(play_sid: &PlaySid) -> SpanId {
    node_span_id(play_sid, 0)
}

/// The span of a node of its tree, whose numbers begin at 1.
pub(super) fn node_span_id(play_sid: &PlaySid, span_id: u32) -> SpanId {
    let id: u64 = u64::from_be_bytes(digest(play_sid, span_id));
    // Nought is no id.
    SpanId::from(id.max(1))
}

fn digest<const LENGTH: usize>(play_sid: &PlaySid, span_id: u32) -> [u8; LENGTH] {
    let digest = Sha256::new().chain_update(play_sid.as_str()).chain_update(span_id.to_be_bytes()).finalize();
    *digest.first_chunk().expect("a digest has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_the_ulid_and_spans_differ() {
        let play_sid: PlaySid = "play_01kar9v3zv5w8x2b7c6d4e0f1g".parse().unwrap();
        let ulid = Ulid::from_string("01KAR9V3ZV5W8X2B7C6D4E0F1G").unwrap();
        assert_eq!(trace_id(&play_sid).to_bytes(), ulid.to_bytes());
        let other: PlaySid = "play_uuuuuuuuuuuuuuuuuuuuuuuuuu".parse().unwrap();
        assert_ne!(trace_id(&other), TraceId::INVALID);
        let ids = [
            play_span_id(&play_sid),
            node_span_id(&play_sid, 1),
            node_span_id(&play_sid, 2),
            play_span_id(&other),
            node_span_id(&other, 1),
        ];
        let different: std::collections::HashSet<SpanId> = ids.into_iter().collect();
        assert_eq!(different.len(), 5);
        assert_eq!(node_span_id(&play_sid, 1), node_span_id(&play_sid.clone(), 1));
    }
}
