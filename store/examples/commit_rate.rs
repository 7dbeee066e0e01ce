//! Measures durable commits beside what the disk itself gives: `cargo run --release --example commit_rate [DIRECTORY]`.
//!
//! A commit holds what a step writes: its record and its span.
#![expect(clippy::disallowed_methods, reason = "this program measures time")]

use std::{
    collections::BTreeMap,
    error::Error,
    fs::File,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use hero_sdk::{
    Json, PlaySid, Timestamp,
    model::{Span, SpanKind, SpanStatus},
};
use hero_store::{Batch, Durability, OpenOptions, Outcome, Payload, Record, Tables};

const COMMITS_ALONE: u64 = 3_000;
const COMMITS_TOGETHER: u64 = 60_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = match std::env::args_os().nth(1) {
        Some(parent) => tempfile::tempdir_in(parent)?,
        None => tempfile::tempdir()?,
    };
    append(directory.path())?;
    for name in ["new store", "store opened again"] {
        let start = Instant::now();
        let tables =
            Tables::open(&directory.path().join("store"), OpenOptions { lock_wait: Duration::ZERO })?;
        println!("{name}: open {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
        alone(&tables).await?;
        buffered(&tables).await?;
        for callers in [8, 64] {
            together(&tables, callers).await?;
        }
        read(&tables).await?;
        tables.close().await?;
    }
    Ok(())
}

/// The floor: one write and one `fdatasync` of a growing file.
fn append(directory: &Path) -> Result<(), Box<dyn Error>> {
    let mut file = File::create(directory.join("append"))?;
    let mut times = Vec::new();
    for _ in 0..COMMITS_ALONE {
        let start = Instant::now();
        file.write_all(&[0x5a; 600])?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    report("append and fdatasync, alone", times);
    Ok(())
}

async fn alone(tables: &Tables) -> Result<(), Box<dyn Error>> {
    let play = PlaySid::new();
    let mut times = Vec::new();
    for seq in 1..=COMMITS_ALONE {
        let batch = step(&play, seq);
        let start = Instant::now();
        tables.commit(batch).await?;
        times.push(start.elapsed());
    }
    report("commit, 1 caller", times);
    Ok(())
}

/// What everything but the sync costs.
async fn buffered(tables: &Tables) -> Result<(), Box<dyn Error>> {
    let play = PlaySid::new();
    let mut times = Vec::new();
    for seq in 1..=COMMITS_ALONE {
        let batch = step(&play, seq);
        let start = Instant::now();
        let (reply, answer) = tokio::sync::oneshot::channel();
        tables.submit(batch, Durability::Buffered, |result| drop(reply.send(result))).await?;
        answer.await??;
        times.push(start.elapsed());
    }
    report("commit without sync, 1 caller", times);
    Ok(())
}

async fn together(tables: &Tables, callers: u64) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let tables = tables.clone();
            tokio::spawn(async move {
                let play = PlaySid::new();
                for seq in 1..=COMMITS_TOGETHER / callers {
                    tables.commit(step(&play, seq)).await?;
                }
                Ok::<_, hero_store::Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("  commit, {callers} callers: {:.0} a second", COMMITS_TOGETHER as f64 / seconds);
    Ok(())
}

async fn read(tables: &Tables) -> Result<(), Box<dyn Error>> {
    let play = PlaySid::new();
    let mut batch = Batch::new();
    for seq in 1..=1_000 {
        batch.put_record(&play, &record(seq));
    }
    tables.commit(batch).await?;
    let start = Instant::now();
    let records = tables.records(&play)?;
    println!("  read {} records of a play: {:.2} ms", records.len(), start.elapsed().as_secs_f64() * 1e3);
    Ok(())
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at =
        |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default().as_secs_f64() * 1e6;
    println!("  {name}: median {:.0} us, p90 {:.0} us, p99 {:.0} us", at(50), at(90), at(99));
}

fn step(play: &PlaySid, seq: u64) -> Batch {
    let mut batch = Batch::new();
    let record = record(seq);
    batch.put_record(play, &record);
    batch.put_span(
        play,
        &Span {
            span_id: seq as u32,
            parent: Some(1),
            seq,
            path: record.path,
            kind: SpanKind::Flow,
            name: "fetch".into(),
            status: SpanStatus::Ok,
            recorded: true,
            attempt: 1,
            tries: Vec::new(),
            line: Some(12),
            inputs: Some("{\"url\": \"https://example.org\"}".into()),
            output: Some("{\"status\": 200}".into()),
            error: None,
            tags: BTreeMap::new(),
            progress: None,
            cost_usd: 0.0,
            tokens_in: 0,
            tokens_out: 0,
            started_at: Timestamp(1_700_000_000_000_000),
            ended_at: Some(Timestamp(1_700_000_000_100_000)),
            duration_ms: Some(100.0),
        },
        None,
    );
    batch
}

fn record(seq: u64) -> Record {
    Record {
        path: format!("main#0/fetch#{seq}"),
        kind: "flow".into(),
        fingerprint: "0123456789abcdef0123456789abcdef".into(),
        attempt: 1,
        seq,
        loop_time: Some(1.25),
        outcome: Outcome::Ok(Payload::Inline(
            Json::parse("{\"status\": 200, \"body\": \"hello, this is the text of a page\"}")
                .expect("the text above is JSON"),
        )),
    }
}
