//! Asking an actor, always with a limit.

use std::time::Duration;

use hero_sdk::{Error, ErrorCode};
use ractor::{ActorRef, Message, RpcReplyPort, rpc::CallResult};

/// Longest wait for an actor's answer. The longest honest one is a commit on a disk that stalls.
const LIMIT: Duration = Duration::from_secs(30);

/// Sends a message with a reply port and waits for the reply. After the limit the callee may still do it, so what is
/// asked must be repeatable.
pub(crate) async fn call<M: Message, R: Send + 'static>(
    actor: &ActorRef<M>,
    message: impl FnOnce(RpcReplyPort<R>) -> M,
) -> Result<R, Error> {
    match ractor::rpc::call(actor, message, Some(LIMIT)).await {
        Ok(CallResult::Success(reply)) => Ok(reply),
        Ok(CallResult::Timeout) => {
            let message = format!("no answer within {} s", LIMIT.as_secs());
            Err(Error::new(ErrorCode::Timeout, message).hint("the machine may be overloaded; ask again"))
        }
        // The actor went away with the question: it stops, or it was restarted.
        Ok(CallResult::SenderError) | Err(_) => Err(gone()),
    }
}

/// What a caller is told whose actor has gone.
pub(crate) fn gone() -> Error {
    Error::new(ErrorCode::ShuttingDown, "the runtime is going down, or restarts this part of it")
        .hint("ask again")
}
