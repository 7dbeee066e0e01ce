//! The runtime in this very process. The only file of the command line that knows `hero_actors`.

use std::path::PathBuf;

use hero_actors::{BundledFlow, Config, Recover, Runtime};
pub(crate) use hero_actors::{Check, CheckState};
use hero_sdk::Logic;

use crate::cli::errors::Failure;

/// What a command wants of the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To run plays: those that were interrupted go on.
    Run,
    /// To look: interrupted plays are marked, and go on with the next command that runs plays.
    Look,
}

/// An open runtime.
pub(crate) struct Session {
    runtime: Runtime,
}

impl Session {
    /// Everything that can be asked of it.
    pub(crate) fn logic(&self) -> &dyn Logic {
        &self.runtime
    }

    /// Interrupts what still runs, which goes on with the next command, and closes the store.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        Ok(self.runtime.shutdown().await?)
    }
}

/// Opens the runtime on the store under `home`.
pub(crate) async fn open(home: PathBuf, purpose: Purpose) -> Result<Session, Failure> {
    let mut config = config(home);
    config.recover = match purpose {
        Purpose::Run => Recover::Run,
        Purpose::Look => Recover::Mark,
    };
    Ok(Session { runtime: Runtime::open(config).await? })
}

/// Checks what the runtime needs.
pub(crate) async fn doctor(home: PathBuf) -> Vec<Check> {
    hero_actors::doctor(config(home)).await
}

fn config(home: PathBuf) -> Config {
    let mut config = Config::new(home);
    config.library = hero_seeds::FLOWS
        .iter()
        .map(|seed| BundledFlow {
            name: seed.name.to_owned(),
            file_name: seed.file_name.to_owned(),
            description: seed.description.to_owned(),
            source: seed.source.to_owned(),
        })
        .collect();
    config
}
