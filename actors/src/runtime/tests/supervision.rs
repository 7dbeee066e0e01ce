//! Actors that end in the middle, and fork servers: the plays go on, or somebody is told why not.

use std::path::PathBuf;

use hero_sdk::{
    ErrorCode, Json, Logic as _, PlaySid, VersionSid,
    logic::{PlayRunAsync, WorkflowList},
    model::Status,
};
use hero_store::Batch;

use super::{eventually, row, settled};
use crate::{Config, Runtime};

/// Writes the words of `saw` to a file, and waits in between until another file is there.
const SOURCE: &str = "
import os, time
from hero_tracing import flow

def saw(word):
    with open('witness', 'a') as witness:
        witness.write(word + '\\n')

@flow
def step(word: str) -> str:
    saw(word)
    return word

@flow
def main() -> list[str]:
    first = step('first')
    saw('waiting')
    while not os.path.exists('go'):
        time.sleep(0.01)
    return [first, step('second')]
";

/// A runtime with a play that waits in its middle.
pub(super) struct Stage {
    home: tempfile::TempDir,
    pub(super) runtime: Runtime,
    pub(super) play_sid: PlaySid,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let runtime = Runtime::open(Config::new(home.path())).await.unwrap();
        let params = PlayRunAsync { source: SOURCE.into(), ..PlayRunAsync::default() };
        let play_sid = runtime.play_run_async(params).await.unwrap().play_sid;
        let stage = Self { home, runtime, play_sid };
        stage.until_waiting(1).await;
        stage
    }

    fn work(&self) -> PathBuf {
        self.runtime.environment.paths.work(&self.play_sid)
    }

    fn witnessed(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.work().join("witness")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until so many attempts have come to the middle.
    async fn until_waiting(&self, attempts: usize) {
        eventually(|| self.witnessed().iter().filter(|word| *word == "waiting").count() >= attempts).await;
    }

    /// Lets the play go on, and checks that it ends as it should, in this attempt.
    pub(super) async fn ends_well(self, attempt: u32) {
        self.succeeds(attempt).await;
        self.runtime.shutdown().await.unwrap();
        drop(self.home);
    }

    /// The same, and the runtime stays.
    pub(super) async fn succeeds(&self, attempt: u32) {
        self.until_waiting(attempt as usize).await;
        std::fs::write(self.work().join("go"), "").unwrap();
        let play = settled(&self.runtime, &self.play_sid).await.unwrap();
        assert_eq!((play.status, play.attempt), (Status::Succeeded, attempt), "{:?}", play.error);
        let steps = self.witnessed().into_iter().filter(|word| word != "waiting");
        assert_eq!(steps.collect::<Vec<_>>(), ["first", "second"], "no step runs twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_play_outlives_its_actor() {
    let stage = Stage::new().await;
    for play in stage.runtime.environment.plays.get().get_children() {
        play.kill();
    }
    stage.ends_well(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_play_outlives_the_directory_of_plays() {
    let stage = Stage::new().await;
    stage.runtime.environment.plays.get().kill();
    stage.ends_well(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_play_outlives_the_launcher() {
    let stage = Stage::new().await;
    stage.runtime.environment.launcher.get().kill();
    stage.ends_well(2).await;
}

/// The fork servers that this process has started.
fn fork_servers() -> Vec<rustix::process::Pid> {
    let ours = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap() {
        let directory = entry.unwrap().path();
        // It may end while it is looked at.
        let read = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap_or_default();
        let is_server = read("cmdline").contains("_fork_server");
        if is_server && read("stat").rsplit(") ").next().unwrap().split(' ').nth(1) == Some(ours.as_str()) {
            let pid = directory.file_name().unwrap().to_str().unwrap().parse().unwrap();
            found.extend(rustix::process::Pid::from_raw(pid));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn plays_that_start_outlive_their_fork_servers() {
    let home = tempfile::tempdir().unwrap();
    let runtime = Runtime::open(Config { running_max: 8, ..Config::new(home.path()) }).await.unwrap();
    let source = "from hero_tracing import flow\n\n@flow\ndef main(n: int) -> int:\n    return n\n";
    let mut plays = Vec::new();
    for number in 0..40 {
        let inputs = Some(Json::parse(&format!("{{\"n\": {number}}}")).unwrap());
        let params = PlayRunAsync { source: source.into(), inputs, ..PlayRunAsync::default() };
        plays.push(runtime.play_run_async(params).await.unwrap().play_sid);
        // Twice, since the third crash of a play would be its end.
        if number == 12 || number == 24 {
            for server in fork_servers() {
                rustix::process::kill_process(server, rustix::process::Signal::KILL).unwrap();
            }
        }
    }
    for (number, play_sid) in plays.iter().enumerate() {
        let play = settled(&runtime, play_sid).await.unwrap();
        assert_eq!(
            play.outputs.map(|outputs| outputs.to_string()),
            Some(number.to_string()),
            "{:?}",
            play.error
        );
    }
    runtime.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_play_does_not_notice_the_end_of_the_registry() {
    let stage = Stage::new().await;
    let before = stage.runtime.environment.registry.get();
    before.kill();
    eventually(|| stage.runtime.environment.registry.get().get_id() != before.get_id()).await;
    assert!(stage.runtime.workflow_list(WorkflowList::default()).await.unwrap().workflows.is_empty());
    stage.ends_well(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_that_gives_up_says_so_and_lets_go_of_the_store() {
    let stage = Stage::new().await;
    let waiting = settled(&stage.runtime, &stage.play_sid);
    let failing = async {
        for _ in 0..6 {
            let registry = stage.runtime.environment.registry.get();
            registry.kill();
            eventually(|| {
                stage.runtime.environment.registry.get().get_id() != registry.get_id()
                    || stage.runtime.root.get_status() == ractor::ActorStatus::Stopped
            })
            .await;
        }
    };
    let (result, ()) = tokio::join!(waiting, failing);
    let error = result.unwrap_err();
    assert_eq!(error.code, ErrorCode::Internal);
    assert!(error.message.contains("given up: 5 restarts"), "{}", error.message);
    let Stage { home, runtime, .. } = stage;
    runtime.shutdown().await.unwrap_err();
    let again = Runtime::open(Config { lock_wait_ms: 0, ..Config::new(home.path()) }).await.unwrap();
    again.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_play_whose_rows_are_damaged_is_said_to_be() {
    let home = tempfile::tempdir().unwrap();
    let runtime = Runtime::open(Config::new(home.path())).await.unwrap();
    let row = row(&VersionSid::new());
    let mut batch = Batch::new();
    batch.put_play(&row);
    runtime.environment.tables.commit(batch).await.unwrap();
    runtime.shutdown().await.unwrap();

    let runtime = Runtime::open(Config::new(home.path())).await.unwrap();
    let error = settled(&runtime, &row.play.play_sid).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::StoreCorrupt);
    let error = runtime.play_cancel(row.play.play_sid.into()).await.unwrap_err();
    assert_eq!((error.code, error.message.contains("has no version")), (ErrorCode::StoreCorrupt, true));
    runtime.shutdown().await.unwrap();
}
