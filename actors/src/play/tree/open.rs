//! A node that has been entered and not left. Pure, as the tree is.

use hero_sdk::model::Span;

use super::size;

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
        // A path is held twice.
        size::span(&self.span) + self.span.path.len() + self.fingerprint.len()
    }
}
