//! `hero_logic completions`: a completion script on standard output.

use clap::CommandFactory;

use crate::cli::{
    args::Arguments,
    context::Context,
    errors::{Exit, Failure},
};

/// Does the command.
pub(crate) fn command(context: &mut Context, shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "hero_logic", &mut script);
    context.out.text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Succeeded)
}
