//! What a start may ask for beside its inputs: a time, and a priority.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::{
    fs,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use hero_actors::{Config, Runtime};
use hero_sdk::{
    ErrorCode, Json, Logic as _, PlaySid, Timestamp,
    logic::{PlayCancel, PlayList, PlayRunAsync, PlayWait, StartOptions, Until},
    model::{Play, Status},
};

/// Waits for a file, asks, or does as it is told to do nothing at all.
const SOURCE: &str = "
import os, signal, time
from hero_tracing import flow

@flow
def main(how: str, outside: str, name: str = '') -> str:
    with open(f'{outside}/witness', 'a') as witness:
        witness.write(name + '\\n')
    if how == 'asks':
        return flow.pause('q', schema={'type': 'string'})
    if how == 'deaf':
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
    while how != 'ends' and not os.path.exists(f'{outside}/go'):
        time.sleep(0.001)
    return name
";

struct Stage {
    home: tempfile::TempDir,
    running_max: usize,
    runtime: Option<Runtime>,
}

impl Stage {
    async fn new(running_max: usize) -> Self {
        let mut stage = Self { home: tempfile::tempdir().unwrap(), running_max, runtime: None };
        fs::create_dir(stage.outside()).unwrap();
        stage.open().await;
        stage
    }

    fn outside(&self) -> PathBuf {
        self.home.path().join("outside")
    }

    async fn open(&mut self) {
        let mut config = Config { running_max: self.running_max, ..Config::new(self.home.path()) };
        config.sandbox.defaults.write = vec![self.outside().display().to_string()];
        self.runtime = Some(Runtime::open(config).await.unwrap());
    }

    async fn close(&mut self) {
        self.runtime.take().unwrap().shutdown().await.unwrap();
    }

    fn logic(&self) -> &Runtime {
        self.runtime.as_ref().unwrap()
    }

    async fn start(&self, how: &str, name: &str, options: StartOptions) -> Play {
        let outside = self.outside().display().to_string();
        let inputs = serde_json::json!({"how": how, "outside": outside, "name": name});
        let options = StartOptions { inputs: Some(Json::from(&inputs)), ..options };
        let params = PlayRunAsync { source: SOURCE.into(), ..PlayRunAsync::default() };
        self.logic().play_run_async(params.with(options)).await.unwrap()
    }

    async fn wait(&self, play_sid: &PlaySid, until: Until) -> Play {
        let wait = PlayWait { play_sid: play_sid.clone(), timeout_ms: Some(60_000), until };
        self.logic().play_wait(wait).await.unwrap()
    }

    fn witnessed(&self) -> Vec<String> {
        let text = fs::read_to_string(self.outside().join("witness")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    async fn until_witnessed(&self, name: &str) {
        while !self.witnessed().iter().any(|line| line == name) {
            tokio::task::yield_now().await;
        }
    }

    fn go(&self) {
        fs::write(self.outside().join("go"), "").unwrap();
    }
}

fn timed(timeout_ms: u64) -> StartOptions {
    StartOptions { timeout_ms: Some(timeout_ms), ..StartOptions::default() }
}

fn with_priority(priority: i32) -> StartOptions {
    StartOptions { priority, ..StartOptions::default() }
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the test waits until a moment has passed")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_micros()).unwrap())
}

#[track_caller]
fn check_is_over(play: &Play) {
    let error = play.error.as_ref().expect("it has failed");
    assert_eq!((play.status, error.code.as_str()), (Status::Failed, "timeout"));
    assert!(play.ended_at.unwrap() >= play.deadline_at.unwrap(), "{play:?}");
    assert_eq!(play.pending_resumes, 0);
}

/// What it has worked is told while it works, and not less afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_an_attempt_that_runs_is_told() {
    let mut stage = Stage::new(1).await;
    let play_sid = stage.start("works", "works", StartOptions::default()).await.play_sid;
    stage.until_witnessed("works").await;
    let status = async || stage.logic().play_status(play_sid.clone().into()).await.unwrap();
    let first = status().await;
    assert_eq!(first.status, Status::Running);
    assert!(first.duration_ms > 0.0);
    let listed = stage.logic().play_list(PlayList::default()).await.unwrap().plays;
    assert!(listed[0].duration_ms >= first.duration_ms, "{listed:?}");
    let second = status().await;
    assert!(second.duration_ms > first.duration_ms);
    stage.go();
    let ended = stage.wait(&play_sid, Until::Terminal).await;
    assert_eq!(ended.status, Status::Succeeded);
    assert!(ended.duration_ms >= second.duration_ms);
    assert_eq!(status().await.duration_ms, ended.duration_ms);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_time_ends_a_play_whatever_it_does() {
    let mut stage = Stage::new(3).await;
    let mut plays = Vec::new();
    for how in ["asks", "loops", "deaf"] {
        plays.push(stage.start(how, how, timed(600)).await);
    }
    for play in &plays {
        assert_eq!(play.deadline_at, Some(play.created_at.plus_ms(600)));
    }
    for play in &plays {
        check_is_over(&stage.wait(&play.play_sid, Until::Terminal).await);
    }
    let untimed = stage.start("ends", "untimed", StartOptions::default()).await;
    assert_eq!((untimed.deadline_at, untimed.priority), (None, 0));
    assert_eq!(stage.wait(&untimed.play_sid, Until::Terminal).await.status, Status::Succeeded);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_time_ends_a_play_that_waits_for_a_place() {
    let mut stage = Stage::new(1).await;
    let first = stage.start("loops", "first", StartOptions::default()).await;
    stage.until_witnessed("first").await;
    let queued = stage.start("ends", "queued", timed(20)).await;
    check_is_over(&stage.wait(&queued.play_sid, Until::Terminal).await);
    stage.go();
    assert_eq!(stage.wait(&first.play_sid, Until::Terminal).await.status, Status::Succeeded);
    assert_eq!(stage.witnessed(), ["first"]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_ran_out_while_nobody_looked_ends_the_play_at_the_next_start() {
    let mut stage = Stage::new(4).await;
    let asks = stage.start("asks", "asks", timed(1_500)).await;
    let loops = stage.start("loops", "loops", timed(1_500)).await;
    stage.until_witnessed("loops").await;
    assert_eq!(stage.wait(&asks.play_sid, Until::Settled).await.status, Status::AwaitingResume);
    stage.close().await;
    while now() <= loops.deadline_at.unwrap() {
        tokio::task::yield_now().await;
    }
    stage.open().await;
    for play in [&asks, &loops] {
        let ended = stage.wait(&play.play_sid, Until::Terminal).await;
        check_is_over(&ended);
        assert_eq!((ended.attempt, ended.deadline_at), (1, play.deadline_at), "a restart moves no deadline");
    }
    // It has as much time again, and waits for its answer as before.
    let retried = stage.logic().play_retry(asks.play_sid.clone().into()).await.unwrap().play;
    assert!(retried.deadline_at > asks.deadline_at);
    check_is_over(&stage.wait(&asks.play_sid, Until::Terminal).await);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_that_are_none_are_refused() {
    let mut stage = Stage::new(1).await;
    for timeout_ms in [0, 315_360_000_001, u64::MAX] {
        let params = PlayRunAsync { source: SOURCE.into(), ..PlayRunAsync::default() };
        let error = stage.logic().play_run_async(params.with(timed(timeout_ms))).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidParams);
        assert!(error.message.contains("1 to 315360000000"), "{}", error.message);
    }
    let long = stage.start("ends", "long", timed(315_360_000_000)).await;
    assert_eq!(stage.wait(&long.play_sid, Until::Terminal).await.status, Status::Succeeded);
    stage.close().await;
}

/// Starts plays by these names and priorities behind one that keeps the only place.
async fn queue(stage: &Stage, plays: &[(&str, i32)]) -> Vec<PlaySid> {
    let first = stage.start("loops", "first", StartOptions::default()).await;
    stage.until_witnessed("first").await;
    let mut started = vec![first.play_sid];
    for (name, priority) in plays {
        let play = stage.start("ends", name, with_priority(*priority)).await;
        assert_eq!(play.priority, *priority);
        started.push(play.play_sid);
    }
    started
}

const QUEUED: [(&str, i32); 7] =
    [("a", 0), ("b", -1), ("c", 5), ("d", 0), ("e", 5), ("f", i32::MIN), ("g", i32::MAX)];
const IN_ORDER: [&str; 7] = ["g", "c", "e", "a", "d", "b", "f"];

#[tokio::test(flavor = "multi_thread")]
async fn higher_priorities_go_first_and_equal_ones_in_order_of_creation() {
    let mut stage = Stage::new(1).await;
    let plays = queue(&stage, &QUEUED).await;
    stage.go();
    for play_sid in &plays {
        assert_eq!(stage.wait(play_sid, Until::Terminal).await.status, Status::Succeeded);
    }
    assert_eq!(stage.witnessed()[1..], IN_ORDER);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn priorities_outlive_the_runtime() {
    let mut stage = Stage::new(1).await;
    let plays = queue(&stage, &QUEUED).await;
    stage.close().await;
    stage.go();
    stage.open().await;
    for play_sid in &plays {
        assert_eq!(stage.wait(play_sid, Until::Terminal).await.status, Status::Succeeded);
    }
    // The one that had the place was created before those of its priority.
    assert_eq!(stage.witnessed(), ["first", "g", "c", "e", "first", "a", "d", "b", "f"]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_the_queue_is_not_waited_for() {
    let mut stage = Stage::new(1).await;
    let plays = queue(&stage, &[("a", 1), ("b", 2), ("c", 0)]).await;
    stage.logic().play_cancel(PlayCancel::from(plays[2].clone())).await.unwrap();
    stage.go();
    for play_sid in &plays {
        stage.wait(play_sid, Until::Terminal).await;
    }
    assert_eq!(stage.witnessed(), ["first", "a", "c"]);
    stage.close().await;
}
