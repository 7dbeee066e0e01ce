//! The contract of hero_logic: what a play, a span and a question look like, what the Python process and the
//! runtime say to each other, which methods there are and how they fail.
//!
//! And how to reach a server from afar. This crate knows no storage and no actors.

pub mod client;
pub mod document;
pub mod error;
pub mod frame;
#[cfg(feature = "fuzz")]
pub mod fuzz;
pub mod json;
pub mod logic;
pub mod model;
pub mod openrpc;
pub mod python;
pub mod python_client;
pub mod rpc;
pub mod secret;
pub mod sid;
pub mod timestamp;

pub use client::Client;
pub use error::{Error, ErrorCode, FieldError};
pub use json::{Json, Members};
pub use logic::Logic;
pub use secret::{Secret, SecretName, SecretSource, SecretValue};
pub use sid::{BenchmarkSid, PlaySid, ResumeId, VersionSid, WorkflowSid};
pub use timestamp::Timestamp;
