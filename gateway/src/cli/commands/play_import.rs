//! `hero_logic play import`: takes a play from a file.

use hero_sdk::{
    Logic,
    logic::{ImportedPlay, PlayImport},
    model::Status,
};

use crate::cli::{
    args::DocumentFile,
    context::Context,
    document::{explain, read},
    embedded::Purpose,
    errors::{Exit, Failure},
    report,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: DocumentFile) -> Result<Exit, Failure> {
    let document = read(&arguments.file, &mut context.signals).await?;
    let wish = PlayImport { document };
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, wish).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(context: &mut Context, logic: &dyn Logic, wish: PlayImport) -> Result<Exit, Failure> {
    let mut signals = context.signals.clone();
    let imported = signals.or(logic.play_import(wish.clone())).await?;
    context.signals = signals;
    let imported = imported.map_err(|error| explain(error, &wish.document))?;
    if context.out.json {
        context.out.document(&imported)?;
        return Ok(Exit::Succeeded);
    }
    let ImportedPlay { play, is_new } = imported;
    let what = if is_new { "is imported" } else { "is here already" };
    context.say(&format!("{} ({}) {what}\n", play.play_sid, play.status.as_str()));
    if play.status != Status::Succeeded {
        let command = report::command(&context.global, &["play", "retry", play.play_sid.as_str()]);
        context.say(&format!("to have it go on: {command}\n"));
    }
    Ok(Exit::Succeeded)
}
