//! `hero_logic play wait`: waits until a play has settled or ended, and tells its end. Shows nothing meanwhile.

use hero_sdk::{
    Logic,
    logic::{PlayWait, Until},
};

use crate::cli::{
    args::{self, WaitUntil},
    context::{Context, play_sid},
    embedded::Purpose,
    errors::{Exit, Failure},
    report::report_play,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: args::PlayWait) -> Result<Exit, Failure> {
    let until = match arguments.until {
        WaitUntil::Settled => Until::Settled,
        WaitUntil::Terminal => Until::Terminal,
    };
    let timeout_ms = arguments.timeout.map(milliseconds);
    let wait = PlayWait { play_sid: play_sid(&arguments.play_sid)?, timeout_ms, until };
    context.with_logic(Purpose::Run, async |context, logic| run(context, logic, wait).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(context: &mut Context, logic: &dyn Logic, wait: PlayWait) -> Result<Exit, Failure> {
    let until = wait.until;
    let play = tokio::select! {
        play = logic.play_wait(wait) => play?,
        () = context.signals.next() => return Ok(Exit::Killed),
    };
    let is_reached = match until {
        Until::Settled => play.status.is_settled(),
        Until::Terminal => play.status.is_terminal(),
    };
    if !is_reached {
        return Err(Failure::trouble("timeout", format!("the play is still {}", play.status.as_str()))
            .hint("it goes on with the next command that runs plays, such as `play wait` or `play follow`"));
    }
    report_play(context, logic, &play).await
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the argument's parser bounds it"
)]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).ceil() as u64
}
