//! What every play, and whoever looks after plays, works with.

use std::sync::{Arc, RwLock};

use hero_sdk::{Error, Json, Timestamp, model::Allowance};
use hero_store::Tables;
use tokio::sync::watch;

use super::compiled::Compiled;
use crate::{
    Config,
    artifacts::Artifacts,
    benchmarks,
    clock::{Clock, SystemClock},
    event_log::EventLog,
    failpoint::Failpoint,
    feeds::Feeds,
    handle::Handle,
    launcher::{self, KnownLayers},
    meters::Meters,
    paths::Paths,
    plays::{self, Closing},
    registry::{self, NewestFinder},
    sandbox::{SandboxConfig, check_places, grant},
    seal::Seal,
    secrets::Vault,
    working::Working,
};

/// One of a runtime.
pub(crate) struct Environment {
    pub(crate) tables: Tables,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) opened_at: Timestamp,
    pub(crate) feeds: Feeds,
    pub(crate) events: Arc<EventLog>,
    pub(crate) meters: Meters,
    pub(crate) paths: Paths,
    pub(crate) vault: Vault,
    pub(crate) seal: Seal,
    pub(crate) sandbox: SandboxConfig,
    pub(crate) layers: KnownLayers,
    pub(crate) artifacts: Artifacts,
    /// Taken for reading while a play's working directory is made, for writing while one is taken away.
    pub(crate) wiping: RwLock<()>,
    pub(crate) compiled: Compiled,
    pub(crate) launcher: Handle<launcher::Message>,
    pub(crate) plays: Handle<plays::Message>,
    pub(crate) registry: Handle<registry::Message>,
    pub(crate) finder: NewestFinder,
    pub(crate) benchmarks: Handle<benchmarks::Message>,
    /// Wakes who waits for a benchmark, whichever it is.
    pub(crate) measured: watch::Sender<()>,
    pub(crate) working: Working,
    /// Workflows that take no new plays.
    pub(crate) closing: Closing,
    pub(crate) failpoint: Failpoint,
}

impl Environment {
    /// Over a store, with nobody at the handles yet.
    pub(crate) fn new(tables: Tables, config: &Config, failpoint: Failpoint) -> Arc<Self> {
        let paths = Paths::new(&config.home);
        let artifacts = Artifacts::new(paths.artifacts(), config.artifact_bytes_max);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        Arc::new(Self {
            tables,
            events: EventLog::new(Arc::clone(&clock)),
            opened_at: clock.now().wall,
            clock,
            feeds: Feeds::default(),
            meters: Meters::default(),
            vault: Vault::new(paths.secrets()),
            seal: Seal::new(paths.seal()),
            paths,
            sandbox: config.sandbox.clone(),
            layers: KnownLayers::default(),
            artifacts,
            wiping: RwLock::default(),
            compiled: Compiled::default(),
            launcher: Handle::vacant(),
            plays: Handle::vacant(),
            registry: Handle::vacant(),
            finder: NewestFinder::default(),
            benchmarks: Handle::vacant(),
            measured: watch::Sender::default(),
            working: Working::default(),
            closing: Closing::default(),
            failpoint,
        })
    }

    /// What a play of a version with these options may do, or why it is beyond what may be allowed.
    pub(crate) fn grant(&self, options: &Json) -> Result<Allowance, Error> {
        let allowance = grant(options, &self.sandbox)?;
        check_places(&allowance, &self.sandbox, &self.paths.own())?;
        Ok(allowance)
    }
}
