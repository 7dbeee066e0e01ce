//! `hero_logic play retry`: runs a failed, cancelled or diverged play again; finished steps stay. One that was cut
//! short goes on by itself, and is watched.

use hero_sdk::{Logic, PlaySid, logic::Retried, model::Status};

use crate::cli::{
    answers::Answers,
    args::{Interaction, PlayGoOn},
    canvas::Style,
    context::{Context, play_sid},
    drive::OnSignal,
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible,
    report::report,
    style::Paint,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: PlayGoOn) -> Result<Exit, Failure> {
    let PlayGoOn { play_sid: typed, interaction } = arguments;
    let play_sid = play_sid(&typed)?;
    let answers = Answers::parse(&interaction.answers)?;
    context
        .with_logic(Purpose::Run, async |context, logic| {
            run(context, logic, play_sid, answers, &interaction).await
        })
        .await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    play_sid: PlaySid,
    answers: Answers,
    interaction: &Interaction,
) -> Result<Exit, Failure> {
    let play = logic.play_status(play_sid.clone().into()).await?;
    let retried = match play.status {
        // Whatever ran it has been killed: it has been taken up where it was, and is not to fail first.
        Status::Queued | Status::Running => Retried { play, runs_again: Vec::new() },
        _ => context.signals.or(logic.play_retry(play_sid.clone().into())).await??,
    };
    if !matches!(context.style, Style::Quiet) {
        let head = context.palette.paint(Paint::Note, "runs again:");
        let text: String =
            retried.runs_again.iter().map(|path| format!("{head} {}\n", visible(path))).collect();
        context.err.print(&text);
    }
    let mut drive = context.drive(logic, &retried.play, answers, interaction, OnSignal::Cancel);
    let ending = drive.run(retried.play.play_sid.clone()).await?;
    context.signals = drive.signals;
    report(context, logic, ending).await
}
