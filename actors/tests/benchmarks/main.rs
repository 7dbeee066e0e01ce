//! Benchmarks with real processes: what they measure, what they refuse, and what becomes of them in between.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod choosing;
mod going_on;
mod measuring;
mod stage;
