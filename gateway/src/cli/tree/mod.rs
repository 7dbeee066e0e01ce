//! The tree of a play as lines of text: pages of changes in, lines out.
//!
//! Pure: no terminal, no clock, no colour codes. A moment is passed in, meaning is passed out.

mod layout;
mod line;
mod model;
mod select;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use layout::{Moment, Viewport, footer, layout, spinner};
pub(crate) use line::{Line, shorten};
pub(crate) use model::Tree;
pub(crate) use words::{cost, duration, error_summary, span_look, status_look};
