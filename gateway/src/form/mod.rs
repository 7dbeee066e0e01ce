//! A question as a form: which fields it has, how a page shows them, and what was typed into them. It knows neither where
//! a page is served nor how a terminal asks.

mod answer;
mod field;
mod page;
mod sample;

pub(crate) use self::{
    answer::{Typed, read},
    field::{Choice, Field, FormField, number, object, plain_text, positions, yes_or_no},
    page::{STYLE, notice, question},
    sample::sample,
};
