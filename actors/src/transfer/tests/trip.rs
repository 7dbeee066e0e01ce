//! From a store into a document, and from that into another store.

use std::sync::Arc;

use hero_sdk::{
    Json,
    document::{Document, ExportedPlay, digest_of},
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
