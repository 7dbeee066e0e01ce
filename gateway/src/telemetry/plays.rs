//! Which plays are followed: those that run, as the events of the runtime tell. One that is parked costs its cursor.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use futures_util::{FutureExt as _, StreamExt as _};
use hero_sdk::{
    Error, Logic, PlaySid, Timestamp,
    logic::{EventFilter, News, PlayList, PlayNews},
    model::Status,
};
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
};

use super::{closed, follower::Followed, queue::Queue};

/// Plays whose cursors are kept while nothing happens in them. Of others what ended in this process is sent again if they
/// go on.
const PARKED_MAX: usize = 10_000;
/// Plays of a page of a list.
const PAGE: u32 = 1_000;

/// Follows every play of a runtime, which began then, until the process ends or the runtime does.
pub(super) async fn follow(
    logic: Arc<dyn Logic>,
    queue: Queue,
    began: Timestamp,
    closing: watch::Receiver<bool>,
) {
    if let Err(error) = Plays::new(logic, queue, began, closing).run().await {
        tracing::warn!(%error, "no more spans are sent");
    }
}

struct Plays {
    logic: Arc<dyn Logic>,
    queue: Queue,
    began: Timestamp,
    closing: watch::Receiver<bool>,
    /// Those that ran when the runtime before this one ended, and wait for a place; none until that was looked for.
    interrupted: Option<HashSet<PlaySid>>,
    /// Those that a task follows; true where something has happened since it was started.
    active: HashMap<PlaySid, bool>,
    tasks: JoinSet<(PlaySid, Result<Followed, Error>)>,
    /// Those in which nothing happens, each with its place in the order in which they came to rest.
    parked: HashMap<PlaySid, (u64, Followed)>,
    parked_order: BTreeMap<u64, PlaySid>,
    parked_count: u64,
}

impl Plays {
    fn new(logic: Arc<dyn Logic>, queue: Queue, began: Timestamp, closing: watch::Receiver<bool>) -> Self {
        Self {
            logic,
            queue,
            began,
            closing,
            interrupted: None,
            active: HashMap::new(),
            tasks: JoinSet::new(),
            parked: HashMap::new(),
            parked_order: BTreeMap::new(),
            parked_count: 0,
        }
    }

    async fn run(mut self) -> Result<(), Error> {
        let mut events = self.logic.events(EventFilter::default(), None).await?;
        let mut closing = self.closing.clone();
        loop {
            tokio::select! {
                event = events.next() => match event.transpose()? {
                    Some(event) => self.hear(event.news).await?,
                    None => break,
                },
                Some(done) = self.tasks.join_next() => self.rest(done),
                () = closed(&mut closing) => break,
            }
        }
        while let Some(Some(event)) = events.next().now_or_never() {
            self.hear(event?.news).await?;
        }
        while let Some(done) = self.tasks.join_next().await {
            self.rest(done);
        }
        Ok(())
    }

    async fn hear(&mut self, news: News) -> Result<(), Error> {
        match news {
            News::Reset { .. } => self.look_around().await,
            // Nothing happens in one that waits for a place.
            News::PlayCreated(play) | News::PlayChanged(play) => {
                if play.status != Status::Queued || self.active.contains_key(&play.play_sid) {
                    self.look_at(play);
                }
                Ok(())
            }
            News::ResumeOpened(_)
            | News::ResumeClosed(_)
            | News::WorkflowChanged(_)
            | News::WorkflowDeleted(_)
            | News::BenchmarkChanged(_) => Ok(()),
        }
    }

    /// Events were missed, or none has come yet: what runs is looked for, and what is parked may have gone on.
    async fn look_around(&mut self) -> Result<(), Error> {
        let is_first = self.interrupted.is_none();
        // Before those that run, so that none is missed that gets its place meanwhile.
        let queued = if is_first { self.list(Status::Queued).await? } else { Vec::new() };
        let running = self.list(Status::Running).await?;
        if is_first {
            let interrupted = queued.iter().filter(|play| play.attempt > 0).chain(&running);
            self.interrupted = Some(interrupted.map(|play| play.play_sid.clone()).collect());
        }
        for play in running {
            self.look_at(play);
        }
        self.parked_order.clear();
        let parked: Vec<_> = self.parked.drain().collect();
        for (play_sid, (_, followed)) in parked {
            self.start(play_sid, followed);
        }
        Ok(())
    }

    async fn list(&self, status: Status) -> Result<Vec<PlayNews>, Error> {
        let mut wanted = PlayList { status: Some(status), limit: Some(PAGE), ..PlayList::default() };
        let mut plays = Vec::new();
        loop {
            let page = self.logic.play_list(wanted.clone()).await?;
            plays.extend(page.plays.iter().map(PlayNews::from));
            wanted.cursor = page.next_cursor;
            if wanted.cursor.is_none() {
                return Ok(plays);
            }
        }
    }

    fn look_at(&mut self, play: PlayNews) {
        let play_sid = play.play_sid.clone();
        if let Some(again) = self.active.get_mut(&play_sid) {
            *again = true;
            return;
        }
        let followed = match self.parked.remove(&play_sid) {
            Some((place, followed)) => {
                self.parked_order.remove(&place);
                followed
            }
            None => {
                let sent_before = self.sent_before(&play);
                Followed::new(play.play_sid, play.root_play_sid, sent_before)
            }
        };
        self.start(play_sid, followed);
    }

    /// Until when an earlier process has sent what ended in a play that is seen for the first time.
    fn sent_before(&mut self, play: &PlayNews) -> Option<Timestamp> {
        let was_lost = self.interrupted.as_mut().is_some_and(|plays| plays.remove(&play.play_sid));
        // One whose first attempt runs is new, even where the clock was set back.
        let is_new = play.attempt <= 1 && play.status == Status::Running;
        (!was_lost && !is_new).then_some(self.began)
    }

    fn start(&mut self, play_sid: PlaySid, followed: Followed) {
        self.active.insert(play_sid.clone(), false);
        let (logic, queue, closing) = (Arc::clone(&self.logic), self.queue.clone(), self.closing.clone());
        self.tasks.spawn(async move {
            let rest = followed.follow(&*logic, &queue, closing).await;
            (play_sid, rest)
        });
    }

    /// A play has ended or is parked, and may have gone on meanwhile.
    fn rest(&mut self, done: Result<(PlaySid, Result<Followed, Error>), JoinError>) {
        // One that has panicked is logged, and stays among the active ones, so that it is let be.
        let Ok((play_sid, rest)) = done else { return };
        let again = self.active.remove(&play_sid).unwrap_or(false);
        match rest {
            Ok(followed) if again => self.start(play_sid, followed),
            Ok(followed) => self.park(play_sid, followed),
            Err(error) => tracing::warn!(%error, %play_sid, "the spans of a play are not sent any more"),
        }
    }

    fn park(&mut self, play_sid: PlaySid, followed: Followed) {
        self.parked_count += 1;
        self.parked_order.insert(self.parked_count, play_sid.clone());
        self.parked.insert(play_sid, (self.parked_count, followed));
        if self.parked_order.len() > PARKED_MAX
            && let Some((_, oldest)) = self.parked_order.pop_first()
        {
            self.parked.remove(&oldest);
        }
    }
}
