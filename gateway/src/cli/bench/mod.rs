//! Benchmarks in words: while they run, when they have ended, and beside each other.

pub(crate) mod differences;
mod progress;
pub(crate) mod report;
mod tally;
#[cfg(test)]
pub(crate) mod testing;
mod view;
pub(crate) mod watch;
pub(crate) mod words;
