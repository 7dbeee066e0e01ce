//! A benchmark watched until it has ended: its progress shown, Ctrl-C obeyed.
//!
//! Written against `Logic` alone, so it is the same embedded and remote.

use std::{pin::Pin, time::Duration};

use hero_sdk::{
    BenchmarkSid, Error, ErrorCode, Logic,
    logic::{BenchmarkReport, BenchmarkRun, BenchmarkWait},
    model::Benchmark,
};
use tokio::time::MissedTickBehavior;

use super::view::View;
use crate::cli::{
    clock::Clock, context::Context, drive::OnSignal, errors::Failure, report::command, signals::interrupted,
    style::Paint,
};

/// Between two frames of a live view: as often as the spinner turns. News are not asked for more often either.
const FRAME_INTERVAL: Duration = Duration::from_millis(100);
/// So many times as long as an answer took to come is waited before the next one is asked for: a report has all runs.
const REST_FACTOR: f64 = 4.0;
/// How long a server may keep a question for news.
const WAIT_MS: u64 = 30_000;

/// How watching ended.
#[derive(Debug)]
pub(crate) enum Watched {
    /// The benchmark has ended.
    Ended(Box<BenchmarkReport>),
    /// A signal ended the watching.
    Left,
}

type Coming<'a> = Pin<Box<dyn Future<Output = Result<BenchmarkReport, Error>> + Send + 'a>>;

/// Starts a benchmark and watches it until it has ended; a signal cancels it.
pub(crate) async fn measure(
    context: &mut Context,
    logic: &dyn Logic,
    run: BenchmarkRun,
) -> Result<BenchmarkReport, Failure> {
    // Nothing is there yet that a signal could cancel.
    let mut signals = context.signals.clone();
    let benchmark = signals.or(logic.benchmark_run(run)).await??;
    context.signals = signals;
    match watch(context, logic, benchmark, OnSignal::Cancel).await? {
        Watched::Ended(report) => Ok(*report),
        Watched::Left => Err(interrupted()),
    }
}

/// Watches a benchmark until it has ended.
pub(crate) async fn watch(
    context: &mut Context,
    logic: &dyn Logic,
    benchmark: Benchmark,
    on_signal: OnSignal,
) -> Result<Watched, Failure> {
    let sid = benchmark.benchmark_sid.clone();
    let seen = BenchmarkReport { benchmark, measurements: Vec::new() };
    let mut view = View::new(seen, context.style, context.err.clone(), context.palette);
    let watched = watch_on(context, logic, &sid, &mut view, on_signal).await;
    view.release();
    match watched {
        Ok(true) => Ok(Watched::Ended(Box::new(view.into_report()))),
        Ok(false) => Ok(Watched::Left),
        Err(failure) if failure.code == ErrorCode::NotFound.as_str() => {
            Err(failure.hint("its workflow was deleted while it ran, and the benchmark with it"))
        }
        Err(failure) => Err(goes_on(context, failure, &sid)),
    }
}

/// False where a signal ended the watching.
async fn watch_on(
    context: &mut Context,
    logic: &dyn Logic,
    sid: &BenchmarkSid,
    view: &mut View,
    on_signal: OnSignal,
) -> Result<bool, Failure> {
    let mut frames = tokio::time::interval(FRAME_INTERVAL);
    frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut coming = news(logic, sid, None, Duration::ZERO);
    let mut asked = Clock::start();
    let mut is_cancelling = false;
    loop {
        tokio::select! {
            report = &mut coming => {
                let report = report?;
                let has_ended = report.benchmark.status.is_terminal();
                view.apply(report);
                if has_ended {
                    return Ok(true);
                }
                coming = news(logic, sid, Some(view.runs()), rest(asked.now_ms()));
                asked = Clock::start();
            }
            () = context.signals.next() => match on_signal {
                OnSignal::Leave => return Ok(false),
                OnSignal::Cancel if is_cancelling => {
                    return Err(interrupted().hint("the benchmark ends as cancelled, or goes on with the next command that runs plays"));
                }
                OnSignal::Cancel => {
                    is_cancelling = true;
                    let head = context.palette.paint(Paint::Attention, "warning:");
                    view.note(&format!("{head} cancelling; Ctrl-C again ends this command at once\n"));
                    coming = Box::pin(cancelled(logic, sid));
                }
            },
            _ = frames.tick(), if view.is_live() => view.draw(),
        }
    }
}

/// How long to rest after an answer that took so long.
fn rest(took_ms: f64) -> Duration {
    Duration::from_secs_f64((took_ms * REST_FACTOR / 1000.0).clamp(0.0, 2.0)).max(FRAME_INTERVAL)
}

/// The benchmark as soon as there is more of it than this, after a rest.
fn news<'a>(logic: &'a dyn Logic, sid: &'a BenchmarkSid, runs: Option<u32>, rest: Duration) -> Coming<'a> {
    Box::pin(async move {
        tokio::time::sleep(rest).await;
        if runs.is_some() {
            let wait = BenchmarkWait { benchmark_sid: sid.clone(), runs, timeout_ms: WAIT_MS };
            logic.benchmark_wait(wait).await?;
        }
        logic.benchmark_fetch(sid.clone().into()).await
    })
}

/// The benchmark once it has ended, whichever end it is.
async fn cancelled(logic: &dyn Logic, sid: &BenchmarkSid) -> Result<BenchmarkReport, Error> {
    match logic.benchmark_cancel(sid.clone().into()).await {
        Ok(_) => {}
        // It ended by itself a moment ago.
        Err(error) if error.code == ErrorCode::Conflict => {}
        Err(error) => return Err(error),
    }
    logic.benchmark_fetch(sid.clone().into()).await
}

/// What becomes of a benchmark whose server has gone: nothing that was measured is lost.
fn goes_on(context: &Context, failure: Failure, sid: &BenchmarkSid) -> Failure {
    if ![ErrorCode::Unreachable, ErrorCode::ShuttingDown].iter().any(|code| code.as_str() == failure.code) {
        return failure;
    }
    let again = command(&context.global, &["bench", "follow", sid.as_str()]);
    failure.hint(format!("what was measured stands, and {sid} goes on with the next server: {again}"))
}
