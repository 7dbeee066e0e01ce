//! Workflows and plays on their way out of a home and into another, and plays on their way into the library.
//!
//! What a document says is believed as little as what anybody else says: each part is held to the limits that it would
//! have had here, digests are reckoned anew, and what a source declares is read from the source. Files come first, and
//! then all rows at once under the lock of the library; what a crash leaves of the files is swept.

mod benchmarks;
mod checks;
mod contents;
mod export;
mod import;
mod promote;
mod records;
mod rest;
#[cfg(test)]
mod tests;
mod versions;
mod workflow;

#[cfg(feature = "fuzz")]
pub(crate) use checks::checked as checked_play;
pub(crate) use export::export_play;
pub(crate) use import::import_play;
pub(crate) use promote::{promote, save_as_example};
#[cfg(feature = "fuzz")]
pub(crate) use workflow::checked as checked_workflow;
pub(crate) use workflow::{export_workflow, import_workflow};

use hero_sdk::{
    Error,
    document::{Content, invalid},
};

/// Refuses a document of which a part, at this pointer, is what it cannot be.
fn refused<C: Content>(pointer: impl Into<String>, what: impl std::fmt::Display) -> Error {
    let pointer = format!("/content{}", pointer.into());
    invalid::<C>(format!("cannot be: at {pointer} {what}"), Some(pointer))
}

/// The same unless this holds.
fn ensure<C: Content>(holds: bool, pointer: impl FnOnce() -> String, what: &str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(refused::<C>(pointer(), what)) }
}

/// Whether it could be an amount of milliseconds or of USD: more than a flow can tell is none.
fn is_amount(amount: f64) -> bool {
    const AMOUNT_MAX: f64 = 1e20;
    (0.0..=AMOUNT_MAX).contains(&amount)
}
