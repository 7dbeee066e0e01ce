//! Files that a play's process leaves for the runtime: outputs too large for a line, and artifacts. They are read
//! beside the actor, which a disk must not hold up, and with the care of `beneath`.

use std::{io::Read as _, sync::Arc};

use hero_sdk::{
    Json, PlaySid,
    frame::{Blob, Done, DoneStatus, Up},
};
use ractor::{ActorRef, MessagingErr};
use sha2::{Digest as _, Sha256};

use super::{Message, environment::Environment, event::Garbled, temporary::wipe_temporary, values::clean};
use crate::{
    artifacts::{Held, Limit, NotKept, hex},
    beneath::{Directory, Unfit},
    paths::Paths,
    secrets::{self, Redactor},
};

/// Outputs that came as a file: checked against their digest, and handed on as if they had come inline.
pub(super) fn load_outputs(
    environment: &Environment,
    play_sid: &PlaySid,
    redactor: Option<Arc<Redactor>>,
    play: &ActorRef<Message>,
    attempt: u32,
    n: u64,
    blob: Blob,
) {
    let (paths, play_sid, play) = (environment.paths.clone(), play_sid.clone(), play.clone());
    tokio::task::spawn_blocking(move || {
        let frame = read_blob(&paths, &play_sid, &blob, redactor.as_deref())
            .map(|outputs| {
                Up::Done(Done {
                    status: DoneStatus::Succeeded,
                    outputs: Some(outputs),
                    blob: None,
                    error: None,
                    n,
                })
            })
            .map_err(|reason| Garbled {
                reason: format!("the file that holds the outputs: {reason}"),
                n: Some(n),
                is_done: true,
            });
        drop(play.cast(Message::Received { attempt, frames: vec![frame], permit: None }));
    });
}

/// A file of the play, checked against its name, as JSON. Where the play has secrets, their values go from the file.
fn read_blob(
    paths: &Paths,
    play_sid: &PlaySid,
    blob: &Blob,
    redactor: Option<&Redactor>,
) -> Result<Json, String> {
    let blobs = blobs(paths, play_sid).map_err(in_words)?;
    let text = match redactor {
        Some(redactor) => secrets::large_value(&blobs, blob, redactor).map_err(in_words)?,
        None => String::from_utf8(read_whole(&blobs, blob)?).map_err(in_words)?,
    };
    Json::parse(&text).map_err(in_words)
}

fn read_whole(blobs: &Directory, blob: &Blob) -> Result<Vec<u8>, String> {
    let (file, _) = blobs.file(&blob.digest).map_err(in_words)?;
    let mut bytes = Vec::new();
    // One more than there should be, to see whether there are more.
    file.take(blob.size.saturating_add(1)).read_to_end(&mut bytes).map_err(in_words)?;
    if bytes.len() as u64 != blob.size {
        return Err(format!("it does not have the {} bytes that it was said to have", blob.size));
    }
    if hex(Sha256::new_with_prefix(&bytes)) != blob.digest {
        return Err("its content does not match its name".to_owned());
    }
    Ok(bytes)
}

/// All that is a play's own.
pub(super) fn home(paths: &Paths, play_sid: &PlaySid) -> Result<Directory, Unfit> {
    Directory::open(&paths.plays())?.directory(play_sid.as_str())
}

/// Where its large values are, if it has any.
pub(crate) fn blobs(paths: &Paths, play_sid: &PlaySid) -> Result<Directory, Unfit> {
    home(paths, play_sid)?.directory(Paths::BLOBS)
}

/// Does what is to be done between two processes of a play with what the first one left.
pub(super) async fn clean_up(
    environment: &Environment,
    play_sid: &PlaySid,
    redactor: &Option<Arc<Redactor>>,
) {
    wipe_temporary(environment, play_sid).await;
    clean(environment, play_sid, redactor).await;
}

/// Copies a file of the working directory, and tells the play.
pub(super) fn copy_artifact(
    environment: &Arc<Environment>,
    play_sid: &PlaySid,
    play: &ActorRef<Message>,
    attempt: u32,
    path: String,
    limit: Option<Limit>,
) {
    let (play_sid, play) = (play_sid.clone(), play.clone());
    let environment = Arc::clone(environment);
    tokio::spawn(async move {
        let copying = Arc::clone(&environment);
        let copied = tokio::task::spawn_blocking(move || copy(&copying, &play_sid, &path, limit)).await;
        let result = copied.unwrap_or_else(|error| Err(NotKept::new("failed", error.to_string())));
        if let Err(MessagingErr::SendErr(Message::ArtifactCopied { result: Ok(held), .. })) =
            play.cast(Message::ArtifactCopied { attempt, result })
        {
            give_up(&environment, held);
        }
    });
}

fn copy(
    environment: &Environment,
    play_sid: &PlaySid,
    path: &str,
    limit: Option<Limit>,
) -> Result<Held, NotKept> {
    let work = home(&environment.paths, play_sid).and_then(|home| home.directory(Paths::WORK));
    let work = work.map_err(|unfit| NotKept::new("failed", format!("of flow.workdir: {unfit}")))?;
    let held = environment.artifacts.keep(&work, path, limit)?;
    environment.failpoint.copied();
    Ok(held)
}

/// Lets go of a content once everything that was handed to the writer is written, and its row with it.
pub(super) fn let_go(environment: &Environment, held: Held) {
    let tables = environment.tables.clone();
    tokio::spawn(async move {
        tables.catch_up().await.ok();
        drop(held);
    });
}

/// Lets go of a content that its play has no row for.
pub(super) fn give_up(environment: &Arc<Environment>, held: Held) {
    let digest = held.digest.clone();
    drop(held);
    forget(environment, digest);
}

/// Deletes a content, unless somebody uses it.
pub(super) fn forget(environment: &Arc<Environment>, digest: String) {
    let environment = Arc::clone(environment);
    tokio::task::spawn_blocking(move || {
        let is_in_use = |digest: &str| Ok(environment.tables.is_content_in_use(digest)?);
        if let Err(error) = environment.artifacts.forget(&digest, is_in_use) {
            tracing::warn!(%error, "a content that nobody uses stays until the next sweep");
        }
    });
}

pub(super) fn in_words(error: impl std::fmt::Display) -> String {
    error.to_string()
}
