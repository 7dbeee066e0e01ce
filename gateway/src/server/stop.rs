//! That it is time to stop, for everybody who works on something.

use std::time::Duration;

use hero_sdk::{Error, ErrorCode};
use tokio::sync::watch;

/// For how long what is being answered may still be.
const GRACE: Duration = Duration::from_secs(1);

/// Tells when it is time to stop.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    pub(crate) fn new(stop: watch::Receiver<bool>) -> Self {
        Self(stop)
    }

    /// Returns when it is time.
    pub(crate) async fn told(mut self) {
        // Whoever could say so has gone: that says the same.
        drop(self.0.wait_for(|stop| *stop).await);
    }

    /// Whether it is time.
    pub(crate) fn is_told(&self) -> bool {
        *self.0.borrow()
    }

    /// The outcome of `work`, unless it is time to stop and it is not done within a moment.
    pub(crate) async fn or<T>(self, work: impl Future<Output = T>) -> Result<T, Error> {
        let too_late = async {
            self.told().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            done = work => Ok(done),
            () = too_late => Err(Error::new(ErrorCode::ShuttingDown, "the server is shutting down")
                .hint("what was asked may have been done; ask again when it is back, with the same idempotency key")),
        }
    }
}
