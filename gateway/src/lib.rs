//! How people and programs reach hero_logic: the command line, and the server.
//!
//! Everything but `cli::embedded`, which opens the runtime, and `server::gateway`, the actor beneath it, is written
//! against `hero_sdk::Logic` and knows neither actors nor store.

pub mod cli;
mod form;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod given_json;
pub mod server;
mod service;
mod suggest;
mod telemetry;
