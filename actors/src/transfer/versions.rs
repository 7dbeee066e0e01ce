//! Versions of a document: what their digests cover is reckoned anew, and what they declare is read from their sources.

use std::sync::Arc;

use hero_sdk::{Error, ErrorCode, document::Content, model::WorkflowVersion};

use super::{ensure, refused};
use crate::{
    play::Environment,
    registry::{Library, Source, digest},
    runtime::library,
};

/// The source as it was when the version was made. An entry was asked for by the name of a function or of a flow, or
/// by none; the digest tells which. None where it is that of something else.
pub(super) fn source_of(version: &WorkflowVersion) -> Option<Source> {
    let entries = [None, Some(&version.entry), Some(&version.name)];
    let sources = entries.into_iter().map(|entry| Source {
        source: version.source.clone(),
        file_name: version.file_name.clone(),
        entry: entry.cloned(),
    });
    sources.into_iter().find(|source| digest(source) == version.digest)
}

/// The version as it is here, or as it is to be: its ids, its note and its moment are those of the document, and what it
/// declares is what its source declares here.
///
/// Errors: `import_invalid`, `conflict` where another version has its id, and those of a source that cannot be described.
pub(super) async fn here<C: Content>(
    environment: &Arc<Environment>,
    version: WorkflowVersion,
    pointer: &str,
) -> Result<WorkflowVersion, Error> {
    let Some(source) = source_of(&version) else {
        return Err(refused::<C>(pointer, "the digest is not that of source, file name and entry"));
    };
    let is_entry = |described: &WorkflowVersion| {
        let pointer = || format!("{pointer}/entry");
        ensure::<C>(
            described.entry == version.entry,
            pointer,
            "there is another flow than the source's entry",
        )
    };
    if let Some(known) = environment.tables.version(&version.version_sid)? {
        let is_it = known.digest == version.digest
            && known.workflow_sid == version.workflow_sid
            && known.version == version.version;
        is_entry(&known)?;
        return if is_it { Ok(known) } else { Err(taken(&known)) };
    }
    let described = match environment.tables.version_by_digest(&version.digest)? {
        Some(known) => known,
        None => {
            let work = async move |library: Library| library.describe(&source).await;
            library(environment, work).await.map_err(|error| explain(error, &version))?
        }
    };
    is_entry(&described)?;
    Ok(WorkflowVersion {
        version_sid: version.version_sid,
        workflow_sid: version.workflow_sid,
        version: version.version,
        note: version.note,
        created_at: version.created_at,
        ..described
    })
}

fn taken(known: &WorkflowVersion) -> Error {
    let message = format!("there is another version {} already", known.version_sid);
    Error::new(ErrorCode::Conflict, message)
        .hint("nothing was imported; the document was made of another one")
}

fn explain(error: Error, version: &WorkflowVersion) -> Error {
    let Error { code, message, hint, fields } = error;
    let title = match version.version {
        Some(number) => format!("version {number}"),
        None => "the source".to_owned(),
    };
    Error { code, message: format!("{title} cannot be taken: {message}"), hint, fields }
}
