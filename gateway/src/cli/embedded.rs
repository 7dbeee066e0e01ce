//! The runtime in this very process. The only file of the command line that knows `hero_actors`.

use std::{ffi::OsString, path::PathBuf, sync::Arc};

use hero_actors::{Adopted, BundledFlow, Config, Recover, Runtime};
pub(crate) use hero_actors::{Check, CheckState, SandboxConfig, interpreters};
use hero_sdk::Logic;

use crate::{
    cli::{clock, errors::Failure},
    telemetry::{Ready, Telemetry},
};

/// How many days the working directory of a play stays after its end.
const WORK_DAYS: &str = "HERO_WORK_DAYS";

/// What a command wants of the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To run plays: those that were interrupted go on.
    Run,
    /// To watch a play, which is run as whoever started it wanted; else as to run plays.
    Watch,
    /// To look: interrupted plays are marked, and go on with the next command that runs plays.
    Look,
}

/// An open runtime.
pub(crate) struct Session {
    runtime: Arc<Runtime>,
    telemetry: Option<Telemetry>,
}

impl Session {
    /// Everything that can be asked of it.
    pub(crate) fn logic(&self) -> &dyn Logic {
        &*self.runtime
    }

    /// The same, for whoever keeps it.
    pub(crate) fn shared(&self) -> Arc<dyn Logic> {
        Arc::clone(&self.runtime) as Arc<dyn Logic>
    }

    /// Questions get links that begin so.
    pub(crate) fn serve_links(&self, url: &str) {
        self.runtime.serve_links(url);
    }

    /// Has it ready for searches of the library.
    pub(crate) fn index_library(&self) -> Result<(), hero_sdk::Error> {
        self.runtime.index_library()
    }

    /// Has the runtime look after an actor, from now on until it is closed.
    pub(crate) async fn adopt(&self, adopted: Arc<dyn Adopted>) -> Result<(), Failure> {
        Ok(self.runtime.adopt(adopted).await?)
    }

    /// Returns when the runtime has given up.
    pub(crate) async fn ended(&self) {
        self.runtime.ended().await;
    }

    /// Interrupts what still runs, which goes on with the next command, and closes the store.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        if let Some(telemetry) = self.telemetry {
            telemetry.close().await;
        }
        Ok(self.runtime.shutdown().await?)
    }
}

/// Opens the runtime on the store under `home`.
pub(crate) async fn open(
    home: PathBuf,
    sandbox: SandboxConfig,
    purpose: Purpose,
) -> Result<Session, Failure> {
    let mut config = config(home, sandbox);
    if let Some(work_kept_ms) = work_kept_ms(std::env::var_os(WORK_DAYS))? {
        config.work_kept_ms = work_kept_ms;
    }
    config.recover = match purpose {
        Purpose::Run | Purpose::Watch => Recover::Run,
        Purpose::Look => Recover::Mark,
    };
    let telemetry = if purpose != Purpose::Look { Ready::of_environment()? } else { None };
    let began = clock::now();
    let runtime = Arc::new(Runtime::open(config).await?);
    let telemetry = telemetry.map(|ready| ready.start(Arc::clone(&runtime) as Arc<dyn Logic>, began));
    Ok(Session { runtime, telemetry })
}

/// Checks what the runtime needs. The store is let be where a process has it open.
pub(crate) async fn doctor(home: PathBuf, sandbox: SandboxConfig, held_by: Option<u32>) -> Vec<Check> {
    hero_actors::doctor(config(home, sandbox), held_by).await
}

/// What the variable asks for; an empty one is as good as none.
fn work_kept_ms(days: Option<OsString>) -> Result<Option<u64>, Failure> {
    /// A hundred years.
    const DAYS_MAX: f64 = 36_525.0;
    const DAY_MS: f64 = 86_400_000.0;
    let Some(days) = days.filter(|days| !days.is_empty()) else { return Ok(None) };
    match days.to_str().and_then(|days| days.parse::<f64>().ok()) {
        Some(days) if (0.0..=DAYS_MAX).contains(&days) => Ok(Some((days * DAY_MS) as u64)),
        _ => Err(Failure::usage("usage", format!("{WORK_DAYS} is {days:?}"))
            .hint("give a number of days, such as 7 or 0.5")),
    }
}

fn config(home: PathBuf, sandbox: SandboxConfig) -> Config {
    let mut config = Config { sandbox, ..Config::new(home) };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_a_number() {
        let of = |days: &str| work_kept_ms(Some(days.into())).map_err(|failure| failure.code);
        assert_eq!([of(""), of("0"), of("0.5")], [Ok(None), Ok(Some(0)), Ok(Some(43_200_000))]);
        for days in ["-1", "week", "nan", "inf", "1e9"] {
            assert_eq!(of(days), Err("usage"), "{days}");
        }
    }
}
