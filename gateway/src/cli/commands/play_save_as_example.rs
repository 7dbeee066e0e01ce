//! `hero_logic play save-as-example`: what a play took, was answered and gave becomes an example.

use hero_sdk::{Logic, logic};

use crate::cli::{
    args::PlaySaveAsExample,
    context::{Context, play_sid},
    document::counted,
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible,
};

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: PlaySaveAsExample) -> Result<Exit, Failure> {
    let wish = parse(arguments)?;
    context.with_logic(Purpose::Look, async |context, logic| run(context, logic, wish).await).await
}

/// What is asked of the method.
pub(crate) fn parse(arguments: PlaySaveAsExample) -> Result<logic::PlaySaveAsExample, Failure> {
    let PlaySaveAsExample { play_sid: typed, name, to, note } = arguments;
    let play_sid = play_sid(&typed)?;
    Ok(logic::PlaySaveAsExample { play_sid, name, workflow: to, note })
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    wish: logic::PlaySaveAsExample,
) -> Result<Exit, Failure> {
    let saved = logic.play_save_as_example(wish).await?;
    if context.out.json {
        context.out.document(&saved)?;
    } else {
        let answers = counted(saved.answers.len(), "answer");
        context.say(&format!("{} is saved with {answers} and what should come out\n", visible(&saved.name)));
    }
    Ok(Exit::Succeeded)
}
