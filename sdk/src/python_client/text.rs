//! Python as text: lines of at most 120 characters, laid out as `ruff format` would.

use serde_json::Value;

/// Characters of a line.
const WIDTH: usize = 120;

/// A docstring: a text, and what is told of each argument.
#[derive(Debug)]
pub(super) struct Docstring<'a> {
    text: &'a str,
    arguments: Vec<(&'a str, &'a str)>,
}

impl<'a> Docstring<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, arguments: Vec::new() }
    }

    #[must_use]
    pub(super) fn arguments(mut self, arguments: Vec<(&'a str, &'a str)>) -> Self {
        self.arguments = arguments;
        self
    }

    /// Its lines, with this many spaces in front, and a line end behind each.
    pub(super) fn at(&self, indent: usize) -> String {
        let margin = " ".repeat(indent);
        let text = self.text;
        if self.arguments.is_empty() && indent + text.chars().count() + 6 <= WIDTH {
            return format!("{margin}\"\"\"{}\"\"\"\n", escaped(text));
        }
        let mut lines = wrapped(&format!("\"\"\"{text}"), indent, indent);
        if !self.arguments.is_empty() {
            lines.push_str(&format!("\n{margin}Args:\n"));
        }
        for (name, told) in &self.arguments {
            lines.push_str(&wrapped(&format!("{name}: {told}"), indent + 4, indent + 8));
        }
        format!("{}{margin}\"\"\"\n", escaped(&lines))
    }
}

/// `head`, items and `tail`: on one line where that fits, else each on a line of its own.
pub(super) fn fitted(indent: usize, head: &str, items: &[String], tail: &str) -> String {
    let margin = " ".repeat(indent);
    let line = format!("{margin}{head}{}{tail}\n", items.join(", "));
    // A line end counts as nothing.
    if line.chars().count() <= WIDTH + 1 {
        return line;
    }
    let items: String = items.iter().map(|item| format!("{margin}    {item},\n")).collect();
    format!("{margin}{head}\n{items}{margin}{tail}\n")
}

/// `head` and a union of items: on one line where that fits, else each on a line of its own.
pub(super) fn united(head: &str, items: &[String]) -> String {
    let line = format!("{head}{}\n", items.join(" | "));
    if line.chars().count() <= WIDTH + 1 {
        return line;
    }
    format!("{head}(\n    {}\n)\n", items.join("\n    | "))
}

/// A value of JSON as Python writes it.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

/// `not_found` as the name of a class.
pub(super) fn camel(snake: &str) -> String {
    let word = |word: &str| {
        let mut characters = word.chars();
        characters.next().map(|first| first.to_ascii_uppercase().to_string() + characters.as_str())
    };
    snake.split('_').filter_map(word).collect()
}

/// Lines of words; the first line and the others have margins of their own.
pub(super) fn wrapped(text: &str, first: usize, others: usize) -> String {
    let mut lines = String::new();
    let mut line = " ".repeat(first);
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            line = " ".repeat(others);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines + &line + "\n"
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
}
