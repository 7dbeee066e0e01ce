//! `hero_logic play artifact`: the content of a file that a play has kept, byte for byte.

use std::{
    fs::File,
    io::{ErrorKind, Write},
    path::Path,
    pin::Pin,
};

use futures_core::Stream;
use hero_sdk::{
    Logic, PlaySid,
    logic::{ArtifactContent, ArtifactFetch},
};

use crate::cli::{
    args,
    context::{Context, play_sid},
    embedded::Purpose,
    errors::{Exit, Failure},
    escape::visible_lines,
    file::{replace, unwritten},
    terminal::stdout_width,
};

/// Longest text that is written to a terminal.
const TERMINAL_BYTES_MAX: usize = 1 << 20;

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: args::PlayArtifact) -> Result<Exit, Failure> {
    let play_sid = play_sid(&arguments.play_sid)?;
    let is_terminal = stdout_width().is_some();
    let work = async |context: &mut Context, logic: &dyn Logic| {
        run(context, logic, play_sid, arguments, is_terminal).await
    };
    context.with_logic(Purpose::Look, work).await
}

/// Runs it on any `Logic`.
pub(crate) async fn run(
    context: &mut Context,
    logic: &dyn Logic,
    play_sid: PlaySid,
    arguments: args::PlayArtifact,
    is_terminal: bool,
) -> Result<Exit, Failure> {
    let ArtifactFetch { artifact, mut content } = logic.play_artifact_fetch(play_sid, arguments.name).await?;
    match &arguments.output {
        Some(path) => write_file(path, &mut content).await?,
        None if context.out.json => {}
        None if is_terminal => {
            let text = text_of(&mut content).await?;
            context.out.text(&(visible_lines(&text) + "\n"))?;
        }
        None => {
            while let Some(chunk) = next(&mut content).await? {
                match context.out.sink.write_all(&chunk).and_then(|()| context.out.sink.flush()) {
                    Ok(()) => {}
                    // Whoever read it has read enough, as `head` does.
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
                    Err(error) => {
                        let message = format!("cannot write to standard output: {error}");
                        return Err(Failure::trouble("output", message));
                    }
                }
            }
        }
    }
    if context.out.json {
        context.out.document(&artifact)?;
    }
    Ok(Exit::Succeeded)
}

async fn next(content: &mut ArtifactContent) -> Result<Option<Vec<u8>>, Failure> {
    let chunk = std::future::poll_fn(|task| Pin::new(&mut *content).poll_next(task)).await;
    Ok(chunk.transpose()?)
}

/// Writes it to a file, where it is only seen when all of it is there.
async fn write_file(path: &Path, content: &mut ArtifactContent) -> Result<(), Failure> {
    let write = async |file: &mut File| {
        while let Some(chunk) = next(content).await? {
            file.write_all(&chunk).map_err(|error| unwritten(path, &error))?;
        }
        Ok(())
    };
    replace(path, write).await
}

/// The whole content, if a terminal can show it. What it would obey is shown as a visible code.
async fn text_of(content: &mut ArtifactContent) -> Result<String, Failure> {
    let unfit = |why: &str| {
        Failure::usage("not_text", format!("the artifact {why}; a terminal does not get it"))
            .hint("write it to a file with --output FILE, or into a pipe")
    };
    let mut bytes = Vec::new();
    while let Some(chunk) = next(content).await? {
        bytes.extend(chunk);
        if bytes.len() > TERMINAL_BYTES_MAX {
            return Err(unfit("is long"));
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| unfit("is no text"))?;
    let is_binary =
        |character: char| character.is_control() && !character.is_whitespace() && character != '\u{1b}';
    if text.contains(is_binary) { Err(unfit("is no text")) } else { Ok(text) }
}
