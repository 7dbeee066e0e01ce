//! A write that fails, or an engine that panics or hangs: who waits is told, and nothing that was built on it is written.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod common;

use std::sync::{
    Arc, Mutex,
    mpsc::{Receiver, SyncSender, sync_channel},
};

use common::{memory::Memory, *};
use hero_sdk::ErrorCode;
use hero_store::*;

/// What an engine is told to do with its next write.
enum Order {
    Write,
    Fail,
    Panic,
}

/// An engine that does as it is told, write by write, and says when it has come to one.
fn ordered() -> (Tables, Receiver<()>, SyncSender<Order>) {
    let (arrived, arrivals) = sync_channel(1_000);
    let (orders, next) = sync_channel(1_000);
    let memory = Memory::with(move |_, _| {
        arrived.send(()).unwrap();
        // Once nobody gives orders any more it works.
        match next.recv().unwrap_or(Order::Write) {
            Order::Write => Ok(()),
            Order::Fail => Err(Error::Stopped),
            Order::Panic => panic!("the engine has a bug"),
        }
    });
    (Tables::over(Arc::new(memory)), arrivals, orders)
}

type Results = Arc<Mutex<Vec<(u64, Result<(), ErrorCode>)>>>;

async fn submit(tables: &Tables, chain: Option<&Chain>, seq: u64, results: &Results) {
    let mut batch = Batch::new();
    batch.put_record(&play_sid(1), &record(seq, Outcome::Cancelled));
    if let Some(chain) = chain {
        batch.follow(chain);
    }
    let results = Arc::clone(results);
    let done = move |result: Result<(), Error>| {
        let result = result.map_err(|error| hero_sdk::Error::from(error).code);
        results.lock().unwrap().push((seq, result));
    };
    tables.submit(batch, Durability::Synced, done).await.unwrap();
}

/// Several groups behind one that fails: those of its chain fail as well, in order, and all others are written.
#[tokio::test]
async fn what_was_built_on_a_failed_write_is_not_written() {
    let (tables, arrived, orders) = ordered();
    let (results, chain, other) = (Results::default(), Chain::new(), Chain::new());
    submit(&tables, Some(&chain), 1, &results).await;
    arrived.recv().unwrap();
    submit(&tables, Some(&chain), 2, &results).await;
    orders.send(Order::Write).unwrap();
    arrived.recv().unwrap();
    for (seq, chain) in [(3, Some(&chain)), (4, Some(&other)), (5, None), (6, Some(&chain))] {
        submit(&tables, chain, seq, &results).await;
    }
    orders.send(Order::Fail).unwrap();
    arrived.recv().unwrap();
    orders.send(Order::Write).unwrap();
    tables.catch_up().await.unwrap();
    submit(&tables, Some(&chain), 7, &results).await;
    tables.catch_up().await.unwrap();

    let told = results.lock().unwrap().clone();
    let failed = Err(ErrorCode::StorageFailed);
    let mut in_order = told.clone();
    in_order.sort_by_key(|(seq, _)| *seq);
    let expected = [Ok(()), failed, failed, Ok(()), Ok(()), failed, failed];
    assert_eq!(in_order.into_iter().map(|(_, result)| result).collect::<Vec<_>>(), expected);
    let seqs: Vec<u64> = tables.records(&play_sid(1)).unwrap().iter().map(|record| record.seq).collect();
    assert_eq!(seqs, [1, 4, 5]);
    drop(orders);
    tables.close().await.unwrap();
}

#[tokio::test]
async fn an_engine_that_panics_fails_its_group_and_no_other() {
    let (tables, _arrived, orders) = ordered();
    let results = Results::default();
    for order in [Order::Panic, Order::Write, Order::Panic, Order::Write] {
        orders.send(order).unwrap();
    }
    for seq in 1..=4 {
        submit(&tables, None, seq, &results).await;
        tables.catch_up().await.unwrap();
    }
    let failed = Err(ErrorCode::StorageFailed);
    assert_eq!(*results.lock().unwrap(), [(1, failed), (2, Ok(())), (3, failed), (4, Ok(()))]);
    drop(orders);
    tables.close().await.unwrap();
}

/// Nobody is told of a write on which the engine hangs, and readers are not held up.
#[tokio::test]
async fn an_engine_that_hangs_acknowledges_nothing() {
    let (tables, arrived, orders) = ordered();
    let results = Results::default();
    submit(&tables, None, 1, &results).await;
    arrived.recv().unwrap();
    submit(&tables, None, 2, &results).await;
    assert!(tables.records(&play_sid(1)).unwrap().is_empty());
    assert!(results.lock().unwrap().is_empty());
    drop(orders);
    tables.catch_up().await.unwrap();
    assert_eq!(*results.lock().unwrap(), [(1, Ok(())), (2, Ok(()))]);
    tables.close().await.unwrap();
}
