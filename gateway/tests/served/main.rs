//! The server over real sockets, on a real runtime: links that answer questions, events, numbers.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod client;
#[cfg(test)]
mod events;
#[cfg(test)]
mod links;
#[cfg(test)]
mod metrics;
mod stage;
