//! `hero_logic play show`: one play in words.

use hero_sdk::{
    Logic, PlaySid, Timestamp,
    model::{Artifact, Play, ResumeRequest, Status},
};
use serde::Serialize;

use super::play_artifacts::size;
use crate::cli::{
    args, confinement,
    context::{Context, play_sid},
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible,
    facts::{Facts, utc},
    output::PlayDocument,
    pages::open_questions,
    report::{push_play_error, push_questions},
    style::{Paint, Palette},
    tree::{cost, duration, status_look},
};

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
    let mut facts = Facts::new(palette);
    let look = status_look(play.status);
    let version = play.version.map(|version| format!(" (version {version})")).unwrap_or_default();
    let moment_or_empty = |at: Option<Timestamp>| at.map(utc).unwrap_or_default();
    let parent = play.parent_play_sid.as_ref().map(PlaySid::to_string).unwrap_or_default();
    facts.push("play", play.play_sid.as_str());
    facts.push("workflow", &format!("{}{version}", palette.paint(Paint::Strong, &visible(&play.workflow))));
    facts.push("status", &palette.paint(look.paint, &format!("{} {}", look.icon.unwrap_or("·"), look.word)));
    facts.push("attempt", &play.attempt.to_string());
    facts.push_visible("trigger", &play.trigger);
    facts.push("parent", &parent);
    facts.push_visible("tags", &play.tags.join(" "));
    facts.push("created", &utc(play.created_at));
    facts.push("started", &moment_or_empty(play.started_at));
    facts.push("ended", &moment_or_empty(play.ended_at));
    facts.push("worked", &duration(play.duration_ms));
    facts.push("cost", &cost(play.cost_usd));
    if play.tokens_in > 0 || play.tokens_out > 0 {
        facts.push("tokens", &format!("{} in, {} out", play.tokens_in, play.tokens_out));
    }
    for (word, text) in play.sandbox.iter().flat_map(confinement::facts) {
        facts.push(word, &text);
    }
    facts.push_json("inputs", &play.inputs);
    if let Some(outputs) = &play.outputs {
        facts.push_json("outputs", outputs);
    }
    for artifact in artifacts.iter().take(ARTIFACTS_MAX) {
        let Artifact { name, media_type, size: bytes, .. } = artifact;
        facts.push("artifact", &format!("{}  {}  {}", visible(name), size(*bytes), visible(media_type)));
    }
    if let Some(more) = artifacts.len().checked_sub(ARTIFACTS_MAX).filter(|more| *more > 0) {
        facts.push("", &format!("and {more} more"));
    }
    let mut shown = facts.into_text();
    if let Some(error) = &play.error {
        push_play_error(&mut shown, error, palette);
    }
    if play.status == Status::AwaitingResume || !resumes.is_empty() {
        push_questions(&mut shown, resumes, global, palette);
    }
    shown
}
