//! What the nodes of a play take, and may take. Pure, as the tree is.

use hero_sdk::model::{PlayError, Span, Try};

/// Bytes of all open nodes of a play. They are held until they are left, which a hostile process never does; tens of
/// thousands that are honest fit.
pub(super) const OPEN_BYTES_MAX: usize = 32 << 20;
/// Bytes of what is held of those that were left: their paths, failed tries and questions. As many nodes as are shown,
/// with paths of hundreds of bytes, fit.
pub(super) const LEFT_BYTES_MAX: usize = 64 << 20;
/// Where so much is held of those that were left, of further tries only what kind of error each was is kept.
pub(super) const BRIEF_BYTES: usize = LEFT_BYTES_MAX / 4;
/// What a node takes beside its texts.
const NODE_BYTES: usize = 1 << 10;

/// What a node takes.
pub(crate) fn span(span: &Span) -> usize {
    let Span { path, name, inputs, output, error: failure, tags, tries: failed, .. } = span;
    let texts = [inputs, output].into_iter().flatten().map(String::len).sum::<usize>();
    let tags: usize = tags.iter().map(|(name, value)| name.len() + value.as_str().len()).sum();
    let failure = failure.as_ref().map_or(0, error);
    NODE_BYTES + path.len() + name.len() + texts + tags + failure + tries(failed)
}

/// What failed tries take.
pub(super) fn tries(tries: &[Try]) -> usize {
    tries.iter().map(|failed| size_of::<Try>() + error(&failed.error)).sum()
}

/// Bytes of what a flow can make long in an error.
pub(crate) fn error(error: &PlayError) -> usize {
    let PlayError { code, kind, message, traceback, path, expected, actual, location, hint } = error;
    let optional = [kind, traceback, path, expected, actual, location, hint];
    code.len() + message.len() + optional.into_iter().flatten().map(String::len).sum::<usize>()
}
