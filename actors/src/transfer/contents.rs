//! The bytes of artifacts and of large values: out of the home's files into a document, and back.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write as _},
    sync::PoisonError,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hero_sdk::{
    Error, ErrorCode, PlaySid,
    document::{DOCUMENT_BYTES_MAX, ExportedArtifact, ExportedPlay, ExportedValue},
    frame::Blob,
    model::Artifact,
};
use sha2::{Digest as _, Sha256};

use super::refused;
use crate::{
    artifacts::{Held, NotKept, hex},
    beneath::Unfit,
    paths::Paths,
    play::{Environment, blobs, is_digest},
    secrets,
};

/// An artifact with its content. Blocks.
pub(super) fn artifact(environment: &Environment, artifact: Artifact) -> Result<ExportedArtifact, Error> {
    let content = environment.artifacts.whole(&artifact)?;
    Ok(ExportedArtifact::with(artifact, STANDARD.encode(content)))
}

/// The values of these names, each once. Blocks.
pub(super) fn values<'a>(
    environment: &Environment,
    play_sid: &PlaySid,
    named: impl Iterator<Item = &'a Blob>,
) -> Result<Vec<ExportedValue>, Error> {
    let named: BTreeMap<&str, &Blob> = named.map(|blob| (blob.digest.as_str(), blob)).collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let lost = |blob: &Blob, why: &dyn std::fmt::Display| {
        let message = format!("the value {} of a record cannot be read: {why}", blob.digest);
        Error::new(ErrorCode::StoreCorrupt, message).hint("without it the play cannot be replayed either")
    };
    let mut values = Vec::new();
    for blob in named.into_values() {
        let place = blobs(&environment.paths, play_sid).map_err(|unfit| lost(blob, &unfit))?;
        let (file, _) = place.file(&blob.digest).map_err(|unfit| lost(blob, &unfit))?;
        let mut content = Vec::new();
        let read = file.take(DOCUMENT_BYTES_MAX as u64).read_to_end(&mut content);
        read.map_err(|error| lost(blob, &error))?;
        let content_digest = digest(&content);
        if content_digest != blob.digest && !secrets::is_marked_text(&content) {
            return Err(lost(blob, &"its content does not match its name"));
        }
        values.push(ExportedValue {
            digest: blob.digest.clone(),
            content_digest,
            content: STANDARD.encode(content),
        });
    }
    Ok(values)
}

/// Refuses contents that are not what the document says of them.
pub(super) fn check(content: &ExportedPlay) -> Result<(), Error> {
    for (at, artifact) in content.artifacts.iter().enumerate() {
        let pointer = format!("/artifacts/{at}");
        let bytes = decoded(&artifact.content, &pointer)?;
        if bytes.len() as u64 != artifact.size || digest(&bytes) != artifact.digest {
            return Err(refused::<ExportedPlay>(pointer, "its content has another size or digest"));
        }
    }
    let mut named: BTreeMap<&str, u64> = BTreeMap::new();
    for (at, record) in content.records.iter().enumerate() {
        let Some(blob) = &record.file else { continue };
        let pointer = || format!("/records/{at}/file");
        let is_said_otherwise = |size: u64| size != blob.size;
        if !is_digest(blob) {
            return Err(refused::<ExportedPlay>(pointer(), "there is no name of a value"));
        }
        if named.insert(&blob.digest, blob.size).is_some_and(is_said_otherwise) {
            return Err(refused::<ExportedPlay>(pointer(), "the same value has another size"));
        }
    }
    for (at, value) in content.values.iter().enumerate() {
        let pointer = format!("/values/{at}");
        let Some(size) = named.remove(value.digest.as_str()) else {
            return Err(refused::<ExportedPlay>(pointer, "there is a value that no record names, or twice"));
        };
        let bytes = decoded(&value.content, &pointer)?;
        let is_whole = bytes.len() as u64 == size && value.content_digest == value.digest;
        if digest(&bytes) != value.content_digest || !(is_whole || secrets::is_marked_text(&bytes)) {
            return Err(refused::<ExportedPlay>(pointer, "its content has another size or digest"));
        }
        if serde_json::from_slice::<&serde_json::value::RawValue>(&bytes).is_err() {
            return Err(refused::<ExportedPlay>(pointer, "its content is no JSON"));
        }
    }
    match named.into_keys().next() {
        None => Ok(()),
        Some(digest) => {
            Err(refused::<ExportedPlay>("/values", format!("the value {digest} of a record is missing")))
        }
    }
}

/// Puts the contents of a checked document where the play finds them. They stay at least as long as what this gives.
/// Blocks; a crash leaves some of them, which are swept.
pub(super) fn put(environment: &Environment, content: &ExportedPlay) -> Result<Vec<Held>, Error> {
    let mut held = Vec::new();
    for (at, artifact) in content.artifacts.iter().enumerate() {
        let bytes = decoded(&artifact.content, &format!("/artifacts/{at}"))?;
        held.push(environment.artifacts.take(&bytes).map_err(|why| not_kept(&artifact.name, why))?);
    }
    if !content.values.is_empty() {
        // Nobody sweeps the place away meanwhile.
        let _not_now = environment.wiping.read().unwrap_or_else(PoisonError::into_inner);
        put_values(&environment.paths, content)?;
    }
    Ok(held)
}

fn put_values(paths: &Paths, content: &ExportedPlay) -> Result<(), Error> {
    let play_sid = &content.play.play_sid;
    let directory = paths.blobs(play_sid);
    let failed = |error: &dyn std::fmt::Display| {
        Error::new(ErrorCode::StorageFailed, format!("{} cannot be written: {error}", directory.display()))
    };
    paths.make_private(&directory)?;
    let place = blobs(paths, play_sid).map_err(|unfit: Unfit| failed(&unfit))?;
    for (at, value) in content.values.iter().enumerate() {
        let bytes = decoded(&value.content, &format!("/values/{at}"))?;
        let written = place.replace(&value.digest, None, |mut file: &fs::File| file.write_all(&bytes));
        written.map_err(|error| storage(&directory.display().to_string(), &error))?;
    }
    // The names of the directories as well.
    for above in directory.ancestors().skip(1).take(2) {
        fs::File::open(above).and_then(|above| above.sync_all()).map_err(|error| failed(&error))?;
    }
    Ok(())
}

fn storage(place: &str, error: &std::io::Error) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorCode::StorageFull,
        _ => ErrorCode::StorageFailed,
    };
    Error::new(code, format!("{place} cannot be written: {error}"))
}

fn not_kept(name: &str, NotKept { code, message }: NotKept) -> Error {
    let error_code = match code {
        "storage_full" => ErrorCode::StorageFull,
        "too_large" => ErrorCode::DocumentTooLarge,
        _ => ErrorCode::StorageFailed,
    };
    Error::new(error_code, format!("the artifact {name:?} is not taken: {message}"))
}

fn decoded(content: &str, pointer: &str) -> Result<Vec<u8>, Error> {
    STANDARD.decode(content).map_err(|error| {
        refused::<ExportedPlay>(format!("{pointer}/content"), format!("there is no base64: {error}"))
    })
}

fn digest(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}
