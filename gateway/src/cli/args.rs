//! What can be typed. Only form is checked here; what names and ids mean is the commands' business.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

const ABOUT: &str = "Run, watch, pause and resume Python flows";

const AFTER_HELP: &str = "\
Exit codes: 0 succeeded, 1 failed, 2 usage, 3 waiting for an answer, 4 cancelled, 5 diverged, 6 store or runtime \
trouble, 130 killed by a second Ctrl-C.

The result goes to standard output, everything else to standard error. Ctrl-C cancels the play and waits for its \
end; a second one kills it at once. Ctrl-C in a prompt leaves the play waiting for its answer.

HERO_LOG=info or =debug shows what the runtime does.";

/// Everything that can be typed after `hero_logic`.
#[derive(Debug, Parser)]
#[command(name = "hero_logic", version, about = ABOUT, long_about = ABOUT, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Directory that takes the place of `~` in every path of hero_logic [env: HERO_HOME]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) home: Option<PathBuf>,
    /// When to use colour; NO_COLOR is respected
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorWhen::Auto)]
    pub(crate) color: ColorWhen,
    /// Show no progress: only questions, warnings and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Print one JSON document on standard output, and nothing else there
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a flow and wait until it ends or waits for an answer
    Run(Run),
    /// Answer a question of a waiting play, and run it on
    Resume(Resume),
    /// List, show, follow and steer plays
    #[command(subcommand)]
    Play(Play),
    /// The library of flows
    #[command(subcommand)]
    Workflow(Workflow),
    /// Check what hero_logic needs: Python, the store, the home directory
    Doctor,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// A Python file, or the name of a workflow of the library
    #[arg(value_name = "FILE|WORKFLOW", value_hint = ValueHint::FilePath)]
    pub(crate) target: String,
    /// The flow to run, where the file has several: a function's name or a flow's
    #[arg(long, value_name = "NAME")]
    pub(crate) entry: Option<String>,
    /// One input; the value is JSON where that fits the declared type, else text
    #[arg(long = "input", short, value_name = "KEY=VALUE")]
    pub(crate) input: Vec<String>,
    /// All inputs as a JSON object, `@` and a file, or `-` for standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub(crate) inputs: Option<String>,
    /// A label for lists; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    #[command(flatten)]
    pub(crate) interaction: Interaction,
}

/// How questions of a play are answered while it runs.
#[derive(Debug, Default, Args)]
pub(crate) struct Interaction {
    /// Answer a question before it is asked, by its name, `NAME#N` or path; may be given several times
    #[arg(long = "answer", value_name = "NAME=JSON")]
    pub(crate) answers: Vec<String>,
    /// Never prompt: a play that asks something is left waiting, exit code 3
    #[arg(long)]
    pub(crate) no_input: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// The play
    pub(crate) play_sid: String,
    /// The question
    pub(crate) resume_id: String,
    /// The answer as JSON, `@` and a file, or `-` for standard input; without it the terminal asks
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub(crate) payload: Option<String>,
    #[command(flatten)]
    pub(crate) interaction: Interaction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Play {
    /// Plays, newest first
    List(PlayList),
    /// One play: status, inputs, outputs, error, open questions
    Show(PlaySid),
    /// The tree of a play
    Tree(PlaySid),
    /// Watch a play until it ends or waits, and answer its questions
    Follow(PlayGoOn),
    /// End a play
    Cancel(PlayCancel),
    /// Run a failed, cancelled or diverged play again; finished steps stay
    Retry(PlayGoOn),
    /// Wait until a play ends or waits for an answer
    Wait(PlayWait),
}

#[derive(Debug, Args)]
pub(crate) struct PlaySid {
    /// The play
    pub(crate) play_sid: String,
}

#[derive(Debug, Args)]
pub(crate) struct PlayGoOn {
    /// The play
    pub(crate) play_sid: String,
    #[command(flatten)]
    pub(crate) interaction: Interaction,
}

/// Plays of a list where nothing else is asked for.
pub(crate) const LIMIT_DEFAULT: u32 = 50;

#[derive(Debug, Args)]
pub(crate) struct PlayList {
    /// Only plays of this workflow; for a file, its name
    #[arg(long, value_name = "NAME")]
    pub(crate) workflow: Option<String>,
    /// Only plays that stand here
    #[arg(long, value_enum)]
    pub(crate) status: Option<PlayStatus>,
    /// Only plays with this label
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = LIMIT_DEFAULT, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
    /// Go on after this play, the last of the page before
    #[arg(long, value_name = "PLAY_SID")]
    pub(crate) cursor: Option<String>,
}

/// `hero_sdk::model::Status` by its stable text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum PlayStatus {
    Queued,
    Running,
    AwaitingResume,
    AwaitingChild,
    Sleeping,
    Succeeded,
    Failed,
    Cancelled,
    Diverged,
}

#[derive(Debug, Args)]
pub(crate) struct PlayCancel {
    /// The play
    pub(crate) play_sid: String,
    /// Why, for whoever looks at it later
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PlayWait {
    /// The play
    pub(crate) play_sid: String,
    /// Give up after this many seconds (exit code 6); waits for ever unless told
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<f64>,
    /// What to wait for
    #[arg(long, value_enum, default_value_t = WaitUntil::Settled)]
    pub(crate) until: WaitUntil,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitUntil {
    /// It has ended, or waits for an answer
    Settled,
    /// It has ended
    Terminal,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Workflow {
    /// The workflows that `run` knows by name
    List,
}

/// A span of time that a timer can hold.
fn seconds(text: &str) -> Result<f64, String> {
    /// A hundred years; beyond it milliseconds no longer fit the timers.
    const SECONDS_MAX: f64 = 3.2e9;
    match text.parse::<f64>() {
        Ok(value) if (0.0..=SECONDS_MAX).contains(&value) => Ok(value),
        _ => Err("expected seconds, such as 30 or 0.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_declaration_is_consistent() {
        Arguments::command().debug_assert();
    }
}
