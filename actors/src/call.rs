//! Asking an actor, always with a limit.

use std::time::Duration;

use hero_sdk::{Error, ErrorCode};
use ractor::{ActorRef, Message, RpcReplyPort, rpc::CallResult};

use crate::handle::Handle;

/// Longest wait for an actor's answer. The longest honest one is a commit on a disk that stalls.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
/// Longest wait for a permanent actor in the place of one that has ended. Its supervisor needs milliseconds; none comes
/// while the runtime goes down.
const SUCCESSION_LIMIT: Duration = Duration::from_secs(5);

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

/// Asks the permanent actor at an address. One that goes away with the question is no fault of whoever asked: the next
/// one there is asked as soon as it has come. Two that do so one after the other may be.
pub(crate) async fn call_permanent<M: Message, R: Send + 'static>(
    handle: &Handle<M>,
    message: impl Fn(RpcReplyPort<R>) -> M,
) -> Result<R, Error> {
    let first = handle.get();
    match call(&first, &message).await {
        Err(error) if error.code == ErrorCode::ShuttingDown => {
            let next = tokio::time::timeout(SUCCESSION_LIMIT, handle.after(&first)).await;
            call(&next.map_err(|_| error)?, &message).await
        }
        answered => answered,
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
    /// Answers with its number, or goes when it is asked.
    struct Shy(u32);

    impl Actor for Shy {
        type Msg = RpcReplyPort<u32>;
        type State = bool;
        type Arguments = bool;

        async fn pre_start(&self, _: ActorRef<Self::Msg>, knows: bool) -> Result<bool, ActorProcessingErr> {
            Ok(knows)
        }

        async fn handle(
            &self,
            myself: ActorRef<Self::Msg>,
            reply: Self::Msg,
            knows: &mut bool,
        ) -> Result<(), ActorProcessingErr> {
            if *knows {
                drop(reply.send(self.0));
            } else {
                myself.stop(None);
            }
            Ok(())
        }
    }

    /// Two incarnations, of which the second comes when the first has ended; each answers or goes.
    async fn asked(answers: [bool; 2]) -> Result<u32, Error> {
        let handle = Handle::vacant();
        let (first, ended) = Actor::spawn(None, Shy(1), answers[0]).await.unwrap();
        handle.set(first);
        let succession = async {
            if !answers[0] {
                ended.await.unwrap();
                handle.set(Actor::spawn(None, Shy(2), answers[1]).await.unwrap().0);
            }
        };
        tokio::join!(call_permanent(&handle, |reply| reply), succession).0
    }

    #[tokio::test]
    async fn who_comes_after_an_actor_answers_in_its_place_but_once() {
        assert_eq!(asked([true, true]).await.unwrap(), 1);
        assert_eq!(asked([false, true]).await.unwrap(), 2);
        assert_eq!(asked([false, false]).await.unwrap_err().code, ErrorCode::ShuttingDown);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever_for_a_successor() {
        let handle = Handle::vacant();
        handle.set(Actor::spawn(None, Shy(1), false).await.unwrap().0);
        let error = call_permanent(&handle, |reply| reply).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::ShuttingDown);
    }
}
