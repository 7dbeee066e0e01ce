//! `hero_logic service-unit`: a unit of systemd that runs the server.

use crate::{
    cli::{
        context::Context,
        errors::{Exit, Failure},
        server_args::Listen,
    },
    service::{daemon, unit},
};

/// Does the command.
pub(crate) fn command(context: &mut Context, listen: Listen) -> Result<Exit, Failure> {
    let home = context.home()?;
    let (program, mut arguments) = daemon::program()?;
    let token_file = match (&listen.listen, &context.global.token_file) {
        (None, _) => None,
        // A token itself cannot stand in a unit, which everybody may read.
        (Some(_), None) => {
            return Err(Failure::usage("usage", "whoever listens on TCP needs a token, in a file")
                .hint("name the file by --token-file FILE"));
        }
        (Some(_), Some(file)) => Some(std::path::absolute(file).map_err(|error| {
            Failure::usage("unreadable_file", format!("{} is no file: {error}", file.display()))
        })?),
    };
    arguments.extend(listen.repeated().into_iter().map(Into::into));
    if let Some(file) = token_file {
        arguments.extend(["--token-file".into(), file.into_os_string()]);
    }
    let unit = unit::text(&program, &arguments, &home)?;
    context.out.text(&unit)?;
    Ok(Exit::Succeeded)
}
