//! What an attempt is started from: the play's past, its process, and the first frame for it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use hero_sdk::{
    Error, ErrorCode, Json, PlaySid,
    frame::{self, Blob, Down},
};
use hero_store::{Change, Tables};
use sha2::{Digest as _, Sha256};

use super::{environment::Environment, event::Past, frontier::frontier};
use crate::{
    call::call,
    launcher::{self, Process, Spawn},
};

/// Changes that are read at a time: the text of a play is only counted, and may be much.
const PAST_PAGE: usize = 1_000;

/// What the store has of a play, for its machine.
pub(super) fn past(tables: &Tables, play_sid: &PlaySid) -> Result<Past, hero_store::Error> {
    let mut past = Past { resumes: tables.resumes_of(play_sid)?, ..Past::default() };
    loop {
        let page = tables.changes_after(play_sid, past.last_seq, PAST_PAGE)?;
        let Some(last) = page.last() else { break };
        past.last_seq = last.seq();
        for change in page {
            match change {
                Change::Span(span) => past.spans.push(span),
                Change::Log(_) => past.logs += 1,
            }
        }
    }
    for record in tables.records(play_sid)? {
        past.last_seq = past.last_seq.max(record.seq);
        if !record.outcome.is_final() {
            past.failed.push(record.path);
        }
    }
    Ok(past)
}

/// A process for a play, which has been told nothing yet, or why there is none.
pub(super) async fn launch(
    environment: Arc<Environment>,
    play_sid: PlaySid,
    imports: Vec<String>,
) -> Result<Process, String> {
    let paths = environment.paths.clone();
    let spawn =
        Spawn { workdir: paths.work(&play_sid), output: paths.output(&play_sid), env: Vec::new(), imports };
    // Some file systems take a millisecond for a directory.
    let made = tokio::task::spawn_blocking(move || paths.make_play(&play_sid)).await;
    made.map_err(in_words)?.map_err(in_words)?;
    let launcher = environment.launcher.get();
    call(&launcher, |reply| launcher::Message::Spawn { spawn, reply })
        .await
        .map_err(in_words)?
        .map_err(in_words)
}

pub(super) fn in_words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// What the process of the attempt is told first. The attempt must be in the store, and all that came before it.
pub(super) fn first_frame(
    environment: &Environment,
    play_sid: &PlaySid,
    attempt: u32,
) -> Result<String, Error> {
    let tables = &environment.tables;
    let missing = || Error::new(ErrorCode::Internal, "the play has no row or no version");
    let row = tables.play(play_sid)?.ok_or_else(missing)?;
    let version = tables.version(&row.play.version_sid)?.ok_or_else(missing)?;
    let (records, started) = frontier(&tables.records(play_sid)?);
    let text = |path: PathBuf| path.display().to_string();
    let start = frame::Start {
        v: frame::VERSION,
        play_sid: play_sid.to_string(),
        attempt,
        file_name: version.file_name,
        source: version.source,
        code: environment.compiled.of(&row.play.version_sid).as_deref().map(str::to_owned),
        entry: Some(version.entry),
        inputs: row.play.inputs,
        workdir: text(environment.paths.work(play_sid)),
        blob_dir: text(environment.paths.blobs(play_sid)),
        records,
        started,
    };
    Ok(Down::Start(Box::new(start)).to_line())
}

/// A file of the play, checked against its name, as JSON.
pub(super) fn read_blob(path: &Path, blob: &Blob) -> Result<Json, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if digest != blob.digest {
        return Err("its content does not match its name".to_owned());
    }
    let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
    Json::parse(&text).map_err(|error| error.to_string())
}
