//! A play becomes a document.

use std::sync::Arc;

use hero_sdk::{
    Error, ErrorCode, PlaySid,
    document::{Document, ExportedPlay, InvokedWorkflow, check_size},
    model::{Play, Status, WorkflowVersion},
};
use hero_store::{Change, Outcome, Payload, PlayRow, Record, Tables};

use super::{contents, records};
use crate::{play::Environment, plays::not_found, runtime::blocking};

/// Changes that are read at a time.
const CHANGES_PAGE: usize = 1_000;

/// A play with all that it is replayed from.
///
/// Errors: `not_found`; `conflict` while it goes on; `document_too_large`; `store_corrupt` where a file is gone.
pub(crate) async fn export_play(
    environment: Arc<Environment>,
    play_sid: PlaySid,
) -> Result<Document<ExportedPlay>, Error> {
    environment.tables.catch_up().await?;
    blocking(move || {
        let row = |tables: &Tables| tables.play(&play_sid)?.ok_or_else(|| not_found(&play_sid));
        let before = row(&environment.tables)?;
        check_at_rest(&before.play)?;
        let content = content(&environment, before.clone())?;
        // It may have been answered or retried meanwhile.
        if row(&environment.tables)? != before {
            return Err(goes_on(&before.play, "has gone on"));
        }
        Document::of(content, environment.clock.now().wall)
    })
    .await
}

/// A play that goes on would do so in two places.
fn check_at_rest(play: &Play) -> Result<(), Error> {
    if play.status.is_terminal() || play.status == Status::AwaitingResume {
        return Ok(());
    }
    Err(goes_on(play, &format!("is {}", play.status.as_str())))
}

fn goes_on(play: &Play, how: &str) -> Error {
    let message = format!("the play {how}; one that has ended is exported, or one that waits for an answer");
    Error::new(ErrorCode::Conflict, message)
        .hint(format!("`hero_logic play wait {}` waits until it has", play.play_sid))
}

/// Everything of a play. Blocks.
pub(super) fn content(environment: &Environment, row: PlayRow) -> Result<ExportedPlay, Error> {
    let PlayRow { mut play, memory } = row;
    let (tables, play_sid) = (&environment.tables, play.play_sid.clone());
    play.sandbox = None;
    let artifacts = tables.artifacts(&play_sid)?;
    let records = tables.records(&play_sid)?;
    check_files(artifacts.iter().map(|artifact| artifact.size), &records)?;
    let (mut spans, mut logs, mut last_seq) = (Vec::new(), Vec::new(), 0);
    loop {
        let page = tables.changes_after(&play_sid, last_seq, CHANGES_PAGE)?;
        let Some(last) = page.last() else { break };
        last_seq = last.seq();
        for change in page {
            match change {
                Change::Span(span) => spans.push(span),
                Change::Log(line) => logs.push(line),
            }
        }
    }
    let records: Vec<_> = records.into_iter().map(records::exported).collect();
    let named = records.iter().filter_map(|record| record.file.as_ref());
    let values = contents::values(environment, &play_sid, named)?;
    let artifact = |artifact| contents::artifact(environment, artifact);
    let invoked = |resolution: hero_store::Resolution| {
        let version = version(tables, &resolution.version_sid)?;
        Ok::<_, Error>(InvokedWorkflow { name: resolution.name, workflow: resolution.workflow, version })
    };
    Ok(ExportedPlay {
        timeout_ms: memory.timeout_ms,
        version: version(tables, &play.version_sid)?,
        workflows: memory.workflows.into_iter().map(invoked).collect::<Result<_, _>>()?,
        spans,
        logs,
        records,
        questions: tables.resumes_of(&play_sid)?.into_iter().map(Into::into).collect(),
        artifacts: artifacts.into_iter().map(artifact).collect::<Result<_, _>>()?,
        values,
        play,
    })
}

/// Refuses files that no document holds, before they are read.
fn check_files(artifacts: impl Iterator<Item = u64>, records: &[Record]) -> Result<(), Error> {
    let large = |record: &Record| match &record.outcome {
        Outcome::Ok(Payload::Blob(blob)) | Outcome::Failed(Payload::Blob(blob)) => blob.size,
        _ => 0,
    };
    let bytes = artifacts.chain(records.iter().map(large)).fold(0, u64::saturating_add);
    check_size(usize::try_from(bytes / 3).unwrap_or(usize::MAX).saturating_mul(4))
}

fn version(tables: &Tables, version_sid: &hero_sdk::VersionSid) -> Result<WorkflowVersion, Error> {
    let missing =
        || Error::new(ErrorCode::StoreCorrupt, format!("the version {version_sid} of the play is gone"));
    tables.version(version_sid)?.ok_or_else(missing)
}
