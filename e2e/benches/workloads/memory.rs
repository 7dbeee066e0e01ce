//! W7: what plays take of memory, of all processes of a runtime together, and how it bears very many paused plays.

use std::{
    collections::{HashMap, HashSet},
    fs,
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, future::try_join_all};
use hero_actors::{Config, Runtime};
use hero_sdk::{
    Logic as _, PlaySid, ResumeId,
    logic::{Cursor, PlayList},
    model::{Play, Status},
};
use hero_store::{Batch, Durability, OpenOptions, Tables};
use serde_json::json;

use crate::{
    Result,
    figure::{Figure, milliseconds},
    floor,
    home::{Flow, Home, ONE_STEP, ONE_STEP_ASYNC, STAND_STILL, STEPS_AND_QUESTION},
};

/// Plays that run at once when their memory is measured; fewer than have a place.
const RUNNING: usize = 50;
/// Plays before them.
const FIRST_PLAYS: usize = 20;
/// Plays that ask and are left, or that end, when memory is measured.
const PAUSED: usize = 1_000;
/// Paused plays in the store that is listed and opened again.
const PAUSED_MANY: usize = 100_000;
/// Plays in one write when that store is filled.
const COPIES_OF_A_WRITE: usize = 500;

pub(crate) async fn measure() -> Result<()> {
    let home = Home::new().await?;
    let interpreter = floor::python_memory(&home.python().await?)?;
    Figure::new("W7", "idle, one play has run", memory_mb()?, "MB")
        .target(40.0)
        .floor("an interpreter with asyncio", interpreter)
        .print()?;
    measure_running(&home).await?;
    measure_paused(&home).await?;
    let template = home.run(STEPS_AND_QUESTION, json!({"steps": 1})).await?;
    let store = home.logic.server_info().await?.store;
    let directory = home.close().await?;
    fill(store.as_ref(), &template, PAUSED_MANY).await?;
    measure_many(directory.path()).await
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
async fn measure_running(home: &Home) -> Result<()> {
    // By then the fork server has what these plays import; before that each of them imports it for itself.
    for _ in 0..FIRST_PLAYS {
        home.run(ONE_STEP_ASYNC, json!({})).await?;
    }
    home.come_to_rest().await?;
    let before = memory_mb()?;
    let plays = try_join_all((0..RUNNING).map(|_| home.start(STAND_STILL, json!({})))).await?;
    for play in &plays {
        // Its first node is there once the flow's body runs.
        let mut feed = home.logic.play_feed(play.clone(), 0).await?;
        while feed.next().await.ok_or("a play that runs has a feed")??.spans.is_empty() {}
    }
    let each = (memory_mb()? - before) / RUNNING as f64;
    Figure::new("W7", "each running play", each, "MB").target(2.0).samples(RUNNING).print()?;
    for play in plays {
        home.logic.play_cancel(play.clone().into()).await?;
    }
    Ok(())
}

async fn measure_paused(home: &Home) -> Result<()> {
    let start = memory_mb()?;
    run_many(home, ONE_STEP, json!({})).await?;
    let ended = memory_mb()?;
    run_many(home, STEPS_AND_QUESTION, json!({"steps": 1})).await?;
    let paused = memory_mb()?;
    Figure::new("W7", &format!("{PAUSED} paused plays"), paused - ended, "MB")
        .floor(&format!("{PAUSED} plays that have ended"), ended - start)
        .print()
}

async fn run_many(home: &Home, flow: Flow, inputs: serde_json::Value) -> Result<()> {
    try_join_all((0..PAUSED).map(|_| home.run(flow, inputs.clone()))).await?;
    Ok(())
}

/// Copies a play, with its questions, records and nodes, until there are so many; gives how many nodes that made.
pub(crate) async fn fill(store: &std::path::Path, template: &Play, plays: usize) -> Result<usize> {
    let tables = Tables::open(store, OpenOptions { lock_wait: Duration::from_secs(2) })?;
    let row = tables.play(&template.play_sid)?.ok_or("the play is in the store")?;
    let records = tables.records(&template.play_sid)?;
    let changes = tables.changes_after(&template.play_sid, 0, usize::MAX)?;
    let questions = tables.resumes_of(&template.play_sid)?;
    for _ in 0..plays / COPIES_OF_A_WRITE {
        let mut batch = Batch::new();
        for _ in 0..COPIES_OF_A_WRITE {
            let mut copy = row.clone();
            let play_sid = PlaySid::new();
            copy.play.play_sid = play_sid.clone();
            copy.play.root_play_sid = play_sid.clone();
            batch.put_play(&copy);
            records.iter().for_each(|record| batch.put_record(&play_sid, record));
            for change in &changes {
                match change {
                    hero_store::Change::Span(span) => batch.put_span(&play_sid, span, None),
                    hero_store::Change::Log(line) => batch.put_log(&play_sid, line),
                }
            }
            for question in &questions {
                let mut question = question.clone();
                question.resume_id = ResumeId::new();
                question.play_sid = play_sid.clone();
                batch.put_resume(&question);
            }
        }
        tables.submit(batch, Durability::Buffered, |_| {}).await?;
    }
    tables.close().await?;
    Ok(plays * changes.len())
}

async fn measure_many(directory: &std::path::Path) -> Result<()> {
    let before = memory_mb()?;
    let start = Instant::now();
    let runtime = Runtime::open(Config::new(directory)).await?;
    Figure::new(
        "W7",
        &format!("{PAUSED_MANY} paused plays: open again"),
        milliseconds(start.elapsed()),
        "ms",
    )
    .target(2_000.0)
    .print()?;
    Figure::new("W7", &format!("{PAUSED_MANY} paused plays: memory after it"), memory_mb()? - before, "MB")
        .print()?;
    let start = Instant::now();
    let first = list(&runtime, 50, None).await?;
    Figure::new(
        "W7",
        &format!("{PAUSED_MANY} paused plays: first page"),
        milliseconds(start.elapsed()),
        "ms",
    )
    .print()?;
    let start = Instant::now();
    let (mut listed, mut cursor) = (0, None);
    loop {
        let page = list(&runtime, 1_000, cursor).await?;
        listed += page.plays.len();
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if first.plays.len() != 50 || listed < PAUSED_MANY {
        return Err(format!("{listed} plays were listed").into());
    }
    Figure::new("W7", &format!("{PAUSED_MANY} paused plays: list all"), milliseconds(start.elapsed()), "ms")
        .target(300.0)
        .print()?;
    runtime.shutdown().await?;
    Ok(())
}

async fn list(
    runtime: &Runtime,
    limit: u32,
    cursor: Option<Cursor>,
) -> std::result::Result<hero_sdk::logic::Plays, hero_sdk::Error> {
    let status = Some(Status::AwaitingResume);
    runtime.play_list(PlayList { status, limit: Some(limit), cursor, ..PlayList::default() }).await
}

/// Memory of this process and of all that descend from it, shared pages counted by their share, in MB.
pub(crate) fn memory_mb() -> Result<f64> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // One that ended meanwhile has no parent.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
        children.entry(parent.unwrap_or(0)).or_default().push(pid);
    }
    let mut family = HashSet::new();
    let mut waiting = vec![std::process::id()];
    while let Some(pid) = waiting.pop() {
        if family.insert(pid) {
            waiting.extend(children.get(&pid).into_iter().flatten());
        }
    }
    Ok(family.into_iter().map(proportional_kb).sum::<f64>() / 1024.0)
}

/// Zero for a process that has ended.
fn proportional_kb(pid: u32) -> f64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
}
