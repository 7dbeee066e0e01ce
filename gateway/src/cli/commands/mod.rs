//! One command a file. Each checks what was typed, then asks `Logic`, then tells.

pub(crate) mod bench_cancel;
pub(crate) mod bench_compare;
pub(crate) mod bench_follow;
pub(crate) mod bench_list;
pub(crate) mod bench_run;
pub(crate) mod bench_show;
pub(crate) mod client;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod example_add;
pub(crate) mod example_delete;
pub(crate) mod example_inputs;
pub(crate) mod example_list;
pub(crate) mod example_show;
pub(crate) mod pick;
pub(crate) mod play_artifact;
pub(crate) mod play_artifacts;
pub(crate) mod play_cancel;
pub(crate) mod play_export;
pub(crate) mod play_follow;
pub(crate) mod play_import;
pub(crate) mod play_list;
pub(crate) mod play_promote;
pub(crate) mod play_retry;
pub(crate) mod play_save_as_example;
pub(crate) mod play_show;
pub(crate) mod play_tree;
pub(crate) mod play_wait;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod search;
pub(crate) mod secret_list;
pub(crate) mod secret_remove;
pub(crate) mod secret_set;
pub(crate) mod serve;
pub(crate) mod server_info;
pub(crate) mod server_start;
pub(crate) mod server_stop;
pub(crate) mod service_unit;
#[cfg(test)]
mod tests;
pub(crate) mod workflow_add;
pub(crate) mod workflow_delete;
pub(crate) mod workflow_export;
pub(crate) mod workflow_fetch;
mod workflow_gate;
pub(crate) mod workflow_import;
pub(crate) mod workflow_list;
pub(crate) mod workflow_set_current;
pub(crate) mod workflow_show;
pub(crate) mod workflow_update;
pub(crate) mod workflow_versions;

use tracing_subscriber::filter::LevelFilter;

use crate::{
    cli::{
        args::{Bench, Command, Example, Play, Secret, Workflow},
        context::Context,
        errors::{Exit, Failure},
        server_args::Service,
        style::Palette,
    },
    service::log,
};

/// Does a command, or what is asked for in its place.
pub(crate) async fn dispatch(
    context: &mut Context,
    service: Service,
    command: Option<Command>,
) -> Result<Exit, Failure> {
    // It has a log of its own.
    if !matches!(command, Some(Command::Serve(_))) {
        log::to_stderr(LevelFilter::WARN, context.palette == Palette::Colour);
    }
    let Some(command) = command else {
        let mut signals = context.signals.clone();
        return signals.or(of_service(context, service)).await?;
    };
    service.refuse_beside_a_command()?;
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
        Command::Play(Play::Export(arguments)) => play_export::command(context, arguments).await,
        Command::Play(Play::Import(arguments)) => play_import::command(context, arguments).await,
        Command::Play(Play::Promote(arguments)) => play_promote::command(context, arguments).await,
        Command::Play(Play::SaveAsExample(arguments)) => {
            play_save_as_example::command(context, arguments).await
        }
        Command::Workflow(Workflow::Add(arguments)) => workflow_add::command(context, arguments).await,
        Command::Workflow(Workflow::List(arguments)) => workflow_list::command(context, arguments).await,
        Command::Workflow(Workflow::Show(arguments)) => workflow_show::command(context, arguments).await,
        Command::Workflow(Workflow::Versions(arguments)) => {
            workflow_versions::command(context, arguments).await
        }
        Command::Workflow(Workflow::SetCurrent(arguments)) => {
            workflow_set_current::command(context, arguments).await
        }
        Command::Workflow(Workflow::Update(arguments)) => workflow_update::command(context, arguments).await,
        Command::Workflow(Workflow::Delete(arguments)) => workflow_delete::command(context, arguments).await,
        Command::Workflow(Workflow::Fetch(arguments)) => workflow_fetch::command(context, arguments).await,
        Command::Workflow(Workflow::Export(arguments)) => workflow_export::command(context, arguments).await,
        Command::Workflow(Workflow::Import(arguments)) => workflow_import::command(context, arguments).await,
        Command::Example(Example::List(arguments)) => example_list::command(context, arguments).await,
        Command::Example(Example::Add(arguments)) => example_add::command(context, arguments).await,
        Command::Example(Example::Show(arguments)) => example_show::command(context, arguments).await,
        Command::Example(Example::Delete(arguments)) => example_delete::command(context, arguments).await,
        Command::Example(Example::Inputs(arguments)) => example_inputs::command(context, arguments).await,
        Command::Bench(Bench::Run(arguments)) => bench_run::command(context, arguments).await,
        Command::Bench(Bench::List(arguments)) => bench_list::command(context, arguments).await,
        Command::Bench(Bench::Show(arguments)) => bench_show::command(context, arguments).await,
        Command::Bench(Bench::Follow(arguments)) => bench_follow::command(context, arguments).await,
        Command::Bench(Bench::Cancel(arguments)) => bench_cancel::command(context, arguments).await,
        Command::Bench(Bench::Compare(arguments)) => bench_compare::command(context, arguments).await,
        Command::Pick(arguments) => pick::command(context, arguments).await,
        Command::Search(arguments) => search::command(context, arguments).await,
        Command::Secret(Secret::Set(arguments)) => secret_set::command(context, arguments).await,
        Command::Secret(Secret::List) => secret_list::command(context).await,
        Command::Secret(Secret::Remove(arguments)) => secret_remove::command(context, &arguments).await,
        Command::Serve(arguments) => serve::command(context, arguments).await,
        Command::ServiceUnit(listen) => service_unit::command(context, listen),
        Command::Client { language } => client::command(context, language),
        Command::Doctor => doctor::command(context).await,
        Command::Completions { shell } => completions::command(context, shell),
    }
}

async fn of_service(context: &mut Context, service: Service) -> Result<Exit, Failure> {
    match service {
        Service { start: true, listen, .. } => server_start::command(context, listen).await,
        Service { stop: true, ref listen, .. } | Service { info: true, ref listen, .. }
            if listen.is_given() =>
        {
            Err(Failure::usage("usage", "where a server listens is said when it is started")
                .hint("`hero_logic --stop`, then `hero_logic --start` with --listen or --public-url"))
        }
        Service { stop: true, .. } => server_stop::command(context).await,
        Service { info: true, .. } => server_info::command(context).await,
        Service { .. } => {
            Err(Failure::usage("usage", "a command is missing")
                .hint("`hero_logic --help` lists the commands"))
        }
    }
}
