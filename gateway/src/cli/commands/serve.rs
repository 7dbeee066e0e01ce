//! `hero_logic serve`, and the binary `hero_logic_server`: serves the home until it is told to end.

use std::{ffi::OsString, path::Path, sync::Arc, time::Duration};

use hero_sdk::logic::ServerProcess;
use serde::Serialize;
use tracing_subscriber::filter::LevelFilter;

use crate::{
    cli::{
        clock,
        context::Context,
        embedded::{self, Purpose},
        errors::{Exit, Failure},
        reach::{refuse_other_server, token},
        server_args::Serve,
        signals::killed,
        style::Palette,
    },
    server::{Listen, PublicUrl, Server, idle, stage_python_client},
    service::{daemon, log, manifest::Manifest, pid_file::PidFile},
};

/// For how long nobody must have needed a server in the background until it leaves, in seconds.
const IDLE_S: &str = "HERO_LOGIC_IDLE_S";
/// Unless the variable says otherwise.
const IDLE: Duration = Duration::from_secs(300);

/// What is told once the server listens.
#[derive(Serialize)]
struct Document<'a> {
    pid: u32,
    listening: &'a [String],
}

/// Does the command.
pub(crate) async fn command(context: &mut Context, arguments: Serve) -> Result<Exit, Failure> {
    let Serve { listen, background, log_to_files } = arguments;
    refuse_other_server(&context.global, "serving")?;
    let places = context.places()?;
    let sandbox = context.sandbox(places.home())?;
    let mut wanted = vec![Listen::Unix(places.socket())];
    if let Some(address) = listen.listen {
        let hosts = listen.hosts.into_iter().chain(listen.public_url.iter().map(|url| url.authority.clone()));
        wanted.push(Listen::Tcp { address, token: token(&context.global)?, hosts: hosts.collect() });
    }
    let idle_after = idle_after(std::env::var_os(IDLE_S))?.filter(|_| background.is_some());
    if log_to_files {
        log::to_files(&places.logs(), "server")?;
        // Nothing of whoever started it stays: neither his terminal nor his directory.
        rustix::process::setsid().map_err(|error| Failure::trouble("internal", error.to_string()))?;
        std::env::set_current_dir("/").map_err(|error| Failure::trouble("internal", error.to_string()))?;
    } else {
        let level = if context.global.quiet { LevelFilter::WARN } else { LevelFilter::INFO };
        log::to_stderr(level, context.palette == Palette::Colour);
    }
    let manifest = Manifest::embedded()?;
    if log_to_files {
        tracing::info!(service = manifest.text(), "starts");
    } else {
        // People find it in the program's repository.
        tracing::info!("starts");
    }
    daemon::refuse_second(&places)?;
    let session = embedded::open(places.home().to_owned(), sandbox, Purpose::Run).await?;
    // It goes when all is closed.
    let mut pid_file = None;
    let serving = async {
        let server = Server::bind(&wanted).await?;
        pid_file = Some(PidFile::write(&places.pid_file())?);
        serve(context, &session, server, places.home(), listen.public_url, background, idle_after).await
    };
    let served = serving.await;
    if let Err(Failure { exit: Exit::Killed, .. }) = served {
        return served;
    }
    let closed = session.close().await;
    tracing::info!("has ended");
    drop(pid_file);
    served.and_then(|exit| closed.map(|()| exit))
}

async fn serve(
    context: &mut Context,
    session: &embedded::Session,
    server: Server,
    home: &Path,
    public_url: Option<PublicUrl>,
    background: Option<String>,
    idle_after: Option<Duration>,
) -> Result<Exit, Failure> {
    if let Some(url) = public_url.map(|url| url.text).or_else(|| server.url()) {
        session.serve_links(&url);
    }
    stage_python_client(home)?;
    let process = ServerProcess {
        pid: std::process::id(),
        started_at: clock::now(),
        listening: server.places(),
        background,
    };
    let logic = session.shared();
    let (serving, gateway) = server.serve(Arc::clone(&logic), process.clone());
    session.adopt(Arc::new(gateway)).await?;
    tell(context, &process)?;
    if let Err(error) = session.index_library() {
        tracing::warn!(%error, "searches of the library begin later");
    }
    let mut signals = context.signals.clone();
    let leaving = async {
        match idle_after {
            Some(limit) => idle(&*logic, &serving.load, limit).await,
            None => std::future::pending().await,
        }
    };
    let mut ending = Ok(Exit::Succeeded);
    let why = tokio::select! {
        () = signals.next() => "told to end",
        () = leaving => "idle",
        () = serving.lost() => {
            ending = Err(Failure::trouble("unreachable", "the socket is gone, or another one is in its place")
                .hint("start the server again; what ran goes on"));
            "the socket is gone"
        }
        () = session.ended() => {
            return Err(Failure::trouble("internal", "the runtime has given up, after too many faults")
                .hint("the log tells of them; no acknowledged step is lost"));
        }
    };
    tracing::info!(why, "drains");
    notify(&[sd_notify::NotifyState::Stopping]);
    tokio::select! {
        () = serving.drain() => ending,
        () = signals.next() => Err(killed()),
    }
}

/// Says that it listens: to whoever started it, and to systemd where that did.
fn tell(context: &mut Context, process: &ServerProcess) -> Result<(), Failure> {
    tracing::info!(pid = process.pid, listening = ?process.listening, "listens");
    if context.out.json {
        context.out.document(&Document { pid: process.pid, listening: &process.listening })?;
    } else {
        for place in &process.listening {
            context.say(&format!("listening on {place}\n"));
        }
    }
    notify(&[sd_notify::NotifyState::Ready]);
    Ok(())
}

fn notify(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd could not be told");
    }
}

/// What the variable asks for; an empty one is as good as none.
fn idle_after(seconds: Option<OsString>) -> Result<Option<Duration>, Failure> {
    /// A year.
    const SECONDS_MAX: f64 = 31_536_000.0;
    let Some(seconds) = seconds.filter(|seconds| !seconds.is_empty()) else { return Ok(Some(IDLE)) };
    match seconds.to_str().and_then(|seconds| seconds.parse::<f64>().ok()) {
        Some(seconds) if (0.0..=SECONDS_MAX).contains(&seconds) => Ok(Some(Duration::from_secs_f64(seconds))),
        _ => Err(Failure::usage("usage", format!("{IDLE_S} is {seconds:?}"))
            .hint("give a number of seconds, such as 300")),
    }
}
