//! What the runtime makes of its own failures and of wishes that meet: what cannot be seen from outside.

mod acknowledge;
mod attempts;
mod deletion;
mod edges;
mod gate;
mod library;
mod races;
mod store;
mod supervision;

use std::time::Duration;

use hero_sdk::{
    Error, Logic as _, PlaySid,
    logic::{PlayWait, Until},
    model::Play,
};

use crate::{Runtime, play::sample::row};

async fn settled(runtime: &Runtime, play_sid: &PlaySid) -> Result<Play, Error> {
    let wait = PlayWait { play_sid: play_sid.clone(), timeout_ms: None, until: Until::Settled };
    limited(runtime.play_wait(wait)).await
}

/// The limit only ends a test that has failed.
async fn limited<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it never came")
}

async fn eventually(mut what: impl FnMut() -> bool) {
    limited(async {
        while !what() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
