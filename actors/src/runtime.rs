//! The runtime: opens the store, brings the actors up, and answers every method.

use std::{sync::Arc, time::Duration};

use hero_sdk::{
    Error, ErrorCode, Json, PlaySid, Secret, SecretName, SecretValue,
    logic::{
        ArtifactFetch, Logic, PlayList, PlayResume, PlayRunAsync, PlaySpans, PlayStart, PlayWait, Plays,
        Retried, ServerInfo, SpanFeed, StartOptions, Until,
    },
    model::{Artifact, Play, ResumeRequest, Sandbox, SpanPage, Status, Workflow, WorkflowVersion},
};
use hero_store::{OpenOptions, PlayFilter, PlayMemory, PlayRow, Tables};
use ractor::{Actor, ActorRef};

use self::feed::{SPANS_LIMIT, feed, page};
use crate::{
    Config, Recover,
    call::{call, call_permanent},
    failpoint::{Failpoint, layers_taken_away},
    handle::Handle,
    launcher::{self, LaunchError, LayerLook, Python, stage_sdk},
    paths::Paths,
    play::{Environment, Reply, ReplyPort, Wish, check_against, not_launched},
    plays::{self, Sweeper, not_found},
    registry::{self, Source},
    root::{self, Root},
    sandbox::check_places,
    secrets::{self, Redactor},
};

mod feed;
#[cfg(test)]
mod tests;

/// Entries of a page unless told, and at most.
const LIST_LIMIT: u32 = 50;
/// See [`LIST_LIMIT`].
const LIST_LIMIT_MAX: u32 = 1_000;
/// How long a shutdown waits for processes to be gone before it leaves them to the kernel.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);
/// Characters of an idempotency key.
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 200;

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
    registry: Handle<registry::Message>,
    root: ActorRef<root::Message>,
    python: Result<Python, String>,
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
        let registry = Handle::vacant();
        let (runs, work_kept_ms) = (config.recover == Recover::Run, config.work_kept_ms);
        let root = Root {
            environment: Arc::clone(&environment),
            registry: registry.clone(),
            python: python.clone(),
            library: Arc::new(config.library),
            running_max: config.running_max,
            living_max: config.living_max,
            runs,
        };
        let (root, _) = Actor::spawn(None, root, ()).await.map_err(internal)?;
        let mut runtime = Self { environment, registry, root, python, sweeper: None };
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

    async fn sweep(&self, runs: bool) -> Result<usize, Error> {
        let plays = self.environment.plays.get();
        call(&plays, |reply| plays::Message::Sweep { runs, reply }).await?
    }

    /// Interrupts every play, waits until no process is left, and closes the store. Interrupted plays go on at the
    /// next start.
    pub async fn shutdown(self) -> Result<(), Error> {
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
        // Whatever became of the actors, the store must not stay locked.
        let closed = self.environment.tables.clone().close().await.map_err(Error::from);
        stopped.and(closed)
    }

    async fn stop(&self) -> Result<(), Error> {
        call(&self.root, root::Message::GoDown).await?;
        self.root.stop_children_and_wait(None, Some(SHUTDOWN_LIMIT)).await;
        self.root.stop_and_wait(None, Some(SHUTDOWN_LIMIT)).await.map_err(internal)
    }

    async fn start(
        &self,
        version: WorkflowVersion,
        name: String,
        options: StartOptions,
    ) -> Result<Play, Error> {
        let StartOptions { inputs, idempotency_key, tags, trigger } = options;
        if let Some(key) = &idempotency_key {
            if key.is_empty() || key.chars().count() > IDEMPOTENCY_KEY_CHARS_MAX {
                let message = format!("an idempotency key has 1 to {IDEMPOTENCY_KEY_CHARS_MAX} characters");
                return Err(Error::new(ErrorCode::InvalidParams, message));
            }
            if let Some(known) = self.environment.tables.play_by_idempotency_key(key)? {
                return self.play_status(known).await;
            }
        }
        let fields = check_against(&version.inputs, &inputs);
        if !fields.is_empty() {
            let message = format!("the inputs do not fit the flow {}", version.name);
            return Err(Error::new(ErrorCode::InvalidInputs, message)
                .hint(describe_inputs(&version))
                .fields(fields));
        }
        let secrets = self.environment.vault.read(&secrets::declared(&version.options))?;
        let redactor = self.environment.vault.redactor(&secrets, &version.source)?;
        let (inputs, tags) = match &redactor {
            Some(redactor) => {
                check_key(redactor, idempotency_key.as_deref())?;
                let tags = tags.iter().map(|tag| redactor.text(tag).into_owned()).collect();
                (redactor.kept(&inputs), tags)
            }
            None => (inputs, tags),
        };
        let sandbox = &self.environment.sandbox;
        let sandbox = Sandbox {
            level: sandbox.level,
            layers: self.environment.layers.known().layers.to_vec(),
            allowance: self.environment.grant(&version.options)?,
        };
        let play_sid = PlaySid::new();
        let play = Play {
            root_play_sid: play_sid.clone(),
            play_sid,
            workflow_sid: version.workflow_sid,
            workflow: name,
            version_sid: version.version_sid,
            version: version.version,
            status: Status::Queued,
            inputs,
            outputs: None,
            error: None,
            attempt: 0,
            trigger,
            tags,
            parent_play_sid: None,
            cost_usd: 0.0,
            tokens_in: 0,
            tokens_out: 0,
            created_at: self.environment.clock.now().wall,
            started_at: None,
            ended_at: None,
            duration_ms: 0.0,
            pending_resumes: 0,
            sandbox: Some(sandbox),
        };
        let memory = PlayMemory { idempotency_key, ..PlayMemory::default() };
        let row = Box::new(PlayRow { play, memory });
        let plays = self.environment.plays.get();
        let reply = call(&plays, |reply| plays::Message::Start { row, reply }).await??;
        Ok(reply.play)
    }

    /// Hands a wish to a play and gives what became of it.
    async fn wish(&self, play_sid: PlaySid, wish: impl FnOnce(ReplyPort) -> Wish) -> Result<Reply, Error> {
        let plays = self.environment.plays.get();
        let message = |reply| plays::Message::Wish { play_sid: play_sid.clone(), wish: wish(reply) };
        // An actor that went away with the wish has said why, where it knew.
        let known = |gone| self.environment.feeds.trouble(&play_sid).unwrap_or(gone);
        call(&plays, message).await.map_err(known)?
    }
}

#[async_trait::async_trait]
impl Logic for Runtime {
    async fn play_start(&self, params: PlayStart) -> Result<Play, Error> {
        let PlayStart { workflow, options } = params;
        let resolved =
            call(&self.registry.get(), |reply| registry::Message::Resolve { workflow, reply }).await?;
        let (workflow, version) = resolved?;
        self.start(version, workflow.name, options).await
    }

    async fn play_run_async(&self, params: PlayRunAsync) -> Result<Play, Error> {
        let PlayRunAsync { source, file_name, entry, options } = params;
        let file_name = if file_name.is_empty() { "flow.py".to_owned() } else { file_name };
        let source = Source { source, file_name: file_name.clone(), entry };
        let version =
            call(&self.registry.get(), |reply| registry::Message::Describe { source, reply }).await??;
        self.start(version, file_name, options).await
    }

    async fn play_status(&self, play_sid: PlaySid) -> Result<Play, Error> {
        let row = self.environment.tables.play(&play_sid)?.ok_or_else(|| not_found(&play_sid))?;
        Ok(row.play)
    }

    async fn play_wait(&self, params: PlayWait) -> Result<Play, Error> {
        let PlayWait { play_sid, timeout_ms, until } = params;
        let mut changes = self.environment.feeds.subscribe_row(&play_sid);
        let waiting = async {
            loop {
                let play = self.play_status(play_sid.clone()).await?;
                let is_there = match until {
                    Until::Settled => play.status.is_settled(),
                    Until::Terminal => play.status.is_terminal(),
                };
                if is_there {
                    return Ok(play);
                }
                if let Some(trouble) = self.environment.feeds.trouble(&play_sid) {
                    return Err(trouble);
                }
                changes.changed().await.map_err(|_| crate::call::gone())?;
            }
        };
        match timeout_ms {
            None => waiting.await,
            Some(timeout_ms) => {
                match tokio::time::timeout(Duration::from_millis(timeout_ms), waiting).await {
                    Ok(result) => result,
                    Err(_) => self.play_status(play_sid).await,
                }
            }
        }
    }

    async fn play_cancel(&self, play_sid: PlaySid, reason: Option<String>) -> Result<Play, Error> {
        let reply = self.wish(play_sid, |reply| Wish::Cancel { reason, reply }).await?;
        Ok(reply.play)
    }

    async fn play_resume(&self, params: PlayResume) -> Result<Play, Error> {
        let PlayResume { play_sid, resume_id, payload, answered_by } = params;
        let wish = |reply| Wish::Answer { resume_id, payload, answered_by, reply };
        Ok(self.wish(play_sid, wish).await?.play)
    }

    async fn play_pending_resumes(&self, play_sid: Option<PlaySid>) -> Result<Vec<ResumeRequest>, Error> {
        let Some(play_sid) = play_sid else {
            return Ok(self.environment.tables.resumes_open()?);
        };
        self.play_status(play_sid.clone()).await?;
        let mut resumes = self.environment.tables.resumes_of(&play_sid)?;
        resumes.retain(|resume| resume.status == hero_sdk::model::ResumeStatus::Open);
        Ok(resumes)
    }

    async fn play_list(&self, params: PlayList) -> Result<Plays, Error> {
        let PlayList { workflow, status, tag, limit, cursor } = params;
        let limit = limit.unwrap_or(LIST_LIMIT).clamp(1, LIST_LIMIT_MAX) as usize;
        let filter = PlayFilter { workflow, status, tag };
        let mut plays = self.environment.tables.plays_page(&filter, cursor.as_ref(), limit + 1)?;
        let has_more = plays.len() > limit;
        plays.truncate(limit);
        for play in &mut plays {
            play.inputs = Json::null();
            play.outputs = None;
        }
        let next_cursor = plays.last().filter(|_| has_more).map(|play| play.play_sid.clone());
        Ok(Plays { plays, next_cursor })
    }

    async fn play_spans(&self, params: PlaySpans) -> Result<SpanPage, Error> {
        let PlaySpans { play_sid, after_seq, limit } = params;
        page(&self.environment, &play_sid, after_seq, limit.unwrap_or(SPANS_LIMIT).max(1))
    }

    async fn play_feed(&self, play_sid: PlaySid, after_seq: u64) -> Result<SpanFeed, Error> {
        self.play_status(play_sid.clone()).await?;
        Ok(feed(Arc::clone(&self.environment), play_sid, after_seq))
    }

    async fn play_retry(&self, play_sid: PlaySid) -> Result<Retried, Error> {
        let Reply { play, runs_again } = self.wish(play_sid, |reply| Wish::Retry { reply }).await?;
        Ok(Retried { play, runs_again })
    }

    async fn play_artifacts(&self, play_sid: PlaySid) -> Result<Vec<Artifact>, Error> {
        self.play_status(play_sid.clone()).await?;
        Ok(self.environment.tables.artifacts(&play_sid)?)
    }

    async fn play_artifact_fetch(&self, play_sid: PlaySid, name: String) -> Result<ArtifactFetch, Error> {
        self.play_status(play_sid.clone()).await?;
        let missing = || {
            Error::new(ErrorCode::NotFound, format!("play {play_sid} has no artifact {name:?}"))
                .hint(format!("`hero_logic play artifacts {play_sid}` lists those that it has"))
        };
        let artifact = self.environment.tables.artifact(&play_sid, &name)?.ok_or_else(missing)?;
        let content = self.environment.artifacts.read(&artifact).await?;
        Ok(ArtifactFetch { artifact, content })
    }

    async fn workflow_list(&self) -> Result<Vec<Workflow>, Error> {
        call(&self.registry.get(), registry::Message::List).await?
    }

    async fn secret_set(&self, name: SecretName, value: SecretValue) -> Result<(), Error> {
        let (environment, now) = (Arc::clone(&self.environment), self.environment.clock.now().wall);
        blocking(move || environment.vault.set(name, value, now)).await
    }

    async fn secret_list(&self) -> Result<Vec<Secret>, Error> {
        let environment = Arc::clone(&self.environment);
        blocking(move || environment.vault.list()).await
    }

    async fn secret_remove(&self, name: SecretName) -> Result<(), Error> {
        let environment = Arc::clone(&self.environment);
        blocking(move || environment.vault.remove(&name)).await
    }

    async fn server_info(&self) -> Result<ServerInfo, Error> {
        let counts = call(&self.environment.plays.get(), plays::Message::Count).await?;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(ServerInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            python: self
                .python
                .as_ref()
                .map_or(String::new(), |python| python.executable.display().to_string()),
            python_version: self.python.as_ref().map_or(String::new(), |python| python.version.clone()),
            store: self.environment.paths.store().display().to_string(),
            sandbox_level: self.environment.sandbox.level,
            sandbox: self.environment.layers.known().layers.to_vec(),
            sandbox_missing: self.environment.layers.known().missing.as_ref().clone(),
            sandbox_defaults: self.environment.sandbox.defaults.clone(),
            plays_running: number(counts.running),
            plays_queued: number(counts.queued),
        })
    }
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

/// A key cannot be changed: by it the play is found again.
fn check_key(redactor: &Redactor, idempotency_key: Option<&str>) -> Result<(), Error> {
    if idempotency_key.is_some_and(|key| redactor.text(key) != key) {
        let message = "the idempotency key holds the value of a secret, and would be kept as it is";
        return Err(Error::new(ErrorCode::InvalidParams, message));
    }
    Ok(())
}

/// The inputs that a flow takes, in one line.
fn describe_inputs(version: &WorkflowVersion) -> String {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Schema {
        properties: serde_json::Map<String, serde_json::Value>,
        required: Vec<String>,
    }
    let schema: Schema = version.inputs.to().unwrap_or_default();
    if schema.properties.is_empty() {
        return format!("{} takes no inputs", version.name);
    }
    let inputs: Vec<String> = schema
        .properties
        .iter()
        .map(|(name, property)| {
            let kind = property.get("type").and_then(|kind| kind.as_str()).unwrap_or("any");
            let need = if schema.required.contains(name) { "required" } else { "optional" };
            format!("{name} ({kind}, {need})")
        })
        .collect();
    format!("{} takes {}", version.name, inputs.join(", "))
}

/// Work that waits for the disk, beside the threads that wait for nothing.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(internal)?
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::Internal, error.to_string())
}
