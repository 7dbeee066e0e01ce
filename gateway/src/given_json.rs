//! JSON as somebody has given it, at a terminal, by a page or by a link: as strict as the methods are with calls.

use hero_sdk::{
    Json,
    frame::{DEPTH_MAX, deeper_than},
};

/// Why a text is not taken, to be read behind what the text is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unclear {
    /// It has no meaning.
    #[error("is not JSON: {0}")]
    NoJson(#[from] serde_json::Error),
    /// No flow would take it.
    #[error("is nested more than {DEPTH_MAX} deep")]
    Deep,
    /// It could have two. Where, as a JSON pointer.
    #[error("has {0} twice")]
    Twice(String),
}

/// The JSON that a text is, if all that read it read the same.
pub(crate) fn given_json(text: &str) -> Result<Json, Unclear> {
    let json = Json::parse(text)?;
    if deeper_than(text.as_bytes(), DEPTH_MAX) {
        return Err(Unclear::Deep);
    }
    match json.twice() {
        None => Ok(json),
        Some(pointer) => Err(Unclear::Twice(pointer)),
    }
}
