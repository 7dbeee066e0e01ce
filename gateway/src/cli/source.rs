//! Text that an argument names: itself, a file, or standard input; and the Python file to run.

use std::{
    io::{ErrorKind, IsTerminal, Read},
    path::Path,
};

use hero_sdk::Json;

use crate::{
    cli::{
        errors::Failure,
        signals::{Signals, interrupted},
    },
    given_json::{Unclear, given_json},
    suggest::{close_matches, did_you_mean},
};

/// Bytes of a Python file or of a JSON file. A flow's source is a few kB; inputs travel in one frame.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// The text of a regular file of bearable size, without a byte order mark, which editors leave and parsers refuse.
pub(crate) fn read_text(path: &Path) -> std::io::Result<String> {
    read_text_of(path, FILE_BYTES_MAX)
}

/// The same of at most so many bytes.
pub(crate) fn read_text_of(path: &Path, bytes_max: u64) -> std::io::Result<String> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    if metadata.len() > bytes_max {
        let large = format!("it has {} bytes, of at most {bytes_max}", metadata.len());
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, large));
    }
    let text = std::fs::read_to_string(path)?;
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

/// All of standard input, which may be a stream without an end.
pub(crate) fn read_standard_input(bytes_max: u64) -> std::io::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(bytes_max + 1).read_to_string(&mut text)?;
    if text.len() as u64 > bytes_max {
        // How much more would come is not known.
        let large = format!("it has more than {} MiB", bytes_max >> 20);
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, large));
    }
    Ok(text)
}

/// A JSON argument: `-` is standard input, `@` and a path a file, anything else itself. A signal ends the wait for
/// standard input.
pub(crate) async fn argument_text(
    option: &str,
    argument: &str,
    signals: &mut Signals,
) -> Result<String, Failure> {
    if argument == "-" && std::io::stdin().is_terminal() {
        eprintln!("{option} -: type the JSON here; Ctrl-D on an empty line ends it");
    }
    let hint = format!("{option} takes JSON, @ and the path of a JSON file, or - for standard input");
    match text_elsewhere(option, argument, signals).await {
        Some(text) => text.map_err(|failure| failure.hint(hint)),
        None => Ok(argument.to_owned()),
    }
}

/// The text that an argument only names: of a file, or of standard input; none for one that is the text itself.
pub(crate) async fn text_elsewhere(
    option: &str,
    argument: &str,
    signals: &mut Signals,
) -> Option<Result<String, Failure>> {
    let cannot_read = |what: &str, error: std::io::Error| {
        Failure::usage("unreadable_file", format!("{option}: cannot read {what}: {}", reason(&error)))
    };
    if argument == "-" {
        let text = tokio::select! {
            text = tokio::task::spawn_blocking(|| read_standard_input(FILE_BYTES_MAX)) => text,
            () = signals.next() => return Some(Err(interrupted())),
        };
        let text = text.unwrap_or_else(|panicked| Err(std::io::Error::other(panicked)));
        return Some(text.map_err(|error| cannot_read("standard input", error)));
    }
    let path = argument.strip_prefix('@')?;
    Some(read_text(Path::new(path)).map_err(|error| cannot_read(path, error)))
}

/// True for what names a file and not a workflow.
pub(crate) fn is_path(target: &str) -> bool {
    target.contains(std::path::MAIN_SEPARATOR) || Path::new(target).extension().is_some_and(|end| end == "py")
}

/// The name by which tracebacks call a file.
pub(crate) fn file_name(target: &str) -> String {
    Path::new(target).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What can be run.
const A_FLOW: &str = "a flow is one Python file in UTF-8";

/// The JSON that was given by an option; `hint` says how text that is none is meant to be given.
pub(crate) fn argument_json(option: &str, text: &str, hint: impl Into<String>) -> Result<Json, Failure> {
    given_json(text).map_err(|error| {
        let failure = Failure::usage("invalid_json", format!("{option} {error}"));
        match error {
            Unclear::NoJson(_) => failure.hint(hint),
            Unclear::Deep => {
                failure.hint("give what is nested deeper as a text, which the flow reads as JSON")
            }
            Unclear::Twice(_) => failure.hint("leave one of them out"),
        }
    })
}

/// The text of a Python file; `bundled` are the flows that need no file.
pub(crate) fn python_file(target: &str, bundled: &[&str]) -> Result<String, Failure> {
    let path = Path::new(target);
    let error = match read_text(path) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    if error.kind() == ErrorKind::NotFound {
        let names = python_files_beside(path);
        let guesses = close_matches(&file_name(target), names.iter().map(String::as_str));
        let guesses: Vec<String> =
            guesses.iter().map(|name| path.with_file_name(name).display().to_string()).collect();
        let guess = did_you_mean(&guesses.iter().map(String::as_str).collect::<Vec<_>>());
        let failure = Failure::usage("file_not_found", format!("there is no file {target}"));
        return Err(failure.hint(match (guess, bundled.join(", ")) {
            (guess, names) if names.is_empty() => guess.unwrap_or_else(|| A_FLOW.to_owned()),
            (Some(guess), names) => format!("{guess} bundled flows: {names}"),
            (None, names) => format!("bundled flows: {names}"),
        }));
    }
    Err(Failure::usage("unreadable_file", format!("cannot read {target}: {}", reason(&error))).hint(A_FLOW))
}

/// The names of the Python files in the directory of a path.
fn python_files_beside(path: &Path) -> Vec<String> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let entries = std::fs::read_dir(directory.unwrap_or(Path::new(".")));
    // Only a guess is lost when the directory cannot be read.
    let names =
        entries.into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.ends_with(".py")).collect()
}

/// An I/O error for people, without the number of the system call's error.
pub(crate) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "it is a directory".to_owned(),
        ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
        _ => error.to_string(),
    }
}
