//! Ctrl-C and SIGTERM as a number that only grows, so that whoever waits for the next one misses none.

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::cli::{
    embedded::Purpose,
    errors::{Exit, Failure},
};

/// The signals that came since the start.
#[derive(Clone, Debug)]
pub(crate) struct Signals {
    count: watch::Receiver<u32>,
    /// How many of them were waited for.
    heeded: u32,
}

impl Signals {
    /// Listens from now on; the process no longer ends by these signals on its own.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let failed = |error: std::io::Error| {
            Failure::trouble("signals", format!("cannot listen for signals: {error}"))
        };
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let (sender, count) = watch::channel(0);
        tokio::spawn(async move {
            loop {
                let came = tokio::select! {
                    came = interrupt.recv() => came,
                    came = terminate.recv() => came,
                };
                if came.is_none() {
                    return;
                }
                sender.send_modify(|count| *count += 1);
            }
        });
        Ok(Self { count, heeded: 0 })
    }

    /// Signals that a test raises by hand.
    #[cfg(test)]
    pub(crate) fn by_hand() -> (watch::Sender<u32>, Self) {
        let (sender, count) = watch::channel(0);
        (sender, Self { count, heeded: 0 })
    }

    /// Waits for the next signal. Dropping the future loses none.
    pub(crate) async fn next(&mut self) {
        let heeded = self.heeded;
        if self.count.wait_for(|count| *count > heeded).await.is_err() {
            // Nobody can send any more, so none will come.
            std::future::pending::<()>().await;
        }
        self.heeded += 1;
    }

    /// Waits for the signal that ends a command of this purpose whatever it does, and gives how it ends then.
    pub(crate) async fn end(mut self, purpose: Purpose) -> Failure {
        self.next().await;
        match purpose {
            Purpose::Look => interrupted(),
            Purpose::Run | Purpose::Watch => {
                self.next().await;
                killed()
            }
        }
    }

    /// The result of `work`, unless a signal comes first: then nothing has been started that could be cancelled.
    pub(crate) async fn or<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            biased; // what is done is not thrown away
            result = work => Ok(result),
            () = self.next() => Err(killed()),
        }
    }
}

/// Ended by a signal.
pub(crate) fn interrupted() -> Failure {
    Failure { exit: Exit::Killed, ..Failure::trouble("interrupted", "interrupted") }
}

/// Ended by a signal at once.
pub(crate) fn killed() -> Failure {
    interrupted().hint("a play that was running goes on with the next command on this store")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_that_come_at_once_are_two() {
        let (sender, mut signals) = Signals::by_hand();
        let mut other = signals.clone();
        sender.send_modify(|count| *count += 2);
        for _ in 0..2 {
            signals.next().await;
        }
        let third =
            tokio::select! { biased; () = signals.next() => true, () = std::future::ready(()) => false };
        assert!(!third);
        assert_eq!(other.or(std::future::pending::<()>()).await.unwrap_err().exit, Exit::Killed);
        assert_eq!(other.end(Purpose::Look).await.exit, Exit::Killed);
    }
}
