//! The server over real sockets, on a real runtime: links that answer questions, events, numbers.

mod client;
mod events;
mod links;
mod metrics;
mod refusals;
mod stage;
mod stalls;
