//! The Python package `hero_tracing`, embedded.

/// Every file of the package: its name and its text, sorted by name.
pub const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/python_files.rs"));
