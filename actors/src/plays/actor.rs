//! Keeps one actor per living play, hands wishes to it, and gives places.

use std::{collections::HashMap, sync::Arc, time::Duration};

use hero_sdk::{
    Error, ErrorCode, PlaySid, Timestamp, WorkflowSid,
    model::{Play, ResumeStatus},
};
use hero_store::PlayRow;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};
use tokio::{sync::oneshot, task::AbortHandle};

use super::{
    admission::{Admission, Turn},
    message::{Counts, Message},
    timers::{Due, Timers},
};
use crate::{
    call::gone,
    feeds::may_pass,
    play::{self, Environment, PlayActor, Reply, Start, Timer, Wish},
};

/// The longest single wait of a timer; a later expiry is looked at again then, so that a clock that was set
/// meanwhile is noticed.
const TIMER_MS_MAX: u64 = 3_600_000;
/// How long a play whose actor has failed rests before it is taken up again: a store that is full or going is not
/// asked more often.
const REVIVE_MS: u64 = 1_000;

/// The actor.
pub(crate) struct PlaysActor {
    /// What every play works with.
    pub(crate) environment: Arc<Environment>,
    /// How many plays may have a process at once.
    pub(crate) running_max: usize,
    /// How many plays may live at once; a new one beyond it is refused.
    pub(crate) living_max: usize,
}

pub(crate) struct State {
    living: HashMap<PlaySid, Living>,
    /// Living plays by their idempotency keys, with the mark of what was asked for: one that was just accepted is not in
    /// the store yet.
    keys: HashMap<String, (PlaySid, Option<String>)>,
    admission: Admission,
    timers: Timers,
    /// Rings at the next of them.
    alarm: Option<Alarm>,
    /// Who waits until none is left.
    shutdown: Vec<RpcReplyPort<()>>,
    is_going_down: bool,
}

/// Fires when a play that was taken up stands right in the store, or could not be.
type Recovered = oneshot::Receiver<Result<Reply, Error>>;

struct Living {
    actor: ActorRef<play::Message>,
    /// Wishes handed to it.
    wishes: u64,
    workflow_sid: Option<WorkflowSid>,
    idempotency_key: Option<String>,
}

/// A message to this actor that is on its way. Dropping it takes it back.
struct Alarm {
    at: Timestamp,
    rings: AbortHandle,
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.rings.abort();
    }
}

impl Actor for PlaysActor {
    type Msg = Message;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Message>, (): ()) -> Result<State, ActorProcessingErr> {
        Ok(State {
            living: HashMap::new(),
            keys: HashMap::new(),
            admission: Admission::new(self.running_max),
            timers: Timers::default(),
            alarm: None,
            shutdown: Vec::new(),
            is_going_down: false,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Sweep { runs, reply } => {
                if !runs {
                    state.admission = Admission::new(0);
                }
                match self.sweep(&myself, state).await {
                    Ok(recovered) => {
                        // Not here: the plays' news come through this actor.
                        tokio::spawn(async move {
                            let swept = recovered.len();
                            for recovered in recovered {
                                recovered.await.ok();
                            }
                            drop(reply.send(Ok(swept)));
                        });
                    }
                    Err(error) => drop(reply.send(Err(error))),
                }
            }
            Message::Start { reply, .. } if state.is_going_down => drop(reply.send(Err(gone()))),
            Message::Start { row, reply } => match self.accept(&myself, state, *row).await {
                Ok(play_sid) => state.hand(&play_sid, Wish::Accept { reply }),
                Err(error) => drop(reply.send(Err(error))),
            },
            Message::Wish { wish, .. } if state.is_going_down => refuse(wish, gone()),
            Message::Wish { play_sid, wish } => {
                let found = self.find(&myself, state, &play_sid).await;
                match found.and_then(|()| self.check_wish(state, &play_sid, &wish)) {
                    Ok(()) => state.hand(&play_sid, wish),
                    Err(error) => refuse(wish, error),
                }
            }
            Message::WantPlace { play_sid, turn } => {
                state.admission.want(play_sid, turn);
                state.admit();
            }
            Message::LeavePlace(play_sid) => {
                state.admission.leave(&play_sid);
                state.admit();
            }
            Message::Idle { play_sid, wishes } => {
                // A wish that is still on its way to the play keeps it.
                if let Some(living) = state.living.get(&play_sid).filter(|living| living.wishes == wishes) {
                    living.actor.stop(None);
                    state.forget(&play_sid);
                }
            }
            Message::RingAt(due) => {
                state.timers.set(due);
                self.wind(&myself, state);
            }
            Message::Unring(due) => state.timers.forget(&due),
            Message::Ring if state.is_going_down => {}
            Message::Ring => {
                state.alarm = None;
                let now = self.environment.clock.now().wall;
                while let Some(Due { play_sid, timer, .. }) = state.timers.take(now) {
                    match self.find(&myself, state, &play_sid).await {
                        Ok(()) => state.hand(&play_sid, Wish::Ring(timer)),
                        Err(error) => {
                            tracing::error!(play = %play_sid, %error, "a play whose time is over cannot be taken up");
                            if may_pass(&error) {
                                let at = now.plus_ms(REVIVE_MS);
                                state.timers.set(Due { at, play_sid, timer });
                            }
                        }
                    }
                }
                self.wind(&myself, state);
            }
            Message::Revive(_) if state.is_going_down => {}
            Message::Revive(play_sid) => {
                self.environment.feeds.recovered(&play_sid);
                match self.find(&myself, state, &play_sid).await {
                    // A play counts the failure as a crash, so that one that always fails ends.
                    Ok(()) => drop(state.recover(&play_sid)),
                    // It failed before it was accepted.
                    Err(error) if error.code == ErrorCode::NotFound => {}
                    Err(error) => {
                        self.environment.feeds.fail(&play_sid, error);
                        self.revive_later(&myself, play_sid);
                    }
                }
            }
            Message::LivingOf { workflow_sid, reply } => {
                let is_of_it = |living: &Living| living.workflow_sid.as_ref() == Some(&workflow_sid);
                let living = state.living.iter().filter(|(_, living)| is_of_it(living));
                drop(reply.send(living.map(|(play_sid, _)| play_sid.clone()).collect()));
            }
            Message::Count(reply) => {
                let (running, queued) = state.admission.counts();
                drop(reply.send(Counts { running, queued, living: state.living.len() }));
            }
            Message::Shutdown(reply) => {
                state.is_going_down = true;
                state.shutdown.push(reply);
                let all: Vec<PlaySid> = state.living.keys().cloned().collect();
                for play_sid in all {
                    state.hand(&play_sid, Wish::Interrupt);
                }
                state.tell_when_empty();
            }
        }
        Ok(())
    }

    /// A play that ends otherwise than by `Idle` has hit a bug or a store that fails: that play only.
    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Message>,
        event: SupervisionEvent,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let (cell, reason) = match event {
            SupervisionEvent::ActorFailed(cell, error) => (cell, Some(error.to_string())),
            SupervisionEvent::ActorTerminated(cell, _, _) => (cell, None),
            _ => return Ok(()),
        };
        let ended = state.living.iter().find(|(_, living)| living.actor.get_id() == cell.get_id());
        if let Some(play_sid) = ended.map(|(play_sid, _)| play_sid.clone()) {
            tracing::error!(play = %play_sid, reason, "the actor of a play has ended; its store row says where it goes on");
            state.forget(&play_sid);
            if !state.is_going_down {
                self.environment.meters.restarts.play.add(1);
                self.revive_later(&myself, play_sid);
            }
        }
        Ok(())
    }
}

impl PlaysActor {
    fn revive_later(&self, myself: &ActorRef<Message>, play_sid: PlaySid) {
        let trouble = self.environment.feeds.trouble(&play_sid);
        if trouble.is_none_or(|trouble| may_pass(&trouble)) {
            let (tables, plays) = (self.environment.tables.clone(), myself.clone());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(REVIVE_MS)).await;
                // It may not even be in the store yet: what its actor handed in goes first. Whoever reads a store that
                // has failed is told so then.
                tables.catch_up().await.ok();
                drop(plays.cast(Message::Revive(play_sid)));
            });
        }
    }

    /// The play that was started before with the same idempotency key, if for the same.
    fn known(&self, state: &State, row: &PlayRow) -> Result<Option<PlaySid>, Error> {
        let Some(key) = &row.memory.idempotency_key else { return Ok(None) };
        let stored = || -> Result<Option<(PlaySid, Option<String>)>, Error> {
            let tables = &self.environment.tables;
            let Some(play_sid) = tables.play_by_idempotency_key(key)? else { return Ok(None) };
            let asked = tables.play(&play_sid)?.and_then(|row| row.memory.asked);
            Ok(Some((play_sid, asked)))
        };
        let known = state.keys.get(key).cloned().map_or_else(stored, |living| Ok(Some(living)))?;
        let Some((play_sid, asked)) = known else { return Ok(None) };
        check_asked(key, &play_sid, asked.as_deref(), row.memory.asked.as_deref())?;
        Ok(Some(play_sid))
    }

    /// Brings up a new play, or the one that came first under its idempotency key.
    async fn accept(
        &self,
        myself: &ActorRef<Message>,
        state: &mut State,
        row: PlayRow,
    ) -> Result<PlaySid, Error> {
        if let Some(known) = self.known(state, &row)? {
            self.find(myself, state, &known).await?;
            return Ok(known);
        }
        self.check_workflow(&row.play)?;
        if state.living.len() >= self.living_max {
            let message = format!("{} plays run or wait for a place already", self.living_max);
            return Err(Error::new(ErrorCode::Busy, message).hint("start it again when some have ended"));
        }
        let play_sid = row.play.play_sid.clone();
        self.bring_up(myself, state, Start::New(row)).await.map_err(internal)?;
        Ok(play_sid)
    }

    /// A workflow takes plays while it is there and nobody deletes it.
    fn check_workflow(&self, play: &Play) -> Result<(), Error> {
        let Some(workflow_sid) = &play.workflow_sid else { return Ok(()) };
        if self.environment.closing.contains(workflow_sid) {
            return Err(is_closed(&play.workflow));
        }
        if self.environment.tables.workflow(workflow_sid)?.is_none() {
            let message = format!("the workflow {} has been deleted", play.workflow);
            return Err(Error::new(ErrorCode::NotFound, message)
                .hint("`hero_logic workflow list` shows those there are"));
        }
        Ok(())
    }

    /// What a play had of its workflow it has for good, so that one that is gone does not keep it from being retried; but
    /// plays of one that is being deleted are ended.
    fn check_wish(&self, state: &State, play_sid: &PlaySid, wish: &Wish) -> Result<(), Error> {
        let living = state.living.get(play_sid).filter(|_| matches!(wish, Wish::Retry { .. }));
        let workflow_sid = living.and_then(|living| living.workflow_sid.as_ref());
        match workflow_sid.filter(|workflow_sid| self.environment.closing.contains(workflow_sid)) {
            Some(workflow_sid) => Err(is_closed(workflow_sid.as_str())),
            None => Ok(()),
        }
    }

    async fn sweep(&self, myself: &ActorRef<Message>, state: &mut State) -> Result<Vec<Recovered>, Error> {
        let unfinished = self.environment.tables.plays_unfinished()?;
        let mut swept = Vec::new();
        let mut taken_up = Vec::new();
        for row in unfinished {
            let play_sid = row.play.play_sid.clone();
            if !row.play.status.is_settled() {
                // All queue up before the first gets a place. Who turns out not to want one gives it back.
                state.admission.want(play_sid, Turn::of(&row.play));
                taken_up.push(row);
            } else if let Some(at) = row.play.deadline_at {
                state.timers.set(Due { at, play_sid, timer: Timer::Deadline });
            }
        }
        for row in taken_up {
            let play_sid = row.play.play_sid.clone();
            self.bring_up(myself, state, Start::Stored(row)).await.map_err(internal)?;
            swept.push(state.recover(&play_sid));
        }
        for resume in self.environment.tables.resumes_open()? {
            if let (Some(at), ResumeStatus::Open) = (resume.expires_at, resume.status) {
                let (play_sid, timer) = (resume.play_sid, Timer::Question(resume.resume_id));
                state.timers.set(Due { at, play_sid, timer });
            }
        }
        self.wind(myself, state);
        state.admit();
        Ok(swept)
    }

    /// Has the next timer ring.
    fn wind(&self, myself: &ActorRef<Message>, state: &mut State) {
        let Some(at) = state.timers.next() else { return };
        if state.alarm.as_ref().is_some_and(|alarm| alarm.at <= at) {
            return;
        }
        let wait_us = at.0.saturating_sub(self.environment.clock.now().wall.0);
        let wait_ms = u64::try_from(wait_us).unwrap_or(0).div_ceil(1000).min(TIMER_MS_MAX);
        let rings = myself.send_after(Duration::from_millis(wait_ms), || Message::Ring).abort_handle();
        state.alarm = Some(Alarm { at, rings });
    }

    /// Makes sure that the play has an actor.
    async fn find(
        &self,
        myself: &ActorRef<Message>,
        state: &mut State,
        play_sid: &PlaySid,
    ) -> Result<(), Error> {
        if state.living.contains_key(play_sid) {
            return Ok(());
        }
        let row = self.environment.tables.play(play_sid)?.ok_or_else(|| not_found(play_sid))?;
        self.bring_up(myself, state, Start::Stored(row)).await.map_err(internal)
    }

    async fn bring_up(
        &self,
        myself: &ActorRef<Message>,
        state: &mut State,
        start: Start,
    ) -> Result<(), ractor::SpawnErr> {
        let row = start.row();
        let (play_sid, idempotency_key) = (row.play.play_sid.clone(), row.memory.idempotency_key.clone());
        let (workflow_sid, asked) = (row.play.workflow_sid.clone(), row.memory.asked.clone());
        let play = PlayActor(Arc::clone(&self.environment));
        let (actor, _) = Actor::spawn_linked(None, play, start, myself.get_cell()).await?;
        state.keys.extend(idempotency_key.clone().map(|key| (key, (play_sid.clone(), asked))));
        state.living.insert(play_sid, Living { actor, wishes: 0, workflow_sid, idempotency_key });
        Ok(())
    }
}

impl State {
    /// Takes up a play; what comes back says when the store has it right.
    fn recover(&mut self, play_sid: &PlaySid) -> Recovered {
        let (reply, recovered) = ractor::concurrency::oneshot();
        self.hand(play_sid, Wish::Recover { reply: reply.into() });
        recovered
    }

    fn hand(&mut self, play_sid: &PlaySid, wish: Wish) {
        if let Some(living) = self.living.get_mut(play_sid) {
            living.wishes += 1;
            // One that has just failed drops the wish and its reply port, which its caller notices.
            drop(living.actor.cast(play::Message::Wish(wish)));
        }
    }

    fn admit(&mut self) {
        while !self.is_going_down
            && let Some(play_sid) = self.admission.admit()
        {
            self.hand(&play_sid, Wish::Admitted);
        }
    }

    fn forget(&mut self, play_sid: &PlaySid) {
        if let Some(Living { idempotency_key: Some(key), .. }) = self.living.remove(play_sid) {
            self.keys.remove(&key);
        }
        self.admission.leave(play_sid);
        self.admit();
        self.tell_when_empty();
    }

    fn tell_when_empty(&mut self) {
        if self.living.is_empty() {
            for reply in self.shutdown.drain(..) {
                drop(reply.send(()));
            }
        }
    }
}

fn refuse(wish: Wish, error: Error) {
    match wish {
        Wish::Accept { reply }
        | Wish::Recover { reply }
        | Wish::Answer { reply, .. }
        | Wish::Cancel { reply, .. }
        | Wish::Retry { reply } => {
            drop(reply.send(Err(error)));
        }
        Wish::Admitted | Wish::Ring(_) | Wish::Interrupt => {}
    }
}

/// No play of this id.
pub(crate) fn not_found(play_sid: &PlaySid) -> Error {
    Error::new(ErrorCode::NotFound, format!("no play {play_sid}"))
        .hint("`hero_logic play list` shows the newest ones")
}

/// A key is for one start, which may be repeated. `known` is what was asked for with it first, where that was kept.
pub(crate) fn check_asked(
    key: &str,
    play_sid: &PlaySid,
    known: Option<&str>,
    asked: Option<&str>,
) -> Result<(), Error> {
    if known.zip(asked).is_none_or(|(known, asked)| known == asked) {
        return Ok(());
    }
    let message =
        format!("the idempotency key {key:?} has started {play_sid}, and something else was asked for then");
    let hint =
        "a key belongs to one workflow and version, or one source, with one set of inputs; take another key";
    Err(Error::new(ErrorCode::Conflict, message).hint(hint))
}

fn is_closed(workflow: &str) -> Error {
    Error::new(ErrorCode::Conflict, format!("the workflow {workflow} is being deleted"))
        .hint("it takes plays again only if that fails")
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::Internal, error.to_string())
}
