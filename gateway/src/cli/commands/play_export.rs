//! `hero_logic play export`: a play with all that it is replayed from, as one file.

use std::path::PathBuf;

use hero_sdk::{Logic, PlaySid};

use crate::cli::{
    args::PlayExport,
    context::{Context, play_sid},
    document::{self, counted},
    embedded::Purpose,
    errors::{Exit, Failure},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: PlayExport) -> Result<Exit, Failure> {
    let PlayExport { play_sid: typed, output } = arguments;
    let play_sid = play_sid(&typed)?;
    let work = async |context: &mut Context, logic: &dyn Logic| run(context, logic, play_sid, output).await;
    context.with_logic(Purpose::Look, work).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    play_sid: PlaySid,
    output: Option<PathBuf>,
) -> Result<Exit, Failure> {
    let exported = logic.play_export(play_sid.into()).await?;
    if document::write(context, &exported, output.as_deref()).await? {
        let content = &exported.content;
        let records = counted(content.records.len(), "record");
        let artifacts = counted(content.artifacts.len(), "artifact");
        let (play_sid, status) = (&content.play.play_sid, content.play.status.as_str());
        context.say(&format!("{play_sid} ({status}): {records} and {artifacts} are exported\n"));
    }
    Ok(Exit::Succeeded)
}
