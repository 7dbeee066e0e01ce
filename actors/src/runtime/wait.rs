//! Waits until a play has come somewhere.

use hero_sdk::{Error, PlaySid, logic::Until, model::Play};

use super::status;
use crate::{call::gone, play::Environment};

/// Returns the play once it is there, or why it stands still.
pub(crate) async fn wait(environment: &Environment, play_sid: &PlaySid, until: Until) -> Result<Play, Error> {
    let feeds = &environment.feeds;
    let (mut changes, known) = (feeds.subscribe_row(play_sid), feeds.failure(play_sid));
    loop {
        let play = status(environment, play_sid)?;
        let is_there = match until {
            Until::Settled => play.status.is_settled(),
            Until::Terminal => play.status.is_terminal(),
        };
        if is_there {
            return Ok(play);
        }
        if let Some(trouble) = feeds.trouble_after(play_sid, known) {
            return Err(trouble);
        }
        changes.changed().await.map_err(|_| gone())?;
    }
}
