//! From a store into a document, and from that into another store.

use std::sync::Arc;

use hero_sdk::{
    Json,
    document::{Document, ExportedPlay, digest_of},
    model::{ResumeStatus, SpanStatus, Status},
};
use hero_store::{Memory, Tables};
use proptest::prelude::*;

use super::{
    super::{checks::checked, contents, export, import},
    sample::{AT, any_play, sample},
};
use crate::{Config, failpoint::Failpoint, play::Environment};

/// A home with a store in memory, into which a play comes and out of which it goes.
fn through_a_home(content: &ExportedPlay) -> ExportedPlay {
    let home = tempfile::tempdir().unwrap();
    let tables = Tables::over(Arc::new(Memory::default()));
    let environment = Environment::new(tables, &Config::new(home.path()), Failpoint::default());
    environment.paths.make().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let held = contents::put(&environment, content).unwrap();
    let batch = import::batch(&environment.tables, content.clone()).unwrap();
    runtime.block_on(environment.tables.commit(batch)).unwrap();
    drop(held);
    let row = environment.tables.play(&content.play.play_sid).unwrap().unwrap();
    export::content(&environment, row).unwrap()
}

fn document(content: &ExportedPlay) -> Json {
    Json::of(&Document::of(content.clone(), AT).unwrap()).unwrap()
}

#[test]
fn one_of_everything_comes_through() {
    let content = sample().content;
    let came = checked(&document(&content)).unwrap();
    assert_eq!(came, content);
    assert_eq!(through_a_home(&came), content);
}

#[test]
fn a_play_that_waited_comes_to_rest() {
    let mut content = sample().content;
    (content.play.status, content.play.ended_at, content.play.error) = (Status::AwaitingResume, None, None);
    content.play.pending_resumes = 1;
    content.spans[0].status = SpanStatus::Running;
    content.spans[1].status = SpanStatus::Waiting;
    content.spans[1].ended_at = None;
    let open = &mut content.questions[1];
    (open.status, open.answered_at) = (ResumeStatus::Open, None);
    let came = checked(&document(&content)).unwrap();
    assert_eq!(came.play.status, Status::Cancelled);
    assert_eq!(came.play.error.as_ref().unwrap().code, "imported");
    assert_eq!(came.play.ended_at, Some(came.questions[1].created_at), "the last moment of which it tells");
    assert!(came.spans.iter().all(|span| span.status == SpanStatus::Cancelled && span.ended_at.is_some()));
    assert_eq!(came.questions[1].status, ResumeStatus::Withdrawn);
    assert_eq!(came, checked(&document(&came)).unwrap(), "it is at rest");
    assert_eq!(through_a_home(&came), came);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a play holds, it is the same in the next home, and the digest says so.
    #[test]
    fn every_play_comes_through(content in any_play()) {
        let came = checked(&document(&content)).unwrap();
        prop_assert_eq!(&came, &content);
        let again = through_a_home(&came);
        prop_assert_eq!(digest_of(&again).unwrap(), digest_of(&content).unwrap());
        prop_assert_eq!(&again, &content);
    }
}
