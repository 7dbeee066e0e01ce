//! What a new attempt must know: the records that its replay can ask for.

use std::collections::HashMap;

use hero_sdk::frame::{FrontierRecord, RecordStatus};
use hero_store::{Outcome, Payload, Record};

/// Records for a new attempt, in record order, and the calls that began and have no outcome.
///
/// A finished call answers for everything beneath it, so what lies beneath one is left out; but for what is finished
/// beneath one that failed: a further try of a call above drops the failure and keeps the rest.
pub(crate) fn frontier(records: &[Record]) -> (Vec<FrontierRecord>, Vec<(String, u32)>) {
    let finished: HashMap<&str, bool> = records
        .iter()
        .filter(|record| !matches!(record.outcome, Outcome::Started { .. }))
        .map(|record| (record.path.as_str(), has_failed(record)))
        .collect();
    let mut answers = Vec::new();
    let mut started = Vec::new();
    for record in records {
        let mut above = above(&record.path).filter_map(|path| finished.get(path)).peekable();
        let is_open = above.peek().is_none();
        match frontier_record(record) {
            Ok(answer) if is_open || (!has_failed(record) && above.all(|failed| *failed)) => {
                answers.push(answer)
            }
            Err(number) if is_open => started.push((record.path.clone(), number)),
            Ok(_) | Err(_) => {}
        }
    }
    (answers, started)
}

fn has_failed(record: &Record) -> bool {
    matches!(record.outcome, Outcome::Failed(_) | Outcome::Cancelled)
}

/// Paths of the calls and branches above.
fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').filter_map(|(end, _)| path.get(..end))
}

/// The record in the form of the protocol, or the number of its try where it has no outcome.
fn frontier_record(record: &Record) -> Result<FrontierRecord, u32> {
    let (status, payload) = match &record.outcome {
        Outcome::Started { number } => return Err(*number),
        Outcome::Ok(payload) => (RecordStatus::Ok, Some(payload)),
        Outcome::Failed(payload) => (RecordStatus::Failed, Some(payload)),
        Outcome::Cancelled => (RecordStatus::Cancelled, None),
        Outcome::Answered(json) => return Ok(plain(record, RecordStatus::Answered, Some(json.to_string()))),
        Outcome::Expired(json) => {
            return Ok(plain(record, RecordStatus::Expired, json.as_ref().map(ToString::to_string)));
        }
    };
    let (text, blob) = match payload {
        Some(Payload::Inline(json)) => (Some(json.to_string()), None),
        Some(Payload::Blob(blob)) => (None, Some((blob.digest.clone(), blob.size))),
        None => (None, None),
    };
    let mut answer = plain(record, status, text);
    answer.6 = blob;
    Ok(answer)
}

fn plain(record: &Record, status: RecordStatus, text: Option<String>) -> FrontierRecord {
    (
        record.path.clone(),
        record.kind.clone(),
        record.fingerprint.clone(),
        status,
        text,
        record.loop_time,
        None,
    )
}

#[cfg(test)]
mod tests {
    use hero_sdk::Json;
    use proptest::prelude::*;

    use super::*;

    fn record(path: &str, outcome: Outcome) -> Record {
        Record {
            path: path.to_owned(),
            kind: "flow".to_owned(),
            fingerprint: "0123456789abcdef".to_owned(),
            attempt: 1,
            seq: 1,
            loop_time: None,
            outcome,
        }
    }

    #[test]
    fn a_finished_call_answers_for_what_is_beneath_it() {
        let ok = || Outcome::Ok(Payload::Inline(Json::null()));
        let records = [
            record("main#0/a#0/x#0", ok()),
            record("main#0/a#0", ok()),
            record("main#0/b#0/x#0", ok()),
            record("main#0/b#0", Outcome::Started { number: 2 }),
            record("main#0/a#01", ok()),
            record("main#0/~job#0/c#0/d#0", ok()),
        ];
        let (answers, started) = frontier(&records);
        let paths: Vec<&str> = answers.iter().map(|answer| answer.0.as_str()).collect();
        assert_eq!(paths, ["main#0/a#0", "main#0/b#0/x#0", "main#0/a#01", "main#0/~job#0/c#0/d#0"]);
        assert_eq!(started, [("main#0/b#0".to_owned(), 2)]);
    }

    #[test]
    fn what_is_finished_beneath_a_failure_is_told_for_a_further_try() {
        let ok = || Outcome::Ok(Payload::Inline(Json::null()));
        let failed = || Outcome::Failed(Payload::Inline(Json::null()));
        let records = [
            record("main#0/a#0/x#0/deep#0", ok()),
            record("main#0/a#0/x#0", ok()),
            record("main#0/a#0/y#0/deep#0", ok()),
            record("main#0/a#0/y#0", failed()),
            record("main#0/a#0/z#0", Outcome::Started { number: 1 }),
            record("main#0/a#0", Outcome::Cancelled),
        ];
        let (answers, started) = frontier(&records);
        let paths: Vec<&str> = answers.iter().map(|answer| answer.0.as_str()).collect();
        assert_eq!(paths, ["main#0/a#0/x#0", "main#0/a#0/y#0/deep#0", "main#0/a#0"]);
        assert_eq!(started, []);
    }

    /// Paths over two names, three levels deep, each at most once, in any order.
    fn any_records() -> impl Strategy<Value = Vec<Record>> {
        let path = prop::collection::vec(0u8..2, 1..4).prop_map(|names| {
            names.iter().fold("main#0".to_owned(), |path, name| format!("{path}/s#{name}"))
        });
        prop::collection::btree_map(path, 0u8..4, 0..14)
            .prop_map(|outcomes| outcomes.into_iter().collect())
            .prop_shuffle()
            .prop_map(|outcomes: Vec<(String, u8)>| {
                let outcome = |path: &str, kind| match kind {
                    0 => Outcome::Started { number: 1 },
                    1 => Outcome::Failed(Payload::Inline(Json::null())),
                    2 => Outcome::Cancelled,
                    _ => Outcome::Ok(Payload::Inline(Json::parse(&format!("\"{path}\"")).unwrap())),
                };
                outcomes.iter().map(|(path, kind)| record(path, outcome(path, *kind))).collect()
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Each record is told, in order, but for those beneath one that answers for them; and no other.
        #[test]
        fn no_record_is_lost(records in any_records()) {
            let is_finished = |record: &&Record| !matches!(record.outcome, Outcome::Started { .. });
            let answers_for = |record: &Record, above: &Record| {
                let is_beneath = record.path.strip_prefix(above.path.as_str());
                let is_kept = is_finished(&record) && !has_failed(record) && has_failed(above);
                is_beneath.is_some_and(|rest| rest.starts_with('/')) && !is_kept
            };
            let is_covered =
                |record: &Record| records.iter().filter(is_finished).any(|above| answers_for(record, above));
            let (answers, started) = frontier(&records);
            let told: Vec<&str> = answers.iter().map(|answer| answer.0.as_str()).collect();
            let open = records.iter().filter(|record| !is_covered(record));
            let (finished, unfinished): (Vec<&Record>, Vec<&Record>) = open.partition(is_finished);
            prop_assert_eq!(told, finished.iter().map(|record| record.path.as_str()).collect::<Vec<_>>());
            for (answer, record) in answers.iter().zip(finished) {
                let value = matches!(record.outcome, Outcome::Ok(_)).then(|| format!("\"{}\"", record.path));
                prop_assert!(value.is_none() || answer.4 == value);
            }
            let begun: Vec<String> = unfinished.iter().map(|record| record.path.clone()).collect();
            prop_assert_eq!(started.into_iter().map(|(path, _)| path).collect::<Vec<_>>(), begun);
        }
    }
}
