//! The times of a play that can run out.

use hero_sdk::ResumeId;

/// What a play is told about when its moment comes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A question's time.
    Question(ResumeId),
    /// The play's own.
    Deadline,
}
