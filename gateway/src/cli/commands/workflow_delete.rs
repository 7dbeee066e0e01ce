//! `hero_logic workflow delete`: a workflow goes, with its examples, once somebody has said that it should.

use hero_sdk::{
    Logic,
    logic::{self, Deleted, OfWorkflow},
};

use crate::cli::{
    args::WorkflowDelete,
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible,
    prompt::{Prompter, asked},
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: WorkflowDelete) -> Result<Exit, Failure> {
    if !arguments.yes && context.prompter.is_none() {
        return Err(Failure::usage(
            "usage",
            "a deleted workflow does not come back, and there is no terminal to ask",
        )
        .hint("--yes deletes it without a question"));
    }
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: WorkflowDelete,
) -> Result<Exit, Failure> {
    let WorkflowDelete { workflow, force, yes } = arguments;
    let of = OfWorkflow { workflow };
    let name = logic.workflow_get(of.clone()).await?.name;
    if let Some(prompter) = context.prompter.clone().filter(|_| !yes) {
        let versions = count(logic.workflow_version_list(of.clone()).await?.versions.len(), "version");
        let examples = count(logic.example_list(of.clone()).await?.examples.len(), "example");
        let plays = if force { ", cancelling its live plays" } else { "" };
        let question = format!("Delete {name} with {versions} and {examples}{plays}?");
        let ask = move |prompter: &dyn Prompter| prompter.confirm(&question);
        if !asked(prompter, &mut context.signals, ask).await? {
            return tell(context, Deleted { deleted: false }, "nothing is deleted", Exit::Cancelled);
        }
    }
    let deleted = logic.workflow_delete(logic::WorkflowDelete { workflow: of.workflow, force }).await?;
    tell(context, deleted, &format!("{} is deleted", visible(&name)), Exit::Succeeded)
}

fn tell(context: &mut Context, deleted: Deleted, words: &str, exit: Exit) -> Result<Exit, Failure> {
    if context.out.json {
        context.out.document(&deleted)?;
    } else {
        context.say(&format!("{words}\n"));
    }
    Ok(exit)
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
