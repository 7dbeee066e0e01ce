//! Text that a person types: one line or several, with the keys of a shell. Must not know what is asked or why.

use std::borrow::Cow;

use rustyline::{
    Behavior, Cmd, ColorMode, Config, Editor, Helper, KeyCode, KeyEvent, Modifiers,
    completion::Completer,
    error::ReadlineError,
    highlight::Highlighter,
    hint::{Hint, Hinter},
    history::DefaultHistory,
    validate::{ValidationContext, ValidationResult, Validator},
};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::cli::{
    style::{Paint, Palette},
    terminal::stderr_size,
};

/// Within this a key's sequence has come after its Esc; an Esc alone is none, and must not swallow the next key.
const ESCAPE_TIME_MS: u16 = 50;

/// What stands around the text while it is typed; all of it safe for a terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prompt<'a> {
    /// Before the text.
    pub(crate) label: &'a str,
    /// What an empty answer means, shown after the label.
    pub(crate) default: Option<&'a str>,
    /// Beneath the text while it is typed; may be empty.
    pub(crate) help: &'a str,
    /// The text to begin with.
    pub(crate) initial: &'a str,
    /// Enter begins a new line, and Ctrl-D ends the text.
    pub(crate) multiline: bool,
    /// For all of it.
    pub(crate) palette: Palette,
}

impl Prompt<'_> {
    /// Lets the text be typed until `check` has nothing against it; what it has is shown beneath. The errors
    /// `Interrupted` and `Eof` are a person who left.
    pub(crate) fn read(&self, check: &dyn Fn(&str) -> Result<(), String>) -> Result<String, ReadlineError> {
        let color_mode = match self.palette {
            Palette::Colour => ColorMode::Forced,
            Palette::Text => ColorMode::Disabled,
        };
        let config = Config::builder()
            // The terminal itself, since standard output is for the result.
            .behavior(Behavior::PreferTerm)
            .color_mode(color_mode)
            .keyseq_timeout(Some(ESCAPE_TIME_MS))
            .build();
        let mut editor: Editor<Surroundings<'_>, DefaultHistory> = Editor::with_config(config)?;
        // Ctrl-Z would stop this process of many threads a moment after the terminal is set up to be typed at again.
        editor.bind_sequence(KeyEvent::ctrl('Z'), Cmd::Noop);
        if self.multiline {
            let finish = Cmd::AcceptOrInsertLine { accept_in_the_middle: true };
            editor.bind_sequence(KeyEvent::ctrl('D'), finish);
            editor.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::NONE), Cmd::Newline);
        }
        let mark = self.palette.paint(Paint::Good, "?");
        let default = self.default.map(|default| format!(" ({default})")).unwrap_or_default();
        // Several lines begin at the left, all of them.
        let end = if self.multiline { '\n' } else { ' ' };
        let label = self.label;
        let prompt = (format!("? {label}{default}{end}"), format!("{mark} {label}{default}{end}"));
        let (help, palette) = (self.help, self.palette);
        editor.set_helper(Some(Surroundings { check, before: &prompt.0, help, palette }));
        editor.readline_with_initial(&prompt, (self.initial, ""))
    }
}

/// What the editor asks about the text while it is typed.
struct Surroundings<'a> {
    check: &'a dyn Fn(&str) -> Result<(), String>,
    before: &'a str,
    help: &'a str,
    palette: Palette,
}

impl Surroundings<'_> {
    /// `line` as it stands beneath `text`. Where the text ends at the edge of the terminal, the next row begins by
    /// itself; the editor would lose count of the rows with a line end there.
    fn beneath(&self, text: &str, line: &str) -> String {
        let columns = stderr_size().width;
        let mut column = 0;
        for grapheme in self.before.graphemes(true).chain(text.graphemes(true)) {
            column += grapheme.width();
            if grapheme == "\n" {
                column = 0;
            } else if column > columns {
                column = grapheme.width();
            }
        }
        if column == columns { format!("  {line}") } else { format!("\n  {line}") }
    }
}

/// The line beneath. It is only shown: no key takes it into the text.
struct Beneath(String);

impl Hint for Beneath {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Surroundings<'_> {
    type Hint = Beneath;

    fn hint(&self, text: &str, _cursor: usize, _context: &rustyline::Context<'_>) -> Option<Beneath> {
        (!self.help.is_empty()).then(|| Beneath(self.beneath(text, self.help)))
    }
}

impl Highlighter for Surroundings<'_> {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        self.palette.paint(Paint::Faint, hint).into()
    }
}

impl Validator for Surroundings<'_> {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match (self.check)(context.input()) {
            Ok(()) => ValidationResult::Valid(None),
            Err(message) => ValidationResult::Invalid(Some(self.beneath(context.input(), &message))),
        })
    }
}

impl Completer for Surroundings<'_> {
    type Candidate = String;
}

impl Helper for Surroundings<'_> {}
