//! `hero_logic --stop`: ends the server of the home. What runs is interrupted, and goes on with the next one.

use serde::Serialize;

use crate::{
    cli::{
        context::Context,
        errors::{Exit, Failure},
        session::listening,
    },
    service::daemon,
};

#[derive(Serialize)]
struct Document {
    stopped: bool,
}

/// Does the command. Where no server is, it is as it should be.
pub(crate) async fn command(context: &mut Context) -> Result<Exit, Failure> {
    let process = listening(&context.places()?).await?.and_then(|(_, info)| info.process);
    let stopped = match process {
        Some(process) => daemon::end(process.pid).await?,
        None => false,
    };
    if context.out.json {
        context.out.document(&Document { stopped })?;
    } else {
        context.err.print(if stopped { "the server has ended\n" } else { "no server was running\n" });
    }
    Ok(Exit::Succeeded)
}
