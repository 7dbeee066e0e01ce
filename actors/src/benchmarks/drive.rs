//! One benchmark from where it stands to its end.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};
use hero_sdk::{
    BenchmarkSid, Error, ErrorCode,
    logic::{BenchmarkNews, News},
    model::{BenchmarkStatus, Measurement},
};
use hero_store::{Batch, BenchmarkRow};
use tokio::sync::watch;

use super::{
    estimate::{count, summary},
    measure::{Work, measure},
};
use crate::{call::call, play::Environment, plays};

/// How long it rests after an error that may pass, such as a full disk.
const REST: Duration = Duration::from_secs(1);

/// Why it is to end, once somebody says so.
type Stop = watch::Receiver<Option<String>>;

/// Runs it until it has ended, whatever comes in between. What it could not measure for a reason of the runtime it
/// measures later.
pub(super) async fn drive(
    environment: &Arc<Environment>,
    benchmark_sid: &BenchmarkSid,
    mut stop: Stop,
) -> Result<(), Error> {
    loop {
        let Err(error) = go_on(environment, benchmark_sid, &mut stop).await else { return Ok(()) };
        if !may_pass(error.code) {
            return fail(environment, benchmark_sid, &error).await;
        }
        tracing::warn!(benchmark = %benchmark_sid, %error, "a benchmark rests");
        tokio::time::sleep(REST).await;
    }
}

/// Whether the same may work a little later. The runtime may be going down as well: then this task ends.
fn may_pass(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Busy
            | ErrorCode::Timeout
            | ErrorCode::SpawnFailed
            | ErrorCode::StorageFull
            | ErrorCode::StorageFailed
            | ErrorCode::ShuttingDown
    )
}

async fn go_on(
    environment: &Arc<Environment>,
    benchmark_sid: &BenchmarkSid,
    stop: &mut Stop,
) -> Result<(), Error> {
    // What an earlier task has handed in is there then.
    environment.tables.catch_up().await?;
    let Some((mut row, work)) = taken_up(environment, benchmark_sid)? else { return Ok(()) };
    let done = environment.tables.measurements(benchmark_sid)?;
    let done: BTreeSet<u32> = done.iter().map(|measurement| measurement.index).collect();
    let left: Vec<u32> = (0..row.benchmark.total).filter(|index| !done.contains(index)).collect();
    let at_once = row.benchmark.concurrency as usize;
    let stopped = {
        let runs = left.clone().into_iter().map(|index| measure(Arc::clone(&work), index));
        // Those that end together are written together.
        let mut ended = stream::iter(runs).buffer_unordered(at_once).ready_chunks(at_once);
        loop {
            tokio::select! {
                biased;
                reason = stopped(stop) => break Some(reason),
                some = ended.next() => match some {
                    Some(some) => add(environment, &mut row, some).await?,
                    None => break None,
                },
            }
        }
    };
    match stopped {
        None => end(environment, row, BenchmarkStatus::Completed, None).await,
        Some(reason) => {
            end_plays(&work, &left, &reason).await?;
            end(environment, row, BenchmarkStatus::Cancelled, Some(reason)).await
        }
    }
}

/// What is to be done, unless it has ended or is gone.
fn taken_up(
    environment: &Arc<Environment>,
    benchmark_sid: &BenchmarkSid,
) -> Result<Option<(BenchmarkRow, Arc<Work>)>, Error> {
    let tables = &environment.tables;
    let Some(row) = tables.benchmark(benchmark_sid)?.filter(|row| !row.benchmark.status.is_terminal()) else {
        return Ok(None);
    };
    let missing = |what: &str| {
        Error::new(ErrorCode::StoreCorrupt, format!("the benchmark {benchmark_sid} has no {what}"))
    };
    let plan = tables.plan(benchmark_sid)?.ok_or_else(|| missing("plan"))?;
    let version = tables.version(&row.benchmark.version_sid)?.ok_or_else(|| missing("version"))?;
    let evaluator = match &plan.evaluator {
        Some(version_sid) => Some(tables.version(version_sid)?.ok_or_else(|| missing("evaluator"))?),
        None => None,
    };
    let (environment, benchmark) = (Arc::clone(environment), row.benchmark.clone());
    Ok(Some((row, Arc::new(Work { environment, benchmark, plan, version, evaluator }))))
}

async fn stopped(stop: &mut Stop) -> String {
    let reason = stop.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
    match reason {
        Some(reason) => reason,
        // Whoever could say so has gone, and this task with it.
        None => std::future::pending().await,
    }
}

/// Writes runs that have ended, with what all come to.
async fn add(
    environment: &Environment,
    row: &mut BenchmarkRow,
    ended: Vec<Result<Measurement, Error>>,
) -> Result<(), Error> {
    let mut batch = Batch::new();
    let mut trouble = None;
    for result in ended {
        let measurement = match result {
            Ok(measurement) => measurement,
            Err(error) => {
                trouble.get_or_insert(error);
                continue;
            }
        };
        count(&mut row.measured, &measurement);
        batch.put_measurement(&row.benchmark.benchmark_sid, &measurement);
    }
    row.benchmark.summary = summary(&row.measured);
    put(environment, row, batch).await?;
    trouble.map_or(Ok(()), Err)
}

async fn end(
    environment: &Environment,
    mut row: BenchmarkRow,
    status: BenchmarkStatus,
    reason: Option<String>,
) -> Result<(), Error> {
    row.benchmark.status = status;
    row.benchmark.reason = reason;
    row.benchmark.ended_at = Some(environment.clock.now().wall);
    put(environment, &row, Batch::new()).await
}

/// Writes it with what else has changed, and tells so.
pub(super) async fn put(
    environment: &Environment,
    row: &BenchmarkRow,
    mut batch: Batch,
) -> Result<(), Error> {
    batch.put_benchmark(row);
    environment.tables.commit(batch).await?;
    environment.events.add(News::BenchmarkChanged(BenchmarkNews::from(&row.benchmark)));
    environment.measured.send_replace(());
    Ok(())
}

async fn fail(environment: &Environment, benchmark_sid: &BenchmarkSid, error: &Error) -> Result<(), Error> {
    match environment.tables.benchmark(benchmark_sid)? {
        Some(row) => {
            let reason = format!("{}: {}", error.code.as_str(), error.message);
            end(environment, row, BenchmarkStatus::Failed, Some(reason)).await
        }
        None => Ok(()),
    }
}

/// Ends a benchmark that nothing runs.
pub(super) async fn end_as_cancelled(
    environment: &Environment,
    row: BenchmarkRow,
    reason: String,
) -> Result<(), Error> {
    end(environment, row, BenchmarkStatus::Cancelled, Some(reason)).await
}

/// Ends those plays of these runs that have not ended.
async fn end_plays(work: &Work, left: &[u32], reason: &str) -> Result<(), Error> {
    let environment = &work.environment;
    // Whatever was handed in to be accepted is behind this, and then in the store.
    call(&environment.plays.get(), plays::Message::Count).await?;
    environment.tables.catch_up().await?;
    let keys = left.iter().flat_map(|index| [work.key(*index), work.evaluator_key(*index)]);
    for key in keys {
        let Some(play_sid) = environment.tables.play_by_idempotency_key(&key)? else { continue };
        let row = environment.tables.play(&play_sid)?;
        if row.is_some_and(|row| !row.play.status.is_terminal()) {
            work.end(&play_sid, reason).await?;
        }
    }
    Ok(())
}
