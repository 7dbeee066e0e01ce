//! Pages of a question: the form, and what is said instead of it. Plain HTML without a script; every text of a flow is
//! escaped, and none of it is an address.

use hero_sdk::{FieldError, model::ResumeRequest};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    Choice, Field, FormField, Typed,
    answer::{member, name},
};

/// The style of all pages. It stands in each, so that a page needs no second request.
pub(crate) const STYLE: &str = include_str!("style.css");

/// More choices than this are a list to choose from, where only one may be chosen.
const BUTTONS_MAX: usize = 7;

/// The form of a question. After a refusal, with what was typed and what is wrong with it.
pub(crate) fn question(request: &ResumeRequest, typed: Option<&Typed>, errors: &[FieldError]) -> String {
    let asked = request.question.as_deref().unwrap_or(&request.name);
    let field = Field::of(request);
    let mut form = Form {
        typed,
        errors: assigned(&field, errors),
        next_id: 0,
        has_focus: false,
        may_be_left_out: false,
    };
    let elsewhere: Vec<&FieldError> = errors.iter().filter(|error| place(&field, error).is_none()).collect();
    let fields = match &field {
        Field::Form(fields) => form.fields(fields, ""),
        field => form.field(field, "", &About { label: None, help: None, required: true }),
    };
    let content = html! {
        h1 #question dir="auto" { (asked) }
        @if !errors.is_empty() {
            div.refused role="alert" {
                strong { "This was not taken yet." }
                @if elsewhere.is_empty() {
                    " Look at what is marked below, and send it again."
                } @else {
                    ul { @for error in elsewhere { li dir="auto" { (whole(error)) } } }
                }
            }
        }
        form method="post" accept-charset="utf-8" autocomplete="off" {
            (fields)
            button type="submit" { "Send answer" }
        }
        @if let Some(until) = request.expires_at {
            p.until { "Can be answered until " time datetime=(until) { (to_the_minute(&until.to_string())) } "." }
        }
    };
    page(asked, &content)
}

/// A page that says something.
pub(crate) fn notice(title: &str, text: &str) -> String {
    page(title, &html! { h1 { (title) } p dir="auto" { (text) } })
}

fn page(title: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { div.card { (content) } } }
        }
    };
    page.into_string()
}

fn whole(error: &FieldError) -> String {
    if error.pointer.is_empty() {
        error.message.clone()
    } else {
        format!("{}: {}", error.pointer, error.message)
    }
}

/// Errors with the pointer of the field that shows them.
fn assigned(field: &Field, errors: &[FieldError]) -> Vec<(String, FieldError)> {
    let to_place = |error: &FieldError| Some((place(field, error)?, error.clone()));
    errors.iter().filter_map(to_place).collect()
}

/// The innermost field that holds what an error is about, if one does.
fn place(field: &Field, error: &FieldError) -> Option<String> {
    let mut pointer = String::new();
    let mut field = field;
    while let Field::Form(fields) = field {
        let inner = fields.iter().find_map(|inner| {
            let pointer = member(&pointer, &inner.key);
            let rest = error.pointer.strip_prefix(&pointer)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((pointer, &inner.field))
        });
        match inner {
            Some((inner, of)) => (pointer, field) = (inner, of),
            // It is about the object as a whole.
            None => return (!pointer.is_empty()).then_some(pointer),
        }
    }
    Some(pointer)
}

/// What is said of a field. The one of a whole answer has no label: it is the question's.
struct About<'a> {
    label: Option<&'a str>,
    help: Option<&'a str>,
    required: bool,
}

/// The ids by which a field's parts refer to one another.
struct Ids {
    field: String,
    label: String,
    /// Those of its help and errors, for `aria-describedby`.
    described_by: Option<String>,
}

struct Form<'a> {
    typed: Option<&'a Typed>,
    errors: Vec<(String, FieldError)>,
    next_id: u32,
    has_focus: bool,
    /// What is needed in a part that may be left out is not needed as long as the part is empty.
    may_be_left_out: bool,
}

impl Form<'_> {
    fn fields(&mut self, fields: &[FormField], pointer: &str) -> Markup {
        html! {
            @for FormField { key, label, help, required, field } in fields {
                (self.field(field, &member(pointer, key), &About {
                    label: Some(label),
                    help: help.as_deref(),
                    required: *required,
                }))
            }
        }
    }

    fn field(&mut self, field: &Field, pointer: &str, about: &About<'_>) -> Markup {
        self.next_id += 1;
        let id = format!("f{}", self.next_id);
        let messages: Vec<String> = self
            .errors
            .iter()
            .filter(|(place, _)| place == pointer)
            .map(|(_, error)| message(error, pointer))
            .collect();
        let parts =
            [about.help.map(|_| format!("{id}-help")), (!messages.is_empty()).then(|| format!("{id}-error"))];
        let described_by: Vec<String> = parts.into_iter().flatten().collect();
        let ids = Ids {
            label: about.label.map_or_else(|| "question".to_owned(), |_| format!("{id}-label")),
            described_by: (!described_by.is_empty()).then(|| described_by.join(" ")),
            field: id,
        };
        let is_wrong = !messages.is_empty();
        let above = html! {
            @if let Some(label) = about.label {
                span dir="auto" { (label) }
                @if !about.required { " " span.optional { "(optional)" } }
            }
        };
        let around = html! {
            @if let Some(help) = about.help { span.help id={ (ids.field) "-help" } dir="auto" { (help) } }
        };
        let beneath = html! {
            @if is_wrong {
                span.error id={ (ids.field) "-error" } dir="auto" {
                    @for (place, message) in messages.iter().enumerate() { @if place > 0 { br; } (message) }
                }
            }
        };
        let is_group = match field {
            Field::Choice { choices, .. } => choices.len() <= BUTTONS_MAX,
            Field::MultiChoice { .. } | Field::Confirm { .. } | Field::Form(_) => true,
            Field::Text { .. } | Field::Number { .. } | Field::Json { .. } => false,
        };
        let control = self.control(field, pointer, about.required, &ids, is_wrong);
        if is_group {
            let is_part = matches!(field, Field::Form(_));
            return html! {
                fieldset.field.part[is_part] aria-labelledby=(ids.label) aria-describedby=[ids.described_by.as_deref()] {
                    @if about.label.is_some() { legend id=(ids.label) { (above) } }
                    (around) (control) (beneath)
                }
            };
        }
        html! {
            div.field {
                @if about.label.is_some() { label id=(ids.label) for=(ids.field) { (above) } }
                (around) (control) (beneath)
            }
        }
    }

    fn control(&mut self, field: &Field, pointer: &str, required: bool, ids: &Ids, is_wrong: bool) -> Markup {
        let required = required && !self.may_be_left_out;
        let (id, name) = (&ids.field, name(pointer));
        let typed = |default: Option<String>| match self.typed {
            Some(typed) => typed.text(pointer),
            None => default,
        };
        let (invalid, described) = (is_wrong.then_some("true"), ids.described_by.as_deref());
        match field {
            Field::Text { default, placeholder, multiline: true } => {
                let text = typed(default.clone()).unwrap_or_default();
                html! {
                    textarea #(id) name=(name) rows="5" placeholder=[placeholder.as_deref()] dir="auto" aria-labelledby=(ids.label)
                        aria-describedby=[described] aria-invalid=[invalid] autofocus[self.focus(is_wrong)] { "\n" (text) }
                }
            }
            Field::Text { default, placeholder, multiline: false } => html! {
                input #(id) type="text" name=(name) value=[typed(default.clone())] placeholder=[placeholder.as_deref()] dir="auto"
                    aria-labelledby=(ids.label) aria-describedby=[described] aria-invalid=[invalid]
                    autofocus[self.focus(is_wrong)];
            },
            Field::Number { integer, default } => html! {
                input #(id) type="text" name=(name) value=[typed(default.clone())]
                    inputmode=(if *integer { "numeric" } else { "decimal" }) required[required] aria-labelledby=(ids.label)
                    aria-describedby=[described] aria-invalid=[invalid] autofocus[self.focus(is_wrong)];
            },
            Field::Json { default } => {
                let text = typed(default.clone()).unwrap_or_default();
                html! {
                    textarea.code #(id) name=(name) rows="8" spellcheck="false" placeholder="JSON, such as {\"key\": [1, true]}"
                        required[required] aria-labelledby=(ids.label) aria-describedby=[described] aria-invalid=[invalid]
                        autofocus[self.focus(is_wrong)] { "\n" (text) }
                }
            }
            Field::Confirm { default } => {
                let choices = [("Yes", "true"), ("No", "false")];
                let chosen = typed(default.map(|default| default.to_string()));
                let buttons = choices.map(|(label, value)| (label.to_owned(), value.to_owned()));
                self.buttons(
                    "radio",
                    &name,
                    &buttons,
                    |value| chosen.as_deref() == Some(value),
                    required,
                    is_wrong,
                )
            }
            Field::Choice { choices, default } => {
                let default =
                    default.and_then(|place| choices.get(place)).map(|choice| choice.value.to_string());
                let chosen = typed(default);
                let is_chosen = |value: &str| chosen.as_deref() == Some(value);
                if choices.len() <= BUTTONS_MAX {
                    return self.buttons("radio", &name, &labelled(choices), is_chosen, required, is_wrong);
                }
                html! {
                    select #(id) name=(name) required[required] aria-labelledby=(ids.label) aria-describedby=[described]
                        aria-invalid=[invalid] autofocus[self.focus(is_wrong)] {
                        option value="" { "Choose…" }
                        @for (label, value) in labelled(choices) {
                            option value=(value) selected[is_chosen(&value)] { (label) }
                        }
                    }
                }
            }
            Field::MultiChoice { choices, defaults } => {
                let chosen: Vec<String> = match self.typed {
                    Some(typed) => typed.texts(pointer).map(str::to_owned).collect(),
                    None => {
                        let defaults = defaults.iter().filter_map(|place| choices.get(*place));
                        defaults.map(|choice| choice.value.to_string()).collect()
                    }
                };
                let is_chosen = |value: &str| chosen.iter().any(|chosen| chosen == value);
                self.buttons("checkbox", &name, &labelled(choices), is_chosen, false, is_wrong)
            }
            Field::Form(fields) => {
                let around = std::mem::replace(&mut self.may_be_left_out, !required);
                let shown = self.fields(fields, pointer);
                self.may_be_left_out = around;
                shown
            }
        }
    }

    fn buttons(
        &mut self,
        kind: &str,
        name: &str,
        choices: &[(String, String)],
        is_chosen: impl Fn(&str) -> bool,
        required: bool,
        is_wrong: bool,
    ) -> Markup {
        // A button that was pressed cannot be released: what may be left out is a button of its own.
        let nothing = [("No answer".to_owned(), String::new())];
        let is_left_out = !choices.iter().any(|(_, value)| is_chosen(value));
        let nothing = nothing.iter().filter(|_| kind == "radio" && !required);
        html! {
            @for (label, value) in choices.iter().chain(nothing) {
                label.choice {
                    input type=(kind) name=(name) value=(value) checked[is_chosen(value) || (value.is_empty() && is_left_out)] required[required]
                        autofocus[self.focus(is_wrong)];
                    span dir="auto" { (label) }
                }
            }
        }
    }

    /// Whether the keyboard begins here: at what is wrong, else at the first field.
    fn focus(&mut self, is_wrong: bool) -> bool {
        let begins = !self.has_focus && (is_wrong || self.errors.is_empty());
        self.has_focus |= begins;
        begins
    }
}

/// What people see of each choice, and what is sent.
fn labelled(choices: &[Choice]) -> Vec<(String, String)> {
    choices.iter().map(|Choice { label, value }| (label.clone(), value.to_string())).collect()
}

/// A moment for people: `2026-01-31 09:30 UTC`.
fn to_the_minute(moment: &str) -> String {
    let minute: String = moment.chars().take("2026-01-31T09:30".len()).collect();
    format!("{} UTC", minute.replace('T', " "))
}

/// What is wrong with a field, with where in it.
fn message(error: &FieldError, pointer: &str) -> String {
    match error.pointer.strip_prefix(pointer) {
        Some(rest) if !rest.is_empty() => format!("{rest}: {}", error.message),
        _ => error.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::testing::request, form::read};

    const SCHEMA: &str = r#"{"type":"object","required":["zone"],"properties":{
        "zone":{"type":"string","title":"<Zone>","description":"where & why","minLength":2},
        "size":{"enum":["s","m"]},
        "deep":{"type":"object","required":["on"],"properties":{"on":{"type":"boolean"},"x":{}}}}}"#;

    fn form(body: Option<&str>, errors: &[(&str, &str)]) -> String {
        let typed = body.map(|body| Typed::of(body.as_bytes()));
        let to_error = |(pointer, message): &(&str, &str)| FieldError {
            pointer: (*pointer).into(),
            message: (*message).into(),
        };
        let errors: Vec<FieldError> = errors.iter().map(to_error).collect();
        let page = question(&request("<script>alert(1)</script>", SCHEMA, "{}"), typed.as_ref(), &errors);
        page.split_once("</style>").unwrap().1.to_owned()
    }

    #[test]
    fn a_form_has_a_field_for_each_member() {
        insta::assert_snapshot!(form(None, &[]).replace("><", ">\n<"));
    }

    #[test]
    fn errors_stand_at_the_innermost_field_that_they_are_about() {
        let errors = [
            ("/zone", "<b>short</b>"),
            ("/deep/x/1", "is odd"),
            ("/deep", "is lonely"),
            ("/other", "\"other\" is not a known property"),
            ("", "is not right"),
        ];
        insta::assert_snapshot!(
            form(Some("answer/zone=%22%3E&answer/size=%22m%22"), &errors).replace("><", ">\n<")
        );
    }

    #[test]
    fn a_moment_is_told_to_the_minute() {
        assert_eq!(to_the_minute("2026-01-31T09:30:59.123456Z"), "2026-01-31 09:30 UTC");
        let mut asked = request("ask", "true", "{}");
        asked.expires_at = Some(hero_sdk::Timestamp(0));
        assert!(question(&asked, None, &[]).contains("Z\">1970-01-01 00:00 UTC</time>"));
    }

    #[test]
    fn nothing_of_a_flow_is_markup() {
        let hostile = "</textarea></title><script>alert(1)</script>\" onfocus=\"alert(1)";
        let json = serde_json::Value::String(hostile.to_owned());
        let schema = format!(
            r#"{{"type":"object","properties":{{{json}:{{"title":{json},"description":{json},"default":{json},
                "type":"string"}},"b":{{"enum":[{json}],"title":{json}}},"c":{{"default":{json}}}}}}}"#
        );
        for ui in ["{}", r#"{"kind":"text","multiline":true}"#] {
            let mut asked = request(hostile, &schema, ui);
            asked.question = Some(hostile.to_owned());
            let errors = [FieldError { pointer: String::new(), message: hostile.to_owned() }];
            let typed = Typed::of(
                format!("answer={}", form_urlencoded::byte_serialize(hostile.as_bytes()).collect::<String>())
                    .as_bytes(),
            );
            for (typed, errors) in [(None, &[][..]), (Some(&typed), &errors[..])] {
                let page = question(&asked, typed, errors);
                assert!(!page.contains("<script") && !page.contains("\" onfocus"), "{page}");
                assert_eq!(page.matches("</title>").count(), 1);
            }
        }
    }

    #[test]
    fn many_choices_are_a_list_and_what_was_typed_stays() {
        let schema = r#"{"enum":["a","b","c","d","e","f","g","h"]}"#;
        let asked = request("pick", schema, "{}");
        let typed = Typed::of(b"answer=%22c%22");
        let page = question(&asked, Some(&typed), &[]);
        assert!(page.contains("<option value=\"&quot;c&quot;\" selected>c</option>"), "{page}");
        assert_eq!(page.matches(" selected").count(), 1);
        // What a page sends is read as what it showed.
        assert_eq!(read(&Field::of(&asked), &typed).unwrap().as_str(), "\"c\"");
        let several = request("some", r#"{"type":"array","items":{"enum":["a","b"]},"default":["b"]}"#, "{}");
        let page = question(&several, None, &[]);
        assert!(page.contains("value=\"&quot;b&quot;\" checked"), "{page}");
        assert_eq!(page.matches(" checked").count(), 1);
    }
}
