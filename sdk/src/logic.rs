//! The methods: one async trait, implemented by the runtime itself and by clients of it, so that whoever is
//! written against it works embedded and remote alike.

use std::{collections::BTreeMap, pin::Pin};

use futures_core::Stream;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Json, PlaySid, ResumeId, Secret, SecretName, SecretValue,
    model::{Allowance, Artifact, Play, ResumeRequest, SandboxLevel, SpanPage, Status, Workflow},
};

/// Pages of changes, each after the last, until the play is terminal and everything was delivered.
pub type SpanFeed = Pin<Box<dyn Stream<Item = Result<SpanPage, Error>> + Send>>;

/// The bytes of an artifact, in order. Where they turn out not to be what was put there, the last item says so.
pub type ArtifactContent = Pin<Box<dyn Stream<Item = Result<Vec<u8>, Error>> + Send>>;

/// What one play needs beside its source.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct StartOptions {
    /// A JSON object of inputs.
    pub inputs: Json,
    /// A second start with the same key gives the first one's play.
    pub idempotency_key: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// What started it.
    pub trigger: String,
}

impl Default for StartOptions {
    fn default() -> Self {
        Self {
            inputs: Json::of(&BTreeMap::<String, ()>::new()).unwrap_or_else(|_| Json::null()),
            idempotency_key: None,
            tags: Vec::new(),
            trigger: "api".to_owned(),
        }
    }
}

/// Parameters of `play_start`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PlayStart {
    /// The workflow's sid or unique name.
    pub workflow: String,
    /// Inputs, labels and the rest.
    pub options: StartOptions,
}

/// Parameters of `play_run_async`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PlayRunAsync {
    /// Python source.
    pub source: String,
    /// The name by which tracebacks call it.
    pub file_name: String,
    /// The entry, where the file has several flows: a function's name or a flow's.
    pub entry: Option<String>,
    /// Inputs, labels and the rest.
    pub options: StartOptions,
}

/// What `play_wait` waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// Terminal, or waiting for a person.
    #[default]
    Settled,
    /// Terminal.
    Terminal,
}

/// Parameters of `play_wait`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlayWait {
    /// The play.
    pub play_sid: PlaySid,
    /// After this many milliseconds the play is returned as it is; none waits for ever.
    pub timeout_ms: Option<u64>,
    /// What to wait for.
    pub until: Until,
}

/// Parameters of `play_resume`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlayResume {
    /// The play.
    pub play_sid: PlaySid,
    /// The question.
    pub resume_id: ResumeId,
    /// The answer, plain JSON.
    pub payload: Json,
    /// Who answers.
    pub answered_by: Option<String>,
}

/// Parameters of `play_list`; every filter is optional.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PlayList {
    /// Only plays of this workflow name.
    pub workflow: Option<String>,
    /// Only plays that stand here.
    pub status: Option<Status>,
    /// Only plays with this label.
    pub tag: Option<String>,
    /// At most this many, 50 unless told, 1,000 at most.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<PlaySid>,
}

/// A page of plays, newest first, without inputs and outputs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plays {
    /// The plays.
    pub plays: Vec<Play>,
    /// Pass it as `cursor` for the next page; none at the end.
    pub next_cursor: Option<PlaySid>,
}

/// Parameters of `play_spans`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlaySpans {
    /// The play.
    pub play_sid: PlaySid,
    /// Only what changed after this sequence number; 0 for everything.
    pub after_seq: u64,
    /// At most this many changes, 1,000 unless told.
    pub limit: Option<u32>,
}

/// What a retry will do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Retried {
    /// The play, queued again.
    pub play: Play,
    /// Paths of the failed steps whose records were dropped and which run again.
    pub runs_again: Vec<String>,
}

/// An artifact and what is in it.
pub struct ArtifactFetch {
    /// What is known of it.
    pub artifact: Artifact,
    /// Its bytes.
    pub content: ArtifactContent,
}

/// What the runtime is and where it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerInfo {
    /// Version of hero_logic.
    pub version: String,
    /// Path of the Python interpreter; empty where a runtime that only looks found none.
    pub python: String,
    /// Its version, such as `3.11.7`.
    pub python_version: String,
    /// The directory of the store.
    pub store: String,
    /// How closely plays are confined.
    pub sandbox_level: SandboxLevel,
    /// By what, as far as it is known yet: from the first process on.
    pub sandbox: Vec<String>,
    /// Layers of the level that this machine does not give, and why.
    pub sandbox_missing: BTreeMap<String, String>,
    /// What a play may do whose flow wishes for nothing.
    pub sandbox_defaults: Allowance,
    /// Plays that have a process now.
    pub plays_running: u32,
    /// Plays that wait for a place.
    pub plays_queued: u32,
}

/// Everything that can be asked of hero_logic.
#[async_trait::async_trait]
pub trait Logic: Send + Sync {
    /// Starts a play of a workflow of the library. Inputs are validated before anything is written.
    async fn play_start(&self, params: PlayStart) -> Result<Play, Error>;

    /// Starts a play of unsaved source, which becomes an anonymous version.
    async fn play_run_async(&self, params: PlayRunAsync) -> Result<Play, Error>;

    /// A play as it stands.
    async fn play_status(&self, play_sid: PlaySid) -> Result<Play, Error>;

    /// Waits until a play has settled or ended; gives the play as it stands then.
    async fn play_wait(&self, params: PlayWait) -> Result<Play, Error>;

    /// Ends a play: its processes get TERM, then KILL. A play that is terminal already gives `conflict`.
    async fn play_cancel(&self, play_sid: PlaySid, reason: Option<String>) -> Result<Play, Error>;

    /// Answers a question. The first valid payload wins; the same again gets the same answer, another `conflict`.
    async fn play_resume(&self, params: PlayResume) -> Result<Play, Error>;

    /// Open questions, of one play or of all, oldest first.
    async fn play_pending_resumes(&self, play_sid: Option<PlaySid>) -> Result<Vec<ResumeRequest>, Error>;

    /// Plays, newest first.
    async fn play_list(&self, params: PlayList) -> Result<Plays, Error>;

    /// What changed in a play's tree after a sequence number.
    async fn play_spans(&self, params: PlaySpans) -> Result<SpanPage, Error>;

    /// The same as they happen.
    async fn play_feed(&self, play_sid: PlaySid, after_seq: u64) -> Result<SpanFeed, Error>;

    /// Runs a failed, cancelled or diverged play again: failed records are dropped, finished ones stay.
    async fn play_retry(&self, play_sid: PlaySid) -> Result<Retried, Error>;

    /// The artifacts of a play, by name.
    async fn play_artifacts(&self, play_sid: PlaySid) -> Result<Vec<Artifact>, Error>;

    /// One of them, with its content.
    async fn play_artifact_fetch(&self, play_sid: PlaySid, name: String) -> Result<ArtifactFetch, Error>;

    /// The workflows of the library, by name.
    async fn workflow_list(&self) -> Result<Vec<Workflow>, Error>;

    /// Sets a secret, in place of the value that it had. No method gives a value back.
    async fn secret_set(&self, name: SecretName, value: SecretValue) -> Result<(), Error>;

    /// The secrets that flows may declare, by name, without their values.
    async fn secret_list(&self) -> Result<Vec<Secret>, Error>;

    /// Removes a secret that was set.
    async fn secret_remove(&self, name: SecretName) -> Result<(), Error>;

    /// What the runtime is and where it stands.
    async fn server_info(&self) -> Result<ServerInfo, Error>;
}
