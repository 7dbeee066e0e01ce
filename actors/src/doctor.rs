//! Looks whether everything that plays need is there, by using it.

use hero_sdk::{
    Error, Logic as _,
    logic::{PlayRunAsync, PlayWait, Until},
    model::Status,
};

use crate::{Config, Recover, Runtime, launcher::Python, paths::Paths};

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// Works, with less than there could be.
    Warning,
    /// Plays cannot run.
    Failed,
}

/// One thing looked at.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// How it came out.
    pub state: CheckState,
    /// What was seen.
    pub detail: String,
    /// What to do.
    pub remedy: Option<String>,
}

/// The flow that the last check plays: a step and its result, durable.
const FLOW: &str = "from hero_tracing import flow


@flow
def step():
    return 42


@flow
def main():
    return step()
";

/// Checks the home directory, the interpreter, the store, and a real play from request to result.
pub async fn doctor(config: Config) -> Vec<Check> {
    let mut checks = Vec::new();
    let paths = Paths::new(&config.home);
    let home = paths.make().map(|()| config.home.display().to_string());
    let home_works = home.is_ok();
    checks.push(check("home", home));
    if !home_works {
        return checks;
    }
    let python =
        Python::resolve(config.wished_python().as_deref(), std::env::var_os("PATH"), &paths.python());
    checks.push(check(
        "python",
        python.map(|python| {
            let more = if python.shares() { "" } else { "; from 3.12 on a play takes half the memory" };
            format!("{} ({}{more})", python.executable.display(), python.version)
        }),
    ));
    match Runtime::open(Config { recover: Recover::Mark, ..config.clone() }).await {
        Ok(runtime) => {
            checks.push(check("store", Ok(paths.store().display().to_string())));
            if let Err(error) = runtime.shutdown().await {
                checks.push(check("shutdown", Err(error)));
            }
        }
        Err(error) => {
            let name = if error.code == hero_sdk::ErrorCode::NoPython { "runtime" } else { "store" };
            checks.push(check(name, Err(error)));
            return checks;
        }
    }
    checks.push(check("play", play(config).await));
    checks.push(Check {
        name: "sandbox",
        state: CheckState::Warning,
        detail: "a process group, no new privileges and a scrubbed environment; files and network are open"
            .to_owned(),
        remedy: Some("run only flows that you trust".to_owned()),
    });
    checks
}

/// Runs the flow in a store of its own, so that neither this store nor its unfinished plays are touched.
async fn play(config: Config) -> Result<String, Error> {
    let home = config.home.join(".hero/var/flows/doctor");
    let runtime = Runtime::open(Config { home: home.clone(), ..config }).await?;
    let played = play_in(&runtime).await;
    runtime.shutdown().await?;
    // What is left would only be found by somebody who looks for it.
    if let Err(error) = std::fs::remove_dir_all(&home) {
        tracing::warn!(%error, "the doctor's store could not be removed");
    }
    played
}

async fn play_in(runtime: &Runtime) -> Result<String, Error> {
    let params = PlayRunAsync {
        source: FLOW.to_owned(),
        file_name: "doctor.py".to_owned(),
        ..PlayRunAsync::default()
    };
    let play_sid = runtime.play_run_async(params).await?.play_sid;
    let wait = PlayWait { play_sid, timeout_ms: Some(30_000), until: Until::Terminal };
    let play = runtime.play_wait(wait).await?;
    if play.status == Status::Succeeded && play.outputs.is_some_and(|outputs| outputs.as_str() == "42") {
        return Ok(format!("a flow of one durable step ran in {:.1} ms", play.duration_ms));
    }
    let reason = play.error.map(|error| error.message).unwrap_or_default();
    Err(Error::new(hero_sdk::ErrorCode::Internal, format!("the play is {}: {reason}", play.status.as_str())))
}

fn check(name: &'static str, result: Result<String, Error>) -> Check {
    match result {
        Ok(detail) => Check { name, state: CheckState::Ok, detail, remedy: None },
        Err(error) => Check { name, state: CheckState::Failed, detail: error.message, remedy: error.hint },
    }
}
