//! Ctrl-C and SIGTERM as a number that only grows, so that whoever waits for the next one misses none.

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::cli::errors::{Exit, Failure};

/// The signals that came since the start.
#[derive(Clone, Debug)]
pub(crate) struct Signals {
    count: watch::Receiver<u32>,
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
        Ok(Self { count })
    }

    /// Signals that a test raises by hand.
    #[cfg(test)]
    pub(crate) fn by_hand() -> (watch::Sender<u32>, Self) {
        let (sender, count) = watch::channel(0);
        (sender, Self { count })
    }

    /// Waits for the next signal. Dropping the future loses none.
    pub(crate) async fn next(&mut self) {
        if self.count.changed().await.is_err() {
            // Nobody can send any more, so none will come.
            std::future::pending::<()>().await;
        }
    }

    /// The result of `work`, unless a signal comes first: then nothing has been started that could be cancelled.
    pub(crate) async fn or<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
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
