//! Documents of plays without processes: random ones come through whole, and none that was changed comes through as if
//! it had not been.

mod bad;
mod sample;
mod trip;
mod workflows;

use hero_sdk::{
    Error, Json,
    document::{Document, ExportedPlay, digest_of},
};
use serde_json::Value;

use super::checks::checked;

/// A document as JSON.
fn json(document: &Document<ExportedPlay>) -> Value {
    serde_json::to_value(document).unwrap()
}

/// Reads it as `play_import` does.
fn read(document: &Value) -> Result<ExportedPlay, Error> {
    checked(&Json::from(document))
}

/// The same with the digest that its content has now.
fn signed(mut document: Value) -> Value {
    document["digest"] = digest_of(&document["content"]).unwrap().into();
    document
}
