//! What the standard streams are: terminals or not, with colour or without, and how large.

use std::io::{IsTerminal, stderr, stdin, stdout};

use super::{args::ColorWhen, style::Palette};

/// A terminal that does not tell its size.
const SIZE_UNKNOWN: Size = Size { width: 80, height: 24 };
/// Narrower than this nothing useful fits, and lines are cut by the terminal.
const WIDTH_MIN: usize = 10;

/// Columns and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// Columns.
    pub(crate) width: usize,
    /// Rows.
    pub(crate) height: usize,
}

/// What the standard streams are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    /// Colour on standard output.
    pub(crate) out: Palette,
    /// Colour on standard error.
    pub(crate) err: Palette,
    /// Standard output is a terminal.
    pub(crate) out_is_terminal: bool,
    /// Standard error is a terminal that can move its cursor.
    pub(crate) is_live: bool,
    /// A person can be asked: there is a terminal to type at and one to read from.
    pub(crate) can_prompt: bool,
}

impl Terminal {
    /// Looks at the streams and at `NO_COLOR` (no-color.org) and `TERM`.
    pub(crate) fn detect(color: ColorWhen) -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let palette = |is_terminal: bool| match color {
            ColorWhen::Always => Palette::Colour,
            ColorWhen::Auto if is_terminal && !no_color && !is_dumb => Palette::Colour,
            ColorWhen::Auto | ColorWhen::Never => Palette::Text,
        };
        let is_live = stderr().is_terminal() && !is_dumb;
        Self {
            out: palette(stdout().is_terminal()),
            err: palette(stderr().is_terminal()),
            out_is_terminal: stdout().is_terminal(),
            is_live,
            can_prompt: is_live && stdin().is_terminal(),
        }
    }
}

/// The size of the terminal behind standard error, now.
pub(crate) fn stderr_size() -> Size {
    known_size(terminal_size::terminal_size_of(stderr()))
}

/// Columns of the terminal behind standard output; none where it is not a terminal.
pub(crate) fn stdout_width() -> Option<usize> {
    stdout().is_terminal().then(|| known_size(terminal_size::terminal_size_of(stdout())).width)
}

/// The same of standard error.
pub(crate) fn stderr_width() -> Option<usize> {
    stderr().is_terminal().then(|| stderr_size().width)
}

fn known_size(size: Option<(terminal_size::Width, terminal_size::Height)>) -> Size {
    match size {
        Some((terminal_size::Width(width), terminal_size::Height(height))) if width > 0 && height > 0 => {
            Size { width: usize::from(width).max(WIDTH_MIN), height: usize::from(height) }
        }
        Some(_) | None => SIZE_UNKNOWN,
    }
}
