//! How the command line fails: a stable code, what happened, what to do next, and the exit code.
//!
//! A flow that fails is not an error here: it is a play with an outcome.

use std::fmt::Write as _;

use hero_sdk::{ErrorCode, FieldError, model::Status};
use serde::Serialize;

use crate::{
    cli::{
        escape::{visible, visible_lines},
        style::{Paint, Palette},
    },
    service::daemon::{NotStarted, Refusal},
};

/// What the process ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// The play succeeded, or the command did what was asked.
    Succeeded = 0,
    /// The play failed.
    Failed = 1,
    /// Bad arguments, a missing file, an invalid source, input or answer, an unknown id.
    Usage = 2,
    /// The play waits for an answer.
    Waiting = 3,
    /// The play was cancelled.
    Cancelled = 4,
    /// A replay did not match its record.
    Diverged = 5,
    /// The store, the runtime or the output failed.
    Trouble = 6,
    /// A second Ctrl-C, or one while nothing could be cancelled.
    Killed = 130,
}

impl Exit {
    /// The exit code for a play that stands at `status`.
    pub(crate) fn of(status: Status) -> Self {
        match status {
            Status::Succeeded => Self::Succeeded,
            Status::Failed => Self::Failed,
            Status::Cancelled => Self::Cancelled,
            Status::Diverged => Self::Diverged,
            Status::Queued
            | Status::Running
            | Status::AwaitingResume
            | Status::AwaitingChild
            | Status::Sleeping => Self::Waiting,
        }
    }
}

/// Why a command could not do what was asked.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    /// The stable code.
    pub(crate) code: &'static str,
    /// What happened.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) hint: Option<String>,
    /// The fields at fault, for inputs and answers.
    pub(crate) fields: Vec<FieldError>,
    /// What the process ends with.
    #[serde(skip)]
    pub(crate) exit: Exit,
}

impl Failure {
    /// A fault of what was typed.
    pub(crate) fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, fields: Vec::new(), exit: Exit::Usage }
    }

    /// A fault of what hero_logic stands on.
    pub(crate) fn trouble(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, fields: Vec::new(), exit: Exit::Trouble }
    }

    /// The same with what to do next.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with this hint where it has none.
    #[must_use]
    pub(crate) fn or_hint(mut self, hint: impl FnOnce() -> String) -> Self {
        self.hint = self.hint.or_else(|| Some(hint()));
        self
    }

    /// `error[code]: message`, a line per field, `hint: …`; every line ends with a newline.
    pub(crate) fn render(&self, palette: Palette) -> String {
        let mut shown = String::new();
        let head = palette.paint(Paint::Bad, &format!("error[{}]:", self.code));
        let written = writeln!(shown, "{head} {}", visible_lines(&self.message));
        written.expect("writing to a String does not fail");
        // A parameter that is at fault by itself is told by the message already.
        if !self.fields.iter().all(|field| field.message == self.message) {
            push_fields(&mut shown, &self.fields);
        }
        push_hint(&mut shown, self.hint.as_deref(), palette);
        shown
    }

    /// `{"error": {…}}`.
    pub(crate) fn to_document(&self) -> ErrorDocument<'_> {
        ErrorDocument { error: self }
    }
}

/// A failure where a result is expected.
#[derive(Serialize)]
pub(crate) struct ErrorDocument<'a> {
    error: &'a Failure,
}

/// A line per field: its JSON pointer and what is wrong with it.
pub(crate) fn push_fields(shown: &mut String, fields: &[FieldError]) {
    for field in fields {
        let place = if field.pointer.is_empty() { "(whole)" } else { &field.pointer };
        writeln!(shown, "  {}: {}", visible(place), visible_lines(&field.message))
            .expect("writing to a String does not fail");
    }
}

/// `hint: …`, where there is one.
pub(crate) fn push_hint(shown: &mut String, hint: Option<&str>, palette: Palette) {
    if let Some(hint) = hint {
        let head = palette.paint(Paint::Note, "hint:");
        writeln!(shown, "{head} {}", visible_lines(hint)).expect("writing to a String does not fail");
    }
}

impl From<NotStarted> for Failure {
    fn from(not_started: NotStarted) -> Self {
        match not_started {
            NotStarted::Here(error) => error.into(),
            NotStarted::There(Refusal { code, message, hint, exit }) => {
                let exit = if exit == Some(Exit::Usage as i32) { Exit::Usage } else { Exit::Trouble };
                // Told once, at the end of the process.
                Self { code: code.leak(), message, hint, fields: Vec::new(), exit }
            }
        }
    }
}

impl From<hero_sdk::Error> for Failure {
    fn from(error: hero_sdk::Error) -> Self {
        let exit = match error.code {
            ErrorCode::InvalidParams
            | ErrorCode::InvalidInputs
            | ErrorCode::InvalidPayload
            | ErrorCode::InvalidSource
            | ErrorCode::SandboxDenied
            | ErrorCode::NotFound
            | ErrorCode::SecretMissing
            | ErrorCode::ImportInvalid
            | ErrorCode::ImportNewer
            | ErrorCode::DocumentTooLarge
            | ErrorCode::Conflict => Exit::Usage,
            // An answer, though not the one that was hoped for.
            ErrorCode::NoVersionFits => Exit::Failed,
            // Between a server and us, of different versions.
            ErrorCode::ParseError
            | ErrorCode::InvalidRequest
            | ErrorCode::MethodNotFound
            | ErrorCode::Busy
            | ErrorCode::Timeout
            | ErrorCode::SecretChanged
            | ErrorCode::SecretUnreadable
            | ErrorCode::SpawnFailed
            | ErrorCode::SandboxUnavailable
            | ErrorCode::NoPython
            | ErrorCode::StorageFull
            | ErrorCode::StoreLocked
            | ErrorCode::StoreNewer
            | ErrorCode::StorageFailed
            | ErrorCode::StoreCorrupt
            | ErrorCode::ShuttingDown
            | ErrorCode::Unreachable
            | ErrorCode::Unauthorized
            | ErrorCode::Internal => Exit::Trouble,
        };
        Self {
            code: error.code.as_str(),
            message: error.message,
            hint: error.hint,
            fields: error.fields,
            exit,
        }
    }
}
