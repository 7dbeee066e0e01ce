//! The span protocol: what a play's Python process and the runtime say to each other, as `sdk/protocol.md` has it.
//!
//! Parsing is total: whatever bytes come, the result is a frame or a [`Refusal`], never a panic, and never an
//! allocation larger than the line.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Json, SecretName, SecretValue, VersionSid,
    model::{LogLevel, LogStream, PlayError, SpanKind},
};

/// Version of the protocol that both sides must speak.
pub const VERSION: u32 = 1;
/// Longest line from Python, with its newline. Larger values travel as files.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting of a line from Python; beyond it a parser's stack is at stake.
pub const DEPTH_MAX: usize = 64;

/// A line that is not a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not JSON, not an object, or fields of the wrong type.
    #[error("malformed frame: {0}")]
    Malformed(String),
    /// Nested deeper than [`DEPTH_MAX`].
    #[error("frame nested deeper than {DEPTH_MAX}")]
    TooDeep,
    /// A type that this version does not know.
    #[error("unknown frame type {0:?}")]
    UnknownType(String),
}

/// A value that travels as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blob {
    /// SHA-256 of its content, 64 lower-case hex digits.
    pub digest: String,
    /// Length in bytes.
    pub size: u64,
}

/// The first frame of every process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// Protocol version.
    pub v: u32,
    /// Version of the SDK.
    pub sdk: String,
    /// Version of Python.
    pub python: String,
    /// The file as the process compiled it, where it was not given it: for [`Start::code`] of the next process.
    #[serde(default)]
    pub code: Option<String>,
}

/// A flow that a file declares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeclaredFlow {
    /// The flow's name.
    pub name: String,
    /// The function's name.
    pub function: String,
    /// Its first line.
    pub line: u32,
    /// First paragraph of its docstring.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of its inputs.
    pub inputs: Json,
    /// JSON Schema of its outputs.
    pub outputs: Json,
    /// Declared options, a JSON object.
    pub options: Json,
}

/// What a file declares, or why it cannot be loaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Described {
    /// All flows, in order of declaration.
    #[serde(default)]
    pub flows: Vec<DeclaredFlow>,
    /// The entry's function name.
    #[serde(default)]
    pub entry: Option<String>,
    /// Why there is no entry.
    #[serde(default)]
    pub error: Option<PlayError>,
}

/// A node is entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Begin {
    /// New in this attempt.
    pub id: u64,
    /// The node above; 0 for the root.
    pub parent: u64,
    /// Unique within the play.
    pub path: String,
    /// What it is.
    pub kind: SpanKind,
    /// For people.
    pub name: String,
    /// Fingerprint of the inputs.
    #[serde(default)]
    pub fp: Option<String>,
    /// Source line of the call.
    #[serde(default)]
    pub line: Option<u32>,
    /// Arguments, shortened.
    #[serde(default)]
    pub inputs: Option<String>,
    /// Data on the node.
    #[serde(default)]
    pub tags: BTreeMap<String, Json>,
    /// The try that begins, from 1.
    #[serde(default, rename = "try")]
    pub attempt_try: Option<u32>,
    /// True where an outcome will be recorded.
    #[serde(default)]
    pub recorded: bool,
    /// Asks for an acknowledgement.
    #[serde(default)]
    pub n: Option<u64>,
}

/// How a node was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndStatus {
    /// With a value.
    Ok,
    /// With an exception.
    Failed,
    /// Because it was cancelled.
    Cancelled,
}

/// A node is left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// The node.
    pub id: u64,
    /// How.
    pub status: EndStatus,
    /// The outcome, in the codec's JSON; `null` is one.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
    /// The outcome as a file.
    #[serde(default)]
    pub blob: Option<Blob>,
    /// The result, shortened.
    #[serde(default)]
    pub preview: Option<String>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<PlayError>,
    /// The loop's clock, in seconds.
    #[serde(default)]
    pub loop_time: Option<f64>,
    /// Asks for an acknowledgement.
    #[serde(default)]
    pub n: Option<u64>,
}

/// A try failed and another follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NextTry {
    /// The node.
    pub id: u64,
    /// The number about to begin, from 2.
    #[serde(rename = "try")]
    pub number: u32,
    /// Why the one before failed.
    pub error: PlayError,
    /// Milliseconds until it begins.
    #[serde(default)]
    pub delay_ms: f64,
    /// Asks for an acknowledgement.
    pub n: u64,
}

/// An outcome without a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordOnly {
    /// Unique within the play.
    pub path: String,
    /// `value`, `pick`, …
    pub kind: String,
    /// The outcome, in the codec's JSON.
    pub value: Json,
    /// Fingerprint of the inputs.
    #[serde(default)]
    pub fp: Option<String>,
    /// The loop's clock, in seconds.
    #[serde(default)]
    pub loop_time: Option<f64>,
    /// Asks for an acknowledgement.
    #[serde(default)]
    pub n: Option<u64>,
}

/// Data for a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    /// The node.
    pub id: u64,
    /// Added to what is there; the newest value of a key stands.
    pub tags: BTreeMap<String, Json>,
}

/// A line of text for a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Log {
    /// The node; 0 for the play as a whole.
    pub id: u64,
    /// How grave.
    pub level: LogLevel,
    /// From where.
    pub stream: LogStream,
    /// The text.
    pub text: String,
}

/// Cost for a node, added to what is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// The node.
    pub id: u64,
    /// US dollars.
    #[serde(default)]
    pub usd: f64,
    /// Tokens.
    #[serde(default)]
    pub tokens_in: u64,
    /// Tokens.
    #[serde(default)]
    pub tokens_out: u64,
}

/// How far a node is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgressFrame {
    /// The node.
    pub id: u64,
    /// Units done.
    pub done: f64,
    /// Units in all.
    #[serde(default)]
    pub total: Option<f64>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pause {
    /// New in this attempt.
    pub id: u64,
    /// The node above.
    pub parent: u64,
    /// Unique within the play.
    pub path: String,
    /// By which `--answer` finds it.
    pub name: String,
    /// Fingerprint of what is asked.
    pub fp: String,
    /// Source line of the call.
    #[serde(default)]
    pub line: Option<u32>,
    /// The words shown to a person.
    #[serde(default)]
    pub question: Option<String>,
    /// JSON Schema of a valid payload.
    #[serde(default)]
    pub schema: Option<Json>,
    /// Hints for forms.
    #[serde(default)]
    pub ui: Option<Json>,
    /// It expires after this.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// The payload that stands in when it expires; `null` is one.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub default: Option<Json>,
    /// Asks for an acknowledgement.
    pub n: u64,
}

/// A file of the working directory that is to be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutArtifact {
    /// The node that puts it.
    pub id: u64,
    /// By which it is found.
    pub name: String,
    /// Where it lies, from the working directory: names between slashes, none of them `.` or `..`.
    pub path: String,
    /// What it is.
    pub media_type: String,
    /// Asks for [`Down::Kept`] or [`Down::NotKept`].
    pub n: u64,
}

/// A name that a flow calls and its file does not define: a workflow of the library, to be run in the same process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolve {
    /// The node that runs it.
    pub id: u64,
    /// The workflow's name or sid.
    pub name: String,
    /// Asks for [`Down::Resolved`] or [`Down::NotResolved`].
    pub n: u64,
}

/// Something that a flow asks of the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskLibrary {
    /// The node that asks.
    pub id: u64,
    /// `search`, `save` or `pick_version`.
    pub ask: String,
    /// What that takes, a JSON object.
    pub params: Json,
    /// Asks for [`Down::LibraryResult`] or [`Down::LibraryError`].
    pub n: u64,
}

/// What a name stands for in a play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResolvedWorkflow {
    /// As the flow calls it.
    pub name: String,
    /// The workflow's own name.
    pub workflow: String,
    /// The version's number.
    pub version: u32,
    /// The version.
    pub version_sid: VersionSid,
    /// The name by which tracebacks call the file.
    pub file_name: String,
    /// Python source.
    pub source: String,
    /// The entry function's name.
    pub entry: String,
    /// JSON Schema of its inputs.
    pub inputs: Json,
    /// JSON Schema of its outputs.
    pub outputs: Json,
}

/// Which answers end a park.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResumeWhen {
    /// The first.
    #[default]
    Any,
    /// The last.
    All,
}

/// Everything in flight is paused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Park {
    /// When to go on.
    #[serde(default)]
    pub resume_when: ResumeWhen,
    /// Asks for an acknowledgement.
    pub n: u64,
}

/// Something a person should know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// A stable code.
    pub code: String,
    /// In words.
    pub text: String,
    /// The steps concerned.
    #[serde(default)]
    pub paths: Vec<String>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoneStatus {
    /// With outputs.
    Succeeded,
    /// With an error.
    Failed,
    /// Because it was told to.
    Cancelled,
    /// Because the replay did not match its record.
    Diverged,
}

/// The last frame of a process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// How.
    pub status: DoneStatus,
    /// What the flow returned, plain JSON; `null` is a result.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub outputs: Option<Json>,
    /// The same as a file.
    #[serde(default)]
    pub blob: Option<Blob>,
    /// Why it did not succeed.
    #[serde(default)]
    pub error: Option<PlayError>,
    /// Asks for an acknowledgement.
    pub n: u64,
}

/// A frame from Python.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "fuzz", derive(Serialize), serde(tag = "t", rename_all = "snake_case"))]
#[expect(missing_docs, reason = "each variant is its struct")]
pub enum Up {
    Hello(Hello),
    Described(Described),
    Begin(Begin),
    End(End),
    Try(NextTry),
    Record(RecordOnly),
    Tag(Tag),
    Log(Log),
    Cost(Cost),
    Progress(ProgressFrame),
    Artifact(PutArtifact),
    Resolve(Resolve),
    Library(AskLibrary),
    Pause(Pause),
    Park(Park),
    Notice(Notice),
    Done(Done),
}

/// What a line says of itself, whether or not the rest of it is a frame.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Head<'a> {
    /// Its type.
    #[serde(borrow)]
    pub t: Cow<'a, str>,
    /// The number by which Python waits for an answer to it.
    #[serde(default)]
    pub n: Option<u64>,
}

impl<'a> Head<'a> {
    /// Reads it from a line of any depth; the parser passes over everything else without recursion.
    pub fn parse(line: &'a str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

impl Up {
    /// Parses one line, without its newline.
    pub fn parse(line: &str) -> Result<Self, Refusal> {
        fn of<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, Refusal> {
            serde_json::from_str(line).map_err(|error| Refusal::Malformed(error.to_string()))
        }

        if deeper_than(line.as_bytes(), DEPTH_MAX) {
            return Err(Refusal::TooDeep);
        }
        // Two passes, since an internally tagged enum cannot hold raw JSON; the first stops at nothing but `t`.
        let head: Head<'_> = of(line)?;
        Ok(match head.t.as_ref() {
            "hello" => Self::Hello(of(line)?),
            "described" => Self::Described(of(line)?),
            "begin" => Self::Begin(of(line)?),
            "end" => Self::End(of(line)?),
            "try" => Self::Try(of(line)?),
            "record" => Self::Record(of(line)?),
            "tag" => Self::Tag(of(line)?),
            "log" => Self::Log(of(line)?),
            "cost" => Self::Cost(of(line)?),
            "progress" => Self::Progress(of(line)?),
            "artifact" => Self::Artifact(of(line)?),
            "resolve" => Self::Resolve(of(line)?),
            "library" => Self::Library(of(line)?),
            "pause" => Self::Pause(of(line)?),
            "park" => Self::Park(of(line)?),
            "notice" => Self::Notice(of(line)?),
            "done" => Self::Done(of(line)?),
            other => return Err(Refusal::UnknownType(other.chars().take(40).collect())),
        })
    }

    /// The number by which Python asks for an acknowledgement.
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Begin(frame) => frame.n,
            Self::End(frame) => frame.n,
            Self::Try(frame) => Some(frame.n),
            Self::Record(frame) => frame.n,
            Self::Artifact(frame) => Some(frame.n),
            Self::Resolve(frame) => Some(frame.n),
            Self::Library(frame) => Some(frame.n),
            Self::Pause(frame) => Some(frame.n),
            Self::Park(frame) => Some(frame.n),
            Self::Done(frame) => Some(frame.n),
            Self::Hello(_)
            | Self::Described(_)
            | Self::Tag(_)
            | Self::Log(_)
            | Self::Cost(_)
            | Self::Progress(_)
            | Self::Notice(_) => None,
        }
    }
}

/// What a new process is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Protocol version.
    pub v: u32,
    /// The play.
    pub play_sid: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// The name by which tracebacks call the file.
    pub file_name: String,
    /// Python source.
    pub source: String,
    /// The same compiled, as [`Hello::code`] of an earlier process had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The entry function's name.
    pub entry: Option<String>,
    /// A JSON object.
    pub inputs: Json,
    /// The values of the secrets that the entry flow declares.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<SecretName, SecretValue>,
    /// Variables of the runtime's environment that the play may have. They travel here, past the fork server, whose
    /// memory every play has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// What the names stand for that the play has resolved before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workflows: Vec<ResolvedWorkflow>,
    /// The current directory of the process.
    pub workdir: String,
    /// Where large values are.
    pub blob_dir: String,
    /// The frontier, in record order.
    pub records: Vec<FrontierRecord>,
    /// Recorded calls that began and have no outcome: path and try.
    pub started: Vec<(String, u32)>,
}

/// A record as a new attempt gets it: path, kind, fingerprint, status, text, loop time, file.
pub type FrontierRecord =
    (String, String, String, RecordStatus, Option<String>, Option<f64>, Option<(String, u64)>);

/// What a recorded text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordStatus {
    /// A value of the codec.
    Ok,
    /// A failure of the codec.
    Failed,
    /// Nothing: the call was cancelled.
    Cancelled,
    /// Plain JSON that answered a pause.
    Answered,
    /// Plain JSON that stood in for an answer, or nothing.
    Expired,
}

/// A frame to Python.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
#[expect(missing_docs, reason = "fields are those of protocol.md")]
pub enum Down {
    Describe {
        v: u32,
        file_name: String,
        source: String,
        entry: Option<String>,
    },
    Start(Box<Start>),
    Ack {
        n: u64,
    },
    Answer {
        path: String,
        status: RecordStatus,
        payload: Json,
        use_default: bool,
    },
    Refused {
        n: u64,
        code: String,
        message: String,
    },
    Kept {
        n: u64,
        digest: String,
        size: u64,
    },
    NotKept {
        n: u64,
        code: String,
        message: String,
    },
    Resolved {
        n: u64,
        workflow: Box<ResolvedWorkflow>,
    },
    NotResolved {
        n: u64,
        code: String,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    LibraryResult {
        n: u64,
        result: Json,
    },
    LibraryError {
        n: u64,
        code: String,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
}

impl Down {
    /// The frame as one line, newline included.
    pub fn to_line(&self) -> String {
        // Internally tagged enums serialise raw JSON well; only parsing them does not (see `Up::parse`).
        let mut text = serde_json::to_string(self).expect("frames hold only maps with text keys");
        text.push('\n');
        text
    }
}

/// A field of a text that is there is a value, also when it is `null`; serde alone would make that none. A row says by
/// itself which it is.
pub(crate) fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    match deserializer.is_human_readable() {
        true => Json::deserialize(deserializer).map(Some),
        false => Option::deserialize(deserializer),
    }
}

/// True where brackets outside strings nest deeper than `limit`, whether or not it is JSON. One pass, no allocation.
pub fn deeper_than(text: &[u8], limit: usize) -> bool {
    let mut depth = 0usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in text {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_strings() {
        assert!(!deeper_than(br#"{"a":"[[[[\"[[["}"#, 1));
        assert!(deeper_than(&b"[".repeat(65), 64));
        assert!(!deeper_than(&b"[".repeat(64), 64));
    }

    #[test]
    fn raw_json_goes_down_as_it_is() {
        let answer = Down::Answer {
            path: "main#0/ask#0".into(),
            status: RecordStatus::Answered,
            payload: Json::parse("{\"a\": 1.50}").unwrap(),
            use_default: false,
        };
        let line = r#"{"t":"answer","path":"main#0/ask#0","status":"answered","payload":{"a": 1.50},"use_default":false}"#;
        assert_eq!(answer.to_line(), format!("{line}\n"));
    }

    #[test]
    fn null_is_a_value() {
        let Ok(Up::End(end)) = Up::parse(r#"{"t":"end","id":1,"status":"ok","value":null}"#) else {
            panic!()
        };
        assert_eq!(end.value, Some(Json::null()));
        let Ok(Up::Done(done)) = Up::parse(r#"{"t":"done","status":"succeeded","outputs":null,"n":1}"#)
        else {
            panic!()
        };
        assert_eq!(done.outputs, Some(Json::null()));
    }

    #[test]
    fn what_is_left_out_is_not_null() {
        let line = r#"{"id":5,"status":"ok"}"#;
        let end: End = serde_json::from_str(line).unwrap();
        let again: End = serde_json::from_str(&serde_json::to_string(&end).unwrap()).unwrap();
        assert_eq!((end.value.as_ref(), &end), (None, &again));
    }

    #[test]
    fn hostile_lines_are_refused() {
        for line in
            ["", "null", "[]", "{}", "{\"t\":1}", "{\"t\":\"end\"}", "\u{0}", "{\"t\":\"end\",\"id\":-1}"]
        {
            assert!(Up::parse(line).is_err(), "{line:?}");
        }
        assert_eq!(Up::parse("{\"t\":\"zap\"}"), Err(Refusal::UnknownType("zap".into())));
        let deep =
            format!("{{\"t\":\"tag\",\"id\":1,\"tags\":{{\"a\":{}{}}}}}", "[".repeat(100), "]".repeat(100));
        assert_eq!(Up::parse(&deep), Err(Refusal::TooDeep));
    }

    #[test]
    fn a_line_of_any_depth_says_what_it_is() {
        let deep = format!(r#"{{"t":"end","value":{}{},"n":7}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Head::parse(&deep), Some(Head { t: "end".into(), n: Some(7) }));
        assert_eq!(Head::parse("garbage"), None);
    }
}
