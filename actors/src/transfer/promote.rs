//! A play becomes part of the library: its source a workflow or a version of one, its inputs and answers an example.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use hero_sdk::{
    Error, ErrorCode, FieldError, Json, PlaySid,
    logic::{Created, ExampleUpsert, PlayPromote, PlaySaveAsExample, WorkflowCreate, WorkflowCreateVersion},
    model::{Example, Play, ResumeRequest, ResumeStatus, Status, WorkflowVersion},
};

use super::versions::source_of;
use crate::{
    play::Environment,
    plays::not_found,
    registry::{Library, Source},
    runtime::library,
    secrets,
};

/// Makes the source of a play a workflow, or the next version of one.
///
/// Errors: `not_found`; `invalid_params`; `conflict` where a workflow has the name; those of a source that cannot be
/// described any more.
pub(crate) async fn promote(environment: &Arc<Environment>, params: PlayPromote) -> Result<Created, Error> {
    let PlayPromote { play_sid, name, workflow, description, tags, note, set_current } = params;
    let (_, version) = found(environment, &play_sid)?;
    let Source { source, file_name, entry } = source_of(&version).unwrap_or_else(|| as_it_is(&version));
    if let Some(workflow) = workflow {
        let of_a_new_one =
            [("name", name.is_some()), ("description", description.is_some()), ("tags", !tags.is_empty())];
        if let Some((given, _)) = of_a_new_one.into_iter().find(|(_, is_given)| *is_given) {
            return Err(beside(given));
        }
        let file_name = Some(file_name);
        let create =
            WorkflowCreateVersion { workflow: workflow.clone(), source, entry, note, set_current, file_name };
        let work = async move |library: Library| {
            let version = library.create_version(create).await?;
            Ok(Created { workflow: library.workflow(&workflow).await?, version })
        };
        return library(environment, work).await;
    }
    let name = name.unwrap_or_else(|| stem(&file_name));
    let create = WorkflowCreate { name, source, entry, description, tags, note, file_name: Some(file_name) };
    library(environment, async move |library: Library| library.create(create).await).await
}

/// Without regard to how its entry was asked for.
fn as_it_is(version: &WorkflowVersion) -> Source {
    let WorkflowVersion { source, file_name, entry, .. } = version.clone();
    Source { source, file_name, entry: Some(entry) }
}

fn stem(file_name: &str) -> String {
    Path::new(file_name).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn beside(given: &str) -> Error {
    let message =
        format!("{given} is that of a new workflow, and the source becomes a version of another one");
    let field = FieldError { pointer: format!("/{given}"), message: message.clone() };
    Error::new(ErrorCode::InvalidParams, message)
        .hint(format!("leave out {given}, or workflow"))
        .fields(vec![field])
}

/// Saves what a play that has succeeded took, was answered and gave.
///
/// Errors: `not_found`; `conflict` where it has not succeeded, is of no workflow, or keeps the place of a secret only;
/// `invalid_inputs` where the current version takes others; those of the name.
pub(crate) async fn save_as_example(
    environment: &Arc<Environment>,
    params: PlaySaveAsExample,
) -> Result<Example, Error> {
    let PlaySaveAsExample { play_sid, name, workflow, note } = params;
    let (play, version) = found(environment, &play_sid)?;
    if play.status != Status::Succeeded {
        let message = format!("the play is {}; only one that succeeded is an example", play.status.as_str());
        return Err(Error::new(ErrorCode::Conflict, message)
            .hint("save its inputs by themselves: `hero_logic example add`"));
    }
    let own = || play.workflow_sid.as_ref().map(ToString::to_string);
    let workflow = workflow.or_else(own).ok_or_else(|| {
        let message = "the play is of unsaved source, and an example belongs to a workflow";
        Error::new(ErrorCode::Conflict, message).hint(format!(
            "`hero_logic play promote {play_sid}` makes a workflow of the source; --to WORKFLOW names another one"
        ))
    })?;
    let answers = answers(environment.tables.resumes_of(&play_sid)?);
    if !secrets::declared(&version.options).is_empty() {
        check_secrets(&play, &answers)?;
    }
    let Play { inputs, outputs: expected_outputs, .. } = play;
    let example = ExampleUpsert { workflow, name, inputs, expected_outputs, answers, note };
    library(environment, async move |library: Library| library.upsert_example(example).await).await
}

/// A mark that stands for a secret would be saved as if it were what was given.
fn check_secrets(play: &Play, answers: &BTreeMap<String, Json>) -> Result<(), Error> {
    let all = [("inputs", Some(&play.inputs)), ("outputs", play.outputs.as_ref())].into_iter();
    let all = all.filter_map(|(what, json)| Some((what, json?)));
    for (what, json) in all.chain(answers.values().map(|answer| ("answers", answer))) {
        if let Some(secret) = secrets::marked(json.as_str()) {
            let message = format!("the {what} of the play held the secret {secret}, which is not kept");
            return Err(Error::new(ErrorCode::Conflict, message).hint(
                "run the flow with a value that is no secret, or write the example: `hero_logic example add`",
            ));
        }
    }
    Ok(())
}

/// The answers that were given, by what names their question: its name where no other has it, else `NAME#N`, else its
/// path.
fn answers(questions: Vec<ResumeRequest>) -> BTreeMap<String, Json> {
    let last_part =
        |question: &ResumeRequest| question.path.rsplit('/').next().unwrap_or_default().to_owned();
    let paths: BTreeSet<(String, String, String)> = questions
        .iter()
        .map(|question| (question.path.clone(), last_part(question), question.name.clone()))
        .collect();
    let is_alone =
        |of: &dyn Fn(&(String, String, String)) -> bool| paths.iter().filter(|path| of(path)).count() == 1;
    let answered = questions.into_iter().filter(|question| question.status == ResumeStatus::Answered);
    answered
        .filter_map(|question| {
            let last = last_part(&question);
            let key = if is_alone(&|(_, _, name)| *name == question.name) {
                question.name
            } else if is_alone(&|(_, other, _)| *other == last) {
                last
            } else {
                question.path
            };
            Some((key, question.payload?))
        })
        .collect()
}

fn found(environment: &Environment, play_sid: &PlaySid) -> Result<(Play, WorkflowVersion), Error> {
    let tables = &environment.tables;
    let play = tables.play(play_sid)?.ok_or_else(|| not_found(play_sid))?.play;
    let missing = || Error::new(ErrorCode::StoreCorrupt, format!("play {play_sid} has no version"));
    let version = tables.version(&play.version_sid)?.ok_or_else(missing)?;
    Ok((play, version))
}
