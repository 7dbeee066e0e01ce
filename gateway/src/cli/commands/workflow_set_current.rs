//! `hero_logic workflow set-current`: another version runs from now on.

use hero_sdk::{
    Logic,
    logic::{OfVersion, WorkflowSetCurrentVersion},
};

use super::workflow_gate;
use crate::cli::{
    args::{WorkflowGate, WorkflowSetCurrent},
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: WorkflowSetCurrent) -> Result<Exit, Failure> {
    // A gate may have to benchmark first.
    let purpose = if arguments.gate { Purpose::Run } else { Purpose::Look };
    context.with_logic(purpose, async |context, logic| run(context, logic, arguments).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    arguments: WorkflowSetCurrent,
) -> Result<Exit, Failure> {
    let WorkflowSetCurrent { workflow, version, gate, bounds } = arguments;
    if !gate && bounds != WorkflowGate::default() {
        return Err(Failure::usage("usage", "what a gate allows and how it measures goes with --gate")
            .hint("--gate lets the version pass only if it is not worse than the current one"));
    }
    if gate {
        return workflow_gate::run(context, logic, OfVersion { workflow, version }, bounds).await;
    }
    let set = logic.workflow_set_current_version(WorkflowSetCurrentVersion { workflow, version }).await?;
    if context.out.json {
        context.out.document(&set)?;
    } else {
        let (name, version) = (visible(&set.name), set.current_version);
        context.say(&format!("{name}: version {version} runs from now on\n"));
    }
    Ok(Exit::Succeeded)
}
