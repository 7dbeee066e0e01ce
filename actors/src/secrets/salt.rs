//! The tags of values, by which a record shows that a secret has been changed. Pure.
//!
//! A tag tells nothing of a value to whoever has the store: it is made with random bytes that only the home's owner can
//! read. They are kept for good, since a tag must be the same in every attempt of a play.

use hero_sdk::{SecretName, SecretValue};
use sha2::{Digest as _, Sha256};

use crate::private::RANDOM_BYTES;

/// Random bytes of a home.
pub(crate) struct Salt(pub(crate) [u8; RANDOM_BYTES]);

impl Salt {
    /// Bytes of a tag: another value is noticed but for one of four thousand million.
    const TAG_BYTES: usize = 4;

    /// The tag of this secret with this value.
    pub(super) fn tag(&self, name: &SecretName, value: &SecretValue) -> String {
        tag(Sha256::new_with_prefix(self.0), name, value, Self::TAG_BYTES)
    }
}

/// The tag that an earlier hero_logic made. It is shorter than one of today, so none is taken for the other.
pub(super) fn unsalted_tag(name: &SecretName, value: &SecretValue) -> String {
    tag(Sha256::new(), name, value, 2)
}

fn tag(mut hash: Sha256, name: &SecretName, value: &SecretValue, bytes: usize) -> String {
    hash.update(name.as_str());
    hash.update([0]);
    hash.update(value.expose());
    hash.finalize().iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}
