//! How a method fails: a stable code, what happened, and what to do next.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares the codes: each with its text and its number in JSON-RPC.
macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident = $text:literal, $number:literal;)+) => {
        /// What went wrong, in a form that programs can act on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum ErrorCode {
            $($(#[$doc])+ #[serde(rename = $text)] $name,)+
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The stable text of the code.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// Its number in JSON-RPC: those of the specification, else one of its own from -32099 to -32000.
            pub fn number(self) -> i32 {
                match self {
                    $(Self::$name => $number,)+
                }
            }
        }
    };
}

codes! {
    /// A request is no JSON.
    ParseError = "parse_error", -32700;
    /// A request is no call of JSON-RPC 2.0.
    InvalidRequest = "invalid_request", -32600;
    /// There is no such method.
    MethodNotFound = "method_not_found", -32601;
    /// A parameter has the wrong form; nothing was done.
    InvalidParams = "invalid_params", -32602;
    /// The inputs do not fit the declared schema; `fields` says where.
    InvalidInputs = "invalid_inputs", -32001;
    /// The answer does not fit the question's schema; the question stays open.
    InvalidPayload = "invalid_payload", -32002;
    /// The source cannot be run: syntax, no flow, no such entry, or it fails while it is imported.
    InvalidSource = "invalid_source", -32003;
    /// No play, workflow, version or question of this name.
    NotFound = "not_found", -32004;
    /// Another answer came first, or the play is in a state that does not allow this.
    Conflict = "conflict", -32005;
    /// A limit of the runtime is reached; trying again later may work.
    Busy = "busy", -32006;
    /// The wait ended before what was waited for.
    Timeout = "timeout", -32007;
    /// A secret that the flow declares is not set.
    SecretMissing = "secret_missing", -32008;
    /// A record holds an earlier value of a secret than is set now.
    SecretChanged = "secret_changed", -32009;
    /// The file of the secrets is not safe, or holds something else; nothing of it is used.
    SecretUnreadable = "secret_unreadable", -32010;
    /// No process could be started for the play.
    SpawnFailed = "spawn_failed", -32011;
    /// No Python that can run flows was found.
    NoPython = "no_python", -32012;
    /// The flow wishes for more than the configuration lets it have; nothing was done.
    SandboxDenied = "sandbox_denied", -32013;
    /// Confinement was required, and this machine does not give all of it.
    SandboxUnavailable = "sandbox_unavailable", -32014;
    /// The store's disk is full; reads go on.
    StorageFull = "storage_full", -32015;
    /// Another process holds the store.
    StoreLocked = "store_locked", -32016;
    /// The store was written by a newer hero_logic.
    StoreNewer = "store_newer", -32017;
    /// The store cannot be read or written.
    StorageFailed = "storage_failed", -32018;
    /// Stored bytes do not match their checksum or form.
    StoreCorrupt = "store_corrupt", -32019;
    /// The runtime is shutting down.
    ShuttingDown = "shutting_down", -32020;
    /// A bug of hero_logic.
    Internal = "internal", -32603;
    /// No server can be reached, or it went away with the question.
    Unreachable = "unreachable", -32021;
    /// The server does not let this caller in.
    Unauthorized = "unauthorized", -32022;
    /// No version keeps the limits.
    NoVersionFits = "no_version_fits", -32023;
    /// A document is broken, of something else, or not what it was when it was exported; nothing was imported.
    ImportInvalid = "import_invalid", -32030;
    /// A document was exported by a newer hero_logic; nothing was imported.
    ImportNewer = "import_newer", -32031;
    /// There is more than a document may hold; nothing was done.
    DocumentTooLarge = "document_too_large", -32032;
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
