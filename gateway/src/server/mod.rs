//! The server: the methods for programs, and what happens as it happens, over HTTP/1.1.

mod access;
mod connection;
mod events;
mod http;
mod listen;
mod rpc;

pub use self::listen::{Bound, Listen};
