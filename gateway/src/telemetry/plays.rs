//! Which plays are followed: those that run, as the events of the runtime tell. One that is parked costs its cursor.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use futures_util::{FutureExt as _, StreamExt as _};
use hero_sdk::{
    Error, Logic, PlaySid,
    logic::{EventFilter, News, PlayList},
    model::Status,
};
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
};

use super::{closed, follower::Followed, queue::Queue};

/// Plays whose cursors are kept while nothing happens in them. Of others everything is sent again if they go on.
const PARKED_MAX: usize = 10_000;
/// Plays of a page of a list.
const PAGE: u32 = 1_000;

/// Follows every play of a runtime, until the process ends or the runtime does.
pub(super) async fn follow(logic: Arc<dyn Logic>, queue: Queue, closing: watch::Receiver<bool>) {
    if let Err(error) = Plays::new(logic, queue, closing).run().await {
        tracing::warn!(%error, "no more spans are sent");
    }
}

struct Plays {
    logic: Arc<dyn Logic>,
    queue: Queue,
    closing: watch::Receiver<bool>,
    /// Those that a task follows; true where something has happened since it was started.
    active: HashMap<PlaySid, bool>,
    tasks: JoinSet<(PlaySid, Result<Followed, Error>)>,
    /// Those in which nothing happens, each with its place in the order in which they came to rest.
    parked: HashMap<PlaySid, (u64, Followed)>,
    parked_order: BTreeMap<u64, PlaySid>,
    parked_count: u64,
}

impl Plays {
    fn new(logic: Arc<dyn Logic>, queue: Queue, closing: watch::Receiver<bool>) -> Self {
        Self {
            logic,
            queue,
            closing,
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
                    self.look_at(play.play_sid, play.root_play_sid);
                }
                Ok(())
            }
            News::ResumeOpened(_)
            | News::ResumeClosed(_)
            | News::WorkflowChanged(_)
            | News::WorkflowDeleted(_) => Ok(()),
        }
    }

    /// Events were missed, or none has come yet: what runs is looked for, and what is parked may have gone on.
    async fn look_around(&mut self) -> Result<(), Error> {
        let status = Some(Status::Running);
        let mut wanted = PlayList { status, limit: Some(PAGE), ..PlayList::default() };
        loop {
            let page = self.logic.play_list(wanted.clone()).await?;
            for play in page.plays {
                self.look_at(play.play_sid, play.root_play_sid);
            }
            wanted.cursor = page.next_cursor;
            if wanted.cursor.is_none() {
                break;
            }
        }
        self.parked_order.clear();
        let parked: Vec<_> = self.parked.drain().collect();
        for (play_sid, (_, followed)) in parked {
            self.start(play_sid, followed);
        }
        Ok(())
    }

    fn look_at(&mut self, play_sid: PlaySid, root_play_sid: PlaySid) {
        if let Some(again) = self.active.get_mut(&play_sid) {
            *again = true;
            return;
        }
        let followed = match self.parked.remove(&play_sid) {
            Some((place, followed)) => {
                self.parked_order.remove(&place);
                followed
            }
            None => Followed::new(play_sid.clone(), root_play_sid),
        };
        self.start(play_sid, followed);
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
