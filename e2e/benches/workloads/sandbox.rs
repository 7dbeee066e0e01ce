//! W8: what confinement adds to a play, and each of its layers.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use hero_actors::SandboxConfig;
use hero_sdk::model::SandboxLevel;
use serde_json::json;

use crate::{
    Result,
    figure::{Figure, median, percentile},
    home::{Home, ONE_STEP},
};

/// Rounds, in each of which every configuration has its turn: the machine's moods hit all alike.
const ROUNDS: usize = 7;
/// Plays of a turn, one after the other.
const ONE_BY_ONE: usize = 60;
/// Plays of a turn, all at once.
const AT_ONCE: usize = 100;
/// Before the first turn.
const FIRST_PLAYS: usize = 50;
/// Milliseconds that `strict` may take more than `default`.
const STRICT_MORE_MS: f64 = 1.5;

/// One way to be confined, and what it took.
struct Way {
    name: String,
    home: Home,
    times: Vec<Duration>,
    /// Milliseconds of a play, of many at once.
    shares: Vec<f64>,
}

impl Way {
    async fn new(name: impl Into<String>, sandbox: SandboxConfig) -> Result<Self> {
        let home = Home::confined(sandbox).await?;
        try_join_all((0..FIRST_PLAYS).map(|play| home.run(ONE_STEP, json!({"number": play})))).await?;
        home.come_to_rest().await?;
        Ok(Self { name: name.into(), home, times: Vec::new(), shares: Vec::new() })
    }

    async fn take_turn(&mut self) -> Result<()> {
        for play in 0..ONE_BY_ONE {
            let start = Instant::now();
            self.home.run(ONE_STEP, json!({"number": play})).await?;
            self.times.push(start.elapsed());
        }
        let start = Instant::now();
        try_join_all((0..AT_ONCE).map(|play| self.home.run(ONE_STEP, json!({"number": play})))).await?;
        self.shares.push(start.elapsed().as_secs_f64() * 1e3 / AT_ONCE as f64);
        self.home.come_to_rest().await
    }

    fn share(&self) -> f64 {
        median(&mut self.shares.clone())
    }
}

/// W8.
pub(crate) async fn measure() -> Result<()> {
    let mut ways = vec![
        Way::new("off", SandboxConfig::of(SandboxLevel::Off)).await?,
        Way::new("default", SandboxConfig::of(SandboxLevel::Default)).await?,
        Way::new("strict", SandboxConfig::of(SandboxLevel::Strict)).await?,
    ];
    let layers = ways.get(1).ok_or("three ways")?.home.logic.server_info().await?.sandbox;
    for layer in layers {
        let without = vec![layer.clone()];
        let sandbox = SandboxConfig { without, ..SandboxConfig::of(SandboxLevel::Default) };
        ways.push(Way::new(layer, sandbox).await?);
    }
    for _ in 0..ROUNDS {
        for way in &mut ways {
            way.take_turn().await?;
        }
    }
    let samples = ROUNDS * ONE_BY_ONE;
    let mut default = (0.0, 0.0);
    for (place, way) in ways.iter_mut().enumerate() {
        let (p50, share) = (percentile(&mut way.times, 0.5), way.share());
        match place {
            0..=2 => {
                let figure = Figure::new("W8", &format!("{}: request to result, p50", way.name), p50, "ms");
                let figure = figure.samples(samples);
                if place == 1 {
                    default = (p50, share);
                }
                if place == 2 { figure.target(default.0 + STRICT_MORE_MS) } else { figure }.print()?;
                let what = format!("{}: {AT_ONCE} at once", way.name);
                Figure::new("W8", &what, 1e3 / share, "flows/s").rate().samples(ROUNDS).print()?;
            }
            // Without a layer a play takes less: what it adds.
            _ => {
                let what = format!("layer {}: of each play, {AT_ONCE} at once", way.name);
                Figure::new("W8", &what, default.1 - share, "ms").samples(ROUNDS).print()?;
            }
        }
    }
    for way in ways {
        way.home.close().await?;
    }
    Ok(())
}
