//! How people and programs reach hero_logic: the command line, and the server.
//!
//! Everything but `cli::embedded` is written against `hero_sdk::Logic` and knows neither actors nor store.

pub mod cli;
mod form;
pub mod server;
mod suggest;
