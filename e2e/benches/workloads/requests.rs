//! W2 and W4: whole plays of one step, one after the other and many at once.

use std::time::Instant;

use futures_util::future::try_join_all;
use serde_json::json;

use crate::{
    Result,
    figure::{Figure, percentile},
    floor,
    home::Home,
};

/// Plays before the measured ones.
const FIRST_PLAYS: usize = 50;
/// Measured plays of W2.
const PLAYS: usize = 500;

/// W2.
pub(crate) async fn measure_one_by_one() -> Result<()> {
    let home = Home::new().await?;
    let mut times = Vec::new();
    for play in 0..FIRST_PLAYS + PLAYS {
        let start = Instant::now();
        home.run("one_step", json!({"number": play})).await?;
        if play >= FIRST_PLAYS {
            times.push(start.elapsed());
        }
    }
    let floor = floor::python_fork(&home.python().await?)?;
    let figure = |what: &str, value| {
        Figure::new("W2", what, value, "ms")
            .samples(PLAYS)
            .floor("a warm Python forks, the child ends", floor)
    };
    figure("request to result, p50", percentile(&mut times, 0.5)).target(2.0).print()?;
    figure("request to result, p99", percentile(&mut times, 0.99)).target(6.0).print()?;
    home.close().await?;
    Ok(())
}

/// W4.
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
pub(crate) async fn measure_at_once() -> Result<()> {
    let home = Home::new().await?;
    let floor = 1e3 / floor::python_fork(&home.python().await?)?;
    try_join_all((0..FIRST_PLAYS).map(|play| home.run("one_step", json!({"number": play})))).await?;
    for flows in [200, 1_000] {
        let mut rates = Vec::new();
        for _ in 0..3 {
            let start = Instant::now();
            try_join_all((0..flows).map(|play| home.run("one_step", json!({"number": play})))).await?;
            rates.push(flows as f64 / start.elapsed().as_secs_f64());
        }
        rates.sort_by(f64::total_cmp);
        let median = rates.get(1).copied().unwrap_or(f64::NAN);
        Figure::new("W4", &format!("{flows} at once"), median, "flows/s")
            .rate()
            .target(500.0)
            .samples(rates.len())
            .floor("a warm Python forks, one child at a time", floor)
            .print()?;
    }
    home.close().await?;
    Ok(())
}
