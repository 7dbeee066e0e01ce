//! Benchmarks: runs a version over examples, measures each run, and says how one stands to another.
//!
//! A run is a play like any other, found again by its idempotency key. What is measured is written together with what it
//! comes to, so a runtime that is lost in the middle goes on where it was, and counts nothing twice. `scoring`,
//! `estimate` and `compare` are pure.

mod actor;
mod compare;
mod drive;
pub(crate) mod estimate;
mod evaluator;
mod gate;
mod measure;
mod message;
mod methods;
pub(crate) mod plan;
mod scoring;

pub(crate) use actor::BenchmarksActor;
pub(crate) use gate::gate;
pub(crate) use message::Message;
pub(crate) use methods::{cancel, compared, end_all_of, fetch, latest, run, wait};
