//! What the program says of itself: on a terminal as text, in the files of a server as a JSON object a line, a file for
//! each day. `RUST_LOG` says how much.

use std::{os::unix::fs::DirBuilderExt as _, path::Path};

use hero_sdk::{Error, ErrorCode};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};

/// Files that stay: two weeks.
const FILES_MAX: usize = 14;

/// To standard error, from this level on unless `RUST_LOG` says otherwise.
pub(crate) fn to_stderr(level: LevelFilter, has_colour: bool) {
    tracing_subscriber::fmt()
        .with_env_filter(filter(level))
        .with_writer(std::io::stderr)
        .with_ansi(has_colour)
        .init();
}

/// To files in this directory, whose names begin with this one. What panics is told there as well: nobody reads the
/// standard error of a server.
pub(crate) fn to_files(directory: &Path, name: &str) -> Result<(), Error> {
    let failed = |reason: String| {
        Error::new(
            ErrorCode::StorageFailed,
            format!("no log can be kept in {}: {reason}", directory.display()),
        )
    };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| failed(error.to_string()))?;
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(name)
        .filename_suffix("log")
        .max_log_files(FILES_MAX)
        .build(directory)
        .map_err(|error| failed(error.to_string()))?;
    tracing_subscriber::fmt().json().with_env_filter(filter(LevelFilter::INFO)).with_writer(files).init();
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a task has panicked")));
    Ok(())
}

fn filter(level: LevelFilter) -> EnvFilter {
    EnvFilter::builder().with_default_directive(level.into()).from_env_lossy()
}
