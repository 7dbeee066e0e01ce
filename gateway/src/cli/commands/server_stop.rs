//! `hero_logic --stop`: ends the server of the home. What runs is interrupted, and goes on with the next one.

use serde::Serialize;

use crate::{
    cli::{
        context::Context,
        errors::{Exit, Failure},
        reach::refuse_other_server,
        session::{LOOK, listening},
    },
    service::daemon::{self, Ended},
};

#[derive(Serialize)]
struct Document {
    stopped: bool,
    killed: bool,
}

/// Does the command. Where no server is, it is as it should be.
pub(crate) async fn command(context: &mut Context) -> Result<Exit, Failure> {
    refuse_other_server(&context.global, "--stop")?;
    let places = context.places()?;
    let mut ended = daemon::stop(&places).await?;
    // The file of its number may have been deleted.
    if ended == Ended::Before
        && let Some(process) = listening(&places, LOOK).await?.and_then(|(_, info)| info.process)
    {
        ended = daemon::end(process.pid).await?;
    }
    if context.out.json {
        context
            .out
            .document(&Document { stopped: ended != Ended::Before, killed: ended == Ended::Killed })?;
    } else {
        context.say(match ended {
            Ended::Before => "no server was running\n",
            Ended::InTime => "the server has ended\n",
            Ended::Killed => "the server did not end when it was told to, and was killed\n",
        });
    }
    Ok(Exit::Succeeded)
}
