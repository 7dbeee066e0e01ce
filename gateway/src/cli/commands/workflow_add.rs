//! `hero_logic workflow add`: a file becomes a workflow, or the next version of one.

use std::path::Path;

use hero_sdk::{
    ErrorCode, Logic,
    logic::{Created, OfWorkflow, WorkflowCreate, WorkflowCreateVersion},
    model::{Workflow, WorkflowVersion},
};

use crate::cli::{
    args::WorkflowAdd,
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible,
    report,
    signals::Signals,
    source::{argument_text, file_name, is_path, python_file},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: WorkflowAdd) -> Result<Exit, Failure> {
    let wish = Wish::parse(arguments, &mut context.signals).await?;
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, wish).await).await
}

/// What is to be saved, checked as far as it can be without the runtime.
pub(crate) enum Wish {
    /// A workflow, and the file that was typed.
    Create(WorkflowCreate, String),
    /// A version of one.
    Version(WorkflowCreateVersion),
}

impl Wish {
    /// Reads the source.
    pub(crate) async fn parse(arguments: WorkflowAdd, signals: &mut Signals) -> Result<Self, Failure> {
        let WorkflowAdd { file, name, to, no_set_current, entry, description, tags, note } = arguments;
        let is_stream = file == "-";
        if is_stream && name.is_none() && to.is_none() {
            return Err(Failure::usage("usage", "a source from standard input has no name")
                .hint("give one with --name NAME, or the workflow with --to WORKFLOW"));
        }
        let source = if is_stream {
            let streamed = argument_text("FILE", &file, signals).await;
            streamed
                .map_err(|failure| failure.hint("FILE is a Python file in UTF-8, or - for standard input"))?
        } else {
            python_file(&file, &[])?
        };
        let file_name = (!is_stream).then(|| file_name(&file));
        if let Some(workflow) = to {
            let set_current = !no_set_current;
            let version = WorkflowCreateVersion { workflow, source, entry, note, set_current, file_name };
            return Ok(Self::Version(version));
        }
        let stem = || Path::new(&file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = name.unwrap_or_else(stem);
        Ok(Self::Create(WorkflowCreate { name, source, entry, description, tags, note, file_name }, file))
    }
}

/// Runs it on any `Logic`.
pub(crate) async fn run(context: &mut Context, logic: &dyn Logic, wish: Wish) -> Result<Exit, Failure> {
    match wish {
        Wish::Create(create, file) => self::create(context, logic, create, &file).await,
        Wish::Version(version) => add_version(context, logic, version).await,
    }
}

async fn create(
    context: &mut Context,
    logic: &dyn Logic,
    create: WorkflowCreate,
    file: &str,
) -> Result<Exit, Failure> {
    let (name, mut signals) = (create.name.clone(), context.signals.clone());
    let created = signals.or(logic.workflow_create(create)).await?;
    context.signals = signals;
    let created: Created = created.map_err(|error| {
        let is_taken = error.code == ErrorCode::Conflict;
        let failure = Failure::from(error);
        if !is_taken {
            return failure;
        }
        let command = report::command(&context.global, &["workflow", "add", file, "--to", &name]);
        failure.hint(format!("to make it the next version: {command}; --name gives it another name"))
    })?;
    if context.out.json {
        context.out.document(&created)?;
    } else {
        tell_created(context, &created);
    }
    Ok(Exit::Succeeded)
}

/// Says that a workflow was made.
pub(crate) fn tell_created(context: &mut Context, Created { workflow, version }: &Created) {
    let version = version.version.unwrap_or_default();
    context.say(&format!("{}: version {version} is saved\n", visible(&workflow.name)));
    tell_how_to_run(context, workflow);
}

async fn add_version(
    context: &mut Context,
    logic: &dyn Logic,
    version: WorkflowCreateVersion,
) -> Result<Exit, Failure> {
    let workflow = version.workflow.clone();
    let known = logic.workflow_version_list(OfWorkflow { workflow: workflow.clone() }).await?.versions;
    let mut signals = context.signals.clone();
    let version = signals.or(logic.workflow_create_version(version)).await??;
    context.signals = signals;
    if context.out.json {
        context.out.document(&version)?;
        return Ok(Exit::Succeeded);
    }
    let workflow = logic.workflow_get(OfWorkflow { workflow }).await?;
    tell_version(context, &workflow, &known, &version);
    Ok(Exit::Succeeded)
}

/// Says that a source is a version of a workflow, which had these before.
pub(crate) fn tell_version(
    context: &mut Context,
    workflow: &Workflow,
    known: &[WorkflowVersion],
    version: &WorkflowVersion,
) {
    let number = version.version.unwrap_or_default();
    let what = if known.iter().any(|known| known.version_sid == version.version_sid) {
        format!("version {number} has this source already")
    } else {
        format!("version {number} is saved")
    };
    let current = match workflow.current_version {
        current if current == number => "and is the current one".to_owned(),
        current => format!("and version {current} stays the current one"),
    };
    context.say(&format!("{}: {what}, {current}\n", visible(&workflow.name)));
}

/// By its id, where the command line would take the name for something else.
pub(crate) fn tell_how_to_run(context: &mut Context, workflow: &Workflow) {
    let name = &workflow.name;
    let is_mistaken = is_path(name) || name.starts_with('-');
    let name = if is_mistaken { workflow.workflow_sid.as_str() } else { name };
    let command = report::command(&context.global, &["run", name]);
    context.say(&format!("to run it: {command}\n"));
}
