//! W2 and W4: whole plays of one step, one after the other and many at once.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use serde_json::json;

use crate::{
    Result,
    figure::{Figure, median, percentile},
    floor,
    home::{Flow, Home, ONE_STEP, ONE_STEP_ASYNC},
};

/// Plays before the measured ones.
const FIRST_PLAYS: usize = 50;
/// Measured plays of W2.
const PLAYS: usize = 500;

/// Between plays that do not follow one another at once, as with people and most services.
const REST: Duration = Duration::from_millis(10);
/// Writes that a play of one step waits for, one after the other: its acceptance, its step and its end.
const SYNCS: f64 = 3.0;

/// W2.
pub(crate) async fn measure_one_by_one() -> Result<()> {
    let home = Home::new().await?;
    one_after_the_other(&home, "W2").await?;
    home.close().await?;
    Ok(())
}

/// The plays of W2, in a home of either kind.
pub(crate) async fn one_after_the_other(home: &Home, workload: &str) -> Result<()> {
    let floor = floor::python_fork(&home.python().await?)?
        + floor::files_of_a_play(&home.path())?
        + SYNCS * floor::append_and_sync(&home.path())?;
    let figure = |what: &str, value| {
        let what_floor = "a fork, two directories, a file, three fdatasyncs";
        Figure::new(workload, what, value, "ms").samples(PLAYS).floor(what_floor, floor)
    };
    let mut times = one_by_one(home, ONE_STEP, Duration::ZERO).await?;
    figure("request to result, p50", percentile(&mut times, 0.5)).target(2.0).print()?;
    figure("request to result, p99", percentile(&mut times, 0.99)).target(6.0).print()?;
    let mut times = one_by_one(home, ONE_STEP, REST).await?;
    figure("with 10 ms between them, p50", percentile(&mut times, 0.5)).print()?;
    figure("with 10 ms between them, p99", percentile(&mut times, 0.99)).print()?;
    let mut times = one_by_one(home, ONE_STEP_ASYNC, Duration::ZERO).await?;
    figure("of a coroutine with asyncio, p50", percentile(&mut times, 0.5)).print()?;
    figure("of a coroutine with asyncio, p99", percentile(&mut times, 0.99)).print()
}

async fn one_by_one(home: &Home, flow: Flow, rest: Duration) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for play in 0..FIRST_PLAYS + PLAYS {
        tokio::time::sleep(rest).await;
        let start = Instant::now();
        home.run(flow, json!({"number": play})).await?;
        if play >= FIRST_PLAYS {
            times.push(start.elapsed());
        }
    }
    Ok(times)
}

/// W4.
pub(crate) async fn measure_at_once() -> Result<()> {
    let home = Home::new().await?;
    at_once(&home, "W4").await?;
    home.close().await?;
    Ok(())
}

/// The plays of W4, in a home of either kind.
pub(crate) async fn at_once(home: &Home, workload: &str) -> Result<()> {
    let floor = 1e3 / floor::python_fork(&home.python().await?)?;
    try_join_all((0..FIRST_PLAYS).map(|play| home.run(ONE_STEP, json!({"number": play})))).await?;
    home.come_to_rest().await?;
    for flows in [200, 1_000] {
        let mut rates = Vec::new();
        for _ in 0..3 {
            let start = Instant::now();
            try_join_all((0..flows).map(|play| home.run(ONE_STEP, json!({"number": play})))).await?;
            rates.push(f64::from(flows) / start.elapsed().as_secs_f64());
        }
        Figure::new(workload, &format!("{flows} at once"), median(&mut rates), "flows/s")
            .rate()
            .target(500.0)
            .samples(rates.len())
            .floor("a warm Python forks, one child at a time", floor)
            .print()?;
    }
    Ok(())
}
