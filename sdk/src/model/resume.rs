//! An open question of a play.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Json, PlaySid, ResumeId, Timestamp};

/// Where a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResumeStatus {
    /// Nobody has answered.
    Open,
    /// The first valid payload won.
    Answered,
    /// Its time ran out.
    Expired,
    /// The flow itself cancelled it, or the play ended without it.
    Withdrawn,
}

/// A question: what is asked, of which form, and what was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResumeRequest {
    /// The question's id.
    pub resume_id: ResumeId,
    /// The play that waits.
    pub play_sid: PlaySid,
    /// The pause's path in the play.
    pub path: String,
    /// The pause's name, by which `--answer` finds it.
    pub name: String,
    /// The words shown to a person.
    pub question: Option<String>,
    /// JSON Schema of a valid payload; `true` accepts anything.
    pub schema: Json,
    /// Hints for forms: kind, choices, default, labels.
    pub ui: Json,
    /// Fingerprint of what was asked, which a replay must ask again.
    pub fingerprint: String,
    /// The payload that stands in when it expires.
    pub default: Option<Json>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it will expire.
    pub expires_at: Option<Timestamp>,
    /// Where it stands.
    pub status: ResumeStatus,
    /// The payload that won.
    pub payload: Option<Json>,
    /// Who answered, as the caller said.
    pub answered_by: Option<String>,
    /// When it was answered, expired or withdrawn.
    pub answered_at: Option<Timestamp>,
    /// A link that shows it as a form, where a server runs.
    pub url: Option<String>,
}

impl ResumeRequest {
    /// Its answer among answers by what names their question: by its path, else by `NAME#N`, else by its name, which
    /// answers each of that name.
    pub fn answer_in<'a>(&self, answers: &'a BTreeMap<String, Json>) -> Option<(&'a String, &'a Json)> {
        let last_part = self.path.rsplit('/').next().unwrap_or_default();
        let keys = [self.path.as_str(), last_part, self.name.as_str()];
        keys.iter().find_map(|key| answers.get_key_value(*key))
    }
}
