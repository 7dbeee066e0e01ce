//! The description of the service that is part of the program.

use std::path::{Path, PathBuf};

use hero_sdk::{Error, ErrorCode};
use serde::Deserialize;

use super::places::Places;

const TEXT: &str = include_str!("../../service.toml");

/// The description, checked.
#[derive(Debug)]
pub(crate) struct Manifest {
    text: &'static str,
}

/// Its tables. What is not known is refused, so that the file and the program cannot part.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    service: Service,
    listen: Listen,
    files: Files,
    drain: Drain,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    name: String,
    description: String,
    start: String,
    stop: String,
    status: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listen {
    socket: PathBuf,
    protocol: String,
    description: String,
    events: String,
    health: String,
    metrics: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Files {
    store: PathBuf,
    pid: PathBuf,
    log: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drain {
    signal: String,
    limit_s: u64,
}

impl Manifest {
    /// The one of this program.
    ///
    /// Errors: `internal` where it does not tell what the program does.
    pub(crate) fn embedded() -> Result<Self, Error> {
        Self::parse(TEXT)
    }

    /// As it is written.
    pub(crate) fn text(&self) -> &'static str {
        self.text
    }

    fn parse(text: &'static str) -> Result<Self, Error> {
        let wrong = |reason: String| Error::new(ErrorCode::Internal, format!("service.toml: {reason}"));
        let tables: Tables = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let Tables { service, listen, files, drain } = tables;
        let places = Places::new(Path::new(""));
        for (written, real) in [
            (&listen.socket, places.socket()),
            (&files.pid, places.pid_file()),
            (&files.log, places.logs()),
            (&files.store, places.store()),
        ] {
            if *written != real {
                return Err(wrong(format!("{} is {}", written.display(), real.display())));
            }
        }
        let texts = [
            service.name,
            service.description,
            service.start,
            service.stop,
            service.status,
            listen.protocol,
            listen.description,
            listen.events,
            listen.health,
            listen.metrics,
            drain.signal,
        ];
        if texts.iter().any(|text| text.trim().is_empty()) || drain.limit_s == 0 {
            return Err(wrong("something is empty".to_owned()));
        }
        Ok(Self { text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_what_the_program_does() {
        assert_eq!(Manifest::embedded().unwrap().text(), TEXT);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for (from, to) in [
            ("server.pid", "other.pid"),
            ("[drain]", "[drian]"),
            ("limit_s = 10", "limit_s = \"soon\""),
            ("\"SIGTERM\"", "\"\""),
            ("stop = ", "halt = "),
        ] {
            let text = TEXT.replace(from, to);
            assert_ne!(text, TEXT, "{from}");
            assert!(Manifest::parse(text.leak()).is_err(), "{from} -> {to}");
        }
    }
}
