//! W5 and W6: an answer wakes a flow that had left memory, and its steps are answered from their records.

use std::time::Instant;

use serde_json::json;

use crate::{
    Result,
    figure::{Figure, percentile},
    floor,
    home::{Home, STEPS_AND_QUESTION},
};

/// Measured answers of W5.
const ANSWERS: usize = 300;
/// Answers before them.
const FIRST_ANSWERS: usize = 20;

/// W5.
pub(crate) async fn measure_resume() -> Result<()> {
    let home = Home::new().await?;
    resume(&home, "W5").await?;
    home.close().await?;
    Ok(())
}

/// The answers of W5, in a home of either kind.
pub(crate) async fn resume(home: &Home, workload: &str) -> Result<()> {
    let mut times = Vec::new();
    for answer in 0..FIRST_ANSWERS + ANSWERS {
        let time = answered(home, 1).await?;
        if answer >= FIRST_ANSWERS {
            times.push(time);
        }
    }
    let floor = floor::python_fork(&home.python().await?)?;
    let figure = |what: &str, value| {
        Figure::new(workload, what, value, "ms")
            .samples(ANSWERS)
            .floor("a warm Python forks, the child ends", floor)
    };
    figure("answer to the end, p50", percentile(&mut times, 0.5)).target(3.0).print()?;
    figure("answer to the end, p99", percentile(&mut times, 0.99)).print()
}

/// W6: the time from the answer to the end, less that of a flow of one step.
pub(crate) async fn measure_replay() -> Result<()> {
    let home = Home::new().await?;
    let floor = floor::python_loads(&home.python().await?)?;
    let mut of_one = Vec::new();
    for _ in 0..40 {
        of_one.push(answered(&home, 1).await?);
    }
    let base = percentile(&mut of_one, 0.5);
    for (steps, rounds) in [(1_000_u32, 10), (10_000, 3)] {
        let mut times = Vec::new();
        for _ in 0..rounds {
            times.push(answered(&home, steps).await?);
        }
        let whole = percentile(&mut times, 0.5);
        let each = (whole - base) * 1e3 / f64::from(steps);
        Figure::new("W6", &format!("a step, of {steps}"), each, "µs")
            .target(15.0)
            .samples(rounds)
            .floor("json.loads of a record", floor)
            .print()?;
        Figure::new("W6", &format!("all {steps}, answer to end"), whole, "ms").samples(rounds).print()?;
    }
    home.close().await?;
    Ok(())
}

async fn answered(home: &Home, steps: u32) -> Result<std::time::Duration> {
    let play = home.run(STEPS_AND_QUESTION, json!({"steps": steps})).await?.play_sid;
    home.come_to_rest().await?;
    let start = Instant::now();
    home.answer(&play).await?;
    home.settle(play).await?;
    Ok(start.elapsed())
}
