//! `hero_logic service-unit`: a unit of systemd that runs the server.

use crate::{
    cli::{
        context::Context,
        errors::{Exit, Failure},
    },
    service::{daemon, unit},
};

/// Does the command.
pub(crate) fn command(context: &mut Context) -> Result<Exit, Failure> {
    let home = context.home()?;
    let (program, arguments) = daemon::program()?;
    let unit = unit::text(&program, &arguments, &home)?;
    context.out.text(&unit)?;
    Ok(Exit::Succeeded)
}
