//! A question as a form: as it is asked, as a page shows it, and as it is answered there.

use std::collections::{BTreeMap, BTreeSet};

use hero_sdk::{
    Json, Timestamp,
    model::{ResumeRequest, ResumeStatus},
};
use serde::de::IgnoredAny;

use crate::form::{self, Choice, Field, FormField, STYLE, Typed, number};

/// A schema, hints, a default and what was typed into the page, a line each. They come to a form that can be asked, on a
/// terminal and on a page of which nothing is a flow's, and to an answer of this form or to what is wrong with it.
pub(super) fn question(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let mut json = || lines.next().map(Json::parse);
    let (Some(Ok(schema)), Some(Ok(ui))) = (json(), json()) else { return };
    let default = json().and_then(Result::ok);
    let typed = Typed::of(lines.next().unwrap_or_default().as_bytes());
    if let Some(typed) = &default {
        for is_whole in [false, true] {
            if let Ok(taken) = number(typed.as_str(), is_whole) {
                assert_eq!(&taken, typed, "a number stays as it is typed");
                assert!(taken.to::<serde_json::Number>().is_ok());
            }
        }
    }
    let request = request(schema, ui, default);
    let field = Field::of(&request);
    assert!(fields(&field, 0) <= text.len(), "no more is asked than is written");
    has_its_markup_only(&form::question(&request, None, &[]));
    match form::read(&field, &typed) {
        Ok(answer) => is_answer(&field, &answer),
        Err(errors) => {
            assert!(!errors.is_empty() && errors.iter().all(|error| !error.message.is_empty()));
            has_its_markup_only(&form::question(&request, Some(&typed), &errors));
        }
    }
}

/// Whether an answer is of the form that was asked; whether it is valid says the runtime.
fn is_answer(field: &Field, answer: &Json) {
    match field {
        Field::Form(of) => {
            let members: BTreeMap<String, Json> = answer.to().expect("the answer to a form is an object");
            assert!(members.keys().all(|key| of.iter().any(|field| field.key == *key)), "{answer}");
            for FormField { key, required, field, .. } in of {
                match members.get(key) {
                    Some(member) => is_answer(field, member),
                    None => assert!(!required, "{key} is needed: {answer}"),
                }
            }
        }
        Field::Choice { choices, .. } => {
            assert!(choices.iter().any(|choice| choice.value == *answer), "{answer}")
        }
        Field::MultiChoice { choices, .. } => {
            let chosen: Vec<Json> = answer.to().expect("several choices are an array");
            assert!(
                chosen.iter().all(|chosen| choices.iter().any(|choice| choice.value == *chosen)),
                "{answer}"
            );
        }
        Field::Text { .. } => assert!(answer.to::<String>().is_ok()),
        Field::Number { integer, .. } => assert!(number(answer.as_str(), *integer).is_ok()),
        Field::Confirm { .. } => assert!(answer.to::<bool>().is_ok()),
        Field::Json { .. } => assert!(answer.to::<IgnoredAny>().is_ok()),
    }
}

/// Every tag of a page is one that it has by itself, with no attribute that loads, leads or runs.
fn has_its_markup_only(page: &str) {
    let page = page.replace(STYLE, "");
    for tag in page.split('<').skip(1) {
        let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default();
        assert!(TAGS.contains(&name), "{tag}");
        // Within quotes nothing is an attribute: every other part is.
        let outside: String = tag.split('"').step_by(2).collect();
        let attributes = outside.split_once('>').map_or(outside.as_str(), |(attributes, _)| attributes);
        for attribute in attributes.split(' ').skip(1).filter(|attribute| !attribute.is_empty()) {
            assert!(ATTRIBUTES.contains(&attribute.trim_end_matches('=')), "{tag}");
        }
    }
}

const TAGS: [&str; 27] = [
    "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "main", "div", "h1", "p", "ul", "li",
    "form", "button", "fieldset", "legend", "label", "input", "textarea", "select", "option", "span", "br",
    "strong", "time", "em",
];
const ATTRIBUTES: [&str; 28] = [
    "accept-charset",
    "aria-describedby",
    "aria-invalid",
    "aria-labelledby",
    "autocomplete",
    "autofocus",
    "charset",
    "checked",
    "class",
    "content",
    "datetime",
    "dir",
    "for",
    "html",
    "id",
    "inputmode",
    "lang",
    "method",
    "name",
    "placeholder",
    "required",
    "role",
    "rows",
    "selected",
    "spellcheck",
    "type",
    "value",
    "cols",
];

/// How many questions a field is.
fn fields(field: &Field, depth: usize) -> usize {
    let is_choice = |choices: &[Choice], index: usize| index < choices.len();
    match field {
        Field::Form(of) => {
            assert!(depth < 4, "a form has an end");
            let keys: BTreeSet<&str> = of.iter().map(|field| field.key.as_str()).collect();
            assert_eq!(keys.len(), of.len(), "nothing is asked twice");
            1 + of.iter().map(|of| fields(&of.field, depth + 1)).sum::<usize>()
        }
        Field::Choice { choices, default } => {
            assert!(!choices.is_empty() && default.is_none_or(|index| is_choice(choices, index)));
            1
        }
        Field::MultiChoice { choices, defaults } => {
            assert!(!choices.is_empty() && defaults.iter().all(|index| is_choice(choices, *index)));
            1
        }
        Field::Number { default, integer } => {
            let typed = default.as_deref().unwrap_or("0");
            assert!(number(typed, *integer).is_ok(), "what is offered can be answered: {typed}");
            1
        }
        Field::Json { default } => {
            assert!(default.as_deref().is_none_or(|text| Json::parse(text).is_ok()));
            1
        }
        Field::Text { .. } | Field::Confirm { .. } => 1,
    }
}

fn request(schema: Json, ui: Json, default: Option<Json>) -> ResumeRequest {
    let sid = "01kar9v3zv5w8x2b7c6d4e0f1g";
    ResumeRequest {
        resume_id: format!("ask_{sid}").parse().expect("an id"),
        play_sid: format!("play_{sid}").parse().expect("an id"),
        path: "main#0/ask#0".to_owned(),
        name: "ask".to_owned(),
        question: None,
        schema,
        ui,
        fingerprint: String::new(),
        default,
        created_at: Timestamp(0),
        expires_at: None,
        status: ResumeStatus::Open,
        payload: None,
        answered_by: None,
        answered_at: None,
        url: None,
    }
}
