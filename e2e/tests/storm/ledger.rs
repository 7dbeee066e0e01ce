//! What the server has acknowledged, and whether it kept it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use hero_e2e::Served;
use hero_sdk::{
    Client, Logic as _, PlaySid,
    logic::{PlayList, PlayWait, Until},
    model::{Play, Status},
};

/// What a play is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) steps: u64,
    pub(crate) asks: bool,
}

impl Order {
    /// What is answered to a play that asks.
    pub(crate) fn answer(self) -> u64 {
        self.steps * 1_000
    }

    /// What it gives.
    fn outcome(self) -> u64 {
        let squares: u64 = (0..self.steps).map(|number| number * number).sum();
        squares + if self.asks { self.answer() } else { 0 }
    }
}

/// All that was acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    plays: Mutex<BTreeMap<PlaySid, Order>>,
    answered: Mutex<BTreeSet<PlaySid>>,
    count: AtomicUsize,
}

impl Ledger {
    /// A start was acknowledged.
    pub(crate) fn started(&self, play_sid: PlaySid, order: Order) {
        let other = self.plays.lock().unwrap().insert(play_sid, order);
        assert!(other.is_none(), "two keys have one play: {other:?}");
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// An answer was acknowledged.
    pub(crate) fn answered(&self, play_sid: PlaySid) {
        self.answered.lock().unwrap().insert(play_sid);
    }

    /// The number of starts.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until all have ended, and sees how.
    pub(crate) fn check(&self, served: &Served) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let plays = self.plays.lock().unwrap().clone();
        runtime.block_on(async {
            let client = served.client();
            let mut retried = 0;
            for (play_sid, order) in &plays {
                let mut play = ended(&client, play_sid).await;
                // Killed again and again before it came to anything: it is right to ask first.
                while play.status == Status::Failed {
                    let error = play.error.as_ref().unwrap();
                    assert_eq!(error.code, "process_crashed", "{play:?}");
                    assert!(play.attempt >= 3, "{play:?}");
                    client.play_retry(play_sid.clone().into()).await.unwrap();
                    retried += 1;
                    play = ended(&client, play_sid).await;
                }
                assert_eq!(play.status, Status::Succeeded, "{play:?}");
                assert_eq!(play.outputs.as_ref().unwrap().to::<u64>().unwrap(), order.outcome(), "{play:?}");
                check_effects(&served.effects(play_sid), *order, play_sid);
            }
            assert_eq!(
                all(&client).await,
                plays.keys().cloned().collect(),
                "each key is a play, and no more"
            );
            let answered = self.answered.lock().unwrap().len();
            println!("{} plays started, {answered} answers, {retried} plays run again", plays.len());
        });
        let asking = plays.iter().filter(|(_, order)| order.asks).map(|(play_sid, _)| play_sid.clone());
        let answered = self.answered.lock().unwrap();
        assert!(answered.is_subset(&asking.collect()), "a play was asked that does not ask");
    }
}

async fn ended(client: &Client, play_sid: &PlaySid) -> Play {
    let wait = PlayWait { play_sid: play_sid.clone(), timeout_ms: Some(120_000), until: Until::Terminal };
    let play = client.play_wait(wait).await.unwrap_or_else(|error| panic!("{play_sid}: {error:?}"));
    assert!(play.status.is_terminal(), "it is stuck: {play:?}");
    play
}

async fn all(client: &Client) -> BTreeSet<PlaySid> {
    let (mut all, mut cursor) = (BTreeSet::new(), None);
    loop {
        let page =
            client.play_list(PlayList { limit: Some(1_000), cursor, ..PlayList::default() }).await.unwrap();
        all.extend(page.plays.into_iter().map(|play| play.play_sid));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return all;
        }
    }
}

/// Lines are `ATTEMPT STEP`. A step runs again only where it was the last one of an attempt that was killed.
fn check_effects(effects: &[String], order: Order, play_sid: &PlaySid) {
    let read = |line: &String| {
        let (attempt, step) = line.split_once(' ').unwrap();
        (attempt.parse::<u64>().unwrap(), step.parse::<u64>().unwrap())
    };
    let mut last: Option<(u64, u64)> = None;
    for (attempt, step) in effects.iter().map(read) {
        let is_as_it_should = match last {
            None => step == 0,
            Some((before, done)) if before == attempt => step == done + 1,
            Some((before, done)) => attempt > before && (step == done || step == done + 1),
        };
        assert!(is_as_it_should, "{play_sid}: {effects:?}");
        last = Some((attempt, step));
    }
    assert_eq!(last.map(|(_, step)| step), Some(order.steps - 1), "{play_sid}: {effects:?}");
}
