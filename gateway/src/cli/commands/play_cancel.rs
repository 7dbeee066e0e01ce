//! `hero_logic play cancel`: ends a play.

use hero_sdk::{
    Logic, PlaySid,
    logic::{self, PlayWait, Until},
};

use crate::cli::{
    args::PlayCancel,
    context::{Context, play_sid},
    embedded::Purpose,
    errors::{Exit, Failure},
    output::PlayDocument,
    tree::status_look,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: PlayCancel) -> Result<Exit, Failure> {
    let PlayCancel { play_sid: typed, reason } = arguments;
    let play_sid = play_sid(&typed)?;
    // The store is ours alone, so no process works on the play: it need not be started to be cancelled.
    context
        .with_logic(Purpose::Look, async |context, logic| run(context, logic, play_sid, reason).await)
        .await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    play_sid: PlaySid,
    reason: Option<String>,
) -> Result<Exit, Failure> {
    logic.play_cancel(logic::PlayCancel { play_sid: play_sid.clone(), reason }).await?;
    let play = logic.play_wait(PlayWait { play_sid, timeout_ms: None, until: Until::Terminal }).await?;
    if context.out.json {
        context.out.document(&PlayDocument { play: &play, resumes: &[] })?;
    } else {
        let look = status_look(play.status);
        let word = context.palette.paint(look.paint, look.word);
        context.say(&format!("{} {word}\n", play.play_sid));
    }
    Ok(Exit::Succeeded)
}
