//! The values of a play's secrets: who knows them, how they are kept out of the files that its processes write, and how
//! they are put back into what an attempt is told.

use std::sync::Arc;

use hero_sdk::{
    Error, ErrorCode, Json, PlaySid,
    frame::{Blob, End, FrontierRecord, Up},
    model::WorkflowVersion,
};

use super::{
    environment::Environment,
    event::Garbled,
    files::{blobs, home, in_words},
    machine::is_digest,
};
use crate::{
    beneath::{Directory, Unfit},
    secrets::{self, Changed, Redactor, large_value},
};

/// What to do where a record holds a value that is no longer set.
const SET_IT_BACK: &str = "set the secret back";

/// Knows the values of the secrets that the version declares and that are set; whether all are is asked when an attempt
/// starts.
pub(super) fn known(environment: &Environment, version: &WorkflowVersion) -> Option<Arc<Redactor>> {
    let (vault, names) = (&environment.vault, secrets::declared(&version.options));
    let known = vault.find(&names).and_then(|values| vault.redactor(&values, &version.source));
    // The attempt that needs them says why they cannot be had.
    let known = known.inspect_err(|error| tracing::debug!(%error, "no secret can be read"));
    known.unwrap_or_default().map(Arc::new)
}

/// A large value that came as a file is kept as one, without the values of secrets.
pub(super) async fn keep_out_of_files(
    environment: &Environment,
    play_sid: &PlaySid,
    redactor: &Option<Arc<Redactor>>,
    frames: &[Result<Up, Garbled>],
) {
    let Some(redactor) = redactor else { return };
    for frame in frames {
        let Ok(Up::End(End { blob: Some(blob), .. })) = frame else { continue };
        if !is_digest(blob) {
            continue;
        }
        let (paths, of) = (environment.paths.clone(), play_sid.clone());
        let (blob, redactor) = (blob.clone(), Arc::clone(redactor));
        let rewritten = move || {
            let blobs = blobs(&paths, &of).map_err(in_words)?;
            large_value(&blobs, &blob, &redactor).map(drop).map_err(in_words)
        };
        let rewritten = tokio::task::spawn_blocking(rewritten).await;
        // A file that cannot be read is told when it is asked for.
        if let Err(reason) = rewritten.map_err(in_words).flatten() {
            tracing::warn!(play = %play_sid, reason, "a large value could not be looked through for secrets");
        }
    }
}

/// JSON of the play as the flow gets it.
pub(super) fn reveal(redactor: &Redactor, json: &Json, place: &str) -> Result<Json, Error> {
    let text = redactor.reveal(json.as_str()).map_err(|changed| secret_changed(&changed, place))?;
    Json::parse(&text).map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))
}

/// Puts the values of secrets back into a record, as the first run of its step gave them. A file that holds such a value
/// was rewritten, so what it stood for goes with the record.
pub(super) fn reveal_record(
    redactor: &Redactor,
    blobs: &Result<Directory, Unfit>,
    record: &mut FrontierRecord,
) -> Result<(), Error> {
    let (path, _, _, _, text, _, blob) = record;
    if let Some(kept) = text {
        *kept = redactor.reveal(kept).map_err(|changed| secret_changed(&changed, path))?;
    }
    if let (Some((digest, size)), Ok(blobs)) = (&blob, blobs) {
        let named = Blob { digest: digest.clone(), size: *size };
        if secrets::is_rewritten(blobs, &named) {
            let value = secrets::large_value(blobs, &named, redactor);
            *text = Some(value.map_err(|lost| {
                let message = format!("the recorded value of {path} cannot be given back: {lost}");
                Error::new(ErrorCode::SecretChanged, message).hint(SET_IT_BACK)
            })?);
            *blob = None;
        }
    }
    Ok(())
}

fn secret_changed(changed: &Changed, place: &str) -> Error {
    let message = format!("{place} holds an earlier value of the secret {} than is set now", changed.0);
    Error::new(ErrorCode::SecretChanged, message).hint(SET_IT_BACK)
}

/// What a play's processes have written themselves, without the values of its secrets. None of them is there any more.
pub(super) async fn clean(environment: &Environment, play_sid: &PlaySid, redactor: &Option<Arc<Redactor>>) {
    let Some(redactor) = redactor.clone() else { return };
    let (paths, of) = (environment.paths.clone(), play_sid.clone());
    let cleaning = move || match home(&paths, &of) {
        // It has not begun.
        Err(Unfit::Missing) => Ok(()),
        home => secrets::clean(&home?, &redactor),
    };
    let cleaned = tokio::task::spawn_blocking(cleaning).await;
    if let Err(reason) = cleaned.map_err(in_words).and_then(|cleaned| cleaned.map_err(in_words)) {
        tracing::error!(play = %play_sid, reason, "files of the play may hold values of secrets");
    }
}
