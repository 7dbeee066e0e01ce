//! Durable tables: plays, their records, spans, text and questions, and the library of workflows.
//!
//! This crate knows no actors, no transport and no clock; it decides nothing about a play. What is written here is
//! on disk before it is acknowledged, in one piece or not at all.

mod batch;
mod benchmarks;
mod chain;
mod codec;
mod directory;
mod disk;
mod distribution;
mod error;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod journal;
mod keys;
mod manifest;
#[cfg(feature = "memory")]
mod memory;
mod rows;
mod shapes;
mod store;
mod tables;
mod tally;
mod watermark;
mod writer;

pub use batch::Batch;
pub use chain::Chain;
pub use distribution::Distribution;
pub use error::Error;
pub use keys::Table;
#[cfg(feature = "memory")]
pub use memory::Memory;
pub use rows::{
    BenchmarkPlan, BenchmarkRow, Change, Measured, Outcome, Payload, PlayMemory, PlayRow, Record, Resolution,
};
pub use store::{Direction, Durability, Row, Scan, Store, Write};
pub use tables::{OfWorkflow, OpenOptions, PlayFilter, Tables};
pub use tally::{Run, Tally};
