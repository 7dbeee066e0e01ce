//! What happens in the whole runtime, in small news: enough to know what to ask for.

use std::{borrow::Cow, fmt, pin::Pin, str::FromStr};

use futures_core::Stream;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::BenchmarkNews;
use crate::{
    Error, ErrorCode, PlaySid, ResumeId, Timestamp, WorkflowSid,
    model::{Play, ResumeRequest, ResumeStatus, Status, Workflow},
};

/// Events, each after the last, until the runtime shuts down.
pub type EventFeed = Pin<Box<dyn Stream<Item = Result<Event, Error>> + Send>>;

/// Characters of the id of a boot.
const BOOT_CHARS: usize = 26;

/// Names an event: which run of the runtime, and the how many-th of it. In JSON `boot.number`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventId {
    /// Of each run of the runtime another one.
    pub boot: String,
    /// From 1; 0 for what was before the first.
    pub number: u64,
}

impl EventId {
    /// The id of before the first event, for a runtime that begins.
    pub fn first() -> Self {
        Self { boot: ulid::Ulid::generate().to_string().to_lowercase(), number: 0 }
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.boot, self.number)
    }
}

impl FromStr for EventId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let is_boot_char = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
        let id = text.split_once('.').and_then(|(boot, number)| {
            let is_boot = boot.len() == BOOT_CHARS && boot.bytes().all(is_boot_char);
            let number = number.parse().ok().filter(|parsed: &u64| parsed.to_string() == number)?;
            is_boot.then(|| Self { boot: boot.to_owned(), number })
        });
        id.ok_or_else(|| {
            let text: String = text.chars().take(80).collect();
            Error::new(ErrorCode::InvalidParams, format!("{text:?} is no id of an event"))
                .hint("send the id of the last event that came, or none to begin with what comes now")
        })
    }
}

impl TryFrom<String> for EventId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<EventId> for String {
    fn from(id: EventId) -> Self {
        id.to_string()
    }
}

impl JsonSchema for EventId {
    fn schema_name() -> Cow<'static, str> {
        "EventId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "event_id",
            "description": "Names an event: which run of the runtime, and the how many-th of it.",
            "pattern": "^[0-9a-z]{26}\\.(0|[1-9][0-9]*)$",
            "examples": ["01kar9v3zv5w8x2b7c6d4e0f1g.42"],
        })
    }
}

/// Something that has happened, and is in the store; `GET /events` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Pass it to go on behind this event.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub news: News,
}

/// What can happen. In JSON the field `event` says which of these it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum News {
    /// Events were missed, or none is known yet: whoever shows something asks for it anew, and then goes on with the
    /// events behind this one.
    Reset {
        /// Why.
        reason: ResetReason,
    },
    /// A play was accepted.
    PlayCreated(PlayNews),
    /// A play stands somewhere else, is at another attempt, or has more or fewer open questions.
    PlayChanged(PlayNews),
    /// A question was asked.
    ResumeOpened(ResumeNews),
    /// A question was answered, has expired or was withdrawn.
    ResumeClosed(ResumeNews),
    /// A workflow was made, has another version, or is told of differently.
    WorkflowChanged(WorkflowNews),
    /// A workflow was deleted.
    WorkflowDeleted(WorkflowNews),
    /// A benchmark was started, has measured one more run, or has ended.
    BenchmarkChanged(BenchmarkNews),
}

impl News {
    /// The names of all kinds.
    const KINDS: [&str; 8] = [
        "reset",
        "play_created",
        "play_changed",
        "resume_opened",
        "resume_closed",
        "workflow_changed",
        "workflow_deleted",
        "benchmark_changed",
    ];

    /// Whether there is a kind of this name; a later server may tell of others.
    pub(crate) fn is_kind(name: &str) -> bool {
        Self::KINDS.contains(&name)
    }

    /// The name of its kind, as in the field `event`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Reset { .. } => "reset",
            Self::PlayCreated(_) => "play_created",
            Self::PlayChanged(_) => "play_changed",
            Self::ResumeOpened(_) => "resume_opened",
            Self::ResumeClosed(_) => "resume_closed",
            Self::WorkflowChanged(_) => "workflow_changed",
            Self::WorkflowDeleted(_) => "workflow_deleted",
            Self::BenchmarkChanged(_) => "benchmark_changed",
        }
    }
}

/// Why a stream of events does not simply go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResetReason {
    /// It begins.
    Start,
    /// What came next is no longer known.
    TooOld,
    /// The runtime was started anew.
    OtherBoot,
    /// There is no such event yet.
    Unknown,
}

/// A play, in news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlayNews {
    /// The play.
    pub play_sid: PlaySid,
    /// The play at the top.
    pub root_play_sid: PlaySid,
    /// The workflow, unless the source is unsaved.
    pub workflow_sid: Option<WorkflowSid>,
    /// The workflow's name; for unsaved source its file name.
    pub workflow: String,
    /// The version's number within its workflow.
    pub version: Option<u32>,
    /// Where it stands.
    pub status: Status,
    /// The newest attempt.
    pub attempt: u32,
    /// How many of its questions are open.
    pub pending_resumes: u32,
}

impl From<&Play> for PlayNews {
    fn from(play: &Play) -> Self {
        Self {
            play_sid: play.play_sid.clone(),
            root_play_sid: play.root_play_sid.clone(),
            workflow_sid: play.workflow_sid.clone(),
            workflow: play.workflow.clone(),
            version: play.version,
            status: play.status,
            attempt: play.attempt,
            pending_resumes: play.pending_resumes,
        }
    }
}

/// A question, in news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResumeNews {
    /// The question.
    pub resume_id: ResumeId,
    /// The play that asks.
    pub play_sid: PlaySid,
    /// The workflow, unless the source is unsaved.
    pub workflow_sid: Option<WorkflowSid>,
    /// The workflow's name; for unsaved source its file name.
    pub workflow: String,
    /// The pause's name.
    pub name: String,
    /// Where it stands.
    pub status: ResumeStatus,
}

impl ResumeNews {
    /// Those of a question of this play.
    pub fn of(play: &Play, resume: &ResumeRequest) -> Self {
        Self {
            resume_id: resume.resume_id.clone(),
            play_sid: play.play_sid.clone(),
            workflow_sid: play.workflow_sid.clone(),
            workflow: play.workflow.clone(),
            name: resume.name.clone(),
            status: resume.status,
        }
    }
}

/// A workflow, in news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowNews {
    /// The workflow.
    pub workflow_sid: WorkflowSid,
    /// Its name.
    pub workflow: String,
    /// The version that runs unless another is asked for.
    pub current_version: u32,
    /// True when it is kept but not found.
    pub archived: bool,
}

impl From<&Workflow> for WorkflowNews {
    fn from(workflow: &Workflow) -> Self {
        Self {
            workflow_sid: workflow.workflow_sid.clone(),
            workflow: workflow.name.clone(),
            current_version: workflow.current_version,
            archived: workflow.archived,
        }
    }
}

/// Which events are wanted; every part is optional. A reset always comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventFilter {
    /// Only those of this play and its questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub play_sid: Option<PlaySid>,
    /// Only those of this workflow, by its name or sid, and of its plays; `not_found` as with `play_list`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Only those of plays that come to stand here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

impl EventFilter {
    /// Whether this is wanted.
    pub fn admits(&self, news: &News) -> bool {
        let (play_sid, status, workflow, workflow_sid) = match news {
            News::Reset { .. } => return true,
            News::PlayCreated(play) | News::PlayChanged(play) => {
                (Some(&play.play_sid), Some(play.status), &play.workflow, play.workflow_sid.as_ref())
            }
            News::ResumeOpened(resume) | News::ResumeClosed(resume) => {
                (Some(&resume.play_sid), None, &resume.workflow, resume.workflow_sid.as_ref())
            }
            News::WorkflowChanged(one) | News::WorkflowDeleted(one) => {
                (None, None, &one.workflow, Some(&one.workflow_sid))
            }
            News::BenchmarkChanged(one) => (None, None, &one.workflow, Some(&one.workflow_sid)),
        };
        let is_called = |wanted: &String| {
            wanted == workflow || workflow_sid.is_some_and(|workflow_sid| workflow_sid.as_str() == wanted)
        };
        self.play_sid.as_ref().is_none_or(|wanted| play_sid == Some(wanted))
            && self.status.is_none_or(|wanted| status == Some(wanted))
            && self.workflow.as_ref().is_none_or(is_called)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_round_trips_and_hostile_ones_are_refused() {
        let id = EventId { number: 42, ..EventId::first() };
        assert_eq!(id.to_string().parse::<EventId>().unwrap(), id);
        let boot = &id.boot;
        let long = "9".repeat(10_000);
        for text in [
            String::new(),
            "42".into(),
            boot.clone(),
            format!("{boot}."),
            format!("{boot}.-1"),
            format!("{boot}.+1"),
            format!("{boot}.01"),
            format!("{boot}.1 "),
            format!("{boot}.{long}"),
            format!("{}.1", boot.to_uppercase()),
            format!("{}.1", &boot[1..]),
            "\0.1".into(),
        ] {
            let error = text.parse::<EventId>().unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidParams, "{text:.60}");
            assert!(error.message.len() < 200, "{}", error.message);
        }
    }

    #[test]
    fn an_event_is_one_flat_object() {
        let id = EventId { boot: "0".repeat(26), number: 7 };
        let workflow_sid: WorkflowSid = "wf_01kar9v3zv5w8x2b7c6d4e0f1g".parse().unwrap();
        let news =
            WorkflowNews { workflow_sid, workflow: "hello".into(), current_version: 2, archived: false };
        let event = Event { id, at: Timestamp(0), news: News::WorkflowChanged(news) };
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(
            text,
            r#"{"id":"00000000000000000000000000.7","at":"1970-01-01T00:00:00.000000Z","event":"workflow_changed","workflow_sid":"wf_01kar9v3zv5w8x2b7c6d4e0f1g","workflow":"hello","current_version":2,"archived":false}"#
        );
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        assert!(text.contains(&format!("\"event\":\"{}\"", event.news.name())));
    }

    #[test]
    fn every_kind_is_known_by_its_name() {
        let schema = serde_json::to_value(schemars::schema_for!(News)).unwrap();
        let kinds = schema["oneOf"].as_array().unwrap().iter();
        let kinds: Vec<&str> =
            kinds.map(|kind| kind["properties"]["event"]["const"].as_str().unwrap()).collect();
        assert_eq!(kinds, News::KINDS);
    }

    #[test]
    fn a_filter_admits_by_all_of_its_parts() {
        let play_sid = PlaySid::new();
        let workflow_sid = WorkflowSid::new();
        let play = News::PlayChanged(PlayNews {
            play_sid: play_sid.clone(),
            root_play_sid: play_sid.clone(),
            workflow_sid: Some(workflow_sid.clone()),
            workflow: "hello".into(),
            version: Some(1),
            status: Status::Running,
            attempt: 1,
            pending_resumes: 0,
        });
        let workflow = News::WorkflowDeleted(WorkflowNews {
            workflow_sid: workflow_sid.clone(),
            workflow: "hello".into(),
            current_version: 1,
            archived: false,
        });
        let of = |play_sid: Option<&PlaySid>, workflow: Option<&str>, status| EventFilter {
            play_sid: play_sid.cloned(),
            workflow: workflow.map(str::to_owned),
            status,
        };
        let other = PlaySid::new();
        for (filter, of_play, of_workflow) in [
            (of(None, None, None), true, true),
            (of(Some(&play_sid), None, None), true, false),
            (of(Some(&other), None, None), false, false),
            (of(None, Some("hello"), None), true, true),
            (of(None, Some(workflow_sid.as_str()), None), true, true),
            (of(None, Some("hell"), None), false, false),
            (of(None, None, Some(Status::Running)), true, false),
            (of(Some(&play_sid), Some("hello"), Some(Status::Failed)), false, false),
        ] {
            assert_eq!(
                (filter.admits(&play), filter.admits(&workflow)),
                (of_play, of_workflow),
                "{filter:?}"
            );
            assert!(filter.admits(&News::Reset { reason: ResetReason::Start }));
        }
    }
}
