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

#[cfg(test)]
mod tests {
    use ractor::{Actor, ActorProcessingErr};

    use super::*;

    /// Keeps every question and answers none.
    struct Silent;

    impl Actor for Silent {
        type Msg = RpcReplyPort<()>;
        type State = Vec<RpcReplyPort<()>>;
        type Arguments = ();

        async fn pre_start(&self, _: ActorRef<Self::Msg>, (): ()) -> Result<Self::State, ActorProcessingErr> {
            Ok(Vec::new())
        }

        async fn handle(
            &self,
            _: ActorRef<Self::Msg>,
            reply: Self::Msg,
            kept: &mut Self::State,
        ) -> Result<(), ActorProcessingErr> {
            kept.push(reply);
            Ok(())
        }
    }

    /// Time moves on when nothing else does.
    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let (silent, _) = Actor::spawn(None, Silent, ()).await.unwrap();
        let asked_at = tokio::time::Instant::now();
        assert_eq!(call(&silent, |reply| reply).await.unwrap_err().code, ErrorCode::Timeout);
        assert_eq!(asked_at.elapsed().as_secs(), LIMIT.as_secs());

        let (asked, stopped) = tokio::join!(call(&silent, |reply| reply), async {
            tokio::task::yield_now().await;
            silent.stop_and_wait(None, None).await
        });
        stopped.unwrap();
        assert_eq!(asked.unwrap_err().code, ErrorCode::ShuttingDown);
        assert_eq!(call(&silent, |reply| reply).await.unwrap_err().code, ErrorCode::ShuttingDown);
    }
}
