//! One command a file. Each checks what was typed, then asks `Logic`, then tells.

pub(crate) mod client;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod play_artifact;
pub(crate) mod play_artifacts;
pub(crate) mod play_cancel;
pub(crate) mod play_follow;
pub(crate) mod play_list;
pub(crate) mod play_retry;
pub(crate) mod play_show;
pub(crate) mod play_tree;
pub(crate) mod play_wait;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod secret_list;
pub(crate) mod secret_remove;
pub(crate) mod secret_set;
pub(crate) mod serve;
#[cfg(test)]
mod tests;
pub(crate) mod workflow_list;

use crate::cli::{
    args::{Command, Play, Secret, Workflow},
    context::Context,
    errors::{Exit, Failure},
};

/// Does a command.
pub(crate) async fn dispatch(context: &mut Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Run(arguments) => run::command(context, arguments).await,
        Command::Resume(arguments) => resume::command(context, arguments).await,
        Command::Play(Play::List(arguments)) => play_list::command(context, arguments).await,
        Command::Play(Play::Show(arguments)) => play_show::command(context, arguments).await,
        Command::Play(Play::Tree(arguments)) => play_tree::command(context, arguments).await,
        Command::Play(Play::Artifacts(arguments)) => play_artifacts::command(context, arguments).await,
        Command::Play(Play::Artifact(arguments)) => play_artifact::command(context, arguments).await,
        Command::Play(Play::Follow(arguments)) => play_follow::command(context, arguments).await,
        Command::Play(Play::Cancel(arguments)) => play_cancel::command(context, arguments).await,
        Command::Play(Play::Retry(arguments)) => play_retry::command(context, arguments).await,
        Command::Play(Play::Wait(arguments)) => play_wait::command(context, arguments).await,
        Command::Workflow(Workflow::List) => workflow_list::command(context).await,
        Command::Secret(Secret::Set(arguments)) => secret_set::command(context, arguments).await,
        Command::Secret(Secret::List) => secret_list::command(context).await,
        Command::Secret(Secret::Remove(arguments)) => secret_remove::command(context, &arguments).await,
        Command::Serve(arguments) => serve::command(context, arguments).await,
        Command::Client { language } => client::command(context, language),
        Command::Doctor => doctor::command(context).await,
        Command::Completions { shell } => completions::command(context, shell),
    }
}
