//! The library: sources become versions, names become workflows.
//!
//! The registry holds no truth of its own; what it knows is in the store, and it can be rebuilt at any time. It never
//! runs a source itself: a confined process describes it.

mod actor;
mod bundled;
mod describe;
mod examples;
mod find;
mod finder;
mod inputs;
mod library;
mod message;
mod names;
mod pick;
mod save;
mod statistics;

pub(crate) use actor::RegistryActor;
pub use bundled::BundledFlow;
pub(crate) use finder::NewestFinder;
pub(crate) use inputs::{check_inputs, filled};
pub(crate) use library::{Library, digest};
pub(crate) use message::{Message, Source};
pub(crate) use names::{
    check_description, check_example_name, check_name, check_note, check_tags, named_version,
};
pub(crate) use save::Save;
