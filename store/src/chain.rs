//! Batches that build on one another.

use std::sync::{Arc, OnceLock};

use crate::Error;

/// Once a batch of a chain was not written, none that is submitted after it is: it was made in the belief that the
/// earlier one is there. They fail with the same error.
#[derive(Clone, Debug, Default)]
pub struct Chain(Arc<OnceLock<Error>>);

impl Chain {
    /// A chain that holds.
    pub fn new() -> Self {
        Self::default()
    }

    /// Why it no longer holds.
    pub(crate) fn broken(&self) -> Option<&Error> {
        self.0.get()
    }

    pub(crate) fn break_off(&self, error: &Error) {
        // The first error is the one to tell.
        self.0.get_or_init(|| error.clone());
    }
}
