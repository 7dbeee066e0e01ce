//! Looks whether everything that plays need is there, by using it.

use hero_sdk::{
    Error, Logic as _,
    logic::{PlayRunAsync, PlayWait, Until},
    model::{SandboxLevel, Status},
};

use crate::{
    Config, Recover, Runtime, SandboxConfig,
    launcher::{LayerLook, Python},
    paths::Paths,
};

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
    pub name: String,
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
///
/// `held_by` is the process that has the store open, where one is known to have: it is not opened then.
pub async fn doctor(config: Config, held_by: Option<u32>) -> Vec<Check> {
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
    let store = paths.store().display().to_string();
    match held_by {
        Some(pid) => checks.push(check("store", Ok(format!("{store}, served by process {pid}")))),
        None => match Runtime::open(Config { recover: Recover::Mark, ..config.clone() }).await {
            Ok(runtime) => {
                checks.push(check("store", Ok(store)));
                if let Err(error) = runtime.shutdown().await {
                    checks.push(check("shutdown", Err(error)));
                }
            }
            Err(error) => {
                let name = if error.code == hero_sdk::ErrorCode::NoPython { "runtime" } else { "store" };
                checks.push(check(name, Err(error)));
                return checks;
            }
        },
    }
    let (level, is_required) = (config.sandbox.level, config.sandbox.is_required);
    let (played, looks) = play(config).await;
    checks.push(check("play", played));
    match looks {
        Ok(looks) => {
            checks.push(sandbox(level, is_required, &looks));
            checks.extend(looks.into_iter().map(layer));
        }
        Err(error) => checks.push(check("sandbox", Err(error))),
    }
    checks
}

/// Runs the flow in a store of its own, so that neither this store nor its unfinished plays are touched; there each
/// layer of the sandbox is tried as well.
async fn play(config: Config) -> (Result<String, Error>, Result<Vec<LayerLook>, Error>) {
    let home = config.home.join(".hero/var/flows/doctor");
    // What is missing is to be told, not refused.
    let sandbox = SandboxConfig { is_required: false, ..config.sandbox };
    let runtime = match Runtime::open(Config { home: home.clone(), sandbox, ..config }).await {
        Ok(runtime) => runtime,
        Err(error) => return (Err(error.clone()), Err(error)),
    };
    let played = play_in(&runtime).await;
    let looks = runtime.probe_sandbox().await;
    let closed = runtime.shutdown().await;
    // What is left would only be found by somebody who looks for it.
    if let Err(error) = std::fs::remove_dir_all(&home) {
        tracing::warn!(%error, "the doctor's store could not be removed");
    }
    (closed.and(played), looks)
}

/// All layers in one line.
fn sandbox(level: SandboxLevel, is_required: bool, looks: &[LayerLook]) -> Check {
    let missing = looks.iter().filter(|look| look.missing.is_some()).count();
    let (state, detail, remedy) = match (level, missing) {
        (SandboxLevel::Off, _) => (
            CheckState::Warning,
            "off: flows may do all that you may".to_owned(),
            Some(
                "leave --sandbox and the level in hero_logic.toml out, unless every flow is trusted"
                    .to_owned(),
            ),
        ),
        (level, 0) => (CheckState::Ok, format!("level {}, every layer is there", level.as_str()), None),
        (level, missing) => (
            if is_required { CheckState::Failed } else { CheckState::Warning },
            format!("level {}, {missing} of {} layers are missing", level.as_str(), looks.len()),
            Some(
                if is_required {
                    "see beneath; plays are refused, since the sandbox is required"
                } else {
                    "see beneath; --require-sandbox refuses to run plays so"
                }
                .to_owned(),
            ),
        ),
    };
    Check { name: "sandbox".to_owned(), state, detail, remedy }
}

/// One layer, as a child found it that put it on.
fn layer(look: LayerLook) -> Check {
    let name = format!("sandbox {}", look.layer);
    match look.missing {
        None => {
            let ms = look.ms.map_or(String::new(), |ms| format!(" ({ms:.2} ms)"));
            Check {
                name,
                state: CheckState::Ok,
                detail: format!("{}{ms}", purpose(&look.layer)),
                remedy: None,
            }
        }
        Some(reason) => Check {
            name,
            state: CheckState::Warning,
            detail: format!("missing: {reason}"),
            remedy: Some(remedy(&look.layer).to_owned()),
        },
    }
}

fn purpose(layer: &str) -> &'static str {
    match layer {
        "user_namespace" => "rights of its own, which count nowhere else",
        "pid_namespace" => "it sees its own processes only, and all of them end with it",
        "cgroup" => "all of its processes are in one group, which is killed",
        "mount_namespace" => "a temporary directory and shared memory of its own, of limited size",
        "read_only" => "nothing but its own directory can be changed, not even modes and times",
        "ipc_namespace" => "queues and segments of its own",
        "network_namespace" => "no network but its own",
        "limits" => "memory, processes, file sizes, CPU time",
        "uid" => "a user of its own, to whom nothing else belongs",
        "capabilities" => "none",
        "landlock" => "files and TCP ports beyond what it may have are refused",
        "seccomp" => "system calls beyond what flows need are refused",
        _ => "",
    }
}

fn remedy(layer: &str) -> &'static str {
    match layer {
        "user_namespace" | "pid_namespace" | "mount_namespace" | "ipc_namespace" | "network_namespace" => {
            "allow user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, \
             kernel.apparmor_restrict_unprivileged_userns; in a container a seccomp profile that allows clone), \
             or start hero_logic as root"
        }
        "uid" => {
            "the interpreter, the home directory and what is above them must be open to other users; \
             mount namespaces do that where CAP_SYS_ADMIN is there"
        }
        "cgroup" => {
            "Linux 5.14 or newer, and a control group that hero_logic may write to: for a service of systemd \
             Delegate=yes and DelegateSubgroup=server"
        }
        "read_only" => "Linux 5.12 or newer, and mount namespaces",
        "landlock" => {
            "Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK, and landlock in the boot parameter lsm="
        }
        "seccomp" => "a kernel with CONFIG_SECCOMP_FILTER",
        _ => "the reason says what the kernel refused",
    }
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

fn check(name: &str, result: Result<String, Error>) -> Check {
    let name = name.to_owned();
    match result {
        Ok(detail) => Check { name, state: CheckState::Ok, detail, remedy: None },
        Err(error) => Check { name, state: CheckState::Failed, detail: error.message, remedy: error.hint },
    }
}
