//! `hero_logic play wait`: waits until a play has settled or ended, and tells its end. Shows nothing meanwhile.

use hero_sdk::{
    Logic, PlaySid,
    logic::{PlayWait, Until},
    model::Status,
};

use crate::cli::{
    args::{self, WaitUntil},
    clock::Clock,
    context::{Context, play_sid},
    drive::goes_on,
    embedded::Purpose,
    errors::{Exit, Failure},
    report::{command as command_text, report_play},
    style::Paint,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: args::PlayWait) -> Result<Exit, Failure> {
    let until = match arguments.until {
        WaitUntil::Settled => Until::Settled,
        WaitUntil::Terminal => Until::Terminal,
    };
    let wait = PlayWait { play_sid: play_sid(&arguments.play_sid)?, timeout_ms: arguments.timeout, until };
    let play_sid = wait.play_sid.clone();
    let again = command_text(&context.global, &["play", "wait", play_sid.as_str()]);
    context
        .with_logic(Purpose::Watch, async |context, logic| {
            let exit = run(context, logic, wait).await;
            exit.map_err(|failure| goes_on(failure, &play_sid, &again))
        })
        .await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(context: &mut Context, logic: &dyn Logic, wait: PlayWait) -> Result<Exit, Failure> {
    let clock = Clock::start();
    let until = wait.until;
    // Until it has settled, whatever is asked for: a play may never end by itself.
    let settled = PlayWait { until: Until::Settled, ..wait.clone() };
    let mut play = tokio::select! {
        play = logic.play_wait(settled) => play?,
        () = context.signals.next() => return Ok(Exit::Killed),
    };
    if until == Until::Terminal && play.status == Status::AwaitingResume {
        warn_that_nobody_answers(context, &play.play_sid);
        let timeout_ms = wait.timeout_ms.map(|limit| limit.saturating_sub(whole(clock.now_ms())));
        let ended = PlayWait { timeout_ms, ..wait };
        play = tokio::select! {
            play = logic.play_wait(ended) => play?,
            () = context.signals.next() => return Ok(Exit::Killed),
        };
    }
    let is_reached = match until {
        Until::Settled => play.status.is_settled(),
        Until::Terminal => play.status.is_terminal(),
    };
    if is_reached {
        return report_play(context, logic, &play).await;
    }
    let failure = Failure::trouble("timeout", format!("the play is still {}", play.status.as_str()));
    Err(failure.hint(match play.status {
        Status::AwaitingResume => format!("`hero_logic play show {}` shows what it asks", play.play_sid),
        _ => "it goes on with the next command that runs plays, such as `play wait` or `play follow`"
            .to_owned(),
    }))
}

/// Only another command can answer, and until this one has ended that may have to wait for the store.
fn warn_that_nobody_answers(context: &mut Context, play_sid: &PlaySid) {
    let head = context.palette.paint(Paint::Attention, "warning:");
    let command = command_text(&context.global, &["play", "follow", play_sid.as_str()]);
    context.err.print(&format!("{head} the play waits for an answer; Ctrl-C, then: {command}\n"));
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the clock starts at 0, and a command does not run that long"
)]
fn whole(milliseconds: f64) -> u64 {
    milliseconds.ceil() as u64
}
