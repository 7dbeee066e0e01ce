//! `hero_logic secret set`: takes a value where nobody else sees it, and keeps it.

use std::{io::IsTerminal as _, sync::Arc};

use hero_sdk::{Logic, SecretName, SecretSource, SecretValue, logic};
use serde::Serialize;

use crate::cli::{
    args::SecretSet,
    context::Context,
    embedded::Purpose,
    errors::{Exit, Failure},
    prompt::{Prompter, asked},
    signals::Signals,
    source::text_elsewhere,
};

const HOW: &str = "`hero_logic secret set NAME` asks for the value, or reads it from standard input; --value takes @ and \
                   the path of a file, or -";

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: SecretSet) -> Result<Exit, Failure> {
    let prompter = context.prompter.clone().filter(|_| std::io::stdin().is_terminal());
    let (name, value) = parse(arguments, prompter, &mut context.signals).await?;
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, name, value).await).await
}

/// The name, checked, and the value from where it is said to be.
pub(crate) async fn parse(
    arguments: SecretSet,
    prompter: Option<Arc<dyn Prompter>>,
    signals: &mut Signals,
) -> Result<(SecretName, SecretValue), Failure> {
    let SecretSet { name, value, typed } = arguments;
    let is_argument = value.as_ref().is_some_and(|value| value != "-" && !value.starts_with('@'));
    if typed.is_some() || is_argument || name.contains('=') {
        let message =
            "a value is not given as an argument: the list of processes and the shell's history show it";
        return Err(Failure::usage("usage", message).hint(HOW));
    }
    let name: SecretName = name.parse()?;
    let text = match (value, prompter) {
        (Some(file), _) if file != "-" => elsewhere(&file, signals).await?,
        (_, Some(prompter)) => {
            let label = format!("Value of {name} (not shown):");
            asked(prompter, signals, move |prompter| prompter.ask_hidden(&label)).await?
        }
        (_, None) => elsewhere("-", signals).await?,
    };
    let text = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Ok((name, SecretValue::try_from(text.to_owned())?))
}

async fn elsewhere(argument: &str, signals: &mut Signals) -> Result<String, Failure> {
    match text_elsewhere("--value", argument, signals).await {
        Some(text) => text.map_err(|failure| failure.or_hint(|| HOW.to_owned())),
        None => Err(Failure::usage("usage", "a value is in a file or on standard input").hint(HOW)),
    }
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    name: SecretName,
    value: SecretValue,
) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Document {
        set: SecretName,
    }
    logic.secret_set(logic::SecretSet { name: name.clone(), value }).await?;
    let secrets = logic.secret_list().await?.secrets;
    let is_hidden = |source| source == SecretSource::Environment;
    if secrets.iter().any(|secret| secret.name == name && is_hidden(secret.source)) {
        let variable = name.variable();
        context.err.print(&format!("warning: {variable} is set here, and goes before what was set\n"));
    }
    if context.out.json {
        context.out.document(&Document { set: name })?;
    } else {
        context.say(&format!("{name} is set\n"));
    }
    Ok(Exit::Succeeded)
}
