//! Statistics that are kept on the way are those of all plays, whatever order they end in, are retried, and fail to be
//! written.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod common;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use common::{memory::Memory, *};
use hero_sdk::model::*;
use hero_store::*;
use proptest::prelude::*;

/// What happens to a play.
#[derive(Clone, Debug)]
enum Step {
    /// It ends so, and is written with those that follow until one is waited for; the write may fail.
    End {
        number: u32,
        version: u32,
        status: Status,
        duration_ms: f64,
        cost_usd: f64,
        waits: bool,
        fails: bool,
    },
    /// It is run again.
    Retry { number: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop::sample::select(vec![
        Status::Succeeded,
        Status::Succeeded,
        Status::Failed,
        Status::Cancelled,
        Status::Diverged,
    ]);
    let end =
        (0..12u32, 1..4u32, status, 0.0..1e6f64, prop_oneof![Just(0.0), 0.0..10.0f64], any::<bool>(), 0..9u8);
    prop_oneof![
        3 => end.prop_map(|(number, version, status, duration_ms, cost_usd, waits, fails)| Step::End {
            number, version, status, duration_ms, cost_usd, waits, fails: fails == 0,
        }),
        1 => (0..12u32).prop_map(|number| Step::Retry { number }),
    ]
}

/// That of every play in the store.
fn counted(tables: &Tables) -> BTreeMap<u32, Tally> {
    let mut tallies: BTreeMap<u32, Tally> = BTreeMap::new();
    for play in tables.plays_page(&PlayFilter::default(), None, usize::MAX).unwrap() {
        if let Some(run) = Run::of(&play) {
            tallies.entry(run.version).or_default().add(&run);
        }
    }
    tallies
}

fn ended(number: u32, version: u32, status: Status, duration_ms: f64, cost_usd: f64) -> PlayRow {
    let mut row = play(number, status);
    row.play.version = Some(version);
    row.play.duration_ms = duration_ms;
    row.play.cost_usd = cost_usd;
    row
}

async fn run(steps: &[Step]) -> (BTreeMap<u32, Tally>, BTreeMap<u32, Tally>) {
    let fails_next = Arc::new(AtomicBool::new(false));
    let fails = Arc::clone(&fails_next);
    let memory = Memory::with(move |_, _| match fails.swap(false, Ordering::SeqCst) {
        true => Err(Error::Closed),
        false => Ok(()),
    });
    let tables = Tables::over(Arc::new(memory));
    let mut batch = Batch::new();
    for number in 1..4 {
        batch.put_version(&version(number, Some((1, number)), "d"));
    }
    tables.commit(batch).await.unwrap();
    for step in steps {
        match step.clone() {
            Step::End { number, version, status, duration_ms, cost_usd, waits, fails } => {
                // What was submitted before must not fail with it.
                tables.catch_up().await.unwrap();
                let before = tables.play(&play_sid(number)).unwrap();
                if before.is_some_and(|row| row.play.status.is_terminal()) {
                    continue;
                }
                fails_next.store(fails, Ordering::SeqCst);
                let row = ended(number, version, status, duration_ms, cost_usd);
                let mut batch = Batch::new();
                batch.put_play(&row);
                batch.count(Run::of(&row.play).unwrap());
                if waits || fails {
                    assert_eq!(tables.commit(batch).await.is_err(), fails);
                } else {
                    tables.submit(batch, Durability::Buffered, |_| {}).await.unwrap();
                }
            }
            Step::Retry { number } => {
                tables.catch_up().await.unwrap();
                let Some(mut row) = tables.play(&play_sid(number)).unwrap() else { continue };
                let Some(run) = Run::of(&row.play) else { continue };
                row.play.status = Status::Queued;
                let mut batch = Batch::new();
                batch.put_play(&row);
                batch.take_out(run);
                tables.commit(batch).await.unwrap();
            }
        }
    }
    tables.catch_up().await.unwrap();
    let kept = tables.tallies(&workflow_sid(1)).unwrap().into_iter().collect();
    let all = counted(&tables);
    tables.close().await.unwrap();
    (kept, all)
}

/// A tally of plays of which none is left counts none, and knows when the last one was.
fn without_last(mut tallies: BTreeMap<u32, Tally>) -> BTreeMap<u32, Tally> {
    tallies.values_mut().for_each(|tally| tally.last_run_at = None);
    tallies.retain(|_, tally| *tally != Tally::default());
    tallies
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn statistics_kept_on_the_way_are_those_of_all_plays(steps in prop::collection::vec(step(), 0..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (kept, all) = runtime.block_on(run(&steps));
        prop_assert_eq!(without_last(kept), without_last(all));
    }
}

/// Many at once are one group, of which each counts.
#[test]
fn plays_that_end_together_all_count() {
    let home = Home::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tables = home.open();
    runtime.block_on(async {
        let mut batch = Batch::new();
        batch.put_version(&version(1, Some((1, 1)), "d"));
        tables.commit(batch).await.unwrap();
        let ends = (0..500).map(|number| {
            let tables = tables.clone();
            tokio::spawn(async move {
                let row = ended(number, 1, Status::Succeeded, 1.0 + f64::from(number), 0.001);
                let mut batch = Batch::new();
                batch.put_play(&row);
                batch.count(Run::of(&row.play).unwrap());
                tables.commit(batch).await.unwrap();
            })
        });
        for end in ends.collect::<Vec<_>>() {
            end.await.unwrap();
        }
    });
    let check = |tables: &Tables| {
        let tallies = tables.tallies(&workflow_sid(1)).unwrap();
        let [(1, tally)] = tallies.as_slice() else { panic!("{tallies:?}") };
        assert_eq!((tally.succeeded, tally.cost_nano_usd, tally.tokens_in), (500, 500_000_000, 5_000));
        let median = tally.latency_us.quantile(0.5).unwrap();
        assert!((median - 250_000.0).abs() < 2_500.0, "{median}");
        assert_eq!(tally.last_run_at, Some(NOW.plus_ms(500)));
    };
    check(&tables);
    runtime.block_on(tables.close()).unwrap();
    let tables = home.open();
    check(&tables);
    tables.close_blocking().unwrap();
}

/// A workflow that is gone is not counted any more, also not in the write that takes it away.
#[tokio::test]
async fn a_deleted_version_has_no_tally() {
    let tables = Tables::over(Arc::new(Memory::default()));
    let count = |batch: &mut Batch| batch.count(Run::of(&play(1, Status::Succeeded).play).unwrap());
    let mut batch = Batch::new();
    count(&mut batch);
    tables.commit(batch).await.unwrap();
    assert_eq!(tables.tallies(&workflow_sid(1)).unwrap(), []);

    let mut batch = Batch::new();
    batch.put_version(&version(1, Some((1, 1)), "d"));
    count(&mut batch);
    tables.commit(batch).await.unwrap();
    assert_eq!(tables.tallies(&workflow_sid(1)).unwrap().len(), 1);

    let mut batch = Batch::new();
    count(&mut batch);
    batch.delete_number(&workflow_sid(1), 1);
    tables.commit(batch).await.unwrap();
    assert_eq!(tables.tallies(&workflow_sid(1)).unwrap(), []);
    let mut batch = Batch::new();
    batch.take_out(Run::of(&play(1, Status::Succeeded).play).unwrap());
    tables.commit(batch).await.unwrap();
    assert_eq!(tables.tallies(&workflow_sid(1)).unwrap(), []);
    tables.close().await.unwrap();
}

/// No play fails because of statistics that cannot be read.
#[tokio::test]
async fn a_damaged_tally_stops_nobody() {
    let memory = Arc::new(Memory::default());
    let tables = Tables::over(memory.clone());
    let row = play(1, Status::Succeeded);
    let run = Run::of(&row.play).unwrap();
    let mut batch = Batch::new();
    batch.put_version(&version(1, Some((1, 1)), "d"));
    batch.count(run.clone());
    tables.commit(batch).await.unwrap();
    let tally =
        |(table, key, _): &&(Table, Vec<u8>, Vec<u8>)| *table == Table::Library && key.starts_with(b"t");
    let (table, key, _) = memory.rows().iter().find(tally).unwrap().clone();
    memory.write(&[Write { table, key, value: Some(b"damaged".to_vec()) }], Durability::Buffered).unwrap();

    let mut batch = Batch::new();
    batch.put_play(&row);
    batch.count(run);
    tables.commit(batch).await.unwrap();
    assert_eq!(tables.play(&play_sid(1)).unwrap(), Some(row));
    assert!(matches!(tables.tallies(&workflow_sid(1)), Err(Error::Corrupt { .. })));
    tables.close().await.unwrap();
}
