//! A home of its own with a runtime, in this process or in a server, and the few things that workloads do with it.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use hero_actors::{Config, Runtime, SandboxConfig};
use hero_sdk::{
    Error, Json, Logic, PlaySid,
    logic::{PlayResume, PlayRunAsync, PlayWait, Until},
    model::{Play, Status},
};
use serde_json::Value;
use tempfile::{Builder, TempDir};

use crate::{Result, server::Server};

/// The file of the plain flows.
pub(crate) const PLAIN: &str = include_str!("flows/workloads.py");
const TICKS: &str = include_str!("flows/ticks.py");
const COROUTINES: &str = include_str!("flows/coroutines.py");

/// A flow of the workloads: the source of its file, and its function.
#[derive(Clone, Copy)]
pub(crate) struct Flow {
    source: &'static str,
    entry: &'static str,
}

/// One step.
pub(crate) const ONE_STEP: Flow = Flow { source: PLAIN, entry: "one_step" };
/// One step, in a coroutine.
pub(crate) const ONE_STEP_ASYNC: Flow = Flow { source: COROUTINES, entry: "one_step" };
/// So many `steps`.
pub(crate) const MANY_STEPS: Flow = Flow { source: PLAIN, entry: "many_steps" };
/// So many `steps`, and then a question.
pub(crate) const STEPS_AND_QUESTION: Flow = Flow { source: PLAIN, entry: "steps_and_question" };
/// Runs until it is cancelled.
pub(crate) const STAND_STILL: Flow = Flow { source: COROUTINES, entry: "stand_still" };

/// Says when it is, ten times a second.
pub(crate) const TICK: Flow = Flow { source: TICKS, entry: "tick" };

/// A runtime, and the directory that it lives in.
pub(crate) struct Home {
    /// What answers.
    pub(crate) logic: Arc<dyn Logic>,
    place: Place,
    directory: TempDir,
}

/// Where the runtime is.
enum Place {
    Here(Arc<Runtime>),
    Server(Server),
}

/// A new directory, which stays until all is measured: a file system without a journal takes long to find an inode
/// where many were freed in the last minutes, and the next workload would be measured with that.
pub(crate) fn directory() -> io::Result<TempDir> {
    Builder::new().prefix("home").disable_cleanup(true).tempdir()
}

impl Home {
    /// A new store with a runtime that has already run one play, so that its fork server and its version are there.
    pub(crate) async fn new() -> Result<Self> {
        Self::confined(SandboxConfig::default()).await
    }

    /// The same, with plays that are confined so.
    pub(crate) async fn confined(sandbox: SandboxConfig) -> Result<Self> {
        let directory = directory()?;
        let config = Config { sandbox, ..Config::new(directory.path()) };
        let runtime = Arc::new(Runtime::open(config).await?);
        Self { logic: runtime.clone(), place: Place::Here(runtime), directory }.warm().await
    }

    /// A new store that a server has, with which this process talks over its socket.
    pub(crate) async fn served() -> Result<Self> {
        let directory = directory()?;
        let server = Server::start(directory.path())?;
        let logic = Arc::new(server.client());
        Self { logic, place: Place::Server(server), directory }.warm().await
    }

    async fn warm(self) -> Result<Self> {
        self.run(ONE_STEP, serde_json::json!({})).await?;
        Ok(self)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// The interpreter that the plays run on.
    pub(crate) async fn python(&self) -> Result<String> {
        Ok(self.logic.server_info().await?.python)
    }

    pub(crate) async fn start(&self, flow: Flow, inputs: Value) -> std::result::Result<PlaySid, Error> {
        let inputs = Some(Json::from(&inputs));
        let run = PlayRunAsync {
            source: flow.source.to_owned(),
            entry: Some(flow.entry.to_owned()),
            inputs,
            ..PlayRunAsync::default()
        };
        Ok(self.logic.play_run_async(run).await?.play_sid)
    }

    /// Waits until the play has ended well, or asks.
    pub(crate) async fn settle(&self, play_sid: PlaySid) -> Result<Play> {
        let wait = PlayWait { play_sid, timeout_ms: None, until: Until::Settled };
        let play = self.logic.play_wait(wait).await?;
        match play.status {
            Status::Succeeded | Status::AwaitingResume => Ok(play),
            other => Err(format!("a play is {}: {:?}", other.as_str(), play.error).into()),
        }
    }

    pub(crate) async fn run(&self, flow: Flow, inputs: Value) -> Result<Play> {
        self.settle(self.start(flow, inputs).await?).await
    }

    /// Waits until no play has a process any more.
    pub(crate) async fn come_to_rest(&self) -> Result<()> {
        while self.logic.server_info().await?.plays_running > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Answers the one question of a play.
    pub(crate) async fn answer(&self, play_sid: &PlaySid) -> Result<()> {
        let mut questions = self.logic.play_pending_resumes(play_sid.clone().into()).await?.resumes;
        let question = questions.pop().ok_or("the play asks nothing")?;
        let resume = PlayResume {
            play_sid: play_sid.clone(),
            resume_id: question.resume_id,
            payload: Json::from(&Value::from(1)),
            answered_by: None,
        };
        self.logic.play_resume(resume).await?;
        Ok(())
    }

    /// Closes the runtime; the directory stays.
    pub(crate) async fn close(self) -> Result<TempDir> {
        match self.place {
            Place::Here(runtime) => runtime.shutdown().await?,
            Place::Server(server) => server.stop()?,
        }
        Ok(self.directory)
    }
}
