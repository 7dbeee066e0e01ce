//! W9: the server as a process of its own, over its socket.

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures_util::{StreamExt as _, future::try_join_all};
use hero_sdk::{
    Client, PlaySid,
    logic::{Logic as _, OfPlay, SpanFeed},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
};

use crate::{
    Result,
    figure::{Figure, milliseconds, percentile},
    home::{Home, MANY_STEPS, ONE_STEP, PLAIN, TICK, directory},
    memory, requests, resumes,
    server::{Server, binary},
};

/// Calls that are measured, one after the other.
const CALLS: usize = 5_000;
/// Calls before them.
const FIRST_CALLS: usize = 500;
/// Runs of the command line on a warm server, and before them.
const RUNS: usize = 30;
const FIRST_RUNS: usize = 5;
/// Who watches one play.
const SUBSCRIBERS: usize = 1_000;
const TICKS_PER_S: f64 = 10.0;
/// So many ticks are watched, and the first ones not counted.
const TICKS: usize = 100;
const FIRST_TICKS: usize = 10;
/// The large store: plays, and steps of each.
const PLAYS: usize = 100_000;
const STEPS: u32 = 20;

pub(crate) async fn measure() -> Result<()> {
    let home = Home::served().await?;
    requests::one_after_the_other(&home, "W9").await?;
    requests::at_once(&home, "W9").await?;
    home.come_to_rest().await?;
    resumes::resume(&home, "W9").await?;
    measure_calls(&home).await?;
    measure_events(&home).await?;
    home.close().await?;
    measure_runs()?;
    measure_large_store().await
}

async fn measure_calls(home: &Home) -> Result<()> {
    let play_sid = home.run(ONE_STEP, json!({})).await?.play_sid;
    let mut times = Vec::new();
    for call in 0..FIRST_CALLS + CALLS {
        let start = Instant::now();
        home.logic.play_status(OfPlay { play_sid: play_sid.clone() }).await?;
        if call >= FIRST_CALLS {
            times.push(start.elapsed());
        }
    }
    let floor = round_trip().await?;
    let figure = |what: &str, value| {
        Figure::new("W9", what, value, "ms").samples(CALLS).floor("a byte to a socket and back", floor)
    };
    figure("play_status, p50", percentile(&mut times, 0.5)).target(0.3).print()?;
    figure("play_status, p99", percentile(&mut times, 0.99)).print()
}

/// A byte to a task that sends it back, and back, in milliseconds, p50.
async fn round_trip() -> Result<f64> {
    let directory = directory()?;
    let path = directory.path().join("floor.sock");
    let listener = UnixListener::bind(&path)?;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut byte = [0];
        while stream.read_exact(&mut byte).await.is_ok() {
            stream.write_all(&byte).await?;
        }
        Ok::<_, std::io::Error>(())
    });
    let mut stream = UnixStream::connect(&path).await?;
    let mut times = Vec::new();
    for _ in 0..CALLS {
        let start = Instant::now();
        stream.write_all(&[1]).await?;
        stream.read_exact(&mut [0]).await?;
        times.push(start.elapsed());
    }
    Ok(percentile(&mut times, 0.5))
}

/// From a step in Python to everybody who watches.
async fn measure_events(home: &Home) -> Result<()> {
    let quiet = rate_of_steps(home).await?;
    let inputs = json!({"ticks": TICKS, "every_s": 1.0 / TICKS_PER_S});
    let play_sid = home.start(TICK, inputs).await?;
    let feeds = try_join_all((0..SUBSCRIBERS).map(|_| home.logic.play_feed(play_sid.clone(), 0))).await?;
    let watching: Vec<_> = feeds.into_iter().map(|feed| tokio::spawn(watch(feed))).collect();
    let mut late = Vec::new();
    for watched in watching {
        late.extend(watched.await??);
    }
    home.settle(play_sid).await?;
    let figure = |what: &str, value| Figure::new("W9", what, value, "ms").samples(late.len());
    let mut late_again = late.clone();
    figure(&format!("step to each of {SUBSCRIBERS} subscribers, p50"), percentile(&mut late_again, 0.5))
        .print()?;
    figure(&format!("step to each of {SUBSCRIBERS} subscribers, p99"), percentile(&mut late_again, 0.99))
        .target(100.0)
        .print()?;
    Figure::new("W9", "durable steps of one flow", quiet, "steps/s").rate().print()
}

/// How late each tick was, but for the first ones, which come while others still subscribe.
async fn watch(mut feed: SpanFeed) -> Result<Vec<Duration>> {
    let mut late = Vec::new();
    let mut ticks = 0;
    while let Some(page) = feed.next().await {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        for span in page?.spans.iter().filter(|span| span.name == "now") {
            let Some(at) = span.output.as_ref().and_then(|output| output.parse::<f64>().ok()) else {
                continue;
            };
            ticks += 1;
            if ticks > FIRST_TICKS {
                late.push(now.saturating_sub(Duration::from_secs_f64(at)));
            }
        }
    }
    if ticks == TICKS { Ok(late) } else { Err(format!("{ticks} ticks of {TICKS} came").into()) }
}

async fn rate_of_steps(home: &Home) -> Result<f64> {
    const STEPS: u32 = 2_000;
    let start = Instant::now();
    home.run(MANY_STEPS, json!({"steps": STEPS})).await?;
    Ok(f64::from(STEPS) / start.elapsed().as_secs_f64())
}

/// `hero_logic run` where a server is warm.
fn measure_runs() -> Result<()> {
    let directory = directory()?;
    let file = directory.path().join("workloads.py");
    fs::write(&file, PLAIN)?;
    let home = directory.path().join("home");
    fs::create_dir(&home)?;
    let server = Server::start(&home)?;
    let run = |arguments: &[&str]| -> Result<Duration> {
        let start = Instant::now();
        let status = Command::new(binary()?)
            .args(arguments)
            .env("HERO_HOME", &home)
            .env_remove("HERO_LOGIC_EMBEDDED")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        if status.success() { Ok(start.elapsed()) } else { Err(format!("hero_logic: {status}").into()) }
    };
    let (mut runs, mut versions) = (Vec::new(), Vec::new());
    for number in 0..FIRST_RUNS + RUNS {
        let time = run(&["run", "--entry", "three_steps", &file.to_string_lossy()])?;
        let floor = run(&["--version"])?;
        if number >= FIRST_RUNS {
            runs.push(time);
            versions.push(floor);
        }
    }
    server.stop()?;
    let floor = percentile(&mut versions, 0.5);
    let figure = |what: &str, value| {
        Figure::new("W9", what, value, "ms").samples(RUNS).floor("hero_logic --version", floor)
    };
    figure("hero_logic run on a warm server, p50", percentile(&mut runs, 0.5)).target(30.0).print()?;
    figure("hero_logic run on a warm server, p90", percentile(&mut runs, 0.9)).print()
}

/// A server on a store with very much in it.
async fn measure_large_store() -> Result<()> {
    let home = Home::new().await?;
    let template = home.run(MANY_STEPS, json!({"steps": STEPS})).await?;
    let store = home.logic.server_info().await?.store;
    let directory = home.close().await?;
    let spans = memory::fill(store.as_ref(), &template, PLAYS).await?;
    let (server, ready) = Server::timed(directory.path())?;
    let what = format!("ready with {PLAYS} plays and {spans} spans");
    Figure::new("W9", &what, milliseconds(ready), "ms").target(2_000.0).print()?;
    let client = server.client();
    touch(&client, &template.play_sid).await?;
    let resident = resident_mb(server.pid())?;
    Figure::new("W9", "memory of the server on that store", resident, "MB").target(60.0).print()?;
    server.stop()
}

/// Uses it a little: what is only open has read nothing.
async fn touch(client: &Client, play_sid: &PlaySid) -> Result<()> {
    for _ in 0..100 {
        client.play_list(hero_sdk::logic::PlayList::default()).await?;
        client.play_status(OfPlay { play_sid: play_sid.clone() }).await?;
    }
    Ok(())
}

fn resident_mb(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("a process has memory")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}
