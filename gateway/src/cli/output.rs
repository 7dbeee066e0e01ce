//! Standard output: the result and nothing else.

use std::io::{ErrorKind, Write};

use hero_sdk::{
    Json,
    model::{Play, ResumeRequest},
};
use serde::Serialize;

use crate::cli::{
    errors::Failure,
    escape, json_text,
    sink::Sink,
    style::Palette,
    table::{Cell, table},
    terminal::stdout_width,
};

/// Where results go, and in which form.
#[derive(Clone)]
pub(crate) struct Output {
    /// One JSON document instead of text for people.
    pub(crate) json: bool,
    /// Indent JSON: a person reads it.
    pub(crate) indent: bool,
    /// For text.
    pub(crate) palette: Palette,
    /// The stream.
    pub(crate) sink: Sink,
}

/// A play with its open questions, as `run`, `resume` and `play show` give it.
#[derive(Serialize)]
pub(crate) struct PlayDocument<'a> {
    #[serde(flatten)]
    pub(crate) play: &'a Play,
    pub(crate) resumes: &'a [ResumeRequest],
}

impl Output {
    /// Writes text for people.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        match self.sink.write_all(text.as_bytes()).and_then(|()| self.sink.flush()) {
            Ok(()) => Ok(()),
            // Whoever read it has read enough, as `head` does.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            Err(error) => {
                Err(Failure::trouble("output", format!("cannot write to standard output: {error}")))
            }
        }
    }

    /// Writes rows beneath their heads, as wide as the terminal.
    pub(crate) fn table<const COLUMNS: usize>(
        &mut self,
        heads: [&str; COLUMNS],
        rows: Vec<[Cell; COLUMNS]>,
    ) -> Result<(), Failure> {
        let (palette, width) = (self.palette, stdout_width().unwrap_or(usize::MAX));
        let lines = table(heads, rows).into_iter();
        self.text(&lines.map(|line| line.fit(width).to_text(palette) + "\n").collect::<String>())
    }

    /// Writes a list: the document, or its rows for people.
    pub(crate) fn list<const COLUMNS: usize>(
        &mut self,
        document: &impl Serialize,
        heads: [&str; COLUMNS],
        rows: Vec<[Cell; COLUMNS]>,
    ) -> Result<(), Failure> {
        if self.json { self.document(document) } else { self.table(heads, rows) }
    }

    /// Writes a JSON document.
    pub(crate) fn document(&mut self, document: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(document)
            .map_err(|error| Failure::trouble("internal", format!("the result is no JSON: {error}")))?;
        self.json_text(&text)
    }

    /// Writes a flow's own JSON.
    pub(crate) fn json(&mut self, json: &Json) -> Result<(), Failure> {
        self.json_text(json.as_str())
    }

    fn json_text(&mut self, text: &str) -> Result<(), Failure> {
        let text = if self.indent { json_text::indented(text) } else { json_text::compact(text) };
        self.text(&(escape::json(&text) + "\n"))
    }
}
