//! `hero_logic play artifact`: the content of a file that a play has kept, byte for byte.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::{ErrorKind, Write},
    os::unix::fs::PermissionsExt as _,
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

/// Writes it beside the file first, and puts it in its place only when all of it is there and was found to be right.
async fn write_file(path: &Path, content: &mut ArtifactContent) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::trouble("output", format!("cannot write {}: {error}", path.display()))
    };
    // What a link leads to is replaced, not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let known = fs::metadata(&target).ok();
    if known.as_ref().is_some_and(|known| !known.is_file()) {
        // A pipe or a device has no place for another file.
        let mut file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        return write_all(&mut file, content, &failed).await;
    }
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut draft = tempfile::Builder::new()
        .prefix(".hero_logic_")
        .permissions(Permissions::from_mode(0o666)) // of which the umask takes its part
        .tempfile_in(directory.unwrap_or(Path::new(".")))
        .map_err(failed)?;
    if let Some(known) = known {
        draft.as_file().set_permissions(known.permissions()).map_err(failed)?;
    }
    write_all(draft.as_file_mut(), content, &failed).await?;
    draft.as_file().sync_all().map_err(failed)?;
    draft.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

async fn write_all(
    file: &mut fs::File,
    content: &mut ArtifactContent,
    failed: &impl Fn(std::io::Error) -> Failure,
) -> Result<(), Failure> {
    while let Some(chunk) = next(content).await? {
        file.write_all(&chunk).map_err(failed)?;
    }
    Ok(())
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
