//! Finds workflows by what people say: the engine behind `flow_library_search`.
//!
//! Two stages. The first ([`coverage`]) walks the posting lists of tantivy for every word of the question and for
//! everything that it may be called, and gives each document the share of the question's weight that it covers. The
//! second ([`ranking`]) orders the best of them by focus and by the fit of inputs and outputs. It knows no actors, no
//! store and no clock.

mod concepts;
mod coverage;
mod document;
mod entry;
mod fit;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod index;
mod ingredients;
mod lexicon;
mod placed;
mod plain;
mod quality;
mod query;
mod ranking;
mod schema;
mod source;
mod synonyms;
mod vocabulary;
mod why;
mod words;

pub use document::Document;
pub use index::Index;
pub use ingredients::Ingredients;
pub use plain::Plain;
pub use quality::{Outcome, Quality};
pub use query::{Found, Hit, LIMIT_MAX, MIN_SCORE, NAMED_MAX, Query, TERMS_MAX, TEXT_CHARS_MAX};
