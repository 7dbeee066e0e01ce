//! Clients of the server: some start plays, one answers what they ask. Whoever is not answered asks again.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use hero_e2e::Served;
use hero_sdk::{
    ErrorCode, Json, Logic as _,
    logic::{PlayPendingResumes, PlayResume, PlayRunAsync},
};
use serde_json::json;

use crate::{
    draw::Draw,
    killer::Until,
    ledger::{Ledger, Order},
};

/// Counts its steps in a file, and asks in the end if it is told to.
const SOURCE: &str = "
import time
from hero_tracing import ask_user, flow

@flow
def step(number: int) -> int:
    with open('effects.log', 'a') as log:
        log.write(f'{flow.attempt} {number}\\n')
    time.sleep(0.002)
    return number * number

@flow
def main(steps: int, asks: bool) -> int:
    total = sum(step(number) for number in range(steps))
    return total + int(ask_user.number('How much more?')) if asks else total
";
/// Steps of a play.
const STEPS_MAX: u64 = 8;
/// Of so many plays one asks.
const ASKING: u64 = 5;
/// Between two tries, and two looks for questions.
const PAUSE: Duration = Duration::from_millis(20);
/// Between two starts of a client, where a soak wants fifty of all in a second.
const PERIOD: Duration = Duration::from_millis(80);

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Starts one play after the other, each until it is acknowledged.
pub(crate) fn start(
    served: &Served,
    ledger: &Ledger,
    mut draw: Draw,
    client: u64,
    until: Until,
    ends: &AtomicBool,
) {
    block_on(async {
        let hero = served.client();
        let mut ticks = tokio::time::interval(PERIOD);
        for number in 0.. {
            if ends.load(Ordering::Relaxed) {
                return;
            }
            if matches!(until, Until::Elapsed(_)) {
                ticks.tick().await;
            }
            let order = Order { steps: draw.between(1, STEPS_MAX + 1), asks: draw.between(0, ASKING) == 0 };
            let run = PlayRunAsync {
                source: SOURCE.to_owned(),
                entry: Some("main".to_owned()),
                inputs: Some(Json::from(&json!({ "steps": order.steps, "asks": order.asks }))),
                idempotency_key: Some(format!("{client}-{number}")),
                ..PlayRunAsync::default()
            };
            loop {
                match hero.play_run_async(run.clone()).await {
                    Ok(play) => break ledger.started(play.play_sid, order),
                    Err(error) => is_of_the_storm(error.code),
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    });
}

/// Answers whatever is asked.
pub(crate) fn answer(served: &Served, ledger: &Ledger, ends: &AtomicBool) {
    block_on(async {
        let hero = served.client();
        while !ends.load(Ordering::Relaxed) {
            tokio::time::sleep(PAUSE).await;
            let all = PlayPendingResumes { limit: Some(1_000), ..PlayPendingResumes::default() };
            let open = match hero.play_pending_resumes(all).await {
                Ok(open) => open.resumes,
                Err(error) => {
                    is_of_the_storm(error.code);
                    continue;
                }
            };
            for question in open {
                let play_sid = question.play_sid.clone();
                let inputs = match hero.play_status(play_sid.clone().into()).await {
                    Ok(play) => play.inputs.to::<serde_json::Value>().unwrap(),
                    Err(error) => {
                        is_of_the_storm(error.code);
                        break;
                    }
                };
                let order = Order { steps: inputs["steps"].as_u64().unwrap(), asks: true };
                let resume = PlayResume {
                    play_sid: play_sid.clone(),
                    resume_id: question.resume_id,
                    payload: Json::from(&json!(order.answer())),
                    answered_by: None,
                };
                match hero.play_resume(resume).await {
                    Ok(_) => ledger.answered(play_sid),
                    Err(error) => {
                        is_of_the_storm(error.code);
                        break;
                    }
                }
            }
        }
    });
}

/// Whether nobody was there to say more, or somebody who had no time.
#[track_caller]
fn is_of_the_storm(code: ErrorCode) {
    let of_the_storm = [
        ErrorCode::Unreachable,
        ErrorCode::ShuttingDown,
        ErrorCode::Busy,
        // What a flow that was killed was describing.
        ErrorCode::SpawnFailed,
    ];
    assert!(of_the_storm.contains(&code), "{code:?}");
}
