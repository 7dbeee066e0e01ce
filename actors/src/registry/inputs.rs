//! Inputs of a version: whether it takes them, and what stands in for those that are missing.

use hero_sdk::{Error, ErrorCode, Json, Members, model::WorkflowVersion};
use serde::Deserialize;

use crate::play::check_against;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Schema {
    properties: Members,
    required: Vec<String>,
}

/// `invalid_inputs` names every field that does not fit what the version declares.
pub(crate) fn check_inputs(version: &WorkflowVersion, inputs: &Json) -> Result<(), Error> {
    let fields = check_against(&version.inputs, inputs);
    if fields.is_empty() {
        return Ok(());
    }
    let message = format!("the inputs do not fit the flow {}", version.name);
    Err(Error::new(ErrorCode::InvalidInputs, message).hint(in_words(version)).fields(fields))
}

/// Inputs, and behind them others for what they lack. Both are objects; whatever else `inputs` is stays as it is.
pub(crate) fn filled(inputs: Json, others: Members) -> Json {
    let Ok(mut members) = inputs.to::<Members>() else { return inputs };
    for (name, value) in others.0 {
        if members.get(&name).is_none() {
            members.0.push((name, value));
        }
    }
    Json::of(&members).unwrap_or(inputs)
}

/// What the schema of a version's inputs has a default for.
pub(super) fn defaults(version: &WorkflowVersion) -> Members {
    let schema: Schema = version.inputs.to().unwrap_or_default();
    // A default of null is one.
    let default = |property: Json| property.to::<Members>().ok()?.get("default").cloned();
    Members(
        schema
            .properties
            .0
            .into_iter()
            .filter_map(|(name, property)| Some((name, default(property)?)))
            .collect(),
    )
}

/// The inputs that a flow takes, in one line.
fn in_words(version: &WorkflowVersion) -> String {
    let schema: Schema = version.inputs.to().unwrap_or_default();
    if schema.properties.0.is_empty() {
        return format!("{} takes no inputs", version.name);
    }
    let inputs: Vec<String> = schema
        .properties
        .0
        .iter()
        .map(|(name, property)| {
            let kind = kind_in_words(property);
            let need = if schema.required.contains(name) { "required" } else { "optional" };
            format!("{name} ({kind}, {need})")
        })
        .collect();
    format!("{} takes {}", version.name, inputs.join(", "))
}

/// The types that a schema names: `integer or null`.
fn kind_in_words(schema: &Json) -> String {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Kinds {
        #[serde(rename = "type")]
        kind: Option<Json>,
        #[serde(rename = "anyOf")]
        any_of: Vec<Json>,
    }
    let Kinds { kind, any_of } = schema.to().unwrap_or_default();
    let kinds: Vec<String> = match kind {
        Some(kind) => kind.to().map_or_else(|_| kind.to().unwrap_or_default(), |kind: String| vec![kind]),
        None => any_of.iter().map(kind_in_words).collect(),
    };
    if kinds.is_empty() { "any".to_owned() } else { kinds.join(" or ") }
}
