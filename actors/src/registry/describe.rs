//! Has a source described by a process of its own: which flows it declares, with which inputs and outputs.

use std::{io, time::Duration};

use hero_sdk::{
    Error, ErrorCode,
    frame::{self, DeclaredFlow, Described, Down, LINE_BYTES_MAX, Up},
    model::PlayError,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
};

use super::message::Source;
use crate::{
    call::{LIMIT, call_permanent},
    launcher::{self, Spawn},
    play::{Environment, Watched, not_launched},
};

/// A source that takes longer to import does work at its top level that belongs into a flow.
const IMPORT_LIMIT: Duration = Duration::from_secs(20);
// Who waits longer for the registry is told that the machine is overloaded.
const _: () = assert!(IMPORT_LIMIT.as_secs() < LIMIT.as_secs());
const HINT: &str = "move what takes so much from the top level of the file into a flow";

/// The flow that the source's entry is.
pub(super) async fn describe(environment: &Environment, source: &Source) -> Result<DeclaredFlow, Error> {
    let spawn = Box::new(Spawn {
        workdir: environment.paths.describe(),
        home: None,
        output: None,
        imports: Vec::new(),
        allowance: environment.sandbox.defaults.clone(),
    });
    let message = |reply| launcher::Message::Spawn { spawn: spawn.clone(), reply };
    let spawned = call_permanent(&environment.launcher, message).await?;
    // The process is killed when this is dropped, however the description ends.
    let mut process = spawned.map_err(not_launched)?;
    let stream = process.stream.take().ok_or_else(|| broken("it has no socket"))?;
    let watched = Watched::of(environment, &process, &environment.sandbox.defaults);
    let described = tokio::select! {
        described = tokio::time::timeout(IMPORT_LIMIT, ask(stream, source)) => described,
        error = beyond(watched) => return Err(invalid_source(&source.file_name, error)),
    };
    match described {
        Ok(described) => entry(described?, source),
        Err(_) => {
            let message =
                format!("{} was not imported within {} s", source.file_name, IMPORT_LIMIT.as_secs());
            Err(Error::new(ErrorCode::InvalidSource, message).hint(HINT))
        }
    }
}

/// What the import took more of than it may, as soon as it does.
async fn beyond(watched: Option<Watched>) -> PlayError {
    match watched {
        Some(watched) => PlayError { hint: Some(HINT.to_owned()), ..watched.beyond().await },
        None => std::future::pending().await,
    }
}

async fn ask(mut stream: UnixStream, source: &Source) -> Result<Described, Error> {
    let Source { source, file_name, entry } = source.clone();
    let describe = Down::Describe { v: frame::VERSION, file_name, source, entry };
    let told = stream.write_all(describe.to_line().as_bytes()).await;
    match told.and(listen(stream).await) {
        Ok(Some(described)) => Ok(described),
        Ok(None) => Err(broken("its process ended while it was imported")),
        Err(error) => Err(broken(&error.to_string())),
    }
}

/// Reads until the description has come; a process that the source started may hold the socket open for longer.
async fn listen(stream: UnixStream) -> io::Result<Option<Described>> {
    let mut lines = BufReader::new(stream.take(2 * LINE_BYTES_MAX as u64));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).await? > 0 {
        if let Ok(Up::Described(described)) = Up::parse(String::from_utf8_lossy(&line).trim_end()) {
            return Ok(Some(described));
        }
        line.clear();
    }
    Ok(None)
}

fn entry(described: Described, source: &Source) -> Result<DeclaredFlow, Error> {
    if let Some(error) = described.error {
        return Err(invalid_source(&source.file_name, error));
    }
    let function = described.entry.unwrap_or_default();
    described
        .flows
        .into_iter()
        .find(|flow| flow.function == function)
        .ok_or_else(|| broken("it names an entry that it does not declare"))
}

fn invalid_source(file_name: &str, error: PlayError) -> Error {
    let place = error.location.unwrap_or_else(|| file_name.to_owned());
    let mut message =
        if error.message.starts_with(&place) { error.message } else { format!("{place}: {}", error.message) };
    if let Some(traceback) = error.traceback {
        message.push('\n');
        message.push_str(traceback.trim_end());
    }
    let result = Error::new(ErrorCode::InvalidSource, message);
    match error.hint {
        Some(hint) => result.hint(hint),
        None => result,
    }
}

fn broken(reason: &str) -> Error {
    Error::new(ErrorCode::InvalidSource, format!("the file could not be described: {reason}"))
        .hint("importing it must not exit, fork or close descriptors")
}
