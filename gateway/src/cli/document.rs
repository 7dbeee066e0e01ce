//! Documents of workflows and plays, as files and streams.

use std::{
    io::{ErrorKind, Write as _},
    path::Path,
};

use hero_sdk::{
    Error, ErrorCode, Json,
    document::{Content, DOCUMENT_BYTES_MAX, Document},
    rpc::BODY_BYTES_MAX,
};
use serde::Serialize;

use crate::cli::{
    context::Context,
    errors::Failure,
    escape,
    file::{replace, unwritten},
    json_text,
    signals::{Signals, interrupted},
    source::{read_standard_input, read_text_of, reason},
};

/// Bytes of a call beside its document.
const CALL_BYTES: usize = 4_096;

/// What writes documents.
const WRITTEN_BY: &str = "`hero_logic workflow export` and `hero_logic play export` write documents";
/// What makes one smaller.
const LEAVE_OUT: &str =
    "nothing was imported; `hero_logic workflow export --without-benchmarks` writes a smaller document";

/// A document without its content, for `--json` where the document goes into a file.
#[derive(Serialize)]
struct Head<'a> {
    format: &'a str,
    format_version: u32,
    exported_at: hero_sdk::Timestamp,
    hero_logic: &'a str,
    digest: &'a str,
}

/// Writes a document to a file, or to standard output; whether it was a file.
pub(crate) async fn write<C: Content>(
    context: &mut Context,
    document: &Document<C>,
    output: Option<&Path>,
) -> Result<bool, Failure> {
    // What a server of another version says is not written as if it were whole.
    document.check()?;
    let Some(path) = output.filter(|path| *path != Path::new("-")) else {
        context.out.document(document)?;
        return Ok(false);
    };
    let text = serde_json::to_string(document)
        .map_err(|error| Failure::trouble("internal", format!("the document is no JSON: {error}")))?;
    let text = escape::json(&json_text::indented(&text)) + "\n";
    let write = async |file: &mut std::fs::File| {
        file.write_all(text.as_bytes()).map_err(|error| unwritten(path, &error))
    };
    replace(path, write).await?;
    if context.out.json {
        let Document { format, format_version, exported_at, hero_logic, content: _, digest } = document;
        let (format_version, exported_at) = (*format_version, *exported_at);
        context.out.document(&Head { format, format_version, exported_at, hero_logic, digest })?;
    }
    Ok(true)
}

/// Reads a document from a file, or from standard input. Its form is checked as a server checks that of a call.
pub(crate) async fn read(file: &str, signals: &mut Signals) -> Result<Json, Failure> {
    let bytes_max = DOCUMENT_BYTES_MAX as u64;
    let text = if file == "-" {
        let reading = tokio::task::spawn_blocking(move || read_standard_input(bytes_max));
        let read = tokio::select! {
            read = reading => read,
            () = signals.next() => return Err(interrupted()),
        };
        read.unwrap_or_else(|panicked| Err(std::io::Error::other(panicked)))
    } else {
        read_text_of(Path::new(file), bytes_max)
    };
    let place = if file == "-" { "standard input" } else { file };
    let text = text.map_err(|error| {
        let (code, hint) = match error.kind() {
            ErrorKind::FileTooLarge => (ErrorCode::DocumentTooLarge.as_str(), LEAVE_OUT),
            _ => ("unreadable_file", WRITTEN_BY),
        };
        Failure::usage(code, format!("cannot read {place}: {}", reason(&error))).hint(hint)
    })?;
    let invalid = |why: String| {
        Failure::usage(ErrorCode::ImportInvalid.as_str(), format!("{place} {why}"))
            .hint("nothing was imported; the file may be cut off: export it again")
    };
    let json =
        Json::parse(&json_text::compact(&text)).map_err(|error| invalid(format!("is not JSON: {error}")))?;
    match json.twice() {
        None => Ok(json),
        Some(pointer) => Err(invalid(format!("has {pointer} twice"))),
    }
}

/// Says of a document that no server takes how it is taken.
pub(crate) fn explain(error: Error, document: &Json) -> Failure {
    let bytes = document.as_str().len();
    let is_too_large = bytes.saturating_add(CALL_BYTES) > BODY_BYTES_MAX;
    if error.code != ErrorCode::InvalidRequest || !is_too_large {
        return error.into();
    }
    let message = format!(
        "the document has {bytes} bytes, and a server takes calls of {} MiB at most",
        BODY_BYTES_MAX >> 20
    );
    Failure::usage(ErrorCode::DocumentTooLarge.as_str(), message)
        .hint("nothing was imported; stop the server with `hero_logic --stop`, and import with --embedded")
}

/// What belongs to a workflow, in words.
pub(crate) fn parts(versions: usize, examples: usize, benchmarks: usize) -> String {
    let (versions, examples) = (counted(versions, "version"), counted(examples, "example"));
    match benchmarks {
        0 => format!("{versions} and {examples}"),
        benchmarks => format!("{versions}, {examples} and {}", counted(benchmarks, "benchmark")),
    }
}

/// So many of something, in words.
pub(crate) fn counted(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}
