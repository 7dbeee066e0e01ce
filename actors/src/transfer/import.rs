//! A document becomes a play.

use std::sync::Arc;

use hero_sdk::{
    Error, ErrorCode, Json,
    document::{ExportedPlay, digest_of},
    logic::{ImportedPlay, News},
    model::{Play, WorkflowVersion},
};
use hero_store::{Batch, PlayMemory, PlayRow, Resolution, Run, Tables};

use super::{
    checks::{checked, question_ids},
    contents, export, records, refused, versions,
};
use crate::{
    artifacts::Held,
    play::Environment,
    registry::{Library, check_inputs},
    runtime::{blocking, library},
    secrets,
};

/// Takes a play, unless it is here already.
///
/// Errors: those of [`hero_sdk::document::Document::read`]; `import_invalid`; `conflict` where something else has its
/// place; those of a source that cannot be described.
pub(crate) async fn import_play(
    environment: Arc<Environment>,
    document: Json,
) -> Result<ImportedPlay, Error> {
    let mut content = blocking(move || checked(&document)).await?;
    content.version = versions::here::<ExportedPlay>(&environment, content.version, "/version").await?;
    for (at, workflow) in content.workflows.iter_mut().enumerate() {
        let pointer = format!("/workflows/{at}/version");
        workflow.version =
            versions::here::<ExportedPlay>(&environment, workflow.version.clone(), &pointer).await?;
    }
    check_against_version(&environment, &content)?;
    let content = Arc::new(content);
    if let Some(play) = known(&environment, &content).await? {
        return Ok(ImportedPlay { play, is_new: false });
    }
    let (of, putting) = (Arc::clone(&environment), Arc::clone(&content));
    let held = blocking(move || contents::put(&of, &putting)).await?;
    environment.failpoint.arrived();
    let of = Arc::clone(&environment);
    library(&environment, async move |library: Library| commit(&library, &of, content, held).await).await
}

/// What depends on the version as it is here, and on the settings.
fn check_against_version(environment: &Environment, content: &ExportedPlay) -> Result<(), Error> {
    let ExportedPlay { version, play, artifacts, .. } = content;
    // Marks that stand for the values of secrets need not fit.
    if secrets::declared(&version.options).is_empty() {
        check_inputs(version, &play.inputs)
            .map_err(|error| refused::<ExportedPlay>("/play/inputs", error))?;
    }
    let allowance = environment.grant(&version.options);
    let disk_mb = allowance.map_or(environment.sandbox.defaults.disk_mb, |allowance| allowance.disk_mb);
    let bytes = artifacts.iter().fold(0, |all: u64, artifact| all.saturating_add(artifact.size));
    if bytes > disk_mb.saturating_mul(1 << 20) {
        let what = format!("there are more than the {disk_mb} MiB that the play may have here");
        return Err(refused::<ExportedPlay>("/artifacts", what));
    }
    Ok(())
}

/// The play where it is here, as it is in the document.
async fn known(environment: &Arc<Environment>, content: &Arc<ExportedPlay>) -> Result<Option<Play>, Error> {
    let (environment, content) = (Arc::clone(environment), Arc::clone(content));
    blocking(move || {
        let play_sid = &content.play.play_sid;
        let Some(row) = environment.tables.play(play_sid)? else { return Ok(None) };
        let play = row.play.clone();
        if play.status.is_terminal()
            && digest_of(&export::content(&environment, row)?)? == digest_of(&*content)?
        {
            return Ok(Some(play));
        }
        let message = format!("the play {play_sid} is here already, and not as it is in the document");
        Err(Error::new(ErrorCode::Conflict, message)
            .hint(format!("it stays as it is; `hero_logic play show {play_sid}` shows it")))
    })
    .await
}

/// All rows at once. The contents are held until they are written.
async fn commit(
    library: &Library,
    environment: &Arc<Environment>,
    content: Arc<ExportedPlay>,
    held: Vec<Held>,
) -> Result<ImportedPlay, Error> {
    let _changing = library.change().await;
    // Somebody may have been faster.
    if let Some(play) = known(environment, &content).await? {
        return Ok(ImportedPlay { play, is_new: false });
    }
    let tables = library.tables();
    if let Some(taken) = question_ids(&content).find_map(|id| tables.resume(id).transpose()) {
        let message = format!("the question {} of the document is here already", taken?.resume_id);
        return Err(Error::new(ErrorCode::Conflict, message).hint("the document was made of another play"));
    }
    let content = Arc::unwrap_or_clone(content);
    let play = content.play.clone();
    tables.commit(batch(tables, content)?).await?;
    drop(held);
    environment.events.add(News::PlayCreated((&play).into()));
    Ok(ImportedPlay { play, is_new: true })
}

pub(super) fn batch(tables: &Tables, content: ExportedPlay) -> Result<Batch, Error> {
    let ExportedPlay {
        play, timeout_ms, version, workflows, spans, logs, records, questions, artifacts, ..
    } = content;
    let mut batch = Batch::new();
    put_version(&mut batch, tables, &version)?;
    for workflow in &workflows {
        put_version(&mut batch, tables, &workflow.version)?;
    }
    let resolutions = workflows.into_iter().map(|workflow| Resolution {
        name: workflow.name,
        workflow: workflow.workflow,
        version_sid: workflow.version.version_sid,
    });
    let play_sid = &play.play_sid;
    spans.iter().for_each(|span| batch.put_span(play_sid, span, None));
    logs.iter().for_each(|line| batch.put_log(play_sid, line));
    let stored = records.into_iter().filter_map(records::stored);
    stored.for_each(|record| batch.put_record(play_sid, &record));
    questions.into_iter().for_each(|question| batch.put_resume(&question.of(play_sid)));
    artifacts.into_iter().for_each(|artifact| batch.put_artifact(&artifact.of(play_sid), None));
    let memory = PlayMemory { timeout_ms, workflows: resolutions.collect(), ..PlayMemory::default() };
    // It counts like any other, where there is its version.
    Run::of(&play).into_iter().for_each(|run| batch.count(run));
    batch.put_play(&PlayRow { play, memory });
    Ok(batch)
}

/// What is here stays what it is, and a workflow has no versions by what its plays say.
fn put_version(batch: &mut Batch, tables: &Tables, version: &WorkflowVersion) -> Result<(), Error> {
    if tables.version(&version.version_sid)?.is_some() {
        return Ok(());
    }
    match version.workflow_sid {
        Some(_) => batch.put_version_of_play(version),
        None => batch.put_version(version),
    }
    Ok(())
}
