//! The command line: arguments in, one result on standard output, everything else on standard error, an exit code.

mod answers;
pub(crate) mod args;
mod bench;
mod canvas;
mod clock;
mod commands;
pub(crate) mod configuration;
mod confinement;
mod context;
mod document;
mod drive;
mod embedded;
mod errors;
pub(crate) mod escape;
mod evidence;
mod facts;
mod file;
mod inputs;
mod json_text;
mod line_editor;
mod output;
mod pages;
mod plain;
mod prompt;
mod reach;
mod refused;
mod report;
mod schema;
mod screen;
mod server_args;
mod session;
mod settings;
mod shell;
mod signals;
mod sink;
mod source;
mod style;
mod table;
mod terminal;
#[cfg(test)]
pub(crate) mod testing;
mod tree;
mod view;

use std::process::ExitCode;

use clap::error::ErrorKind;

use self::{
    args::{Arguments, ColorWhen, Command, Global},
    context::Context,
    errors::{Exit, Failure},
    output::Output,
    server_args::ServerArguments,
    signals::Signals,
    sink::Sink,
    style::Palette,
    terminal::Terminal,
};

/// Runs the command that was typed, and gives its exit code.
pub fn main() -> ExitCode {
    let exit = match Arguments::read(std::env::args_os()) {
        Ok(Arguments { global, service, command }) => {
            if let Some(Command::Serve(serve)) = &command {
                serve.let_go();
            }
            run(&global, async |context| commands::dispatch(context, service, command).await)
        }
        Err(error) => refuse(&error),
    };
    ExitCode::from(exit as u8)
}

/// Serves as it was typed, and gives its exit code.
pub fn server_main() -> ExitCode {
    let exit = match ServerArguments::read(std::env::args_os()) {
        Ok(ServerArguments { global, serve }) => {
            serve.let_go();
            run(&global, async |context| commands::serve::command(context, serve).await)
        }
        Err(error) => refuse(&error),
    };
    ExitCode::from(exit as u8)
}

fn run(global: &Global, work: impl AsyncFnOnce(&mut Context) -> Result<Exit, Failure>) -> Exit {
    let terminal = Terminal::detect(global.color);
    let is_json = global.json;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::trouble("internal", format!("cannot start threads: {error}"));
            return tell(&failure, terminal, is_json);
        }
    };
    let result = runtime.block_on(async {
        let mut context = Context::of_process(global, terminal, Signals::listen()?);
        work(&mut context).await
    });
    // A prompt that was left still waits for a key in its thread: it must not hold the process.
    runtime.shutdown_background();
    match result {
        Ok(exit) => exit,
        Err(failure) => tell(&failure, terminal, is_json),
    }
}

/// Arguments that are none, or a wish for help.
fn refuse(error: &clap::Error) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return match error.print() {
            Ok(()) => Exit::Succeeded,
            Err(_) => Exit::Trouble,
        };
    }
    let is_json = std::env::args_os().any(|argument| argument == "--json");
    let failure = usage_failure(error);
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand && !is_json {
        // Clap writes it to standard error. Whether it could does not change that a command is missing.
        drop(error.print());
        return failure.exit;
    }
    tell(&failure, Terminal::detect(ColorWhen::Auto), is_json)
}

/// What is wrong with the arguments, and what would be right.
fn usage_failure(error: &clap::Error) -> Failure {
    const MORE: &str = "For more information, try '--help'.";
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::usage("usage", "a command is missing")
            .hint("`hero_logic --help` lists the commands");
    }
    let rendered = error.render().to_string();
    let mut paragraphs = rendered.trim().trim_start_matches("error: ").split("\n\n").map(str::trim);
    let failure = Failure::usage("usage", paragraphs.next().unwrap_or_default());
    let more: Vec<&str> = paragraphs.filter(|paragraph| *paragraph != MORE).collect();
    let tips: Vec<&str> = more
        .iter()
        .flat_map(|paragraph| paragraph.lines())
        .filter_map(|line| line.trim().strip_prefix("tip: "))
        .collect();
    // A tip says it better than the whole usage does.
    failure.hint(match (tips.is_empty(), more.is_empty()) {
        (false, _) => tips.join("\n"),
        (true, false) => more.join("\n"),
        (true, true) => "`--help` after the command shows what it takes".to_owned(),
    })
}

/// Tells why nothing came of it.
fn tell(failure: &Failure, terminal: Terminal, is_json: bool) -> Exit {
    Sink::of(std::io::stderr()).print(&failure.render(terminal.err));
    if is_json {
        let mut out = Output {
            json: true,
            indent: terminal.out_is_terminal,
            palette: Palette::Text,
            sink: Sink::of(std::io::stdout()),
        };
        // Nowhere is left to tell that this could not be told.
        if out.document(&failure.to_document()).is_err() {
            return Exit::Trouble;
        }
    }
    failure.exit
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn wrong_arguments_say_what_would_be_right() {
        let cases: [&[&str]; 22] = [
            &["runn"],
            &["frobnicate"],
            &["run"],
            &["run", "hello", "--inptu", "a=1"],
            &["play", "list", "--status", "runing"],
            &["play", "wait", "play_x", "--timeout", "soon"],
            &["workflow", "ad", "trip.py"],
            &["workflow", "add", "trip.py", "--to", "trip", "--name", "trap"],
            &["workflow", "add", "trip.py", "--no-set-current"],
            &["workflow", "update", "trip"],
            &["workflow", "set-current", "trip", "newest"],
            &["run", "trip", "--version", "-1"],
            &["example", "add", "trip"],
            &["workflow", "export"],
            &["play", "promote", "play_x", "--to", "trip", "--tag", "travel"],
            &["play", "save-as-example", "play_x"],
            &["bench", "run", "trip", "--scoring", "exakt"],
            &["bench", "compare", "trip", "1"],
            &["bench", "show", "newest"],
            &["pick", "trip", "--cost", "nan"],
            &["search", "trip", "--min-score", "high"],
            &[],
        ];
        let told: Vec<String> = cases
            .iter()
            .map(|typed| {
                let error = Arguments::try_parse_from([&["hero_logic"], *typed].concat()).unwrap_err();
                usage_failure(&error).render(Palette::Text)
            })
            .collect();
        insta::assert_snapshot!(told.concat());
    }
}
