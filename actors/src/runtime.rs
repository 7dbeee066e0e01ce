//! The runtime: opens the store, brings the actors up, and answers every method.

use std::{sync::Arc, time::Duration};

use hero_sdk::{Error, ErrorCode, PlaySid, WorkflowSid, model::Play};
use hero_store::{Batch, OfWorkflow, OpenOptions, PlayFilter, Tables};
use ractor::{Actor, ActorRef};

use self::links::Links;
use crate::{
    Adopted, Config, Recover,
    call::{call, call_permanent},
    failpoint::{Failpoint, layers_taken_away},
    launcher::{self, LaunchError, LayerLook, Python, stage_sdk},
    paths::Paths,
    play::{Environment, Reply, ReplyPort, Wish, not_launched},
    plays::{self, Sweeper, not_found},
    registry,
    root::{self, Root},
    sandbox::check_places,
};

pub(crate) mod asked;
mod delete;
mod feed;
pub(crate) mod links;
mod methods;
pub(crate) mod paging;
mod part;
pub(crate) mod start;
#[cfg(test)]
mod tests;
pub(crate) mod wait;

/// How long a shutdown waits for processes to be gone before it leaves them to the kernel.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);

/// A running hero_logic, as a library.
///
/// ```no_run
/// # async fn example() -> Result<(), hero_sdk::Error> {
/// use hero_actors::{Config, Runtime};
/// use hero_sdk::{Logic as _, logic::PlayRunAsync};
///
/// let runtime = Runtime::open(Config::new("/var/lib/example")).await?;
/// let source = "from hero_tracing import flow\n\n@flow\ndef main():\n    return 42\n".to_owned();
/// let play = runtime.play_run_async(PlayRunAsync { source, ..PlayRunAsync::default() }).await?;
/// println!("{}", play.play_sid);
/// runtime.shutdown().await
/// # }
/// ```
pub struct Runtime {
    environment: Arc<Environment>,
    root: ActorRef<root::Message>,
    python: Result<Python, String>,
    links: Links,
    /// None where plays do not run.
    sweeper: Option<Sweeper>,
}

impl Runtime {
    /// Opens the store under `config.home`, starts the actors, and takes up what was left unfinished.
    ///
    /// Errors: `store_locked`, `store_newer`, `storage_full`, `storage_failed`, `no_python`, `sandbox_unavailable`,
    /// `sandbox_denied`.
    pub async fn open(mut config: Config) -> Result<Self, Error> {
        config.sandbox.without.extend(layers_taken_away());
        let paths = Paths::new(&config.home);
        let lock_wait = Duration::from_millis(config.lock_wait_ms);
        let open = move || Ok(Tables::open(&paths.store(), OpenOptions { lock_wait })?);
        Self::over(open, config, Failpoint::from_environment()).await
    }

    /// The same over whatever store `open` gives, which may block.
    async fn over(
        open: impl FnOnce() -> Result<Tables, Error> + Send + 'static,
        config: Config,
        failpoint: Failpoint,
    ) -> Result<Self, Error> {
        let paths = Paths::new(&config.home);
        let (tables, python) = tokio::task::spawn_blocking({
            let (paths, config) = (paths.clone(), config.clone());
            move || {
                paths.make()?;
                if config.recover == Recover::Run {
                    check_places(&config.sandbox.defaults, &config.sandbox, &paths.own())?;
                }
                // First the store, whose lock keeps everybody else out of the home.
                let tables = open()?;
                Ok::<_, Error>((tables, prepare_python(&paths, &config)?))
            }
        })
        .await
        .map_err(internal)??;
        let environment = Environment::new(tables, &config, failpoint);
        let (runs, work_kept_ms) = (config.recover == Recover::Run, config.work_kept_ms);
        let root = Root {
            environment: Arc::clone(&environment),
            python: python.clone(),
            library: Arc::new(config.library),
            running_max: config.running_max,
            living_max: config.living_max,
            runs,
        };
        let (root, _) = Actor::spawn(None, root, ()).await.map_err(internal)?;
        let links = Links::default();
        let mut runtime = Self { environment, root, python, links, sweeper: None };
        let confined = if runs { runtime.require_sandbox().await } else { Ok(()) };
        let swept = match confined {
            Ok(()) => runtime.sweep(runs).await,
            Err(error) => Err(error),
        };
        match swept {
            Ok(swept) => {
                if swept > 0 {
                    tracing::info!(plays = swept, "took up what an earlier runtime left unfinished");
                }
                if runs {
                    let environment = Arc::clone(&runtime.environment);
                    runtime.sweeper = Some(Sweeper::start(environment, work_kept_ms));
                }
                Ok(runtime)
            }
            Err(error) => {
                // The first error is the one to tell; a store that stays locked would hide it at the next try.
                if let Err(error) = runtime.shutdown().await {
                    tracing::error!(%error, "a runtime that did not come up was not closed well");
                }
                Err(error)
            }
        }
    }

    /// Refuses to go on where confinement is required and a layer is missing.
    async fn require_sandbox(&self) -> Result<(), Error> {
        let sandbox = &self.environment.sandbox;
        if !sandbox.is_required {
            return Ok(());
        }
        let message = |reply| launcher::Message::Layers { reply };
        let layers = call_permanent(&self.environment.launcher, message).await?;
        let missing = match layers {
            _ if !sandbox.without.is_empty() => Some(format!("{} (left out)", sandbox.without.join(", "))),
            Ok(layers) => layers.missing_in_words(),
            Err(error) => Some(error.to_string()),
        };
        missing.map_or(Ok(()), |missing| Err(not_launched(LaunchError::Unconfined(missing))))
    }

    /// Has a child put on each layer of the sandbox alone, and try what that must refuse.
    pub(crate) async fn probe_sandbox(&self) -> Result<Vec<LayerLook>, Error> {
        let message = |reply| launcher::Message::Probe { reply };
        let looks = call_permanent(&self.environment.launcher, message).await?;
        looks.map_err(not_launched)
    }

    /// Questions get links from now on, since somebody serves them under this address, such as `https://example.com`. The
    /// first address stands.
    pub fn serve_links(&self, url: &str) {
        self.links.begin_with(url);
    }

    /// Begins to index the library for searches, in the background; else the first search does, and waits for it.
    pub fn index_library(&self) -> Result<(), Error> {
        self.environment.finder.get().begin()
    }

    /// Why the store takes no changes, where it does not: it is tried once more.
    async fn trouble(&self) -> Option<Error> {
        let tables = &self.environment.tables;
        tables.trouble()?;
        tables.commit(Batch::new()).await.err().map(Error::from)
    }

    async fn sweep(&self, runs: bool) -> Result<usize, Error> {
        let plays = self.environment.plays.get();
        call(&plays, |reply| plays::Message::Sweep { runs, reply }).await?
    }

    /// Interrupts every play, waits until no process is left, and closes the store. Interrupted plays go on at the
    /// next start.
    pub async fn shutdown(&self) -> Result<(), Error> {
        if let Some(sweeper) = &self.sweeper {
            sweeper.stop().await;
        }
        let plays = self.environment.plays.get();
        let waited = ractor::rpc::call(&plays, plays::Message::Shutdown, Some(SHUTDOWN_LIMIT)).await;
        if !waited.is_ok_and(|result| result.is_success()) {
            tracing::warn!("not every play could be interrupted in time; the next start takes them up");
        }
        let stopped = self.stop().await;
        self.environment.artifacts.close();
        self.environment.events.close();
        // Whatever became of the actors, the store must not stay locked.
        let closed = self.environment.tables.clone().close().await.map_err(Error::from);
        stopped.and(closed)
    }

    async fn stop(&self) -> Result<(), Error> {
        call(&self.root, root::Message::GoDown).await?;
        self.root.stop_children_and_wait(None, Some(SHUTDOWN_LIMIT)).await;
        self.root.stop_and_wait(None, Some(SHUTDOWN_LIMIT)).await.map_err(internal)
    }

    /// Takes an actor under the runtime's supervision, from now until its shutdown.
    pub async fn adopt(&self, adopted: Arc<dyn Adopted>) -> Result<(), Error> {
        call(&self.root, |reply| root::Message::Adopt(adopted, reply)).await?
    }

    /// Returns when the runtime has ended: by its shutdown, or because it had to give up.
    pub async fn ended(&self) {
        // Without a limit there is none to be passed.
        drop(self.root.wait(None).await);
    }

    /// A play as it stands.
    fn status(&self, play_sid: &PlaySid) -> Result<Play, Error> {
        status(&self.environment, play_sid)
    }

    /// Has the registry do this with the library.
    async fn library<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
        &self,
        work: impl FnOnce(registry::Library) -> F + Send + 'static,
    ) -> Result<T, Error> {
        library(&self.environment, work).await
    }

    /// Plays of a workflow by its name or sid.
    fn of_workflow(&self, name: String) -> Result<OfWorkflow, Error> {
        let workflow_sid = match name.parse::<WorkflowSid>() {
            Ok(workflow_sid) => Some(workflow_sid),
            Err(_) => self.environment.tables.workflow_by_name(&name)?.map(|workflow| workflow.workflow_sid),
        };
        Ok(OfWorkflow { name, workflow_sid })
    }

    /// Refuses what no workflow is called, and no play: those of a workflow that was deleted are found by its name and id,
    /// and those of unsaved source by that of its file.
    async fn check_workflow(&self, name: &str) -> Result<(), Error> {
        let filter =
            PlayFilter { workflow: Some(self.of_workflow(name.to_owned())?), ..PlayFilter::default() };
        if !self.environment.tables.plays_page(&filter, None, 1)?.is_empty() {
            return Ok(());
        }
        let name = name.to_owned();
        self.library(async move |library| library.workflow(&name).await.map(|_| ())).await
    }

    /// Hands a wish to a play and gives what became of it.
    async fn wish(&self, play_sid: PlaySid, wish: impl FnOnce(ReplyPort) -> Wish) -> Result<Reply, Error> {
        wish_of(&self.environment, play_sid, wish).await
    }
}

/// A play as it stands.
fn status(environment: &Environment, play_sid: &PlaySid) -> Result<Play, Error> {
    let mut play = environment.tables.play(play_sid)?.ok_or_else(|| not_found(play_sid))?.play;
    environment.working.add_to(&mut play, environment.clock.now());
    Ok(play)
}

/// Has the registry do this with the library.
pub(crate) async fn library<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
    environment: &Environment,
    work: impl FnOnce(registry::Library) -> F + Send + 'static,
) -> Result<T, Error> {
    call(&environment.registry.get(), |reply| registry::Message::new(work, reply)).await?
}

/// The same for what changes nothing: a registry that goes away with the question has no say.
pub(crate) async fn read_library<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
    environment: &Environment,
    work: impl FnOnce(registry::Library) -> F + Clone + Send + 'static,
) -> Result<T, Error> {
    let message = |reply| registry::Message::new(work.clone(), reply);
    call_permanent(&environment.registry, message).await?
}

/// Hands a wish to a play and gives what became of it.
pub(crate) async fn wish_of(
    environment: &Environment,
    play_sid: PlaySid,
    wish: impl FnOnce(ReplyPort) -> Wish,
) -> Result<Reply, Error> {
    let message = |reply| plays::Message::Wish { play_sid: play_sid.clone(), wish: wish(reply) };
    // An actor that went away with the wish has said why, where it knew.
    let known = |gone| environment.feeds.trouble(&play_sid).unwrap_or(gone);
    call(&environment.plays.get(), message).await.map_err(known)?
}

/// The interpreter, or why there is none, with the SDK where it finds it.
fn prepare_python(paths: &Paths, config: &Config) -> Result<Result<Python, String>, Error> {
    let python =
        match Python::resolve(config.wished_python().as_deref(), std::env::var_os("PATH"), &paths.python()) {
            Ok(python) => Ok(python),
            // Who only looks needs none.
            Err(error) if config.recover == Recover::Mark => Err(error.message),
            Err(error) => return Err(error),
        };
    stage_sdk(&paths.sdk()).map_err(|error| {
        Error::new(ErrorCode::StorageFailed, format!("the Python package cannot be written: {error}"))
            .hint(format!("{} must be writable", paths.sdk().display()))
    })?;
    Ok(python)
}

/// Work that waits for the disk, beside the threads that wait for nothing.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(internal)?
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::Internal, error.to_string())
}
