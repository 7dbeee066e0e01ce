//! The writer thread: groups, order, failure, back-pressure, closing.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod common;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
    mpsc::{Receiver, SyncSender, sync_channel},
};

use common::{memory::Memory, *};
use hero_sdk::{ErrorCode, model::Status};
use hero_store::*;

fn one(play: u32, seq: u64) -> Batch {
    let mut batch = Batch::new();
    batch.put_record(&play_sid(play), &record(seq, Outcome::Cancelled));
    batch
}

/// An engine that waits for a word before each write, so that what gathers behind it is known.
fn gated() -> (Memory, Receiver<(usize, Durability)>, SyncSender<()>) {
    let (groups, seen) = sync_channel(1_000);
    let (gate, word) = sync_channel::<()>(1_000);
    let memory = Memory::with(move |group, durability| {
        groups.send((group.len(), durability)).unwrap();
        // Once the test let go of the gate it stands open.
        word.recv().or(Ok(()))
    });
    (memory, seen, gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_callers_share_syncs_and_lose_nothing() {
    let home = Home::new();
    let tables = home.open();
    let tasks: Vec<_> = (0..64)
        .map(|play| {
            let tables = tables.clone();
            tokio::spawn(async move {
                for seq in 1..=20 {
                    tables.commit(one(play, seq)).await.unwrap();
                    // What is acknowledged is visible.
                    assert_eq!(tables.records(&play_sid(play)).unwrap().len() as u64, seq);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    tables.close().await.unwrap();
    let tables = home.open();
    for play in 0..64 {
        let seqs: Vec<u64> =
            tables.records(&play_sid(play)).unwrap().iter().map(|record| record.seq).collect();
        assert_eq!(seqs, (1..=20).collect::<Vec<_>>());
    }
    tables.close().await.unwrap();
}

#[tokio::test]
async fn what_gathers_becomes_one_group_in_order() {
    let (memory, groups, gate) = gated();
    let tables = Tables::over(Arc::new(memory));
    let order = Arc::new(Mutex::new(Vec::new()));
    let submit = |number: u32, durability| {
        let order = Arc::clone(&order);
        let mut batch = one(number, 1);
        // All of them write this row; the last one stands.
        batch.put_play(&play(1, if number == 9 { Status::Failed } else { Status::Running }));
        tables.submit(batch, durability, move |result| {
            result.unwrap();
            order.lock().unwrap().push(number);
        })
    };
    submit(0, Durability::Buffered).await.unwrap();
    assert_eq!(groups.recv().unwrap(), (4, Durability::Buffered));
    for number in 1..10 {
        let durability = if number == 5 { Durability::Synced } else { Durability::Buffered };
        submit(number, durability).await.unwrap();
    }
    gate.send(()).unwrap();
    // Nine records, and once the play, its index and its key.
    assert_eq!(groups.recv().unwrap(), (12, Durability::Synced));
    drop(gate);
    tables.commit(Batch::new()).await.unwrap();
    assert_eq!(*order.lock().unwrap(), (0..10).collect::<Vec<_>>());
    assert_eq!(tables.play(&play_sid(1)).unwrap().unwrap().play.status, Status::Failed);
    assert!(tables.plays_unfinished().unwrap().is_empty());
    tables.close().await.unwrap();
}

#[tokio::test]
async fn a_failure_fails_the_whole_group_and_the_next_one_works() {
    let count = AtomicUsize::new(0);
    let memory = Memory::with(move |_, _| match count.fetch_add(1, Ordering::SeqCst) {
        1 => Err(Error::Full(Arc::new(std::io::Error::from(std::io::ErrorKind::StorageFull)))),
        _ => Ok(()),
    });
    let tables = Tables::over(Arc::new(memory));
    tables.commit(one(1, 1)).await.unwrap();
    let error = tables.commit(one(1, 2)).await.unwrap_err();
    let told = hero_sdk::Error::from(error);
    assert_eq!(told.code, ErrorCode::StorageFull);
    assert!(told.hint.is_some());
    assert_eq!(tables.records(&play_sid(1)).unwrap().len(), 1);
    tables.commit(one(1, 3)).await.unwrap();
    assert_eq!(tables.records(&play_sid(1)).unwrap().len(), 2);
    tables.close().await.unwrap();
}

#[tokio::test]
async fn a_panic_of_one_caller_takes_nothing_from_the_others() {
    let tables = Tables::over(Arc::new(Memory::default()));
    tables.submit(one(1, 1), Durability::Buffered, |_| panic!("a bug of the caller")).await.unwrap();
    tables.commit(one(1, 2)).await.unwrap();
    assert_eq!(tables.records(&play_sid(1)).unwrap().len(), 2);
    tables.close().await.unwrap();
}

#[tokio::test]
async fn a_full_queue_makes_callers_wait_and_a_caller_that_stops_waiting_submits_nothing() {
    let (memory, groups, gate) = gated();
    let memory = Arc::new(memory);
    let tables = Tables::over(Arc::clone(&memory) as Arc<dyn Store>);
    let large = |seq| {
        let mut batch = Batch::new();
        let text = format!("\"{}\"", "x".repeat(20 << 20));
        batch.put_record(&play_sid(1), &record(seq, Outcome::Ok(Payload::Inline(json(&text)))));
        batch
    };
    tables.submit(large(1), Durability::Buffered, |result| result.unwrap()).await.unwrap();
    groups.recv().unwrap();
    // 20 of 32 MiB are taken; the second has to wait, and its caller goes away.
    let mut waiting =
        Box::pin(tables.submit(large(2), Durability::Buffered, |_| panic!("it was never submitted")));
    assert!(
        std::future::poll_fn(|context| std::task::Poll::Ready(waiting.as_mut().poll(context)))
            .await
            .is_pending()
    );
    drop(waiting);
    // The small one finds room beside it.
    tables.submit(one(1, 3), Durability::Buffered, |result| result.unwrap()).await.unwrap();
    drop(gate);
    tables.commit(large(4)).await.unwrap();
    let seqs: Vec<u64> = tables.records(&play_sid(1)).unwrap().iter().map(|record| record.seq).collect();
    assert_eq!(seqs, [1, 3, 4]);
    tables.close().await.unwrap();
    assert!(memory.is_closed());
}

#[tokio::test]
async fn closing_writes_what_is_queued_and_refuses_what_comes_later() {
    let (memory, groups, gate) = gated();
    let memory = Arc::new(memory);
    let tables = Tables::over(Arc::clone(&memory) as Arc<dyn Store>);
    let written = Arc::new(AtomicUsize::new(0));
    for seq in 1..=100 {
        let written = Arc::clone(&written);
        let done = move |result: Result<(), Error>| {
            result.unwrap();
            written.fetch_add(1, Ordering::SeqCst);
        };
        tables.submit(one(1, seq), Durability::Buffered, done).await.unwrap();
    }
    groups.recv().unwrap();
    let other = tables.clone();
    drop(gate);
    tables.close().await.unwrap();
    assert_eq!(written.load(Ordering::SeqCst), 100);
    assert!(memory.is_closed());
    assert!(matches!(other.commit(one(1, 101)).await, Err(Error::Closed)));
    let told = hero_sdk::Error::from(other.close().await.unwrap_err());
    assert_eq!(told.code, ErrorCode::ShuttingDown);
}

#[test]
fn after_closing_reads_are_refused_and_the_lock_is_free() {
    let home = Home::new();
    let tables = home.open();
    let other = tables.clone();
    tables.close_blocking().unwrap();
    assert!(matches!(other.play(&play_sid(1)), Err(Error::Closed)));
    home.open().close_blocking().unwrap();
}

#[test]
fn a_store_that_everybody_dropped_is_closed_too() {
    let memory = Arc::new(Memory::default());
    let (told, closed) = sync_channel(1);
    let store = Arc::clone(&memory) as Arc<dyn Store>;
    let tables = Tables::over(store);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime
        .block_on(tables.submit(one(1, 1), Durability::Buffered, move |result| told.send(result).unwrap()))
        .unwrap();
    drop(tables);
    closed.recv().unwrap().unwrap();
    // The thread lets go of the engine last of all.
    while Arc::strong_count(&memory) > 1 {
        std::thread::yield_now();
    }
    assert!(memory.is_closed());
}
