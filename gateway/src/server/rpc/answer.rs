//! The answer to a body as it is written, and how much memory all of them may take together.

use std::sync::Arc;

use hero_sdk::{
    Error, ErrorCode, Json,
    rpc::{Failure, Reply, VERSION},
};
use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of results that a server holds, of all answers together that were not taken yet: four of the largest.
const ROOM_BYTES: u32 = 256 << 20;

/// Room for results, which all answers of a server share.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    left: Arc<Semaphore>,
    bytes: u32,
}

impl Default for Room {
    fn default() -> Self {
        Self::of(ROOM_BYTES)
    }
}

/// A result that has its room.
pub(super) struct Held {
    result: Json,
    room: OwnedSemaphorePermit,
}

impl Held {
    /// Bytes of it.
    pub(super) fn bytes(&self) -> usize {
        self.result.as_str().len()
    }
}

impl Room {
    /// For so many bytes.
    pub(super) fn of(bytes: u32) -> Self {
        Self { left: Arc::new(Semaphore::new(bytes as usize)), bytes }
    }

    /// Takes room for a result until its answer is gone. One that is larger than all of it has it alone.
    pub(super) fn hold(&self, result: Json) -> Result<Held, Error> {
        let bytes = u32::try_from(result.as_str().len()).unwrap_or(u32::MAX).min(self.bytes);
        match Arc::clone(&self.left).try_acquire_many_owned(bytes) {
            Ok(room) => Ok(Held { result, room }),
            Err(_) => Err(Error::new(ErrorCode::Busy, "the answers under way take all memory that they may")
                .hint("what was asked was done; ask for how it stands once other answers have been read")),
        }
    }
}

/// An answer, whole or not yet. Its room is free when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    text: String,
    room: Option<OwnedSemaphorePermit>,
}

impl Answer {
    /// Its text.
    #[cfg(any(test, feature = "fuzz"))]
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Adds what stands between the answers to calls.
    pub(super) fn mark(&mut self, mark: char) {
        self.text.push(mark);
    }

    /// Adds the answer to a call.
    pub(super) fn add(&mut self, result: Result<Held, Error>, id: Option<&RawValue>) {
        match result {
            Ok(Held { result, room }) => {
                // A result is JSON already, and may be large: it is copied once, here.
                let (result, id) = (result.as_str(), id.map_or("null", RawValue::get));
                let parts = [r#"{"jsonrpc":"2.0","result":"#, result, r#","id":"#, id, "}"];
                self.text.reserve(parts.iter().map(|part| part.len()).sum());
                self.text.extend(parts);
                match &mut self.room {
                    Some(held) => held.merge(room),
                    held => *held = Some(room),
                }
            }
            Err(error) => self.text.push_str(&failed(error, id)),
        }
    }
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

fn failed(error: Error, id: Option<&RawValue>) -> String {
    let failure = Failure::from(error);
    let reply = Reply { jsonrpc: VERSION, result: None, error: Some(&failure), id };
    serde_json::to_string(&reply).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer is no JSON");
        r#"{"jsonrpc":"2.0","error":{"code":-32603,"message":"the answer is no JSON"},"id":null}"#.to_owned()
    })
}
