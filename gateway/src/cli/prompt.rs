//! Questions on the terminal, one prompt per field. What to ask is `question`'s business.

use std::fmt;

use hero_sdk::{FieldError, Json, model::ResumeRequest};
use inquire::{
    Confirm, InquireError, MultiSelect, Select, Text, list_option::ListOption, ui::RenderConfig,
    validator::Validation,
};

use crate::cli::{
    errors::{Failure, push_fields},
    escape::{visible, visible_lines},
    question::{Choice, Field, FormField, number, object},
    style::{Paint, Palette},
};

/// What came of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked {
    /// An answer; whether it is valid says the runtime.
    Payload(Json),
    /// The person left: Ctrl-C, Esc, or the terminal is gone.
    Left,
}

/// An answer that the runtime refused, and why.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// What was answered.
    pub(crate) payload: Json,
    /// Why not.
    pub(crate) message: String,
    /// Where not.
    pub(crate) fields: Vec<FieldError>,
}

/// Whoever can be asked. Blocks until there is an answer.
pub(crate) trait Prompter: Send + Sync {
    /// Asks; `refused` is the answer before, if there was one.
    fn ask(&self, request: &ResumeRequest, refused: Option<&Refused>) -> Result<Asked, Failure>;

    /// Gives the terminal back in its usual mode while another thread still asks.
    fn abandon(&self);
}

/// The person at the terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    /// For the questions.
    pub(crate) palette: Palette,
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
            (field, _) => self.ask_field(label, None, true, field),
        };
        match asked {
            Ok(Some(payload)) => Ok(Asked::Payload(payload)),
            Ok(None) | Err(InquireError::OperationCanceled | InquireError::OperationInterrupted) => {
                Ok(Asked::Left)
            }
            Err(error) => Err(Failure::trouble("terminal", format!("the terminal cannot be asked: {error}"))
                .hint("answer with --answer NAME=JSON, or use --no-input")),
        }
    }

    fn abandon(&self) {
        if let Err(error) = crossterm::terminal::disable_raw_mode() {
            eprintln!("warning: the terminal may need `reset`: {error}");
        }
    }
}

impl Person {
    fn show_refusal(&self, refused: &Refused) {
        let mut shown = self.palette.paint(Paint::Bad, "not valid:");
        shown.push_str(&format!(" {}\n", visible_lines(&refused.message)));
        push_fields(&mut shown, &refused.fields);
        eprint!("{shown}");
    }

    /// Asks field by field; after a refusal only for the fields at fault, where the refusal names them.
    fn ask_form(
        &self,
        fields: &[FormField],
        refused: Option<&Refused>,
    ) -> Result<Option<Json>, InquireError> {
        let mut members = Vec::with_capacity(fields.len());
        for form_field in fields {
            if let Some(kept) = refused.and_then(|refused| refused.keep(fields, &form_field.key)) {
                members.extend(kept.map(|value| (form_field.key.clone(), value)));
                continue;
            }
            let FormField { label, help, required, field, .. } = form_field;
            let value = match field {
                Field::Form(inner) => {
                    eprintln!("{}", self.palette.paint(Paint::Strong, &visible(label)));
                    self.ask_form(inner, None)?
                }
                field => self.ask_field(&visible(label), help.as_deref(), *required, field)?,
            };
            members.extend(value.map(|value| (form_field.key.clone(), value)));
        }
        Ok(Some(object(members)))
    }

    /// One value; none where it was left out, which only a field that is not required may be.
    fn ask_field(
        &self,
        label: &str,
        help: Option<&str>,
        required: bool,
        field: &Field,
    ) -> Result<Option<Json>, InquireError> {
        let help = Help::new(help, required, field);
        let render = self.render_config();
        match field {
            Field::Text { default, placeholder } => {
                let mut prompt = Text::new(label).with_render_config(render);
                prompt.help_message = help.text();
                let (default, placeholder) =
                    (default.as_deref().map(visible), placeholder.as_deref().map(visible));
                prompt.default = default.as_deref();
                prompt.placeholder = placeholder.as_deref();
                let text = prompt.prompt()?;
                Ok((required || !text.is_empty()).then(|| json(&serde_json::Value::String(text))))
            }
            Field::Number { integer, default } => {
                let integer = *integer;
                let check = move |text: &str| number(text, integer);
                self.ask_typed(label, &help, required, default.as_deref(), check)
            }
            Field::Json { default } => {
                let check = |text: &str| Json::parse(text).map_err(|error| format!("not JSON: {error}"));
                self.ask_typed(label, &help, required, default.as_deref(), check)
            }
            Field::Confirm { default } => {
                let mut prompt = Confirm::new(label).with_render_config(render);
                prompt.help_message = help.text();
                prompt.default = *default;
                let answer = skippable(prompt.prompt(), required)?;
                Ok(answer.map(|yes| json(&serde_json::Value::Bool(yes))))
            }
            Field::Choice { choices, default } => {
                let mut prompt = Select::new(label, options(choices)).with_render_config(render);
                prompt.help_message = help.text();
                prompt.starting_cursor = default.unwrap_or(0);
                Ok(skippable(prompt.prompt(), required)?.map(|option| option.value))
            }
            Field::MultiChoice { choices, defaults } => {
                let mut prompt = MultiSelect::new(label, options(choices)).with_render_config(render);
                prompt = prompt.with_default(defaults).with_formatter(&chosen_labels);
                prompt.help_message = help.text();
                let Some(chosen) = skippable(prompt.prompt(), required)? else { return Ok(None) };
                let texts: Vec<String> = chosen.iter().map(|option| option.value.to_string()).collect();
                Ok(Json::parse(&format!("[{}]", texts.join(","))).ok())
            }
            Field::Form(fields) => self.ask_form(fields, None),
        }
    }

    /// Text that `check` turns into JSON; it is asked for again until it does.
    fn ask_typed<C>(
        &self,
        label: &str,
        help: &Help,
        required: bool,
        default: Option<&str>,
        check: C,
    ) -> Result<Option<Json>, InquireError>
    where
        C: Fn(&str) -> Result<Json, String> + Clone + 'static,
    {
        let check_typed = check.clone();
        let validator = move |text: &str| {
            Ok(match check_typed(text) {
                Err(message) if required || !text.is_empty() => Validation::Invalid(visible(&message).into()),
                Ok(_) | Err(_) => Validation::Valid,
            })
        };
        let mut prompt = Text::new(label).with_render_config(self.render_config()).with_validator(validator);
        prompt.help_message = help.text();
        prompt.default = default;
        let text = prompt.prompt()?;
        Ok(check(&text).ok())
    }

    fn render_config(&self) -> RenderConfig<'static> {
        match self.palette {
            Palette::Colour => RenderConfig::default_colored(),
            Palette::Text => RenderConfig::empty(),
        }
    }
}

impl Refused {
    /// What the answer before had for `key`, where that need not be asked again: the refusal names fields of the
    /// form, and this is none of them. The inner option is none for a field that had been left out.
    fn keep(&self, fields: &[FormField], key: &str) -> Option<Option<Json>> {
        let at_fault: Vec<String> =
            self.fields.iter().map(|field| first_key(&field.pointer)).collect::<Option<_>>()?;
        let names_fields =
            !at_fault.is_empty() && at_fault.iter().all(|name| fields.iter().any(|field| field.key == *name));
        if !names_fields || at_fault.iter().any(|name| name == key) {
            return None;
        }
        let members: std::collections::BTreeMap<String, Json> = self.payload.to().ok()?;
        Some(members.get(key).cloned())
    }
}

/// The first key of a JSON pointer.
fn first_key(pointer: &str) -> Option<String> {
    let key = pointer.strip_prefix('/')?.split('/').next()?;
    Some(key.replace("~1", "/").replace("~0", "~"))
}

/// The line beneath a prompt.
struct Help(String);

impl Help {
    fn new(help: Option<&str>, required: bool, field: &Field) -> Self {
        let mut parts: Vec<String> = help.map(visible).into_iter().collect();
        let keys = match field {
            Field::Choice { .. } => "↑↓ to move, type to filter, enter to choose",
            Field::MultiChoice { .. } => "↑↓ to move, space to tick, enter to end",
            Field::Json { .. } => "JSON, such as \"text\", 3 or {\"a\": 1}",
            Field::Text { .. } | Field::Number { .. } | Field::Confirm { .. } | Field::Form(_) => "",
        };
        parts.extend((!keys.is_empty()).then(|| keys.to_owned()));
        let leave_out = match field {
            _ if required => "",
            Field::Text { .. } | Field::Number { .. } | Field::Json { .. } => "empty to leave it out",
            Field::Choice { .. } | Field::MultiChoice { .. } | Field::Confirm { .. } | Field::Form(_) => {
                "Esc to leave it out"
            }
        };
        parts.extend((!leave_out.is_empty()).then(|| leave_out.to_owned()));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn form_field(key: &str) -> FormField {
        FormField {
            key: key.into(),
            label: key.into(),
            help: None,
            required: true,
            field: Field::Text { default: None, placeholder: None },
        }
    }

    #[test]
    fn only_fields_at_fault_are_asked_again() {
        let fields = [form_field("a"), form_field("b/c"), form_field("d")];
        let refused = |pointers: &[&str]| Refused {
            payload: Json::parse(r#"{"a":1,"b/c":2}"#).unwrap(),
            message: String::new(),
            fields: pointers
                .iter()
                .map(|&pointer| FieldError { pointer: pointer.into(), message: "no".into() })
                .collect(),
        };
        let one = refused(&["/b~1c/0"]);
        assert_eq!(one.keep(&fields, "a").unwrap().unwrap().as_str(), "1");
        assert_eq!(one.keep(&fields, "b/c"), None);
        assert_eq!(one.keep(&fields, "d"), Some(None));
        for unclear in [refused(&[]), refused(&[""]), refused(&["/a", ""]), refused(&["/zzz"])] {
            assert_eq!(unclear.keep(&fields, "a"), None, "{unclear:?}");
            assert_eq!(unclear.keep(&fields, "d"), None, "{unclear:?}");
        }
    }
}
