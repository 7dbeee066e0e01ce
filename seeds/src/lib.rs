//! The flows that come with hero_logic: the first thing that a user reads, and what `hero_logic run hello` runs.
//!
//! This crate is text. It knows no Python, no store and no runtime, and depends on nothing.

/// A bundled flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The entry flow's name, by which `hero_logic run` finds it.
    pub name: &'static str,
    /// The name by which tracebacks call the file.
    pub file_name: &'static str,
    /// First paragraph of the entry's docstring.
    pub description: &'static str,
    /// Python source.
    pub source: &'static str,
    /// Inputs that show what it does.
    pub examples: &'static [Example],
}

/// Inputs of a bundled flow, and answers to what it will ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// Unique within the flow.
    pub name: &'static str,
    /// A JSON object.
    pub inputs: &'static str,
    /// Name of a pause, and its answer as JSON.
    pub answers: &'static [(&'static str, &'static str)],
    /// What the flow returns, as JSON.
    pub expected_outputs: &'static str,
}

/// Every bundled flow, the simplest first.
pub const FLOWS: &[Seed] = &[
    Seed {
        name: "hello",
        file_name: "hello.py",
        description: "Greets somebody by name.",
        source: include_str!("../flows/hello.py"),
        examples: &[
            Example {
                name: "default",
                inputs: "{}",
                answers: &[],
                expected_outputs: r#"{"greeting": "Hello, World!"}"#,
            },
            Example {
                name: "ada",
                inputs: r#"{"name": "Ada"}"#,
                answers: &[],
                expected_outputs: r#"{"greeting": "Hello, Ada!"}"#,
            },
        ],
    },
    Seed {
        name: "approval",
        file_name: "approval.py",
        description: "Drafts an announcement and lets a person decide what becomes of it.",
        source: include_str!("../flows/approval.py"),
        examples: &[
            Example {
                name: "publish",
                inputs: r#"{"topic": "version 2"}"#,
                answers: &[("decision", r#""publish""#), ("note", r#""Well done.""#)],
                expected_outputs: r#"{"title": "News: version 2", "decision": "publish", "note": "Well done.", "link": "https://example.org/news/version-2"}"#,
            },
            Example {
                name: "drop",
                inputs: "{}",
                answers: &[("decision", r#""drop""#), ("note", r#""Too early.""#)],
                expected_outputs: r#"{"title": "News: the new release", "decision": "drop", "note": "Too early.", "link": null}"#,
            },
        ],
    },
    Seed {
        name: "fan_out",
        file_name: "fan_out.py",
        description: "Counts the words of several texts at once and finds the text with the most.",
        source: include_str!("../flows/fan_out.py"),
        examples: &[Example {
            name: "default",
            inputs: "{}",
            answers: &[],
            expected_outputs: r#"{"words": 12, "longest": "so it goes round and round", "digests": ["b094729d", "de6308a9", "18c16e4d"]}"#,
        }],
    },
    Seed {
        name: "retry",
        file_name: "retry.py",
        description: "Converts an amount of money with a service that fails twice before it works.",
        source: include_str!("../flows/retry.py"),
        examples: &[
            Example {
                name: "default",
                inputs: "{}",
                answers: &[],
                expected_outputs: r#"{"amount": "12.50", "currency": "EUR", "usd": "13.50", "guessed": true}"#,
            },
            Example {
                name: "plain",
                inputs: r#"{"amount": "10", "currency": "GBP"}"#,
                answers: &[],
                expected_outputs: r#"{"amount": "10", "currency": "GBP", "usd": "12.70", "guessed": false}"#,
            },
        ],
    },
];
