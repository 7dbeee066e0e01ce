//! A play in a document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Content;
use crate::{
    Json, PlaySid, ResumeId, Timestamp,
    frame::{Blob, present},
    model::{Artifact, LogLine, Play, ResumeRequest, ResumeStatus, Span, WorkflowVersion},
};

/// A play with everything that it is replayed from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedPlay {
    /// What is told of it, but for its sandbox, which is that of the machine where it runs.
    pub play: Play,
    /// Milliseconds that it may take, and again from each retry.
    pub timeout_ms: Option<u64>,
    /// The version that every attempt runs.
    pub version: WorkflowVersion,
    /// What the names of workflows stand for that it has invoked in its own process.
    pub workflows: Vec<InvokedWorkflow>,
    /// The nodes of its tree, in order of `seq`.
    pub spans: Vec<Span>,
    /// Its lines of text, in order of `seq`.
    pub logs: Vec<LogLine>,
    /// The outcomes of its recorded calls, in order of `seq`.
    pub records: Vec<ExportedRecord>,
    /// Its questions, oldest first.
    pub questions: Vec<ExportedQuestion>,
    /// The files that it has kept, by name.
    pub artifacts: Vec<ExportedArtifact>,
    /// The values that records have as files, by digest.
    pub values: Vec<ExportedValue>,
}

impl Content for ExportedPlay {
    const FORMAT: &str = "hero_logic.play";
    const KIND: &str = "play";
}

/// A workflow as a play calls it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvokedWorkflow {
    /// The name that the play asked for.
    pub name: String,
    /// The workflow's own name.
    pub workflow: String,
    /// What it stands for in the play.
    pub version: WorkflowVersion,
}

/// What came of a recorded call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordedOutcome {
    /// Its body was entered and has not ended; `number` is that of the try.
    Started,
    /// It returned a value of the codec.
    Ok,
    /// It raised a failure of the codec.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// A person answered with the value, plain JSON.
    Answered,
    /// Nobody answered in time; the value is the default, where there is one.
    Expired,
}

/// The outcome of a recorded call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedRecord {
    /// Unique within the play.
    pub path: String,
    /// `flow`, `step`, `pause`, …
    pub kind: String,
    /// Of the inputs.
    pub fingerprint: String,
    /// The attempt that wrote it.
    pub attempt: u32,
    /// Its place in the play's order of outcomes.
    pub seq: u64,
    /// The loop's clock, in seconds.
    pub loop_time: Option<f64>,
    /// What came of it.
    pub outcome: RecordedOutcome,
    /// The number of the try, of one that has not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// The value; `null` is one.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
    /// The value, where it is among `values`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Blob>,
}

/// A question of the play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedQuestion {
    /// The question's id.
    pub resume_id: ResumeId,
    /// The pause's path in the play.
    pub path: String,
    /// The pause's name.
    pub name: String,
    /// The words shown to a person.
    pub question: Option<String>,
    /// JSON Schema of a valid payload.
    pub schema: Json,
    /// Hints for forms.
    pub ui: Json,
    /// Fingerprint of what was asked.
    pub fingerprint: String,
    /// The payload that stands in when it expires; `null` is one.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub default: Option<Json>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it will expire.
    pub expires_at: Option<Timestamp>,
    /// Where it stands.
    pub status: ResumeStatus,
    /// The payload that won; `null` is one.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub payload: Option<Json>,
    /// Who answered, as the caller said.
    pub answered_by: Option<String>,
    /// When it was answered, expired or withdrawn.
    pub answered_at: Option<Timestamp>,
}

/// A file that the play has kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedArtifact {
    /// The node that put it there.
    pub path: String,
    /// By which it is found.
    pub name: String,
    /// SHA-256 of its content, 64 lower-case hex digits.
    pub digest: String,
    /// Length in bytes.
    pub size: u64,
    /// What it is, such as `text/csv`.
    pub media_type: String,
    /// When this content was first put there under this name.
    pub created_at: Timestamp,
    /// Its content, in base64 (RFC 4648, 4).
    pub content: String,
}

/// A value of a record that is kept as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportedValue {
    /// By which records name it: SHA-256 of the value, 64 lower-case hex digits.
    pub digest: String,
    /// SHA-256 of the content: another one only where marks stand in it for the values of secrets.
    pub content_digest: String,
    /// Its content, in base64 (RFC 4648, 4).
    pub content: String,
}

impl From<ResumeRequest> for ExportedQuestion {
    fn from(question: ResumeRequest) -> Self {
        let ResumeRequest { resume_id, path, name, schema, ui, fingerprint, default, created_at, .. } =
            question;
        let ResumeRequest { question, expires_at, status, payload, answered_by, answered_at, .. } = question;
        Self {
            resume_id,
            path,
            name,
            question,
            schema,
            ui,
            fingerprint,
            default,
            created_at,
            expires_at,
            status,
            payload,
            answered_by,
            answered_at,
        }
    }
}

impl ExportedQuestion {
    /// The question as one of this play.
    #[must_use]
    pub fn of(self, play_sid: &PlaySid) -> ResumeRequest {
        ResumeRequest {
            resume_id: self.resume_id,
            play_sid: play_sid.clone(),
            path: self.path,
            name: self.name,
            question: self.question,
            schema: self.schema,
            ui: self.ui,
            fingerprint: self.fingerprint,
            default: self.default,
            created_at: self.created_at,
            expires_at: self.expires_at,
            status: self.status,
            payload: self.payload,
            answered_by: self.answered_by,
            answered_at: self.answered_at,
            url: None,
        }
    }
}

impl ExportedArtifact {
    /// An artifact with its content, in base64.
    #[must_use]
    pub fn with(artifact: Artifact, content: String) -> Self {
        let Artifact { play_sid: _, path, name, digest, size, media_type, created_at } = artifact;
        Self { path, name, digest, size, media_type, created_at, content }
    }

    /// The artifact as one of this play.
    #[must_use]
    pub fn of(self, play_sid: &PlaySid) -> Artifact {
        let Self { path, name, digest, size, media_type, created_at, content: _ } = self;
        Artifact { play_sid: play_sid.clone(), path, name, digest, size, media_type, created_at }
    }
}
