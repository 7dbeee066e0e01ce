//! One play: a pure state machine that decides, and an actor around it that acts.
//!
//! `machine`, `tree` and `frontier` have no I/O, no clock and no actors: the same events give the same effects.

mod account;
mod actor;
mod attempt;
mod compiled;
mod disk;
mod effect;
mod environment;
mod event;
mod files;
mod frontier;
mod held;
mod library;
mod limits;
mod link;
mod lookup;
mod machine;
mod message;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod subject;
mod temporary;
mod timer;
mod tree;
mod usage;
mod validate;
mod values;

pub(crate) use actor::PlayActor;
pub(crate) use attempt::not_launched;
pub(crate) use effect::Reply;
pub(crate) use environment::Environment;
pub(crate) use event::Now;
pub(crate) use files::blobs;
pub(crate) use limits::Watched;
pub(crate) use machine::{
    ARTIFACTS_MAX, WORKFLOWS_MAX, are_too_many, is_artifact_name, is_digest, is_media_type,
};
pub(crate) use message::{Message, ReplyPort, Start, Wish};
pub(crate) use timer::Timer;
pub(crate) use tree::{LOG_CHARS_MAX, LOGS_MAX, PATH_BYTES_MAX, SPANS_MAX, error_bytes, span_bytes};
pub(crate) use validate::check_against;
