//! What answers a command: the server of the home, one that is started for it, another one, or the runtime in this
//! process.
//!
//! A command that runs plays wants a server: the next command finds it warm, a second one at the same time shares it, and
//! none loses its play when a terminal closes. Where none listens, one is started in the background, which leaves when it
//! has been idle for a while.

use std::{ffi::OsString, time::Duration};

use hero_sdk::{
    Client, Error, ErrorCode, Logic, PlaySid,
    client::Endpoint,
    logic::{PlayList, ServerInfo, ServerProcess},
    model::Status,
};

use crate::{
    cli::{
        args::Global,
        embedded::{self, Purpose, SandboxConfig},
        errors::Failure,
        escape::{shortened, visible},
        reach::{EMBEDDED, Reach},
        settings::{Part, Settings, different_variables},
    },
    service::{daemon, pid_file::PidFile, places::Places},
};

/// So often a command looks for a server anew, where one went away under its hands.
const TRIES: u32 = 5;
const NO_ANSWER: &str = "`hero_logic --info` tells what runs";
/// How long a server may take to say that it is there, to whoever wants to use it.
const PATIENCE: Duration = Duration::from_secs(20);
/// The same, to whoever only wants to know.
pub(crate) const LOOK: Duration = Duration::from_secs(5);

/// An open way to the methods.
pub(crate) enum Session {
    /// In this process.
    Embedded(embedded::Session),
    /// In a server, and what should be said of it.
    Remote(Client, Option<String>),
}

impl Session {
    /// Opens what the command asked for.
    pub(crate) async fn open(
        global: &Global,
        places: &Places,
        sandbox: SandboxConfig,
        purpose: Purpose,
    ) -> Result<Self, Failure> {
        match Reach::of(global)? {
            Reach::Server(endpoint) => {
                let client = Client::new(endpoint);
                info_of(&client, PATIENCE).await?;
                check_flags(global, purpose)?;
                Ok(Self::Remote(client, None))
            }
            Reach::Home if places.has_socket() => join(global, places, sandbox, purpose).await,
            Reach::Home => {
                Ok(Self::Embedded(embedded::open(places.home().to_owned(), sandbox, purpose).await?))
            }
            Reach::Embedded => {
                let opened = embedded::open(places.home().to_owned(), sandbox, purpose).await;
                Ok(Self::Embedded(opened.map_err(|failure| explain_embedded(failure, places))?))
            }
        }
    }

    /// Everything that can be asked.
    pub(crate) fn logic(&self) -> &dyn Logic {
        match self {
            Self::Embedded(session) => session.logic(),
            Self::Remote(client, _) => client,
        }
    }

    /// What should be said before it is used.
    pub(crate) fn note(&self) -> Option<&str> {
        match self {
            Self::Embedded(_) => None,
            Self::Remote(_, note) => note.as_deref(),
        }
    }

    /// Closes what this process has opened. A server goes on.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        match self {
            Self::Embedded(session) => session.close().await,
            Self::Remote(..) => Ok(()),
        }
    }
}

/// A server that has the store would answer whoever does not want to be answered here.
fn explain_embedded(failure: Failure, places: &Places) -> Failure {
    let is_served = PidFile::holder(&places.pid_file()).is_some();
    if failure.code != ErrorCode::StoreLocked.as_str() || !is_served {
        return failure;
    }
    failure.hint(format!("a server has it: leave out --embedded and {EMBEDDED}, and it answers"))
}

/// Of a server that plays run in as somebody else has decided, nothing can be asked by flags.
fn check_flags(global: &Global, purpose: Purpose) -> Result<(), Failure> {
    if purpose == Purpose::Look || (global.sandbox.is_empty() && global.config.is_none()) {
        return Ok(());
    }
    Err(Failure::usage("usage", "how plays are confined is decided where the server is started")
        .hint("leave the flags out; or stop it by `hero_logic --stop` and give them to `hero_logic --start`"))
}

/// What a server says of itself, if it does in this time.
pub(crate) async fn info_of(client: &Client, patience: Duration) -> Result<ServerInfo, Error> {
    match tokio::time::timeout(patience, client.server_info()).await {
        Ok(info) => info,
        Err(_) => Err(mute(&format!("the server at {}", client.endpoint()), patience)),
    }
}

fn mute(server: &str, patience: Duration) -> Error {
    let message = format!("{server} takes calls and has answered nothing for {} s", patience.as_secs());
    Error::new(ErrorCode::Unreachable, message)
}

/// The server of the home, if one listens.
///
/// Errors: `unreachable` where it says nothing in this time.
pub(crate) async fn listening(
    places: &Places,
    patience: Duration,
) -> Result<Option<(Client, ServerInfo)>, Error> {
    let client = Client::new(Endpoint::Unix(places.socket()));
    let Ok(info) = tokio::time::timeout(patience, client.server_info()).await else {
        let pid = PidFile::holder(&places.pid_file());
        let process = pid.map(|pid| format!(", process {pid},")).unwrap_or_default();
        let server = format!("the server of {}{process}", places.home().display());
        return Err(
            mute(&server, patience).hint("`hero_logic --stop` ends it; its plays go on with the next one")
        );
    };
    match info {
        Ok(info) => Ok(Some((client, info))),
        Err(error) if matches!(error.code, ErrorCode::Unreachable | ErrorCode::ShuttingDown) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn join(
    global: &Global,
    places: &Places,
    sandbox: SandboxConfig,
    purpose: Purpose,
) -> Result<Session, Failure> {
    let program = std::env::current_exe().unwrap_or_default();
    let settings = Settings::of(&program, &sandbox, std::env::vars_os());
    for _ in 0..TRIES {
        if let Some((client, info)) = listening(places, PATIENCE).await? {
            match fits(&info, &settings, purpose) {
                Fit::Yes => return Ok(Session::Remote(client, None)),
                Fit::AsDecided => {
                    check_flags(global, purpose)?;
                    return Ok(Session::Remote(client, None));
                }
                Fit::Otherwise(pid, differences) => match at_work(&client).await? {
                    None => drop(daemon::end(pid).await?),
                    Some(play) if purpose == Purpose::Watch || differences == [Part::Around] => {
                        let words: Vec<&str> = differences.iter().map(|part| part.words()).collect();
                        let note = format!("{play} runs in a server with {}", words.join(", and "));
                        return Ok(Session::Remote(client, Some(note)));
                    }
                    Some(play) => {
                        let variables = daemon::environment(pid).map(|theirs| {
                            different_variables(&sandbox, &std::env::vars_os().collect(), &theirs)
                        });
                        return Err(runs_otherwise(&play, &differences, &variables.unwrap_or_default()));
                    }
                },
            }
        }
        if purpose == Purpose::Look {
            return Ok(Session::Embedded(embedded::open(places.home().to_owned(), sandbox, purpose).await?));
        }
        start_in_background(global, places, &settings).await?;
    }
    Err(Failure::trouble("unreachable", "no server stays: each has gone before it could be asked")
        .hint(NO_ANSWER))
}

/// How a server suits a command.
enum Fit {
    /// It runs plays as this command would.
    Yes,
    /// It was started by somebody who decided how.
    AsDecided,
    /// It was started by a command that wanted something else, in this.
    Otherwise(u32, Vec<Part>),
}

fn fits(info: &ServerInfo, settings: &Settings, purpose: Purpose) -> Fit {
    let Some(ServerProcess { background: Some(of), pid, .. }) = &info.process else {
        return Fit::AsDecided;
    };
    let differences = settings.differences(of);
    if differences.is_empty() || purpose == Purpose::Look {
        return Fit::Yes;
    }
    Fit::Otherwise(*pid, differences)
}

/// A play that a server is not taken away from. A process that still ends is no play.
async fn at_work(client: &Client) -> Result<Option<PlaySid>, Failure> {
    for status in [Status::Running, Status::Queued] {
        let one = PlayList { status: Some(status), limit: Some(1), ..PlayList::default() };
        if let Some(play) = client.play_list(one).await?.plays.into_iter().next() {
            return Ok(Some(play.play_sid));
        }
    }
    Ok(None)
}

/// `variables` are those by which the environments differ, where that can be told.
fn runs_otherwise(play_sid: &PlaySid, differences: &[Part], variables: &[String]) -> Failure {
    let words = differences.iter().map(|part| match part {
        Part::Environment if !variables.is_empty() => {
            let names: Vec<String> = variables.iter().map(|name| visible(&shortened(name))).collect();
            format!("another environment (other values of {})", names.join(", "))
        }
        part => part.words().to_owned(),
    });
    let words: Vec<String> = words.collect();
    let mut hint =
        "wait until it has ended, or interrupt it by `hero_logic --stop`: it goes on with this command"
            .to_owned();
    if differences.contains(&Part::Python) {
        hint.push_str("; HERO_PYTHON gives every terminal the same Python");
    }
    Failure::usage("conflict", format!("{play_sid} runs in a server with {}", words.join(", and ")))
        .hint(hint)
}

/// Starts a server that leaves by itself. Whoever wants to at the same time waits, and finds it.
async fn start_in_background(global: &Global, places: &Places, settings: &Settings) -> Result<(), Failure> {
    let mut arguments: Vec<OsString> = vec!["--background".into(), settings.to_string().into()];
    arguments.extend(server_options(global, places));
    match daemon::start(places, arguments).await.map_err(Failure::from) {
        // Somebody was faster, or runs it in his own process: the next look tells.
        Err(failure) if failure.code == ErrorCode::Conflict.as_str() => Ok(()),
        started => started.map(drop),
    }
}

/// The options by which a server serves this home as the command was told.
pub(crate) fn server_options(global: &Global, places: &Places) -> Vec<OsString> {
    let mut options: Vec<OsString> = vec!["--home".into(), places.home().as_os_str().to_owned()];
    let settings = Global { home: None, embedded: false, server: None, ..global.clone() };
    options.extend(settings.repeated().into_iter().map(OsString::from));
    options
}

/// Has the server end that a command has started for itself, if there is one.
pub(crate) async fn end_background(places: &Places) -> Result<(), Failure> {
    let listening = listening(places, PATIENCE).await?;
    if let Some(ServerProcess { pid, background: Some(_), .. }) = listening.and_then(|(_, info)| info.process)
    {
        daemon::end(pid).await?;
    }
    Ok(())
}
