//! `hero_logic client`: a client of the methods on standard output.

use hero_sdk::python_client;

use crate::cli::{
    args::ClientLanguage,
    context::Context,
    errors::{Exit, Failure},
};

/// Does the command.
pub(crate) fn command(context: &mut Context, language: ClientLanguage) -> Result<Exit, Failure> {
    match language {
        ClientLanguage::Python => context.out.text(&python_client::source())?,
    }
    Ok(Exit::Succeeded)
}
