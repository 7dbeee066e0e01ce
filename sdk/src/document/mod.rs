//! A workflow or a play as one file of JSON, which another hero_logic takes.
//!
//! ```json
//! {"format": "hero_logic.workflow", "format_version": 1, "exported_at": "…", "hero_logic": "0.1.0",
//!  "content": {…}, "digest": "sha256:…"}
//! ```
//!
//! The digest is that of the content in its canonical form (see `canonical`), so it stays what it is when a program
//! reads the file and writes it again, and nothing of the content changes without it. It guards against damage and
//! mistakes, not against whoever writes another one with it: what a file says is checked as what anybody else says.

mod canonical;
mod compact;
mod play;
#[cfg(test)]
mod tests;
mod workflow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

pub use self::{
    play::{
        ExportedArtifact, ExportedPlay, ExportedQuestion, ExportedRecord, ExportedValue, InvokedWorkflow,
        RecordedOutcome,
    },
    workflow::{ExportedBenchmark, ExportedExample, ExportedWorkflow},
};
use crate::{
    Error, ErrorCode, FieldError, Json, Timestamp,
    frame::deeper_than,
    logic::{pointer, wrong_type},
};

/// The version of both formats that is written, and the newest that is read.
pub const FORMAT_VERSION: u32 = 1;
/// Bytes of a document, and of the text of one as it is written.
pub const DOCUMENT_BYTES_MAX: usize = 256 << 20;
/// How deep it may be nested: as deep as a call with a value, and what stands around that.
const DEPTH_MAX: usize = 112;

/// What a document can hold.
pub trait Content: Serialize + DeserializeOwned {
    /// What it is called: `hero_logic.` and [`Self::KIND`].
    const FORMAT: &str;
    /// The same for people.
    const KIND: &str;
}

/// A file: what it is, and its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "{C}Document")]
pub struct Document<C> {
    /// What it holds: `hero_logic.workflow` or `hero_logic.play`.
    pub format: String,
    /// The version of this format.
    pub format_version: u32,
    /// When it was written.
    pub exported_at: Timestamp,
    /// The version of the hero_logic that has written it.
    pub hero_logic: String,
    /// All that it is about.
    pub content: C,
    /// `sha256:` and the SHA-256 of the content's canonical form, 64 lower-case hex digits.
    pub digest: String,
}

/// What a reader looks at first.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    format: Option<Json>,
    #[serde(default)]
    format_version: Option<Json>,
}

/// The document before its content is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    format: String,
    format_version: u32,
    exported_at: Timestamp,
    hero_logic: String,
    #[serde(borrow)]
    content: &'a RawValue,
    digest: String,
}

impl<C: Content> Document<C> {
    /// That of a content.
    ///
    /// Errors: `document_too_large`.
    pub fn of(content: C, exported_at: Timestamp) -> Result<Self, Error> {
        let text = json_of(&content)?;
        check_size(text.as_str().len())?;
        Ok(Self {
            format: C::FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            exported_at,
            hero_logic: env!("CARGO_PKG_VERSION").to_owned(),
            digest: canonical::digest(text.as_str()).map_err(|error| internal(&error))?,
            content,
        })
    }

    /// Reads one. Whether the content makes sense is not looked at.
    ///
    /// Errors: `document_too_large`; `import_newer` where its format is of a newer hero_logic; `import_invalid` where it
    /// is broken, of something else, or not what it was when it was written.
    pub fn read(document: &Json) -> Result<Self, Error> {
        let text = document.as_str();
        check_size(text.len())?;
        if deeper_than(text.as_bytes(), DEPTH_MAX) {
            return Err(invalid::<C>(format!("is nested more than {DEPTH_MAX} deep"), None));
        }
        check_head::<C>(text)?;
        if let Some(pointer) = document.twice() {
            return Err(invalid::<C>(format!("has {pointer} twice"), Some(pointer)));
        }
        let text = compact::compact(text);
        let Envelope { format, format_version, exported_at, hero_logic, content, digest } =
            typed::<C, _>(&text, "")?;
        let found = canonical::digest(content.get()).map_err(|error| internal(&error))?;
        if found != digest {
            let message =
                format!("is not what it was when it was written: its content has the digest {found}");
            return Err(invalid::<C>(message, Some("/digest".to_owned())).hint(
                "export it again and change nothing in it; a program that has rewritten its numbers, or text that \
                 stands for a secret, has changed it",
            ));
        }
        let content = typed::<C, C>(content.get(), "/content")?;
        Ok(Self { format, format_version, exported_at, hero_logic, content, digest })
    }

    /// Whether the content is still that of the digest.
    ///
    /// Errors: `import_invalid`, as where a program of another version has dropped what it does not know.
    pub fn check(&self) -> Result<(), Error> {
        let found = canonical::digest(json_of(&self.content)?.as_str()).map_err(|error| internal(&error))?;
        if found == self.digest {
            return Ok(());
        }
        Err(invalid::<C>("has another digest than its content", Some("/digest".to_owned()))
            .hint("whoever wrote it and whoever reads it may be of different versions"))
    }
}

/// The digest of a content or of a part of one: of two that are the same it is the same.
pub fn digest_of<T: Serialize>(content: &T) -> Result<String, Error> {
    canonical::digest(json_of(content)?.as_str()).map_err(|error| internal(&error))
}

fn json_of<C: Serialize>(content: &C) -> Result<Json, Error> {
    Json::of(content).map_err(|error| internal(&error))
}

/// Foreign files and newer ones are told from broken ones.
fn check_head<C: Content>(text: &str) -> Result<(), Error> {
    let head: Head = serde_json::from_str(text).map_err(|_| foreign::<C>("is no object"))?;
    let format = head.format.and_then(|format| format.to::<String>().ok());
    match format.as_deref() {
        Some(format) if format == C::FORMAT => {}
        Some(other @ (ExportedWorkflow::FORMAT | ExportedPlay::FORMAT)) => {
            let kind = other.rsplit('.').next().unwrap_or_default();
            return Err(invalid::<C>(format!("holds a {kind}"), Some("/format".to_owned()))
                .hint(format!("{kind}_import takes it: `hero_logic {kind} import`")));
        }
        _ => return Err(foreign::<C>(format!("has no format {:?}", C::FORMAT))),
    }
    let version = head.format_version.as_ref().map_or("", Json::as_str);
    match version.parse::<u64>() {
        Ok(version) if version == u64::from(FORMAT_VERSION) => Ok(()),
        Ok(newer) if newer > u64::from(FORMAT_VERSION) => {
            let message = format!(
                "the document has version {newer} of its format, and this hero_logic knows {FORMAT_VERSION}"
            );
            Err(Error::new(ErrorCode::ImportNewer, message)
                .hint("import it with the hero_logic that has written it, or a newer one"))
        }
        _ => {
            Err(invalid::<C>("has no format_version that there ever was", Some("/format_version".to_owned())))
        }
    }
}

fn foreign<C: Content>(what: impl std::fmt::Display) -> Error {
    invalid::<C>(what, None).hint(format!("`hero_logic {} export` writes such documents", C::KIND))
}

/// Reads a part of the document, which is at this pointer.
fn typed<'a, C: Content, T: Deserialize<'a>>(text: &'a str, at: &str) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = format!("{at}{}", pointer(error.path()));
        let error = error.into_inner().to_string();
        let why = error.rsplit_once(" at line ").map_or(error.as_str(), |(why, _)| why);
        let why = wrong_type(why).unwrap_or_else(|| why.chars().take(300).collect());
        let place = if pointer.is_empty() { "at its top" } else { &pointer };
        invalid::<C>(format!("cannot be read, {place}: {why}"), Some(pointer))
    })
}

/// A document that is none of this kind; `what` follows its name, and `pointer` says where.
pub fn invalid<C: Content>(what: impl std::fmt::Display, pointer: Option<String>) -> Error {
    let message = format!("the document of a {} {what}", C::KIND);
    let fields = pointer.map(|pointer| FieldError { pointer, message: message.clone() });
    Error::new(ErrorCode::ImportInvalid, message)
        .hint("nothing was imported; export it again")
        .fields(fields.into_iter().collect())
}

/// Refuses what has more bytes than a document may have.
pub fn check_size(bytes: usize) -> Result<(), Error> {
    if bytes <= DOCUMENT_BYTES_MAX {
        return Ok(());
    }
    let message = format!("the document has {bytes} bytes, of at most {DOCUMENT_BYTES_MAX}");
    Err(Error::new(ErrorCode::DocumentTooLarge, message)
        .hint("leave the benchmarks out (`--without-benchmarks`), or fetch large files by themselves (`hero_logic play artifact`)"))
}

fn internal(error: &serde_json::Error) -> Error {
    Error::new(ErrorCode::Internal, format!("the document is no JSON: {error}"))
}
