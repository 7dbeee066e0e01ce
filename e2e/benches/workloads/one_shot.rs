//! W1: the command `hero_logic run FILE` on a store that has some plays.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::Instant,
};

use crate::{
    Result,
    figure::{Figure, percentile},
    floor,
    home::{Home, PLAIN, directory},
};

/// Runs before the measured ones: they make the store and warm the machine's caches.
const FIRST_RUNS: usize = 5;
/// Measured runs.
const RUNS: usize = 30;

pub(crate) async fn measure() -> Result<()> {
    let directory = directory()?;
    let file = directory.path().join("workloads.py");
    fs::write(&file, PLAIN)?;
    let binary: PathBuf = env::var_os("HERO_LOGIC_BIN")
        .ok_or("HERO_LOGIC_BIN names the release binary: use ./e2e/bench")?
        .into();
    let mut times = Vec::new();
    for run in 0..FIRST_RUNS + RUNS {
        let start = Instant::now();
        let status = Command::new(&binary)
            .args(["run", "--entry", "three_steps"])
            .arg(&file)
            .env("HERO_HOME", directory.path().join("home"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        if !status.success() {
            return Err(format!("hero_logic run: {status}").into());
        }
        if run >= FIRST_RUNS {
            times.push(start.elapsed());
        }
    }
    let home = Home::new().await?;
    let floor = floor::python_start(&home.python().await?)?;
    home.close().await?;
    let figure = |what: &str, value| {
        Figure::new("W1", what, value, "ms").samples(RUNS).floor("an interpreter starts and ends", floor)
    };
    figure("hero_logic run, p50", percentile(&mut times, 0.5)).target(100.0).print()?;
    figure("hero_logic run, p90", percentile(&mut times, 0.9)).print()
}
