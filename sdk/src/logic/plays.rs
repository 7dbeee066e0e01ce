//! What the methods of plays take and give.

use std::pin::Pin;

use futures_core::Stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Cursor;
use crate::{
    Error, Json, PlaySid, ResumeId,
    model::{Artifact, Play, ResumeRequest, SpanPage, Status, VersionChoice},
};

/// Pages of changes, each after the last, until the play is terminal and everything was delivered.
pub type SpanFeed = Pin<Box<dyn Stream<Item = Result<SpanPage, Error>> + Send>>;

/// The bytes of an artifact, in order. Where they turn out not to be what was put there, the last item says so.
pub type ArtifactContent = Pin<Box<dyn Stream<Item = Result<Vec<u8>, Error>> + Send>>;

/// Parameters of methods that are about one play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfPlay {
    /// The play.
    pub play_sid: PlaySid,
}

impl From<PlaySid> for OfPlay {
    fn from(play_sid: PlaySid) -> Self {
        Self { play_sid }
    }
}

/// What a start takes beside what is started; each start of the API has these as parameters of its own.
#[derive(Clone, Debug, Default)]
pub struct StartOptions {
    /// A JSON object of inputs.
    pub inputs: Option<Json>,
    /// A second start with the same key gives the first one's play; with another workflow, version, example, source or
    /// other inputs it is refused with `conflict`.
    pub idempotency_key: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// Goes before plays of a lower number while places are short.
    pub priority: i32,
    /// Milliseconds from now until it fails with `timeout`, whatever it does or waits for.
    pub timeout_ms: Option<u64>,
    /// What starts it.
    pub trigger: Option<String>,
}

/// Parameters of a start: what is started, and the options of every start beside it.
macro_rules! start {
    ($(#[$meta:meta])* $name:ident { $($(#[$own_meta:meta])* $own:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$own_meta])* pub $own: $type,)*
            /// A JSON object of inputs.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub inputs: Option<Json>,
            /// A second start with the same key, 1 to 200 characters, gives the first one's play. With another method,
            /// workflow, version, example, source or other inputs it is refused with `conflict`; the other parameters
            /// may differ, and those of the first start stand.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub idempotency_key: Option<String>,
            /// Labels.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub tags: Vec<String>,
            /// While places are short, plays of a higher number go first, those of the same in order of creation; 0
            /// unless told. A play keeps it over pauses, retries and restarts.
            #[serde(default)]
            pub priority: i32,
            /// Milliseconds from its creation after which the play is ended, whatever it does or waits for, restarts of
            /// the runtime or not: it fails with the code `timeout`. 1 to 315,360,000,000 (ten years); none unless
            /// told. A retry of the play has as many again.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub timeout_ms: Option<u64>,
            /// What starts it, for lists: `api` unless told.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub trigger: Option<String>,
        }

        impl $name {
            /// The same with these options.
            #[must_use]
            pub fn with(self, options: StartOptions) -> Self {
                let StartOptions { inputs, idempotency_key, tags, priority, timeout_ms, trigger } = options;
                Self { inputs, idempotency_key, tags, priority, timeout_ms, trigger, ..self }
            }

            /// Takes the options out of it.
            pub fn take_options(&mut self) -> StartOptions {
                StartOptions {
                    inputs: self.inputs.take(),
                    idempotency_key: self.idempotency_key.take(),
                    tags: std::mem::take(&mut self.tags),
                    priority: self.priority,
                    timeout_ms: self.timeout_ms,
                    trigger: self.trigger.take(),
                }
            }
        }
    };
}

start! {
    /// Parameters of `play_start`.
    PlayStart {
        /// The workflow's sid or unique name.
        workflow: String,
        /// Which version of it; the current one unless told.
        #[serde(default)]
        version: VersionChoice,
        /// A saved example of the workflow, whose inputs stand in for those that are not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        example: Option<String>,
    }
}

start! {
    /// Parameters of `play_run_async`.
    PlayRunAsync {
        /// Python source.
        source: String,
        /// The entry, where the file has several flows: a function's name or a flow's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entry: Option<String>,
        /// The name by which tracebacks call it; `flow.py` unless told.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        file_name: String,
    }
}

/// What `play_wait` waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// Terminal, or waiting for a person.
    #[default]
    Settled,
    /// Terminal.
    Terminal,
}

/// Milliseconds that `play_wait` waits unless told.
const WAIT_MS: u64 = 30_000;

/// Parameters of `play_wait`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayWait {
    /// The play.
    pub play_sid: PlaySid,
    /// After this many milliseconds the play is returned as it is: 30,000 unless told, null for never.
    #[serde(default = "wait_ms")]
    pub timeout_ms: Option<u64>,
    /// What to wait for.
    #[serde(default)]
    pub until: Until,
}

fn wait_ms() -> Option<u64> {
    Some(WAIT_MS)
}

/// Parameters of `play_cancel`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayCancel {
    /// The play.
    pub play_sid: PlaySid,
    /// Why, for whoever looks at the play.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl From<PlaySid> for PlayCancel {
    fn from(play_sid: PlaySid) -> Self {
        Self { play_sid, reason: None }
    }
}

/// Parameters of `play_resume`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayResume {
    /// The play.
    pub play_sid: PlaySid,
    /// The question.
    pub resume_id: ResumeId,
    /// The answer, plain JSON.
    pub payload: Json,
    /// Who answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
}

/// Parameters of `play_pending_resumes`; all are optional.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlayPendingResumes {
    /// Only questions of this play.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub play_sid: Option<PlaySid>,
    /// At most this many, 50 unless told, 1,000 at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
}

impl From<PlaySid> for PlayPendingResumes {
    fn from(play_sid: PlaySid) -> Self {
        Self { play_sid: Some(play_sid), ..Self::default() }
    }
}

/// A page of open questions, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Resumes {
    /// The questions.
    pub resumes: Vec<ResumeRequest>,
    /// Pass it as `cursor` for the next page; none at the end.
    pub next_cursor: Option<Cursor>,
}

/// Parameters of `play_list`; every filter is optional.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlayList {
    /// Only plays of this workflow, by its name or sid, also where it was deleted; `not_found` where neither a workflow nor
    /// a play's is called so. Plays of unsaved source go by the name of its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Only plays that stand here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Only plays that this one spawned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<PlaySid>,
    /// Only plays with this label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// At most this many, 50 unless told, 1,000 at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
}

/// A page of plays, newest first, without inputs and outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plays {
    /// The plays.
    pub plays: Vec<Play>,
    /// Pass it as `cursor` for the next page; none at the end.
    pub next_cursor: Option<Cursor>,
}

/// Parameters of `play_spans`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaySpans {
    /// The play.
    pub play_sid: PlaySid,
    /// Only what changed after this sequence number; 0 for everything. `invalid_params` where the play's record does not
    /// reach as far: begin again with 0.
    #[serde(default)]
    pub after_seq: u64,
    /// Only nodes beneath this one, by its `span_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    /// Only nodes at most so many levels below the parent, or below the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// At most this many changes, 1,000 unless told, which is the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

impl From<PlaySid> for PlaySpans {
    fn from(play_sid: PlaySid) -> Self {
        Self { play_sid, after_seq: 0, parent: None, depth: None, limit: None }
    }
}

/// What a retry will do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Retried {
    /// The play, queued again.
    pub play: Play,
    /// Paths of the failed steps whose records were dropped and which run again.
    pub runs_again: Vec<String>,
}

/// The artifacts of a play, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Artifacts {
    /// What is known of each.
    pub artifacts: Vec<Artifact>,
}

/// An artifact and what is in it.
pub struct ArtifactFetch {
    /// What is known of it.
    pub artifact: Artifact,
    /// Its bytes.
    pub content: ArtifactContent,
}
