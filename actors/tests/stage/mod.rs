//! A home of its own, with a runtime that can be closed and opened again.

use std::{fs, path::PathBuf};

use hero_actors::{BundledFlow, Config, Runtime};
use hero_sdk::{
    Error, Json, Logic as _, PlaySid,
    logic::{PlayResume, PlayRunAsync, PlayWait, Until},
    model::{Play, Status},
};
use serde_json::Value;

pub(crate) struct Stage {
    home: tempfile::TempDir,
    pub(crate) runtime: Option<Runtime>,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let mut stage = Self { home: tempfile::tempdir().unwrap(), runtime: None };
        fs::create_dir(stage.outside()).unwrap();
        stage.open().await;
        stage
    }

    /// With a bundled flow, and a directory in which plays may write.
    pub(crate) fn config(&self) -> Config {
        let bundled = BundledFlow {
            name: "bundled".into(),
            file_name: "bundled.py".into(),
            description: "Doubles.".into(),
            source:
                "from hero_tracing import flow\n\n@flow\ndef main(n: int = 4) -> int:\n    return 2 * n\n"
                    .into(),
        };
        let mut config = Config { library: vec![bundled], lock_wait_ms: 50, ..Config::new(self.home.path()) };
        config.sandbox.defaults.write = vec![self.outside().display().to_string()];
        config.sandbox.caps.read = vec!["/".into()];
        config
    }

    pub(crate) async fn open(&mut self) {
        self.runtime = Some(Runtime::open(self.config()).await.unwrap());
    }

    pub(crate) async fn close(&mut self) {
        self.runtime.take().unwrap().shutdown().await.unwrap();
    }

    pub(crate) fn logic(&self) -> &Runtime {
        self.runtime.as_ref().unwrap()
    }

    /// A directory outside of plays, in which they may write.
    pub(crate) fn outside(&self) -> PathBuf {
        self.home.path().join("outside")
    }

    /// A file there, to which steps write that they ran.
    pub(crate) fn witness(&self) -> PathBuf {
        self.outside().join("witness")
    }

    /// Starts a source in which `saw(word)` writes to the witness.
    pub(crate) async fn start(&self, source: &str, inputs: Value) -> Result<Play, Error> {
        let source = format!(
            "from hero_tracing import flow\n\ndef saw(word):\n    with open({:?}, 'a') as witness:\n        witness.write(str(word) + '\\n')\n\n{source}",
            self.witness().display().to_string()
        );
        let inputs = Some(Json::from(&inputs));
        let params = PlayRunAsync { source, file_name: "test.py".into(), inputs, ..PlayRunAsync::default() };
        self.logic().play_run_async(params).await
    }

    pub(crate) async fn settle(&self, play_sid: &PlaySid) -> Play {
        let wait = PlayWait { play_sid: play_sid.clone(), timeout_ms: Some(60_000), until: Until::Settled };
        self.logic().play_wait(wait).await.unwrap()
    }

    pub(crate) async fn run(&self, source: &str, inputs: Value) -> Play {
        let play = self.start(source, inputs).await.unwrap();
        self.settle(&play.play_sid).await
    }

    pub(crate) async fn answer(&self, play_sid: &PlaySid, name: &str, payload: Value) -> Result<Play, Error> {
        let open = self.logic().play_pending_resumes(play_sid.clone().into()).await.unwrap().resumes;
        let resume = open.iter().find(|resume| resume.name == name).expect("the question is open");
        let params = PlayResume {
            play_sid: play_sid.clone(),
            resume_id: resume.resume_id.clone(),
            payload: Json::from(&payload),
            answered_by: Some("test".into()),
        };
        self.logic().play_resume(params).await
    }
}

#[track_caller]
pub(crate) fn outputs(play: &Play) -> Value {
    assert_eq!(play.status, Status::Succeeded, "{:?}", play.error);
    play.outputs.as_ref().unwrap().to().unwrap()
}
