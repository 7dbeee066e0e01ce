//! Questions on the terminal, one prompt per field. What to ask is `form`'s business.

use std::{fmt, sync::Arc};

use hero_sdk::{Json, model::ResumeRequest};
use inquire::{
    InquireError, MultiSelect, Password, PasswordDisplayMode, Select, list_option::ListOption,
    ui::RenderConfig,
};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::error::ReadlineError;

use crate::{
    cli::{
        errors::{Failure, push_fields},
        escape::{visible, visible_lines},
        line_editor,
        refused::Refused,
        signals::{Signals, interrupted},
        style::{Paint, Palette},
    },
    form::{Choice, Field, FormField, number, object, plain_text, positions, yes_or_no},
    given_json::given_json,
};

/// What a prompt may have changed besides the mode of the terminal: pasted text is no longer marked, the cursor is
/// seen.
const USUAL_SCREEN: &str = "\x1b[?2004l\x1b[?25h";

/// What came of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked {
    /// An answer; whether it is valid says the runtime.
    Payload(Json),
    /// The person left: Ctrl-C, Ctrl-D instead of text, Esc in a list, or the terminal is gone.
    Left,
}

/// Whoever can be asked. Blocks until there is an answer.
pub(crate) trait Prompter: Send + Sync {
    /// Asks; `refused` is the answer before, if there was one.
    fn ask(&self, request: &ResumeRequest, refused: Option<&Refused>) -> Result<Asked, Failure>;

    /// Asks for a text that is not shown while it is typed; none where the person left.
    fn ask_hidden(&self, label: &str) -> Result<Option<String>, Failure>;

    /// Asks yes or no; an empty answer is no. None where the person left.
    fn confirm(&self, question: &str) -> Result<Option<bool>, Failure>;

    /// Gives the terminal back in its usual mode while another thread still asks.
    fn abandon(&self);
}

/// Has a person asked in a thread that may wait for ever. A signal ends it, as does a person who leaves.
pub(crate) async fn asked<T: Send + 'static>(
    prompter: Arc<dyn Prompter>,
    signals: &mut Signals,
    ask: impl FnOnce(&dyn Prompter) -> Result<Option<T>, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let asking = tokio::task::spawn_blocking({
        let prompter = Arc::clone(&prompter);
        move || ask(&*prompter)
    });
    let asked = tokio::select! {
        asked = asking => asked.map_err(|error| Failure::trouble("internal", format!("the prompt broke: {error}")))??,
        () = signals.next() => {
            prompter.abandon();
            None
        }
    };
    asked.ok_or_else(interrupted)
}

/// The person at the terminal.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// For the questions.
    palette: Palette,
    /// The terminal's mode before anything was asked.
    usual_mode: Option<Termios>,
}

/// What is asked with a field.
#[derive(Clone, Copy)]
struct About<'a> {
    /// The question, safe for a terminal.
    label: &'a str,
    /// What the value means.
    help: Option<&'a str>,
    /// False where it may be left out.
    required: bool,
    /// What was answered before and refused: nobody has to type it again.
    before: Option<&'a Json>,
}

/// Why a prompt gave no answer.
enum Unanswered {
    Left,
    Broken(String),
}

impl Prompter for Person {
    fn ask(&self, request: &ResumeRequest, refused: Option<&Refused>) -> Result<Asked, Failure> {
        if let Some(refused) = refused {
            self.show_refusal(refused);
        }
        let question = request.question.as_deref().unwrap_or(&request.name);
        // A prompt is one line; what stands above it is only shown.
        let question = visible_lines(question);
        let (above, label) = question.rsplit_once('\n').unwrap_or(("", &question));
        if !above.is_empty() {
            eprintln!("{above}");
        }
        let field = Field::of(request);
        let asked = match (&field, refused) {
            (Field::Form(fields), refused) => {
                eprintln!("{}", self.palette.paint(Paint::Strong, label));
                self.ask_form(fields, refused)
            }
            (field, refused) => {
                let before = refused.map(|refused| &refused.payload);
                self.ask_field(field, About { label, help: None, required: true, before })
            }
        };
        match asked {
            Ok(Some(payload)) => Ok(Asked::Payload(payload)),
            Ok(None) | Err(Unanswered::Left) => Ok(Asked::Left),
            Err(Unanswered::Broken(error)) => {
                Err(Failure::trouble("terminal", format!("the terminal cannot be asked: {error}"))
                    .hint("answer with --answer NAME=JSON, or use --no-input"))
            }
        }
    }

    fn ask_hidden(&self, label: &str) -> Result<Option<String>, Failure> {
        let prompt = Password::new(label).with_render_config(self.render_config()).without_confirmation();
        match prompt.with_display_mode(PasswordDisplayMode::Hidden).prompt().map_err(Unanswered::from) {
            Ok(text) => Ok(Some(text)),
            Err(Unanswered::Left) => Ok(None),
            Err(Unanswered::Broken(error)) => {
                Err(Failure::trouble("terminal", format!("the terminal cannot be asked: {error}")))
            }
        }
    }

    fn confirm(&self, question: &str) -> Result<Option<bool>, Failure> {
        let (field, label) = (Field::Confirm { default: Some(false) }, visible(question));
        let about = About { label: &label, help: None, required: true, before: None };
        match self.ask_field(&field, about) {
            Ok(answer) => Ok(answer.map(|answer| answer == json(&true.into()))),
            Err(Unanswered::Left) => Ok(None),
            Err(Unanswered::Broken(error)) => {
                Err(Failure::trouble("terminal", format!("the terminal cannot be asked: {error}")))
            }
        }
    }

    fn abandon(&self) {
        eprint!("{USUAL_SCREEN}");
        let Some(usual_mode) = &self.usual_mode else { return };
        if let Err(error) = tcsetattr(std::io::stdin(), OptionalActions::Now, usual_mode) {
            eprintln!("warning: the terminal may need `reset`: {error}");
        }
    }
}

impl Person {
    /// Whoever sits at the terminal behind standard input.
    pub(crate) fn new(palette: Palette) -> Self {
        Self { palette, usual_mode: tcgetattr(std::io::stdin()).ok() }
    }

    fn show_refusal(&self, refused: &Refused) {
        let mut shown = self.palette.paint(Paint::Bad, "not valid:");
        shown.push_str(&format!(" {}\n", visible_lines(&refused.message)));
        push_fields(&mut shown, &refused.fields);
        eprint!("{shown}");
    }

    /// Asks field by field; after a refusal only for the fields at fault, where the refusal names them.
    fn ask_form(&self, fields: &[FormField], refused: Option<&Refused>) -> Result<Option<Json>, Unanswered> {
        let mut members = Vec::with_capacity(fields.len());
        for form_field in fields {
            if let Some(kept) = refused.and_then(|refused| refused.keep(fields, &form_field.key)) {
                members.extend(kept.map(|value| (form_field.key.clone(), value)));
                continue;
            }
            let FormField { key, label, help, required, field } = form_field;
            let (label, within) = (visible(label), refused.and_then(|refused| refused.within(key)));
            let value = match field {
                Field::Form(inner) => {
                    eprintln!("{}", self.palette.paint(Paint::Strong, &label));
                    self.ask_form(inner, within.as_ref())?
                }
                field => {
                    let before = within.as_ref().map(|within| &within.payload);
                    let about = About { label: &label, help: help.as_deref(), required: *required, before };
                    self.ask_field(field, about)?
                }
            };
            members.extend(value.map(|value| (form_field.key.clone(), value)));
        }
        Ok(Some(object(members)))
    }

    /// One value; none where it was left out, which only a field that is not required may be.
    fn ask_field(&self, field: &Field, about: About<'_>) -> Result<Option<Json>, Unanswered> {
        let About { label, required, before, .. } = about;
        let help = Help::new(about.help, required, field);
        let render = self.render_config();
        let before_text = before.map(plain_text).unwrap_or_default();
        let prompt = line_editor::Prompt {
            label,
            default: None,
            help: help.text().unwrap_or_default(),
            initial: &before_text,
            multiline: false,
            palette: self.palette,
        };
        match field {
            Field::Text { default, multiline, .. } => {
                let shown = default.as_deref().map(visible);
                let prompt =
                    line_editor::Prompt { default: shown.as_deref(), multiline: *multiline, ..prompt };
                let text = prompt.read(&|_| Ok(()))?;
                let text = if text.is_empty() { default.clone().unwrap_or_default() } else { text };
                Ok((required || !text.is_empty()).then(|| json(&serde_json::Value::String(text))))
            }
            Field::Number { integer, default } => {
                let default = default.as_deref();
                let check = |text: &str| number(text, *integer);
                ask_typed(line_editor::Prompt { default, ..prompt }, required, default, check)
            }
            Field::Json { default } => {
                let check = |text: &str| given_json(text).map_err(|error| format!("this {error}"));
                let (shown, initial) =
                    (default.as_deref().map(visible), before.map(Json::as_str).unwrap_or_default());
                let prompt = line_editor::Prompt { default: shown.as_deref(), initial, ..prompt };
                ask_typed(prompt, required, default.as_deref(), check)
            }
            Field::Confirm { default } => {
                // The capital letter is what an empty answer means.
                let (keys, default) = match default {
                    None => ("y/n", None),
                    Some(true) => ("Y/n", Some("yes")),
                    Some(false) => ("y/N", Some("no")),
                };
                let prompt = line_editor::Prompt { default: Some(keys), initial: "", ..prompt };
                ask_typed(prompt, required, default, yes_or_no)
            }
            Field::Choice { choices, default } => {
                let mut prompt = Select::new(label, options(choices)).with_render_config(render);
                prompt.help_message = help.text();
                prompt.starting_cursor = default.unwrap_or(0);
                Ok(skippable(prompt.prompt(), required)?.map(|option| option.value))
            }
            Field::MultiChoice { choices, defaults } => {
                let ticked = before.map_or_else(|| defaults.clone(), |before| positions(choices, before));
                let mut prompt = MultiSelect::new(label, options(choices)).with_render_config(render);
                prompt = prompt.with_default(&ticked).with_formatter(&chosen_labels);
                prompt.help_message = help.text();
                let Some(chosen) = skippable(prompt.prompt(), required)? else { return Ok(None) };
                let texts: Vec<String> = chosen.iter().map(|option| option.value.to_string()).collect();
                Ok(Json::parse(&format!("[{}]", texts.join(","))).ok())
            }
            Field::Form(fields) => self.ask_form(fields, None),
        }
    }

    fn render_config(&self) -> RenderConfig<'static> {
        match self.palette {
            Palette::Colour => RenderConfig::default_colored(),
            Palette::Text => RenderConfig::empty(),
        }
    }
}

/// Text that `check` turns into JSON; it is typed on until it does. `default` is what an empty one means.
fn ask_typed(
    prompt: line_editor::Prompt<'_>,
    required: bool,
    default: Option<&str>,
    check: impl Fn(&str) -> Result<Json, String>,
) -> Result<Option<Json>, Unanswered> {
    let meant = |text: &str| match (text.trim().is_empty(), default) {
        (true, Some(default)) => check(default).map(Some),
        (true, None) if !required => Ok(None),
        _ => check(text).map(Some),
    };
    let text = prompt.read(&|text| meant(text).map(drop).map_err(|message| visible(&message)))?;
    meant(&text).map_err(Unanswered::Broken)
}

impl From<InquireError> for Unanswered {
    fn from(error: InquireError) -> Self {
        match error {
            InquireError::OperationCanceled | InquireError::OperationInterrupted => Self::Left,
            other => Self::Broken(other.to_string()),
        }
    }
}

impl From<ReadlineError> for Unanswered {
    fn from(error: ReadlineError) -> Self {
        match error {
            ReadlineError::Interrupted | ReadlineError::Eof => Self::Left,
            other => Self::Broken(other.to_string()),
        }
    }
}

/// The line beneath a prompt.
struct Help(String);

impl Help {
    fn new(help: Option<&str>, required: bool, field: &Field) -> Self {
        let keys = match field {
            Field::Choice { .. } => "↑↓ to move, type to filter, enter to choose",
            Field::MultiChoice { .. } => "↑↓ to move, space to tick, enter to end",
            Field::Json { .. } => "JSON, such as \"text\", 3 or {\"a\": 1}",
            Field::Text { multiline: true, .. } => "enter for a new line, Ctrl-D to end",
            Field::Text { .. } | Field::Number { .. } | Field::Confirm { .. } | Field::Form(_) => "",
        };
        let example = match field {
            Field::Text { placeholder: Some(placeholder), .. } => format!("such as {}", visible(placeholder)),
            _ => String::new(),
        };
        let leave_out = match field {
            _ if required => "",
            Field::Text { default: None, .. }
            | Field::Number { default: None, .. }
            | Field::Json { default: None }
            | Field::Confirm { default: None } => "empty to leave it out",
            Field::Choice { .. } | Field::MultiChoice { .. } => "Esc to leave it out",
            // Empty is the default there.
            Field::Text { .. } | Field::Number { .. } | Field::Json { .. } | Field::Confirm { .. } => "",
            Field::Form(_) => "",
        };
        let help = help.map(visible).unwrap_or_default();
        let parts = [help.as_str(), &example, keys, leave_out];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Self(parts.join("; "))
    }

    fn text(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(&self.0)
    }
}

/// A choice as the prompt lists it.
#[derive(Clone)]
struct Listed {
    label: String,
    value: Json,
}

impl fmt::Display for Listed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.label)
    }
}

fn options(choices: &[Choice]) -> Vec<Listed> {
    choices
        .iter()
        .map(|choice| Listed { label: visible(&choice.label), value: choice.value.clone() })
        .collect()
}

fn chosen_labels(chosen: &[ListOption<&Listed>]) -> String {
    if chosen.is_empty() {
        return "none".to_owned();
    }
    let labels: Vec<&str> = chosen.iter().map(|option| option.value.label.as_str()).collect();
    labels.join(", ")
}

/// Esc leaves out what is not required.
fn skippable<T>(result: Result<T, InquireError>, required: bool) -> Result<Option<T>, InquireError> {
    match result {
        Err(InquireError::OperationCanceled) if !required => Ok(None),
        other => other.map(Some),
    }
}

fn json(value: &serde_json::Value) -> Json {
    Json::from(value)
}
