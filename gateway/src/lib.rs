//! How people and programs reach hero_logic. For now: the command line, embedded on the store.
//!
//! Everything but `cli::embedded` is written against `hero_sdk::Logic` and knows neither actors nor store.

pub mod cli;
