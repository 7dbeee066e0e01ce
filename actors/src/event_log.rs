//! The newest events of the runtime, and whoever follows them. To add one costs the same however many follow: each
//! follower has a cursor of its own and reads what is kept, and one that falls too far behind is told so.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::stream;
use hero_sdk::{
    Timestamp,
    logic::{Event, EventFeed, EventFilter, EventId, News, ResetReason},
};
use tokio::sync::{Notify, watch};

use crate::clock::Clock;

/// Events that are kept, for those who come back. At some 500 bytes each they stay below 5 MB.
const KEPT_MAX: usize = 10_000;
/// Events that a follower takes at a time, so that nobody holds the lock long.
const TAKEN_MAX: usize = 64;

/// The log of a runtime.
pub(crate) struct EventLog {
    boot: String,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
    added: Arc<Notify>,
    /// Wakes the followers; true once there will be no more.
    followers: watch::Sender<bool>,
}

#[derive(Default)]
struct Kept {
    /// The newest `KEPT_MAX` at most.
    events: VecDeque<Arc<Event>>,
    /// The number of the newest event that there was.
    newest: u64,
    is_followed: bool,
}

impl EventLog {
    /// An empty one of a runtime that begins.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            boot: EventId::first().boot,
            clock,
            kept: Mutex::default(),
            added: Arc::default(),
            followers: watch::channel(false).0,
        })
    }

    /// Adds an event. What it tells must be in the store.
    pub(crate) fn add(&self, news: News) {
        let at = self.now();
        {
            let mut kept = self.lock();
            kept.newest += 1;
            let event = Arc::new(Event { id: self.id(kept.newest), at, news });
            if kept.events.len() == KEPT_MAX {
                kept.events.pop_front();
            }
            kept.events.push_back(event);
        }
        self.added.notify_one();
    }

    /// There will be no more: followers end.
    pub(crate) fn close(&self) {
        self.followers.send_replace(true);
    }

    /// Events behind `after` that `filter` admits, and then each as it comes.
    pub(crate) fn follow(self: &Arc<Self>, filter: EventFilter, after: Option<&EventId>) -> EventFeed {
        // Subscribe first, then read, and nothing is missed.
        let woken = self.followers.subscribe();
        self.relay();
        let (cursor, reset) = self.start(after);
        let follower = Follower { log: Arc::clone(self), filter, cursor, woken, taken: reset.into() };
        Box::pin(stream::unfold(follower, Follower::next))
    }

    /// Where to begin behind `after`, and what to say where that is not simply behind it.
    fn start(&self, after: Option<&EventId>) -> (u64, Vec<Arc<Event>>) {
        let kept = self.lock();
        let reason = match after {
            None => ResetReason::Start,
            Some(id) if id.boot != self.boot => ResetReason::OtherBoot,
            Some(id) if id.number > kept.newest => ResetReason::Unknown,
            Some(id) if id.number < kept.oldest_cursor() => ResetReason::TooOld,
            Some(id) => return (id.number, Vec::new()),
        };
        (kept.newest, vec![self.reset(&kept, reason)])
    }

    fn reset(&self, kept: &Kept, reason: ResetReason) -> Arc<Event> {
        Arc::new(Event { id: self.id(kept.newest), at: self.now(), news: News::Reset { reason } })
    }

    /// The events behind a cursor, some of them, or a reset.
    fn behind(&self, cursor: u64) -> VecDeque<Arc<Event>> {
        let kept = self.lock();
        let Some(place) = cursor.checked_sub(kept.oldest_cursor()) else {
            return [self.reset(&kept, ResetReason::TooOld)].into();
        };
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        kept.events.iter().skip(place).take(TAKEN_MAX).cloned().collect()
    }

    /// From the first follower on, whoever adds an event wakes one task, and that wakes the followers.
    fn relay(self: &Arc<Self>) {
        if std::mem::replace(&mut self.lock().is_followed, true) {
            return;
        }
        let (log, added) = (Arc::downgrade(self), Arc::clone(&self.added));
        let mut ended = self.followers.subscribe();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = added.notified() => {}
                    _ = ended.wait_for(|ended| *ended) => return,
                }
                let Some(log) = log.upgrade() else { return };
                log.followers.send_modify(|_| {});
            }
        });
    }

    fn now(&self) -> Timestamp {
        self.clock.now().wall
    }

    fn id(&self, number: u64) -> EventId {
        EventId { boot: self.boot.clone(), number }
    }

    /// Nothing here can panic halfway through a change.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// The oldest cursor behind which everything is still there.
    fn oldest_cursor(&self) -> u64 {
        self.newest - self.events.len() as u64
    }
}

/// Somebody who follows.
struct Follower {
    log: Arc<EventLog>,
    filter: EventFilter,
    /// The number of the last event that was taken.
    cursor: u64,
    woken: watch::Receiver<bool>,
    /// Taken, and not yet given.
    taken: VecDeque<Arc<Event>>,
}

impl Follower {
    async fn next(mut self) -> Option<(Result<Event, hero_sdk::Error>, Self)> {
        loop {
            while let Some(event) = self.taken.pop_front() {
                self.cursor = event.id.number;
                if self.filter.admits(&event.news) {
                    return Some((Ok(Event::clone(&event)), self));
                }
            }
            let has_ended = *self.woken.borrow_and_update();
            self.taken = self.log.behind(self.cursor);
            if self.taken.is_empty() {
                if has_ended {
                    return None;
                }
                self.woken.changed().await.ok()?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, StreamExt as _};
    use hero_sdk::{PlaySid, model::Status};

    use super::*;
    use crate::clock::SystemClock;

    fn log() -> Arc<EventLog> {
        EventLog::new(Arc::new(SystemClock::new()))
    }

    fn news(status: Status, attempt: u32) -> News {
        let play_sid: PlaySid = "play_01kar9v3zv5w8x2b7c6d4e0f1g".parse().unwrap();
        News::PlayChanged(hero_sdk::logic::PlayNews {
            root_play_sid: play_sid.clone(),
            play_sid,
            workflow_sid: None,
            workflow: "flow.py".into(),
            version: None,
            status,
            attempt,
            pending_resumes: 0,
        })
    }

    fn add(log: &EventLog, count: u32) {
        (1..=count).for_each(|attempt| log.add(news(Status::Running, attempt)));
    }

    /// What is there already.
    fn there(feed: &mut EventFeed) -> Vec<Event> {
        std::iter::from_fn(|| feed.next().now_or_never().flatten()).map(Result::unwrap).collect()
    }

    fn numbers(events: &[Event]) -> Vec<u64> {
        events.iter().map(|event| event.id.number).collect()
    }

    fn reason(event: &Event) -> Option<ResetReason> {
        match event.news {
            News::Reset { reason } => Some(reason),
            _ => None,
        }
    }

    #[tokio::test]
    async fn it_begins_with_a_reset_and_goes_on_behind_any_event() {
        let log = log();
        add(&log, 3);
        let mut feed = log.follow(EventFilter::default(), None);
        add(&log, 200);
        let events = there(&mut feed);
        assert_eq!(reason(&events[0]), Some(ResetReason::Start));
        assert_eq!(numbers(&events), [3].into_iter().chain(4..=203).collect::<Vec<_>>());
        for (place, event) in events.iter().enumerate() {
            let rest = there(&mut log.follow(EventFilter::default(), Some(&event.id)));
            assert_eq!(rest, events[place + 1..], "behind {}", event.id);
        }
    }

    #[tokio::test]
    async fn a_cursor_behind_which_something_is_missing_is_reset() {
        let log = log();
        add(&log, KEPT_MAX as u32 + 5);
        let of = |number| EventId { boot: log.boot.clone(), number };
        let newest = KEPT_MAX as u64 + 5;
        for (id, expected) in [
            (of(4), Some(ResetReason::TooOld)),
            (of(5), None),
            (of(newest), None),
            (of(newest + 1), Some(ResetReason::Unknown)),
            (of(u64::MAX), Some(ResetReason::Unknown)),
            (EventId { number: newest, ..EventId::first() }, Some(ResetReason::OtherBoot)),
        ] {
            let events = there(&mut log.follow(EventFilter::default(), Some(&id)));
            assert_eq!(events.first().and_then(reason), expected, "{id}");
            let expected: Vec<u64> = match expected {
                Some(_) => vec![newest],
                None => (id.number + 1..=newest).collect(),
            };
            assert_eq!(numbers(&events), expected);
        }
    }

    #[tokio::test]
    async fn a_slow_follower_is_reset_and_the_others_are_not() {
        let log = log();
        let mut slow = log.follow(EventFilter::default(), None);
        let mut fast = log.follow(EventFilter::default(), None);
        there(&mut slow);
        there(&mut fast);
        for round in 0..3 {
            let half = KEPT_MAX / 2;
            add(&log, half as u32);
            for place in 1..=half {
                let event = fast.next().await.unwrap().unwrap();
                assert_eq!(event.id.number, (round * half + place) as u64);
            }
        }
        let event = slow.next().await.unwrap().unwrap();
        assert_eq!(reason(&event), Some(ResetReason::TooOld));
        assert_eq!(event.id.number, log.lock().newest);
    }

    #[tokio::test]
    async fn a_filter_leaves_the_others_out() {
        let log = log();
        let wanted = EventFilter { status: Some(Status::Failed), ..EventFilter::default() };
        let mut feed = log.follow(wanted, None);
        for attempt in 1..=300 {
            let status = if attempt % 100 == 0 { Status::Failed } else { Status::Running };
            log.add(news(status, attempt));
        }
        assert_eq!(numbers(&there(&mut feed)), [0, 100, 200, 300]);
    }

    #[tokio::test]
    async fn who_waits_is_woken_and_a_log_that_is_closed_ends_everybody() {
        let log = log();
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let feed = log.follow(EventFilter::default(), None);
                tokio::spawn(feed.map(|event| event.unwrap().id.number).collect::<Vec<_>>())
            })
            .collect();
        tokio::task::yield_now().await;
        add(&log, 5);
        log.close();
        for feed in waiting {
            assert_eq!(feed.await.unwrap(), [0, 1, 2, 3, 4, 5]);
        }
    }
}
