//! A file that a flow has put into its play.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{PlaySid, Timestamp};

/// A file of a play, kept by its content. A play has one of each name; the newest stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// The play.
    pub play_sid: PlaySid,
    /// The node that put it there.
    pub path: String,
    /// By which it is found: 1 to 200 characters, neither `/` nor control characters.
    pub name: String,
    /// SHA-256 of its content, 64 lower-case hex digits.
    pub digest: String,
    /// Length in bytes.
    pub size: u64,
    /// What it is, such as `text/csv`: what the flow says, not what was found in it.
    pub media_type: String,
    /// When this content was first put there under this name.
    pub created_at: Timestamp,
}
