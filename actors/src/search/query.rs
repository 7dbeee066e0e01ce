//! What is asked, checked, and what comes back.

use hero_sdk::{Error, ErrorCode, Json, WorkflowSid};
use serde_json::{Map, Value};

use super::schema;

/// Characters of a question.
pub const TEXT_CHARS_MAX: usize = 1_000;
/// Words of a question.
pub const TERMS_MAX: usize = 64;
/// Hits of one question.
pub const LIMIT_MAX: usize = 100;
/// Inputs or outputs, and tags, that a question may name.
pub const NAMED_MAX: usize = 32;
/// Below it a hit is no answer, unless the question says otherwise: calibrated on `actors/tests/search`.
pub const MIN_SCORE: f64 = 0.48;

/// A question to the library.
#[derive(Clone, Debug)]
pub struct Query {
    /// What the flow should do, in anybody's words. May be empty if inputs or outputs are given.
    pub text: String,
    /// What the caller can give, a JSON object: by name a JSON Schema, or the name of a type.
    pub inputs: Option<Json>,
    /// What the caller wants, in the same form.
    pub outputs: Option<Json>,
    /// Tags that must all be there.
    pub tags: Vec<String>,
    /// Hits at most, from 1 to [`LIMIT_MAX`].
    pub limit: usize,
    /// Score from 0 to 1 below which nothing is returned; [`MIN_SCORE`] unless given.
    pub min_score: Option<f64>,
}

impl Query {
    /// Ten hits for a text.
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            inputs: None,
            outputs: None,
            tags: Vec::new(),
            limit: 10,
            min_score: None,
        }
    }
}

/// What a question found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The workflows that answer, best first.
    pub hits: Vec<Hit>,
    /// Where none does, the score of the one that comes nearest; `None` where no word of the question is known.
    pub nearest: Option<f64>,
}

/// One workflow that answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The workflow.
    pub workflow_sid: WorkflowSid,
    /// How well it answers, from 0 to 1; comparable between questions.
    pub score: f64,
    /// Why it was found, in words for people; at least one.
    pub why: Vec<String>,
}

/// A query whose form is right.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) text: String,
    pub(super) inputs: Map<String, Value>,
    pub(super) outputs: Map<String, Value>,
    pub(super) tags: Vec<String>,
    pub(super) limit: usize,
    pub(super) min_score: f64,
}

impl Query {
    pub(super) fn checked(&self) -> Result<Checked, Error> {
        let Self { text, inputs, outputs, tags, limit, min_score } = self;
        let (inputs, outputs) = (object("inputs", inputs.as_ref())?, object("outputs", outputs.as_ref())?);
        let chars = text.chars().count();
        if chars > TEXT_CHARS_MAX {
            return Err(invalid(format!("the query has {chars} characters"))
                .hint(format!("say in at most {TEXT_CHARS_MAX} characters what the flow should do")));
        }
        if text.chars().any(|sign| sign.is_control() && !sign.is_whitespace() || sign == '\u{fffd}') {
            return Err(invalid("the query is no text: it has control characters".into())
                .hint("say in words what the flow should do"));
        }
        if text.trim().is_empty() && inputs.is_empty() && outputs.is_empty() {
            return Err(invalid("the query is empty".into())
                .hint("say in a few words what the flow should do, or give inputs or outputs"));
        }
        if tags.len() > NAMED_MAX {
            return Err(invalid(format!("{} tags are asked for", tags.len()))
                .hint(format!("name at most {NAMED_MAX} tags")));
        }
        if !(1..=LIMIT_MAX).contains(limit) {
            return Err(
                invalid(format!("the limit is {limit}")).hint(format!("give one from 1 to {LIMIT_MAX}"))
            );
        }
        let min_score = min_score.unwrap_or(MIN_SCORE);
        if !(0.0..=1.0).contains(&min_score) {
            return Err(invalid(format!("min_score is {min_score}")).hint("give a number from 0 to 1"));
        }
        Ok(Checked { text: text.clone(), inputs, outputs, tags: tags.clone(), limit: *limit, min_score })
    }
}

/// A question has no word that could be looked for.
pub(super) fn no_word() -> Error {
    invalid("the query has no word".into()).hint("say in a few words what the flow should do")
}

/// The names that stand in for a question's words have none.
pub(super) fn no_name() -> Error {
    invalid("none of the names of inputs or outputs is a word that could be looked for".into())
        .hint("say in a few words what the flow should do")
}

/// A question has too many words.
pub(super) fn too_many_words(count: usize) -> Error {
    invalid(format!("the query has {count} words"))
        .hint(format!("say in at most {TERMS_MAX} words what the flow should do"))
}

fn object(name: &str, json: Option<&Json>) -> Result<Map<String, Value>, Error> {
    let Some(json) = json else { return Ok(Map::new()) };
    let hint = "give an object: by name a JSON Schema, or \"string\", \"number\", …";
    let members = match json.to::<Value>() {
        Ok(Value::Object(members)) => members,
        Ok(Value::Null) => Map::new(),
        _ => return Err(invalid(format!("the {name} are no object")).hint(hint)),
    };
    if members.len() > NAMED_MAX {
        return Err(invalid(format!("{} {name} are given", members.len()))
            .hint(format!("name the {NAMED_MAX} that matter most")));
    }
    for (member, value) in &members {
        if !matches!(value, Value::String(_) | Value::Object(_) | Value::Bool(_)) {
            return Err(invalid(format!("{member:?} of the {name} is no JSON Schema and no type")).hint(hint));
        }
        if let Some(unknown) = schema::unknown_type(value) {
            return Err(invalid(format!(
                "{member:?} of the {name} has the type {unknown:?}, which there is none of"
            ))
            .hint("types are string, integer, number, boolean, array, object and any"));
        }
    }
    Ok(members)
}

fn invalid(message: String) -> Error {
    Error::new(ErrorCode::InvalidParams, message)
}
