//! A named entry of the library, its immutable versions and its saved inputs.

use std::{borrow::Cow, collections::BTreeMap, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct as _};

use crate::{Error, ErrorCode, Json, Timestamp, VersionSid, WorkflowSid, frame::present};

/// A named, described, tagged entry of the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Workflow {
    /// The workflow's id.
    pub workflow_sid: WorkflowSid,
    /// Unique among workflows.
    pub name: String,
    /// What it does, in a sentence: the first paragraph of the current version's docstring until another is given.
    pub description: String,
    /// Labels.
    pub tags: Vec<String>,
    /// The version that runs unless another is asked for.
    pub current_version: u32,
    /// True when it is kept but not found.
    pub archived: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One immutable source, of a workflow or anonymous.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowVersion {
    /// The version's id.
    pub version_sid: VersionSid,
    /// The workflow, unless anonymous.
    pub workflow_sid: Option<WorkflowSid>,
    /// From 1 within its workflow.
    pub version: Option<u32>,
    /// Python source, UTF-8.
    pub source: String,
    /// SHA-256 of source, file name and entry, 64 lower-case hex digits.
    pub digest: String,
    /// The name by which tracebacks call the file.
    pub file_name: String,
    /// The entry function's name.
    pub entry: String,
    /// The entry flow's name.
    pub name: String,
    /// First paragraph of the entry's docstring.
    pub description: String,
    /// JSON Schema of the inputs.
    pub inputs: Json,
    /// JSON Schema of the outputs.
    pub outputs: Json,
    /// The entry's declared options, a JSON object: retries, timeout, sandbox wish, …
    pub options: Json,
    /// Packages that the source needs.
    pub dependencies: Vec<String>,
    /// Why this version was made.
    pub note: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Which version of a workflow is meant. In JSON: `"current"`, a number, or a version's id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum VersionChoice {
    /// The one that runs unless another is asked for.
    #[default]
    Current,
    /// By its number.
    Number(u32),
    /// By its id.
    Sid(VersionSid),
}

impl FromStr for VersionChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "current" => Ok(Self::Current),
            _ if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map(Self::Number).map_err(|_| no_choice(text))
            }
            _ => text.parse().map(Self::Sid).map_err(|_| no_choice(text)),
        }
    }
}

fn no_choice(text: &str) -> Error {
    let text: String = text.chars().take(40).collect();
    Error::new(ErrorCode::InvalidParams, format!("{text:?} is no version"))
        .hint("a version is \"current\", its number, or its id")
}

impl fmt::Display for VersionChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current => formatter.write_str("current"),
            Self::Number(number) => number.fmt(formatter),
            Self::Sid(sid) => sid.fmt(formatter),
        }
    }
}

impl Serialize for VersionChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u32(*number),
            other => serializer.collect_str(other),
        }
    }
}

impl<'de> Deserialize<'de> for VersionChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a version is \"current\", its number, or its id")]
        enum Shown {
            Number(u32),
            Text(String),
        }
        match Shown::deserialize(deserializer)? {
            Shown::Number(number) => Ok(Self::Number(number)),
            Shown::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

impl JsonSchema for VersionChoice {
    fn schema_name() -> Cow<'static, str> {
        "VersionChoice".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "`\"current\"`, the number of a version, or its id.",
            "anyOf": [{ "type": "string" }, { "type": "integer", "minimum": 1 }],
            "examples": ["current"],
        })
    }
}

/// A saved input preset.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Example {
    /// The workflow it belongs to.
    pub workflow_sid: WorkflowSid,
    /// Unique within the workflow.
    pub name: String,
    /// Inputs, a JSON object.
    pub inputs: Json,
    /// What the flow should return, of which `null` is one; left out where nobody said so.
    #[serde(default, deserialize_with = "present")]
    pub expected_outputs: Option<Json>,
    /// Answers to pauses, by name or path.
    pub answers: BTreeMap<String, Json>,
    /// What it is for.
    pub note: Option<String>,
    /// When it was saved last.
    pub updated_at: Timestamp,
}

/// In a row every field has its place; as text, what is not expected is left out.
impl Serialize for Example {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { workflow_sid, name, inputs, expected_outputs, answers, note, updated_at } = self;
        let is_left_out = serializer.is_human_readable() && expected_outputs.is_none();
        let mut fields = serializer.serialize_struct("Example", 7 - usize::from(is_left_out))?;
        fields.serialize_field("workflow_sid", workflow_sid)?;
        fields.serialize_field("name", name)?;
        fields.serialize_field("inputs", inputs)?;
        match is_left_out {
            true => fields.skip_field("expected_outputs")?,
            false => fields.serialize_field("expected_outputs", expected_outputs)?,
        }
        fields.serialize_field("answers", answers)?;
        fields.serialize_field("note", note)?;
        fields.serialize_field("updated_at", updated_at)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_expected_is_left_out_and_null_is_expected() {
        let example = |expected_outputs| Example {
            workflow_sid: WorkflowSid::new(),
            name: "a".to_owned(),
            inputs: Json::parse("{}").unwrap(),
            expected_outputs,
            answers: BTreeMap::new(),
            note: None,
            updated_at: Timestamp(1),
        };
        for (expected, shown) in [(None, None), (Some(Json::null()), Some(serde_json::Value::Null))] {
            let example = example(expected);
            let text = Json::of(&example).unwrap();
            let members: BTreeMap<String, serde_json::Value> = text.to().unwrap();
            assert_eq!(members.get("expected_outputs").cloned(), shown);
            assert_eq!(text.to::<Example>().unwrap(), example);
        }
    }
}
