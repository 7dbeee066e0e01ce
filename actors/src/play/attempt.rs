//! What an attempt is started from: the play's past, its process, and the first frame for it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use hero_sdk::{
    Error, ErrorCode, PlaySid,
    frame::{self, Down},
    model::{Allowance, Sandbox, WorkflowVersion},
};
use hero_store::{Change, Outcome, Tables};

use super::{
    environment::Environment,
    event::Past,
    files::blobs,
    frontier::frontier,
    lookup,
    values::{reveal, reveal_record},
};
use crate::{
    call::call_permanent,
    launcher::{self, LaunchError, Layers, Process, Spawn, imports},
    secrets::{self, Redactor},
};

/// Changes that are read at a time: the text of a play is only counted, and may be much.
const PAST_PAGE: usize = 1_000;

/// What the store has of a play, for its machine.
pub(super) fn past(tables: &Tables, play_sid: &PlaySid) -> Result<Past, hero_store::Error> {
    let resumes = tables.resumes_of(play_sid)?;
    let mut past = Past { resumes, artifacts: tables.artifacts(play_sid)?, ..Past::default() };
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

/// Whether this attempt of the play recorded anything.
pub(super) fn has_progressed(
    tables: &Tables,
    play_sid: &PlaySid,
    attempt: u32,
) -> Result<bool, hero_store::Error> {
    let counts = |outcome: &Outcome| !matches!(outcome, Outcome::Started { .. });
    Ok(tables.records(play_sid)?.iter().any(|record| record.attempt == attempt && counts(&record.outcome)))
}

/// What a play's process needs, by its version.
#[derive(Clone, Debug)]
pub(super) struct Needs {
    /// What the source says that it imports.
    pub(super) imports: Vec<String>,
    /// What it may have, or why it is beyond that. The same for all attempts that a runtime makes.
    pub(super) allowance: Result<Allowance, Error>,
}

impl Needs {
    /// Those of a version.
    pub(super) fn of(version: &WorkflowVersion, environment: &Environment) -> Self {
        Self { imports: imports(&version.source), allowance: environment.grant(&version.options) }
    }
}

/// A process for a play, which has been told nothing yet, or why there is none.
pub(super) async fn launch(
    environment: Arc<Environment>,
    play_sid: PlaySid,
    needs: Needs,
) -> Result<Process, Error> {
    let paths = environment.paths.clone();
    let Needs { imports, allowance } = needs;
    let allowance = allowance?;
    let spawn = Box::new(Spawn {
        workdir: paths.work(&play_sid),
        home: Some(paths.play(&play_sid)),
        output: Some(paths.output(&play_sid)),
        imports,
        allowance,
    });
    // Some file systems take a millisecond for a directory.
    let wiping = Arc::clone(&environment);
    let made = tokio::task::spawn_blocking(move || {
        let _not_now = wiping.wiping.read().unwrap_or_else(PoisonError::into_inner);
        paths.make_play(&play_sid)
    });
    let made = made.await;
    made.map_err(no_process)?.map_err(no_process)?;
    call_permanent(&environment.launcher, |reply| launcher::Message::Spawn { spawn: spawn.clone(), reply })
        .await
        .map_err(no_process)?
        .map_err(not_launched)
}

/// What a process with these layers is confined to.
pub(super) fn sandbox(environment: &Environment, needs: &Needs, layers: &Layers) -> Result<Sandbox, Error> {
    let mut allowance = needs.allowance.clone()?;
    allowance.subprocess.get_or_insert(layers.end_all());
    Ok(Sandbox { level: environment.sandbox.level, layers: layers.layers.to_vec(), allowance })
}

/// Those of this process's variables that the play may have.
fn variables(allowance: &Allowance) -> BTreeMap<String, String> {
    let value = |name: &String| Some((name.clone(), std::env::var(name).ok()?));
    allowance.env.iter().filter_map(value).collect()
}

/// What is told when no process can be had.
pub(super) fn no_process(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::SpawnFailed, error.to_string())
        .hint("`hero_logic doctor` says whether Python starts here")
}

/// The same of what the launcher says.
pub(crate) fn not_launched(error: LaunchError) -> Error {
    match error {
        LaunchError::Unconfined(_) => Error::new(ErrorCode::SandboxUnavailable, error.to_string())
            .hint("`hero_logic doctor` says what each layer needs; without --require-sandbox plays run with the others"),
        LaunchError::ForkServer(_) | LaunchError::Fork(_) => no_process(error),
    }
}

/// What the process of an attempt is told first.
pub(crate) struct First {
    /// The frame, as its line.
    pub(super) line: String,
    /// Knows the values of the secrets that the line holds.
    pub(super) redactor: Option<Arc<Redactor>>,
}

/// Makes the first frame of an attempt, which must be in the store, and all that came before it. The secrets are read
/// anew each time. Errors that do not pass: `secret_missing`, `secret_changed`, `secret_unreadable`, and
/// `invalid_params` of a variable.
pub(super) fn first_frame(
    environment: &Environment,
    play_sid: &PlaySid,
    attempt: u32,
    needs: &Needs,
) -> Result<First, Error> {
    let tables = &environment.tables;
    let missing = || Error::new(ErrorCode::Internal, "the play has no row or no version");
    let row = tables.play(play_sid)?.ok_or_else(missing)?;
    let version = tables.version(&row.play.version_sid)?.ok_or_else(missing)?;
    let (mut records, started) = frontier(&tables.records(play_sid)?);
    let secrets = environment.vault.read(&secrets::declared(&version.options))?;
    let redactor = environment.vault.redactor(&secrets, &version.source)?.map(Arc::new);
    let mut inputs = row.play.inputs;
    if let Some(redactor) = &redactor {
        let blobs = blobs(&environment.paths, play_sid);
        records.iter_mut().try_for_each(|record| reveal_record(redactor, &blobs, record))?;
        inputs = reveal(redactor, &inputs, "an input")?;
    }
    let text = |path: PathBuf| path.display().to_string();
    let start = frame::Start {
        v: frame::VERSION,
        play_sid: play_sid.to_string(),
        attempt,
        file_name: version.file_name,
        source: version.source,
        code: environment.compiled.of(&row.play.version_sid).as_deref().map(str::to_owned),
        entry: Some(version.entry),
        inputs,
        secrets,
        workflows: lookup::known(environment, &row.memory.workflows)?,
        env: variables(needs.allowance.as_ref().map_err(Error::clone)?),
        workdir: text(environment.paths.work(play_sid)),
        blob_dir: text(environment.paths.blobs(play_sid)),
        records,
        started,
    };
    Ok(First { line: Down::Start(Box::new(start)).to_line(), redactor })
}
