//! The word that the server stops.

use tokio::sync::watch;

/// Returns when it is time to stop.
pub(crate) async fn told(mut stop: watch::Receiver<bool>) {
    // Whoever could say so has gone: that says the same.
    drop(stop.wait_for(|stop| *stop).await);
}
