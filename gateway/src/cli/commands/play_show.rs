//! `hero_logic play show`: one play in words.

use hero_sdk::{
    Json, Logic, PlaySid, Timestamp,
    model::{Artifact, Play, ResumeRequest, Status},
};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::{play_artifacts::size, play_list::moment};
use crate::cli::{
    args, confinement,
    context::{Context, play_sid},
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::{self, visible},
    json_text,
    output::PlayDocument,
    pages::open_questions,
    report::{push_play_error, push_questions},
    style::{Paint, Palette},
    tree::{cost, duration, status_look},
};

/// Columns of the first word, with the space after it.
const WORD_COLUMNS: usize = 11;
/// JSON up to this many columns stands on its word's line.
const JSON_COLUMNS_MAX: usize = 68;
/// Artifacts that are told one by one.
const ARTIFACTS_MAX: usize = 20;

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: args::PlaySid) -> Result<Exit, Failure> {
    let play_sid = play_sid(&arguments.play_sid)?;
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, play_sid).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    play_sid: PlaySid,
) -> Result<Exit, Failure> {
    let play = logic.play_status(play_sid.clone().into()).await?;
    let resumes = open_questions(logic, &play_sid).await?;
    let artifacts = logic.play_artifacts(play_sid.into()).await?.artifacts;
    if context.out.json {
        let play = PlayDocument { play: &play, resumes: &resumes };
        context.out.document(&Document { play, artifacts: &artifacts })?;
    } else {
        let global = context.global_of(&play)?;
        let text = summary(&play, &resumes, &artifacts, &global, context.out.palette);
        context.out.text(&text)?;
    }
    Ok(Exit::Succeeded)
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    play: PlayDocument<'a>,
    artifacts: &'a [Artifact],
}

/// The play in words.
fn summary(
    play: &Play,
    resumes: &[ResumeRequest],
    artifacts: &[Artifact],
    global: &args::Global,
    palette: Palette,
) -> String {
    let mut shown = String::new();
    let mut push = |word: &str, text: &str| {
        if !text.is_empty() {
            shown.push_str(&palette.paint(Paint::Faint, &format!("{word:WORD_COLUMNS$}")));
            shown.push_str(text);
            shown.push('\n');
        }
    };
    let look = status_look(play.status);
    let version = play.version.map(|version| format!(" (version {version})")).unwrap_or_default();
    let moment_or_empty = |at: Option<Timestamp>| at.map(utc).unwrap_or_default();
    push("play", play.play_sid.as_str());
    push("workflow", &format!("{}{version}", palette.paint(Paint::Strong, &visible(&play.workflow))));
    push("status", &palette.paint(look.paint, &format!("{} {}", look.icon.unwrap_or("·"), look.word)));
    push("attempt", &play.attempt.to_string());
    push("trigger", &visible(&play.trigger));
    push("tags", &visible(&play.tags.join(" ")));
    push("created", &utc(play.created_at));
    push("started", &moment_or_empty(play.started_at));
    push("ended", &moment_or_empty(play.ended_at));
    push("worked", &duration(play.duration_ms));
    push("cost", &cost(play.cost_usd));
    if play.tokens_in > 0 || play.tokens_out > 0 {
        push("tokens", &format!("{} in, {} out", play.tokens_in, play.tokens_out));
    }
    for (word, text) in play.sandbox.iter().flat_map(confinement::facts) {
        push(word, &text);
    }
    push("inputs", &json_block(&play.inputs));
    push("outputs", &play.outputs.as_ref().map(json_block).unwrap_or_default());
    for artifact in artifacts.iter().take(ARTIFACTS_MAX) {
        let Artifact { name, media_type, size: bytes, .. } = artifact;
        push("artifact", &format!("{}  {}  {}", visible(name), size(*bytes), visible(media_type)));
    }
    if let Some(more) = artifacts.len().checked_sub(ARTIFACTS_MAX).filter(|more| *more > 0) {
        push("", &format!("and {more} more"));
    }
    if let Some(error) = &play.error {
        push_play_error(&mut shown, error, palette);
    }
    if play.status == Status::AwaitingResume || !resumes.is_empty() {
        push_questions(&mut shown, resumes, global, palette);
    }
    shown
}

fn utc(at: Timestamp) -> String {
    format!("{} UTC", moment(at))
}

/// JSON beside its word where it is short, else indented beneath.
fn json_block(json: &Json) -> String {
    let line = escape::json(&json_text::compact(json.as_str()));
    if line.width() <= JSON_COLUMNS_MAX {
        return line;
    }
    let block = escape::json(&json_text::indented(json.as_str()));
    block.lines().map(|line| format!("\n  {line}")).collect()
}
