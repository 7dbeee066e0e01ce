//! `hero_logic run`: starts a play of a file or a workflow, watches it, answers its questions, tells its end.

use std::path::Path;

use hero_sdk::{
    Error, ErrorCode, Logic,
    logic::{PlayRunAsync, PlayStart, StartOptions},
    model::Play,
};

use crate::{
    cli::{
        answers::Answers,
        args::{Interaction, Run},
        context::Context,
        drive::OnSignal,
        embedded::Purpose,
        errors::{Exit, Failure},
        inputs::{Inputs, merge_refusals},
        pages,
        report::report,
        signals::Signals,
        source::{argument_text, is_path, python_file, with_names},
    },
    suggest::{close_matches, did_you_mean},
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
    tags: Vec<String>,
    answers: Answers,
    interaction: Interaction,
}

enum Target {
    File { source: String, file_name: String, entry: Option<String> },
    Workflow(String),
}

impl Wish {
    /// Reads files and checks the form of every argument.
    pub(crate) async fn parse(arguments: Run, signals: &mut Signals) -> Result<Self, Failure> {
        let Run { target, entry, input, inputs, tags, interaction } = arguments;
        let answers = Answers::parse(&interaction.answers)?;
        let all = match inputs {
            Some(argument) => Some(argument_text("--inputs", &argument, signals).await?),
            None => None,
        };
        let inputs = Inputs::parse(all.as_deref(), &input)?;
        let target = if is_path(&target) {
            let bundled: Vec<&str> = hero_seeds::FLOWS.iter().map(|seed| seed.name).collect();
            let source = python_file(&target, &bundled)?;
            let file_name = Path::new(&target).file_name().unwrap_or_default().to_string_lossy().into_owned();
            Target::File { source, file_name, entry }
        } else if entry.is_some() {
            return Err(Failure::usage("usage", "--entry goes with a file; a workflow has its entry")
                .hint(format!("for a file in this directory: ./{target}")));
        } else {
            Target::Workflow(target)
        };
        Ok(Self { target, inputs, tags, answers, interaction })
    }
}

/// Runs it on any `Logic`.
pub(crate) async fn run(context: &mut Context, logic: &dyn Logic, wish: Wish) -> Result<Exit, Failure> {
    let Wish { target, inputs, tags, answers, interaction } = wish;
    // The file is loaded in Python before there is a play, so a signal that comes now has nothing to cancel.
    let mut signals = context.signals.clone();
    let started = signals.or(start_with_either_reading(logic, &target, &inputs, &tags)).await?;
    context.signals = signals;
    let play = match (started, &target) {
        (Ok(play), _) => play,
        (Err(error), Target::Workflow(name)) if error.code == ErrorCode::NotFound => {
            return Err(unknown_workflow(logic, name, error).await);
        }
        (Err(error), _) => return Err(error.into()),
    };
    context.tell_wishes(logic, &play).await?;
    let mut drive = context.drive(logic, &play, answers, &interaction, OnSignal::Cancel);
    let ending = drive.run(play.play_sid.clone()).await?;
    context.signals = drive.signals;
    report(context, logic, ending).await
}

async fn start_with_either_reading(
    logic: &dyn Logic,
    target: &Target,
    inputs: &Inputs,
    tags: &[String],
) -> Result<Play, Error> {
    let first = match start(logic, target, inputs, tags).await {
        Ok(play) => return Ok(play),
        Err(first) => first,
    };
    match inputs.second_reading(&first) {
        Some(second) => {
            start(logic, target, &second, tags).await.map_err(|second| merge_refusals(first, second))
        }
        None => Err(first),
    }
}

async fn start(logic: &dyn Logic, target: &Target, inputs: &Inputs, tags: &[String]) -> Result<Play, Error> {
    let options = StartOptions {
        inputs: Some(inputs.to_json()),
        tags: tags.to_vec(),
        trigger: Some("cli".to_owned()),
        ..StartOptions::default()
    };
    match target {
        Target::Workflow(name) => {
            logic.play_start(PlayStart { workflow: name.clone(), ..PlayStart::default() }.with(options)).await
        }
        Target::File { source, file_name, entry } => {
            let (source, file_name, entry) = (source.clone(), file_name.clone(), entry.clone());
            let run = PlayRunAsync { source, file_name, entry, ..PlayRunAsync::default() };
            logic.play_run_async(run.with(options)).await
        }
    }
}

/// The error for a name that the library does not have, with what it has.
async fn unknown_workflow(logic: &dyn Logic, name: &str, error: Error) -> Failure {
    let workflows = match pages::workflows(logic).await {
        Ok(workflows) => workflows,
        Err(error) => return error.into(),
    };
    let names: Vec<&str> = workflows.iter().map(|workflow| workflow.name.as_str()).collect();
    let hint = with_names(did_you_mean(&close_matches(name, names.iter().copied())), "workflows", &names);
    // Whoever forgot the ending of a file finds it in the hint.
    let file = format!("{name}.py");
    let file_hint =
        if Path::new(&file).is_file() { format!("; there is a file {file}") } else { String::new() };
    Failure::from(error).hint(format!("{hint}{file_hint}"))
}
