//! The directory of living plays: who lives, who may run, what was found at the start.
//!
//! It knows a play by its id and its wishes, never by what it does.

mod actor;
mod admission;
mod closing;
mod message;
mod retention;
mod timers;

pub(crate) use actor::{PlaysActor, check_asked, not_found};
pub(crate) use admission::Turn;
pub(crate) use closing::Closing;
pub(crate) use message::Message;
pub(crate) use retention::Sweeper;
pub(crate) use timers::Due;
