//! What a commit means to those outside of the play: who watches it, who follows events, who counts.

use hero_sdk::{
    logic::{News, PlayNews, ResumeNews},
    model::{Play, ResumeStatus, Status},
};
use hero_store::Outcome;

use super::{
    effect::{Durable, Write},
    environment::Environment,
    message::Start,
};
use crate::feeds::Changed;

/// What was told of a play last; nothing of one that is new.
pub(super) struct Told(Option<Standing>);

/// What is news of a play when it changes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Standing {
    status: Status,
    attempt: u32,
    pending_resumes: u32,
}

impl Standing {
    fn of(play: &Play) -> Self {
        Self { status: play.status, attempt: play.attempt, pending_resumes: play.pending_resumes }
    }
}

impl Told {
    pub(super) fn of(start: &Start) -> Self {
        match start {
            Start::New(_) => Self(None),
            Start::Stored(row) => Self(Some(Standing::of(&row.play))),
        }
    }
}

/// A commit, for those outside.
pub(super) struct Account {
    /// Outcomes of steps among it.
    pub(super) outcomes: u64,
    changed: Changed,
    spans: u64,
    news: Vec<News>,
    moved: Option<(Option<Status>, Status)>,
    /// When it was handed in, where somebody waits for a step in it; by the monotonic clock.
    since_us: Option<u64>,
}

impl Account {
    /// That of these writes of a play. Once it is made, they count as told.
    pub(super) fn of(
        writes: &[Write],
        durable: Durable,
        play: &Play,
        told: &mut Told,
        environment: &Environment,
    ) -> Self {
        let mut account = Self {
            outcomes: 0,
            changed: Changed::Tree,
            spans: 0,
            news: Vec::new(),
            moved: None,
            since_us: None,
        };
        for write in writes {
            match write {
                Write::Play(row) => account.row(&row.play, told),
                Write::Record(record) => {
                    account.outcomes += u64::from(!matches!(record.outcome, Outcome::Started { .. }));
                }
                Write::Span { .. } => account.spans += 1,
                Write::Resume(resume) => {
                    let news = ResumeNews::of(play, resume);
                    account.news.push(match resume.status {
                        ResumeStatus::Open => News::ResumeOpened(news),
                        _ => News::ResumeClosed(news),
                    });
                }
                Write::DropRecord(_)
                | Write::Log(_)
                | Write::Artifact { .. }
                | Write::Count(_)
                | Write::TakeOut(_) => {}
            }
        }
        if durable == Durable::Yes && account.outcomes > 0 {
            account.since_us = Some(environment.clock.now().monotonic_us);
        }
        account
    }

    fn row(&mut self, play: &Play, Told(told): &mut Told) {
        self.changed = Changed::Row;
        let now = Standing::of(play);
        let before = told.replace(now);
        if before == Some(now) {
            return;
        }
        let news = PlayNews::from(play);
        self.news.push(if before.is_none() { News::PlayCreated(news) } else { News::PlayChanged(news) });
        self.moved = Some((before.map(|before| before.status), now.status));
    }

    /// It is in the store.
    pub(super) fn settle(self, play_sid: &hero_sdk::PlaySid, environment: &Environment) {
        let Environment { meters, feeds, events, clock, .. } = environment;
        if let Some(since_us) = self.since_us {
            meters.commit.observe(clock.now().monotonic_us.saturating_sub(since_us));
        }
        if self.spans > 0 {
            meters.spans.add(self.spans);
        }
        if let Some((from, to)) = self.moved {
            meters.moved(from, to);
        }
        feeds.notify(play_sid, self.changed);
        for news in self.news {
            events.add(news);
        }
    }
}

/// The first process of a play is there.
pub(super) fn has_started(play: &Play, environment: &Environment) {
    if play.attempt == 1 {
        let took_us = environment.clock.now().wall.0.saturating_sub(play.created_at.0);
        environment.meters.start.observe(u64::try_from(took_us).unwrap_or(0));
    }
}
