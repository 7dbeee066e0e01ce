//! W3: durable steps a second, in one flow and over eight.

use std::time::Instant;

use futures_util::future::try_join_all;
use serde_json::json;

use crate::{
    Result,
    figure::{Figure, median},
    floor,
    home::{Home, MANY_STEPS},
};

/// Flows at once in the parallel measurement.
const FLOWS: u32 = 8;
/// Steps of each of them.
const STEPS_OF_EACH: u32 = 2_000;

pub(crate) async fn measure() -> Result<()> {
    let home = Home::new().await?;
    let sync_ms = floor::append_and_sync(&home.path())?;
    let round_trip_ms = floor::socket_round_trip()?;
    let floor = 1e3 / (sync_ms + round_trip_ms);
    let what = "append, fdatasync and a socket there and back";
    home.run(MANY_STEPS, json!({"steps": 200})).await?;
    for (steps, rounds) in [(1_000, 5), (10_000, 2)] {
        let mut rates = Vec::new();
        for _ in 0..rounds {
            let start = Instant::now();
            home.run(MANY_STEPS, json!({"steps": steps})).await?;
            rates.push(f64::from(steps) / start.elapsed().as_secs_f64());
        }
        Figure::new("W3", &format!("one flow of {steps} steps"), median(&mut rates), "steps/s")
            .rate()
            .target(3_500.0)
            .samples(rounds)
            .floor(what, floor)
            .print()?;
    }
    let mut rates = Vec::new();
    for _ in 0..3 {
        let start = Instant::now();
        try_join_all((0..FLOWS).map(|_| home.run(MANY_STEPS, json!({"steps": STEPS_OF_EACH})))).await?;
        rates.push(f64::from(FLOWS * STEPS_OF_EACH) / start.elapsed().as_secs_f64());
    }
    Figure::new("W3", &format!("{FLOWS} flows of {STEPS_OF_EACH} steps"), median(&mut rates), "steps/s")
        .rate()
        .target(15_000.0)
        .samples(rates.len())
        .floor(what, floor)
        .print()?;
    home.close().await?;
    Ok(())
}
