//! What the runtime makes of its own failures and of wishes that meet: what cannot be seen from outside.

mod engine;
mod races;
mod store;
mod supervision;

use std::time::Duration;

use hero_sdk::{
    Error, Json, Logic as _, PlaySid, Timestamp, VersionSid,
    logic::{PlayWait, Until},
    model::{Play, Status},
};
use hero_store::{PlayMemory, PlayRow};

use crate::Runtime;

async fn settled(runtime: &Runtime, play_sid: &PlaySid) -> Result<Play, Error> {
    let wait = PlayWait { play_sid: play_sid.clone(), timeout_ms: None, until: Until::Settled };
    limited(runtime.play_wait(wait)).await
}

/// The limit only ends a test that has failed.
async fn limited<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it never came")
}

async fn eventually(what: impl Fn() -> bool) {
    limited(async {
        while !what() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// A play as it is when it is accepted.
fn row(version: &VersionSid) -> PlayRow {
    let play_sid = PlaySid::new();
    let play = Play {
        root_play_sid: play_sid.clone(),
        play_sid,
        workflow_sid: None,
        workflow: "flow.py".into(),
        version_sid: version.clone(),
        version: None,
        status: Status::Queued,
        inputs: Json::parse("{}").unwrap(),
        outputs: None,
        error: None,
        attempt: 0,
        trigger: "test".into(),
        tags: Vec::new(),
        parent_play_sid: None,
        cost_usd: 0.0,
        tokens_in: 0,
        tokens_out: 0,
        created_at: Timestamp(0),
        started_at: None,
        ended_at: None,
        duration_ms: 0.0,
        pending_resumes: 0,
    };
    PlayRow { play, memory: PlayMemory::default() }
}
