//! Keeps one actor per living play, hands wishes to it, and gives places.

use std::{collections::HashMap, sync::Arc, time::Duration};

use hero_sdk::{Error, ErrorCode, PlaySid, model::ResumeStatus};
use hero_store::PlayRow;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};
use tokio::sync::oneshot;

use super::{
    admission::Admission,
    message::{Counts, Message},
};
use crate::{
    call::gone,
    play::{self, Environment, PlayActor, Reply, Wish},
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
}

pub(crate) struct State {
    living: HashMap<PlaySid, Living>,
    admission: Admission,
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
}

impl Actor for PlaysActor {
    type Msg = Message;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Message>, (): ()) -> Result<State, ActorProcessingErr> {
        Ok(State {
            living: HashMap::new(),
            admission: Admission::new(self.running_max),
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
            Message::Start { row, reply } => {
                let play_sid = row.play.play_sid.clone();
                self.bring_up(&myself, state, *row).await?;
                state.hand(&play_sid, Wish::Accept { reply });
            }
            Message::Wish { wish, .. } if state.is_going_down => refuse(wish, gone()),
            Message::Wish { play_sid, wish } => match self.find(&myself, state, &play_sid).await {
                Ok(()) => state.hand(&play_sid, wish),
                Err(error) => refuse(wish, error),
            },
            Message::WantPlace(play_sid) => {
                state.admission.want(play_sid);
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
            Message::ExpireAt { play_sid, resume_id, at } => {
                let wait_us = at.0.saturating_sub(self.environment.clock.now().wall.0);
                let wait_ms = u64::try_from(wait_us).unwrap_or(0).div_ceil(1000);
                if wait_ms == 0 {
                    if let Ok(()) = self.find(&myself, state, &play_sid).await {
                        state.hand(&play_sid, Wish::Expire { resume_id });
                    }
                } else {
                    let again = move || Message::ExpireAt { play_sid, resume_id, at };
                    myself.send_after(Duration::from_millis(wait_ms.min(TIMER_MS_MAX)), again);
                }
            }
            Message::Revive(play_sid) => {
                self.environment.feeds.recovered(&play_sid);
                // A play counts the failure as a crash, so that one that always fails ends.
                if !state.is_going_down && self.find(&myself, state, &play_sid).await.is_ok() {
                    drop(state.recover(&play_sid));
                }
            }
            Message::Count(reply) => {
                let (running, queued) = state.admission.counts();
                drop(reply.send(Counts { running, queued }));
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
                myself.send_after(Duration::from_millis(REVIVE_MS), || Message::Revive(play_sid));
            }
        }
        Ok(())
    }
}

impl PlaysActor {
    async fn sweep(&self, myself: &ActorRef<Message>, state: &mut State) -> Result<Vec<Recovered>, Error> {
        let unfinished = self.environment.tables.plays_unfinished()?;
        let mut swept = Vec::new();
        for row in unfinished.into_iter().filter(|row| !row.play.status.is_settled()) {
            let play_sid = row.play.play_sid.clone();
            self.bring_up(myself, state, row).await.map_err(internal)?;
            swept.push(state.recover(&play_sid));
        }
        for resume in self.environment.tables.resumes_open()? {
            if let (Some(at), ResumeStatus::Open) = (resume.expires_at, resume.status) {
                let message =
                    Message::ExpireAt { play_sid: resume.play_sid, resume_id: resume.resume_id, at };
                myself.cast(message).map_err(internal)?;
            }
        }
        Ok(swept)
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
        self.bring_up(myself, state, row).await.map_err(internal)
    }

    async fn bring_up(
        &self,
        myself: &ActorRef<Message>,
        state: &mut State,
        row: PlayRow,
    ) -> Result<(), ractor::SpawnErr> {
        let play_sid = row.play.play_sid.clone();
        let play = PlayActor(Arc::clone(&self.environment));
        let (actor, _) = Actor::spawn_linked(None, play, play::Start { row }, myself.get_cell()).await?;
        state.living.insert(play_sid, Living { actor, wishes: 0 });
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
        self.living.remove(play_sid);
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
        Wish::Admitted | Wish::Expire { .. } | Wish::Interrupt => {}
    }
}

/// No play of this id.
pub(crate) fn not_found(play_sid: &PlaySid) -> Error {
    Error::new(ErrorCode::NotFound, format!("no play {play_sid}"))
        .hint("`hero_logic play list` shows the newest ones")
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::Internal, error.to_string())
}
