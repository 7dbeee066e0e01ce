//! A node that has been entered and not left, and what all of these of a play may take. Pure, as the tree is.

use hero_sdk::model::Span;

use super::tries;

/// Bytes of all open nodes of a play. They are held until they are left, which a hostile process never does; tens of
/// thousands that are honest fit.
pub(super) const BYTES_MAX: usize = 32 << 20;
/// What a node takes beside its texts.
const NODE_BYTES: usize = 1 << 10;

/// A node that has been entered and not left.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    /// The node.
    pub(crate) span: Span,
    /// Fingerprint of what it was called with.
    pub(crate) fingerprint: String,
    /// Beyond the cap: run and recorded, not shown.
    pub(super) hidden: bool,
    pub(super) began_us: u64,
    pub(super) persisted: Option<u64>,
    pub(super) changed: bool,
}

impl Open {
    /// What it takes.
    pub(super) fn bytes(&self) -> usize {
        let Span { path, name, inputs, tags, tries, .. } = &self.span;
        let tags: usize = tags.iter().map(|(name, value)| name.len() + value.as_str().len()).sum();
        let tries: usize = tries.iter().map(|failed| tries::size(&failed.error)).sum();
        let texts = name.len() + self.fingerprint.len() + inputs.as_ref().map_or(0, String::len);
        // A path is held twice.
        NODE_BYTES + 2 * path.len() + texts + tags + tries
    }
}
