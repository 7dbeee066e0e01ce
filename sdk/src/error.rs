//! How a method fails: a stable code, what happened, and what to do next.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What went wrong, in a form that programs can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A parameter has the wrong form; nothing was done.
    InvalidParams,
    /// The inputs do not fit the declared schema; `fields` says where.
    InvalidInputs,
    /// The answer does not fit the question's schema; the question stays open.
    InvalidPayload,
    /// The source cannot be run: syntax, no flow, no such entry, or it fails while it is imported.
    InvalidSource,
    /// No play, workflow, version or question of this name.
    NotFound,
    /// Another answer came first, or the play is in a state that does not allow this.
    Conflict,
    /// A limit of the runtime is reached; trying again later may work.
    Busy,
    /// The wait ended before what was waited for.
    Timeout,
    /// A secret that the flow declares is not set.
    SecretMissing,
    /// A record holds an earlier value of a secret than is set now.
    SecretChanged,
    /// The file of the secrets is not safe, or holds something else; nothing of it is used.
    SecretUnreadable,
    /// No process could be started for the play.
    SpawnFailed,
    /// No Python that can run flows was found.
    NoPython,
    /// The flow wishes for more than the configuration lets it have; nothing was done.
    SandboxDenied,
    /// Confinement was required, and this machine does not give all of it.
    SandboxUnavailable,
    /// The store's disk is full; reads go on.
    StorageFull,
    /// Another process holds the store.
    StoreLocked,
    /// The store was written by a newer hero_logic.
    StoreNewer,
    /// The store cannot be read or written.
    StorageFailed,
    /// Stored bytes do not match their checksum or form.
    StoreCorrupt,
    /// The runtime is shutting down.
    ShuttingDown,
    /// A bug of hero_logic.
    Internal,
}

impl ErrorCode {
    /// The stable text of the code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidParams => "invalid_params",
            Self::InvalidInputs => "invalid_inputs",
            Self::InvalidPayload => "invalid_payload",
            Self::InvalidSource => "invalid_source",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::SecretMissing => "secret_missing",
            Self::SecretChanged => "secret_changed",
            Self::SecretUnreadable => "secret_unreadable",
            Self::SpawnFailed => "spawn_failed",
            Self::NoPython => "no_python",
            Self::SandboxDenied => "sandbox_denied",
            Self::SandboxUnavailable => "sandbox_unavailable",
            Self::StorageFull => "storage_full",
            Self::StoreLocked => "store_locked",
            Self::StoreNewer => "store_newer",
            Self::StorageFailed => "storage_failed",
            Self::StoreCorrupt => "store_corrupt",
            Self::ShuttingDown => "shutting_down",
            Self::Internal => "internal",
        }
    }
}

/// One field that does not fit its schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    /// JSON pointer to the field, RFC 6901; empty for the whole.
    pub pointer: String,
    /// What is wrong with it.
    pub message: String,
}

/// A method's failure, as every caller sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The stable code.
    pub code: ErrorCode,
    /// What happened, in a sentence's fragment.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The fields at fault, for inputs and payloads.
    pub fields: Vec<FieldError>,
}

impl Error {
    /// An error without a hint.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, fields: Vec::new() }
    }

    /// The same error with what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error with the fields at fault.
    #[must_use]
    pub fn fields(mut self, fields: Vec<FieldError>) -> Self {
        self.fields = fields;
        self
    }
}
