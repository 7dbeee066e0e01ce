//! `hero_logic play follow`: watches a play until it settles. Ctrl-C stops the watching, not the play.

use hero_sdk::{ErrorCode, Logic, PlaySid};

use crate::cli::{
    answers::Answers,
    args::{Interaction, PlayGoOn},
    context::{Context, play_sid},
    drive::{Ending, OnSignal},
    embedded::Purpose,
    errors::{Exit, Failure, push_hint},
    report::{command as command_text, report},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: PlayGoOn) -> Result<Exit, Failure> {
    let PlayGoOn { play_sid: typed, interaction } = arguments;
    let play_sid = play_sid(&typed)?;
    let answers = Answers::parse(&interaction.answers)?;
    let again = command_text(&context.global, &["play", "follow", play_sid.as_str()]);
    let result = context
        .with_logic(Purpose::Watch, async |context, logic| {
            run(context, logic, play_sid, answers, &interaction).await
        })
        .await;
    result.map_err(|failure| explain_lock(failure, &again))
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    play_sid: PlaySid,
    answers: Answers,
    interaction: &Interaction,
) -> Result<Exit, Failure> {
    let play = context.signals.or(logic.play_status(play_sid.into())).await??;
    let mut drive = context.drive(logic, &play, answers, interaction, OnSignal::Leave);
    let ending = drive.run(play.play_sid.clone()).await?;
    context.signals = drive.signals;
    if let Ending::Left = ending {
        let again = command_text(&context.global, &["play", "follow", play.play_sid.as_str()]);
        let mut shown = String::new();
        push_hint(&mut shown, Some(&format!("the play has not ended; to go on: {again}")), context.palette);
        context.err.print(&shown);
    }
    report(context, logic, ending).await
}

/// The store has one process at a time; the message says which one has it now.
fn explain_lock(failure: Failure, again: &str) -> Failure {
    if failure.code != ErrorCode::StoreLocked.as_str() {
        return failure;
    }
    failure.hint(format!(
        "that process shows the play in its own terminal, or on its standard error; once it has ended: {again}"
    ))
}
