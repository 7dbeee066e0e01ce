//! What can be typed. Only form is checked here; what names and ids mean is the commands' business.

use std::{
    ffi::OsString,
    path::{Component, Path, PathBuf},
};

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use hero_sdk::model;

pub(crate) use self::{
    bench::{Bench, BenchCompare, BenchHow, BenchList, BenchName, BenchRun, Pick, Side},
    documents::{DocumentFile, PlayExport, PlayPromote, PlaySaveAsExample, WorkflowExport, WorkflowImport},
    library::{
        Example, ExampleAdd, ExampleInputs, ExampleName, Workflow, WorkflowAdd, WorkflowChange,
        WorkflowDelete, WorkflowFetch, WorkflowGate, WorkflowList, WorkflowName, WorkflowSetCurrent,
        WorkflowUpdate, WorkflowVersion,
    },
    play::{
        GivenInputs, Interaction, LIMIT_DEFAULT, Page, Play, PlayArtifact, PlayCancel, PlayGoOn, PlayList,
        PlaySid, PlayStatus, PlayWait, Resume, Run, WaitUntil,
    },
    search::Search,
};
use crate::cli::server_args::{Listen, Serve, Service};

mod bench;
mod documents;
mod library;
mod play;
mod search;

const ABOUT: &str = "Run, watch, pause and resume Python flows";

const AFTER_HELP: &str = "\
Exit codes: 0 succeeded, 1 failed, 2 usage, 3 waiting for an answer, 4 cancelled, 5 diverged, 6 trouble with \
the store, the server or the runtime, 130 interrupted. `search` that finds nothing, `pick` where no version keeps the \
limits and a gate that does not let a version pass end with 1 as well.

The result goes to standard output, everything else to standard error. Ctrl-C in `run`, `resume` and `play retry` \
cancels the play, in `bench run` the benchmark, and waits for its end; a second one ends the command at once. Any other command it ends at once, and \
no play with it. Ctrl-C in a prompt leaves the play waiting for its answer. SIGTERM is as good as Ctrl-C.

RUST_LOG=info or =debug shows what the runtime does.";

/// Everything that can be typed after `hero_logic`.
#[derive(Debug, Parser)]
#[command(name = "hero_logic", version, about = ABOUT, long_about = ABOUT, after_help = AFTER_HELP, max_term_width = 100)]
#[command(arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(flatten)]
    pub(crate) service: Service,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

impl Arguments {
    /// Reads what was typed, beginning with the program's name.
    pub(crate) fn read(typed: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(in_front(typed))
    }
}

/// Options of every command that add up.
const ADD_UP: [&str; 3] = ["--allow-read", "--allow-write", "--allow-env"];

/// The same with these options in front of the command: clap forgets those that stand there when there are more of them
/// after it.
pub(crate) fn in_front(typed: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut typed = typed.into_iter();
    let mut front: Vec<OsString> = typed.next().into_iter().collect();
    let mut others = Vec::new();
    while let Some(argument) = typed.next() {
        let text = argument.to_string_lossy();
        let option = text.split_once('=').map_or(&*text, |(option, _)| option);
        if argument == "--" {
            others.push(argument);
            others.extend(typed.by_ref());
        } else if !ADD_UP.contains(&option) {
            others.push(argument);
        } else if option.len() < text.len() {
            front.push(argument);
        } else {
            match typed.next() {
                Some(value) => front.extend([argument, value]),
                None => others.push(argument),
            }
        }
    }
    front.extend(others);
    front
}

/// Options of every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Directory that takes the place of `~` in every path of hero_logic [env: HERO_HOME]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) home: Option<PathBuf>,
    /// File of settings in the place of .hero/hero_logic.toml in the home [env: HERO_CONFIG]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// When to use colour; NO_COLOR is respected
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorWhen::Auto)]
    pub(crate) color: ColorWhen,
    /// Show no progress: only questions, warnings and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Print one JSON document on standard output, and nothing else there
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Do it in this process, whatever server listens [env: HERO_LOGIC_EMBEDDED]
    #[arg(long, global = true)]
    pub(crate) embedded: bool,
    /// Ask this server: http://HOST:PORT, unix:PATH, or a path [env: HERO_LOGIC_SERVER]
    #[arg(long, global = true, value_name = "URL", conflicts_with = "embedded")]
    pub(crate) server: Option<String>,
    /// File that holds the token of a server on TCP [env: HERO_LOGIC_TOKEN, the token itself]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sandbox: Sandbox,
}

impl Global {
    /// The options by which another command finds the same plays, and runs them alike.
    pub(crate) fn repeated(&self) -> Vec<String> {
        let Self { home, config, sandbox, embedded, server, token_file, color: _, quiet: _, json: _ } = self;
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        let level = sandbox.level.and_then(|level| level.to_possible_value());
        let one = [
            ("--home", home.as_ref().map(path)),
            ("--config", config.as_ref().map(path)),
            ("--server", server.clone()),
            ("--token-file", token_file.as_ref().map(path)),
            ("--sandbox", level.map(|level| level.get_name().to_owned())),
        ];
        let many = [
            ("--allow-read", &sandbox.read),
            ("--allow-write", &sandbox.write),
            ("--allow-env", &sandbox.env),
        ];
        let one = one.into_iter().filter_map(|(option, value)| Some([option.to_owned(), value?]));
        let many = many
            .into_iter()
            .flat_map(|(option, values)| values.iter().map(move |value| [option.to_owned(), value.clone()]));
        let alone = [(*embedded, "--embedded"), (sandbox.require, "--require-sandbox")];
        let alone = alone.into_iter().filter(|(is_given, _)| *is_given).map(|(_, option)| option.to_owned());
        one.chain(many).flatten().chain(alone).collect()
    }
}

/// How plays of this command are confined, where not as the file of settings says.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Confinement of plays")]
pub(crate) struct Sandbox {
    /// How closely plays are confined; goes before the file of settings
    #[arg(id = "sandbox", long = "sandbox", global = true, value_enum, value_name = "LEVEL")]
    pub(crate) level: Option<SandboxLevel>,
    /// Run nothing where a layer of the sandbox is missing
    #[arg(long = "require-sandbox", global = true)]
    pub(crate) require: bool,
    /// Let flows read this path that wish for it, and all beneath; may be given several times
    #[arg(long = "allow-read", global = true, value_name = "PATH", value_parser = path, value_hint = ValueHint::AnyPath)]
    pub(crate) read: Vec<String>,
    /// The same for reading and writing
    #[arg(long = "allow-write", global = true, value_name = "PATH", value_parser = path, value_hint = ValueHint::AnyPath)]
    pub(crate) write: Vec<String>,
    /// Let flows have this variable of the environment that wish for it; may be given several times
    #[arg(long = "allow-env", global = true, value_name = "NAME", value_parser = variable)]
    pub(crate) env: Vec<String>,
}

impl Sandbox {
    /// Whether none is given.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { level, require, read, write, env } = self;
        level.is_none() && !require && read.is_empty() && write.is_empty() && env.is_empty()
    }

    /// The level, where one is given.
    pub(crate) fn level(&self) -> Option<model::SandboxLevel> {
        self.level.map(|level| match level {
            SandboxLevel::Default => model::SandboxLevel::Default,
            SandboxLevel::Strict => model::SandboxLevel::Strict,
            SandboxLevel::Off => model::SandboxLevel::Off,
        })
    }
}

/// `hero_sdk::model::SandboxLevel` by its stable text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SandboxLevel {
    /// By every layer, with the network open unless it is said otherwise
    Default,
    /// By every layer, and without a network
    Strict,
    /// Not at all: for flows that are trusted like hero_logic itself
    Off,
}

impl From<model::SandboxLevel> for SandboxLevel {
    fn from(level: model::SandboxLevel) -> Self {
        match level {
            model::SandboxLevel::Default => Self::Default,
            model::SandboxLevel::Strict => Self::Strict,
            model::SandboxLevel::Off => Self::Off,
        }
    }
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
    /// Saved inputs of workflows, and what should come out: benchmarks run over them
    #[command(subcommand)]
    Example(Example),
    /// Measure versions of workflows by their examples
    #[command(subcommand)]
    Bench(Bench),
    /// Choose the version of a workflow that serves best, by what was measured
    Pick(Pick),
    /// Find the workflow that does what you need
    Search(Search),
    /// Keys that flows use and that are never shown
    #[command(subcommand)]
    Secret(Secret),
    /// Serve the methods and events of this home until Ctrl-C
    Serve(Serve),
    /// Print a unit of systemd that runs the server
    ServiceUnit(Listen),
    /// Print a typed client of the server's methods
    Client {
        /// Its language
        #[arg(value_enum)]
        language: ClientLanguage,
    },
    /// Check what hero_logic needs: Python, the store, the home directory
    Doctor,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// Languages that there is a client in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientLanguage {
    /// One file, hero_logic_client.py, for Python 3.11 and later
    Python,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Secret {
    /// Set a secret: its value is asked for, or read from standard input
    Set(SecretSet),
    /// The secrets by name, never their values
    List,
    /// Remove a secret
    Remove(SecretName),
}

#[derive(Debug, Args)]
pub(crate) struct SecretSet {
    /// Its name: upper-case letters, digits and `_`
    pub(crate) name: String,
    /// `@` and a file that holds the value, or `-` for standard input; a line end at its end is cut
    #[arg(long, value_name = "@FILE|-")]
    pub(crate) value: Option<String>,
    /// A value that was typed where everybody can see it, to say so.
    #[arg(hide = true)]
    pub(crate) typed: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SecretName {
    /// Its name
    pub(crate) name: String,
}

/// A path that is there, from the root on and without `..`: what a flow wishes for is compared with it as text.
fn path(text: &str) -> Result<String, String> {
    let path = std::path::absolute(text).map_err(|error| error.to_string())?;
    if !path.try_exists().map_err(|error| error.to_string())? {
        return Err("there is no such path".to_owned());
    }
    without_parents(&path).into_os_string().into_string().map_err(|_| "it is not UTF-8".to_owned())
}

fn without_parents(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

/// The name of a variable.
fn variable(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains('=') {
        return Err("expected the name of a variable, such as REGION".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::server_args::ServerArguments;

    #[test]
    fn the_declaration_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_every_command_takes_stands_apart() {
        for command in [Arguments::command(), ServerArguments::command()] {
            for option in command.get_arguments() {
                let heading = option.get_help_heading();
                let is_apart =
                    [Some("Options of every command"), Some("Confinement of plays")].contains(&heading);
                assert_eq!(is_apart, option.is_global_set(), "{} {heading:?}", option.get_id());
            }
        }
    }

    fn parse(typed: &[&str]) -> Arguments {
        Arguments::read([&["hero_logic"], typed].concat().into_iter().map(OsString::from)).unwrap()
    }

    #[test]
    fn paths_are_made_absolute_and_plain() {
        let here = std::env::current_dir().unwrap();
        let flags = ["--allow-read", "src/../Cargo.toml", "--allow-read", "/", "--allow-write", "src/"];
        let sandbox = parse(&[&["run", "hello"], &flags[..]].concat()).global.sandbox;
        assert_eq!(sandbox.read, [here.join("Cargo.toml").display().to_string(), "/".to_owned()]);
        assert_eq!(sandbox.write, [here.join("src").display().to_string()]);
    }

    #[test]
    fn flags_stand_before_or_after_the_command() {
        let flags = ["--sandbox", "strict", "--require-sandbox", "--allow-env", "A", "--allow-env", "B"];
        for typed in [[&flags[..], &["run", "hello"]].concat(), [&["run", "hello"], &flags[..]].concat()] {
            let sandbox = parse(&typed).global.sandbox;
            assert_eq!(sandbox.level(), Some(model::SandboxLevel::Strict));
            assert!(sandbox.require);
            assert_eq!(sandbox.env, ["A", "B"]);
        }
    }

    #[test]
    fn a_negative_number_is_an_answer() {
        for payload in ["-5", "-0.5e3", "-"] {
            let Some(Command::Resume(resume)) =
                parse(&["resume", "play", "ask", "--payload", payload]).command
            else {
                panic!("not resume")
            };
            assert_eq!(resume.payload.as_deref(), Some(payload));
        }
    }

    #[test]
    fn what_is_allowed_adds_up_wherever_it_stands() {
        let typed = "--allow-env A run --allow-env=B hello --allow-env C --quiet";
        let Arguments { global, command: Some(Command::Run(run)), .. } =
            parse(&typed.split(' ').collect::<Vec<_>>())
        else {
            panic!("not run")
        };
        assert_eq!(
            (global.sandbox.env, run.target.as_str()),
            (["A", "B", "C"].map(str::to_owned).into(), "hello")
        );
    }

    #[test]
    fn what_decides_how_plays_run_is_repeated() {
        let flags = "--home h --config c --sandbox off --allow-read / --allow-env A --require-sandbox";
        let typed: Vec<&str> = flags.split(' ').collect();
        let global = parse(&[&typed[..], &["--quiet", "play", "list"]].concat()).global;
        assert_eq!(global.repeated().join(" "), flags);
    }
}
