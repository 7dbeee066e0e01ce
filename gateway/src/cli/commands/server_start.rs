//! `hero_logic --start`: starts the server of the home behind the terminal.

use std::ffi::OsString;

use serde::Serialize;

use crate::{
    cli::{
        context::Context,
        errors::{Exit, Failure},
        reach::refuse_other_server,
        server_args::Listen,
        session::{end_background, server_options},
    },
    service::daemon,
};

#[derive(Serialize)]
struct Document {
    listening: Vec<String>,
}

/// Does the command. One that another command has started for itself gives way.
pub(crate) async fn command(context: &mut Context, listen: Listen) -> Result<Exit, Failure> {
    refuse_other_server(&context.global, "--start")?;
    let places = context.places()?;
    end_background(&places).await?;
    let mut arguments = server_options(&context.global, &places);
    arguments.extend(listen.repeated().into_iter().map(OsString::from));
    let listening = daemon::start(&places, arguments).await?;
    if context.out.json {
        context.out.document(&Document { listening })?;
    } else {
        for place in &listening {
            context.say(&format!("listening on {place}\n"));
        }
    }
    Ok(Exit::Succeeded)
}
