//! A commit on its way: to the writer thread, and from there to the process and back to the actor.

use std::sync::Arc;

use hero_sdk::Error;
use hero_store::{Batch, Durability};
use ractor::{ActorProcessingErr, ActorRef};

use super::{PlayActor, State};
use crate::play::{
    account::Account,
    attempt::launch,
    effect::{Durable, Effect, Write},
    machine::Machine,
    message::Message,
};

impl PlayActor {
    /// Hands the writes to the writer thread. Frames for Python go out from there, the moment they may.
    pub(super) async fn commit(
        &self,
        myself: &ActorRef<Message>,
        state: &mut State,
        writes: Vec<Write>,
        durable: Durable,
        then: Vec<Effect>,
    ) -> Result<(), ActorProcessingErr> {
        let mut batch = Batch::new();
        batch.follow(&state.chain);
        writes.iter().for_each(|write| write.add_to(&mut batch, &state.play_sid));
        let play = state.machine.as_ref().ok_or("only a play that is loaded commits")?.play();
        let attempt = play.attempt;
        let account = Account::of(&writes, durable, play, &mut state.told, &self.0);
        let mut frames = Vec::new();
        let mut rest = Vec::new();
        for effect in then {
            match effect {
                Effect::Send { attempt: addressee, frame } if addressee == attempt => frames.push(frame),
                other => rest.push(other),
            }
        }
        if rest.iter().any(|effect| matches!(effect, Effect::StartProcess { attempt: of } if *of == attempt))
        {
            // It is told nothing before the commit, and goes with this actor.
            let launched = launch(Arc::clone(&self.0), state.play_sid.clone(), state.needs.clone());
            state.coming = Some((attempt, tokio::spawn(launched)));
        }
        let commit = state.next_number;
        state.next_number += 1;
        // The last word before the play is let go is waited for, so that nobody reads the store before it is there.
        let wants_news = !rest.is_empty() || state.machine.as_ref().is_some_and(Machine::is_idle);
        state.commits.insert(commit, rest);
        let (environment, play, play_sid) = (Arc::clone(&self.0), myself.clone(), state.play_sid.clone());
        let link = state.link_of(attempt).cloned();
        let done = move |result: Result<(), hero_store::Error>| {
            if result.is_ok() {
                if environment.failpoint.hit(account.outcomes) {
                    drop(play.cast(Message::Fail { attempt }));
                } else if let Some(link) = link {
                    frames.iter().for_each(|frame| link.send(frame));
                }
                account.settle(&play_sid, &environment);
            }
            if wants_news || result.is_err() {
                // A play that has gone has nothing left to do.
                drop(play.cast(Message::Committed { commit, result: result.map_err(Error::from) }));
            }
        };
        if !wants_news {
            state.commits.remove(&commit);
        }
        let durability = match durable {
            Durable::Yes => Durability::Synced,
            Durable::Later => Durability::Buffered,
        };
        self.0.tables.submit(batch, durability, done).await?;
        Ok(())
    }
}
