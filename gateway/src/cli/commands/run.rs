//! `hero_logic run`: starts a play of a file or a workflow, watches it, answers its questions, tells its end.

use std::{collections::BTreeMap, path::Path};

use hero_sdk::{
    Error, ErrorCode, Json, Logic,
    logic::{OfExample, PlayRunAsync, PlayStart, StartOptions},
    model::{Play, VersionChoice},
};

use crate::cli::{
    answers::Answers,
    args::{Interaction, Run},
    context::Context,
    drive::OnSignal,
    embedded::Purpose,
    errors::{Exit, Failure},
    inputs::Inputs,
    report::report,
    signals::Signals,
    source::{file_name, is_path, python_file},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: Run) -> Result<Exit, Failure> {
    let wish = Wish::parse(arguments, &mut context.signals).await?;
    context.with_logic(Purpose::Run, async |context, logic| run(context, logic, wish).await).await
}

/// What is to run, checked as far as it can be without the runtime.
pub(crate) struct Wish {
    target: Target,
    inputs: Inputs,
    /// But for the inputs.
    options: StartOptions,
    answers: Answers,
    interaction: Interaction,
}

enum Target {
    File { source: String, file_name: String, entry: Option<String> },
    Workflow { workflow: String, version: VersionChoice, example: Option<String> },
}

impl Wish {
    /// Reads files and checks the form of every argument.
    pub(crate) async fn parse(arguments: Run, signals: &mut Signals) -> Result<Self, Failure> {
        let Run { target, entry, version, inputs, example, interaction, .. } = arguments;
        let options = StartOptions {
            inputs: None,
            idempotency_key: arguments.idempotency_key,
            tags: arguments.tags,
            priority: arguments.priority,
            timeout_ms: arguments.timeout,
            trigger: Some("cli".to_owned()),
        };
        let answers = Answers::parse(&interaction.answers)?;
        let inputs = Inputs::read(inputs, signals).await?;
        let target = match (is_path(&target), version.is_some() || example.is_some(), entry) {
            (true, true, _) => {
                return Err(Failure::usage(
                    "usage",
                    "--version and --example go with a workflow, not with a file",
                )
                .hint("`hero_logic workflow add FILE` makes it a workflow"));
            }
            (true, false, entry) => {
                let bundled: Vec<&str> = hero_seeds::FLOWS.iter().map(|seed| seed.name).collect();
                Target::File { source: python_file(&target, &bundled)?, file_name: file_name(&target), entry }
            }
            (false, _, Some(_)) => {
                return Err(Failure::usage("usage", "--entry goes with a file; a workflow has its entry")
                    .hint(format!("for a file in this directory: ./{target}")));
            }
            (false, _, None) => {
                Target::Workflow { workflow: target, version: version.unwrap_or_default(), example }
            }
        };
        Ok(Self { target, inputs, options, answers, interaction })
    }
}

/// Runs it on any `Logic`.
pub(crate) async fn run(context: &mut Context, logic: &dyn Logic, wish: Wish) -> Result<Exit, Failure> {
    let Wish { target, inputs, options, answers, interaction } = wish;
    // The file is loaded in Python before there is a play, so a signal that comes now has nothing to cancel.
    let mut signals = context.signals.clone();
    let started = signals.or(start(logic, &target, &inputs, &options)).await?;
    context.signals = signals;
    let (play, saved) = match (started, &target) {
        (Ok(started), _) => started,
        (Err(error), Target::Workflow { workflow, .. }) if error.code == ErrorCode::NotFound => {
            return Err(with_file(error, workflow));
        }
        (Err(error), _) => return Err(error.into()),
    };
    // One that an idempotency key has found knows by now what it got, which is more than it wished for.
    if play.attempt == 0 {
        context.tell_wishes(logic, &play).await?;
    }
    let mut drive = context.drive(logic, &play, answers.or(saved), &interaction, OnSignal::Cancel);
    let ending = drive.run(play.play_sid.clone()).await?;
    context.signals = drive.signals;
    report(context, logic, ending).await
}

/// The play, and the answers that its example has.
async fn start(
    logic: &dyn Logic,
    target: &Target,
    inputs: &Inputs,
    options: &StartOptions,
) -> Result<(Play, BTreeMap<String, Json>), Error> {
    let with = |inputs: Json| StartOptions { inputs: Some(inputs), ..options.clone() };
    match target {
        Target::Workflow { workflow, version, example } => {
            let saved = match example.clone() {
                Some(example) => {
                    logic.example_fetch(OfExample { workflow: workflow.clone(), example }).await?.answers
                }
                None => BTreeMap::new(),
            };
            let start = PlayStart {
                workflow: workflow.clone(),
                version: version.clone(),
                example: example.clone(),
                ..PlayStart::default()
            };
            let play = inputs.take(async |inputs| logic.play_start(start.clone().with(with(inputs))).await);
            Ok((play.await?, saved))
        }
        Target::File { source, file_name, entry } => {
            let (source, file_name, entry) = (source.clone(), file_name.clone(), entry.clone());
            let run = PlayRunAsync { source, file_name, entry, ..PlayRunAsync::default() };
            let play = inputs.take(async |inputs| logic.play_run_async(run.clone().with(with(inputs))).await);
            Ok((play.await?, BTreeMap::new()))
        }
    }
}

/// The error for a name that the library does not have. Whoever forgot the ending of a file finds it in the hint.
fn with_file(error: Error, name: &str) -> Failure {
    let file = format!("{name}.py");
    let failure = Failure::from(error);
    if !Path::new(&file).is_file() {
        return failure;
    }
    let file_hint = format!("there is a file {file}");
    let hint = failure.hint.iter().chain([&file_hint]).map(String::as_str).collect::<Vec<_>>().join("; ");
    failure.hint(hint)
}
