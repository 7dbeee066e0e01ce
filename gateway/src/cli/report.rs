//! How a play's end, or its waiting, is told: outputs on standard output, everything else on standard error.

use std::fmt::Write as _;

use hero_sdk::{
    Logic,
    model::{Play, PlayError, ResumeRequest, Status},
};

use crate::{
    cli::{
        args::Global,
        context::Context,
        drive::Ending,
        errors::{Exit, Failure, push_hint},
        escape::{self, visible, visible_lines},
        output::PlayDocument,
        pages::open_questions,
        shell,
        style::{Paint, Palette},
        tree::error_summary,
    },
    form::sample,
};

/// Tells how watching ended, and gives the exit code.
pub(crate) async fn report(
    context: &mut Context,
    logic: &dyn Logic,
    ending: Ending,
) -> Result<Exit, Failure> {
    match ending {
        Ending::Settled(play) => report_play(context, logic, &play).await,
        // A signal, but nothing of ours was cut short: the runtime is closed in order.
        Ending::Left => Ok(Exit::Killed),
    }
}

/// Tells where a play stands, and gives the exit code.
pub(crate) async fn report_play(
    context: &mut Context,
    logic: &dyn Logic,
    play: &Play,
) -> Result<Exit, Failure> {
    let resumes = match play.status {
        Status::AwaitingResume => open_questions(logic, &play.play_sid).await?,
        _ => Vec::new(),
    };
    context.err.print(&ending_text(play, &resumes, &context.global, context.palette));
    if context.out.json {
        context.out.document(&PlayDocument { play, resumes: &resumes })?;
    } else if let (Status::Succeeded, Some(outputs)) = (play.status, &play.outputs) {
        context.out.json(outputs)?;
    }
    Ok(Exit::of(play.status))
}

/// What a person should know of a play that did not succeed.
fn ending_text(play: &Play, resumes: &[ResumeRequest], global: &Global, palette: Palette) -> String {
    let mut shown = String::new();
    if let Some(error) = &play.error {
        push_play_error(&mut shown, error, palette);
    }
    match play.status {
        Status::AwaitingResume => push_questions(&mut shown, resumes, global, palette),
        // An error with a hint of its own is one of the source, which a retry does not change.
        Status::Failed if play.error.as_ref().is_none_or(|error| error.hint.is_none()) => {
            let command = command(global, &["play", "retry", play.play_sid.as_str()]);
            let hint = format!("the same source again, finished steps stay: {command}");
            push_hint(&mut shown, Some(&hint), palette);
        }
        Status::Failed
        | Status::Queued
        | Status::Running
        | Status::AwaitingChild
        | Status::Sleeping
        | Status::Succeeded
        | Status::Cancelled
        | Status::Diverged => {}
    }
    shown
}

/// `error[code]: Class: message`, where it happened, the flow's own frames, and what to do.
pub(crate) fn push_play_error(shown: &mut String, error: &PlayError, palette: Palette) {
    let head = palette.paint(Paint::Bad, &format!("error[{}]:", visible(&error.code)));
    let summary = error_summary(error);
    let (first, rest) = summary.split_once('\n').unwrap_or((&summary, ""));
    writeln!(shown, "{head} {}", visible(first)).expect("writing to a String does not fail");
    push_indented(shown, rest);
    let places = [
        ("in", &error.path),
        ("at", &error.location),
        ("expected", &error.expected),
        ("actual", &error.actual),
    ];
    for (word, text) in places {
        if let Some(text) = text {
            push_indented(shown, &format!("{word} {text}"));
        }
    }
    if let Some(traceback) = &error.traceback {
        push_indented(shown, traceback);
    }
    push_hint(shown, error.hint.as_deref(), palette);
}

fn push_indented(shown: &mut String, text: &str) {
    for line in visible_lines(text).lines() {
        writeln!(shown, "  {line}").expect("writing to a String does not fail");
    }
}

/// Each open question, the command that answers it, and its link where a server has one.
pub(crate) fn push_questions(
    shown: &mut String,
    resumes: &[ResumeRequest],
    global: &Global,
    palette: Palette,
) {
    for request in resumes {
        let question = request.question.as_deref().unwrap_or("");
        let mark = palette.paint(Paint::Attention, "?");
        let name = palette.paint(Paint::Strong, &visible(&request.name));
        let path = palette.paint(Paint::Faint, &visible(&request.path));
        let mut words = vec!["resume", request.play_sid.as_str(), request.resume_id.as_str()];
        // Without one a person is asked.
        let sample = sample(request).map(|sample| escape::json(sample.as_str()));
        words.extend(sample.iter().flat_map(|sample| ["--payload", sample]));
        let command = command(global, &words);
        writeln!(shown, "{mark} {name}  {}  {path}", visible(question))
            .expect("writing to a String does not fail");
        for way in std::iter::once(command).chain(request.url.as_deref().map(visible)) {
            writeln!(shown, "  {way}").expect("writing to a String does not fail");
        }
    }
}

/// A command to be pasted, with the options on which it depends.
pub(crate) fn command(global: &Global, words: &[&str]) -> String {
    let options = global.repeated();
    let options = options.iter().map(String::as_str);
    let quoted: Vec<String> =
        std::iter::once("hero_logic").chain(options).chain(words.iter().copied()).map(shell::quote).collect();
    quoted.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::request;

    #[test]
    fn a_question_is_told_with_every_way_to_answer_it() {
        let mut request = request("degrees", r#"{"type": "number", "maximum": -5}"#, "{}");
        let told = |request: &ResumeRequest| {
            let mut shown = String::new();
            push_questions(&mut shown, std::slice::from_ref(request), &Global::default(), Palette::Text);
            shown.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        let command = told(&request);
        assert!(
            command[0].starts_with("  hero_logic resume ") && command[0].ends_with(" --payload -5"),
            "{command:?}"
        );
        request.url = Some("https://flows.example/r/token".into());
        assert_eq!(told(&request), [command[0].as_str(), "  https://flows.example/r/token"]);
    }
}
