//! Records as they stand in a document, and as the store has them. Pure.

use hero_sdk::document::{ExportedRecord, RecordedOutcome};
use hero_store::{Outcome, Payload, Record};

/// As a document has it.
pub(super) fn exported(record: Record) -> ExportedRecord {
    let Record { path, kind, fingerprint, attempt, seq, loop_time, outcome } = record;
    let (mut number, mut value, mut file) = (None, None, None);
    let mut of = |payload| match payload {
        Payload::Inline(json) => value = Some(json),
        Payload::Blob(blob) => file = Some(blob),
    };
    let outcome = match outcome {
        Outcome::Started { number: of_try } => {
            number = Some(of_try);
            RecordedOutcome::Started
        }
        Outcome::Ok(payload) => {
            of(payload);
            RecordedOutcome::Ok
        }
        Outcome::Failed(payload) => {
            of(payload);
            RecordedOutcome::Failed
        }
        Outcome::Cancelled => RecordedOutcome::Cancelled,
        Outcome::Answered(json) => {
            value = Some(json);
            RecordedOutcome::Answered
        }
        Outcome::Expired(default) => {
            value = default;
            RecordedOutcome::Expired
        }
    };
    ExportedRecord { path, kind, fingerprint, attempt, seq, loop_time, outcome, number, value, file }
}

/// As the store has it; none where it says too little, or two things at once.
pub(super) fn stored(record: ExportedRecord) -> Option<Record> {
    let ExportedRecord { path, kind, fingerprint, attempt, seq, loop_time, outcome, number, value, file } =
        record;
    let outcome = match (outcome, number, value, file) {
        (RecordedOutcome::Started, Some(number), None, None) => Outcome::Started { number },
        (RecordedOutcome::Ok, None, Some(json), None) => Outcome::Ok(Payload::Inline(json)),
        (RecordedOutcome::Ok, None, None, Some(blob)) => Outcome::Ok(Payload::Blob(blob)),
        (RecordedOutcome::Failed, None, Some(json), None) => Outcome::Failed(Payload::Inline(json)),
        (RecordedOutcome::Failed, None, None, Some(blob)) => Outcome::Failed(Payload::Blob(blob)),
        (RecordedOutcome::Cancelled, None, None, None) => Outcome::Cancelled,
        (RecordedOutcome::Answered, None, Some(json), None) => Outcome::Answered(json),
        (RecordedOutcome::Expired, None, default, None) => Outcome::Expired(default),
        _ => return None,
    };
    Some(Record { path, kind, fingerprint, attempt, seq, loop_time, outcome })
}
