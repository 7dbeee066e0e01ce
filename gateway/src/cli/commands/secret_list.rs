//! `hero_logic secret list`: which secrets there are, never what they are.

use hero_sdk::{Logic, SecretSource};

use crate::cli::{
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    facts::moment,
    style::Paint,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context) -> Result<Exit, Failure> {
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic).await).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(context: &mut Context, logic: &dyn Logic) -> Result<Exit, Failure> {
    let listed = logic.secret_list().await?;
    let rows = listed
        .secrets
        .iter()
        .map(|secret| {
            let source = match secret.source {
                SecretSource::File => "file".to_owned(),
                SecretSource::Environment => secret.name.variable(),
            };
            [
                (Paint::Strong, secret.name.to_string()),
                (Paint::Plain, source),
                (Paint::Plain, secret.set_at.map(moment).unwrap_or_default()),
            ]
        })
        .collect();
    context.out.list(&listed, ["NAME", "FROM", "SET"], rows)?;
    Ok(Exit::Succeeded)
}
