//! The launcher with real processes. Only the session is a stand-in (`session.py`), so that no flow is needed.

mod edges;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use ractor::{Actor, ActorRef};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use super::{KnownLayers, LaunchError, Launcher, Message, Process, Python, Signal, Spawn};
use crate::{SandboxConfig, call::call};

/// What of the SDK the fork server and its children run before a session begins.
const STAGED: [&str; 16] = [
    "_cgroups.py",
    "_child.py",
    "_confine.py",
    "_denials.py",
    "_fork.py",
    "_fork_server.py",
    "_immortal.py",
    "_kernel.py",
    "_landlock.py",
    "_limits.py",
    "_mounts.py",
    "_preload.py",
    "_probe.py",
    "_process.py",
    "_scheduling.py",
    "_system_paths.py",
];

struct Stage {
    directory: tempfile::TempDir,
    launcher: ActorRef<Message>,
}

impl Stage {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let cache = directory.path().join("python.json");
        let python = Python::resolve(None, std::env::var_os("PATH"), &cache).unwrap();
        Self::with(python, directory, SandboxConfig::default()).await
    }

    async fn with(python: Python, directory: tempfile::TempDir, sandbox: SandboxConfig) -> Self {
        let package = directory.path().join("hero_tracing");
        std::fs::create_dir(&package).unwrap();
        std::fs::create_dir_all(directory.path().join("plays/one/work")).unwrap();
        for (name, text) in hero_sdk::python::FILES {
            if STAGED.contains(name) {
                std::fs::write(package.join(name), text).unwrap();
            }
        }
        std::fs::write(package.join("__init__.py"), "").unwrap();
        std::fs::write(package.join("_session.py"), include_str!("session.py")).unwrap();
        std::fs::write(package.join("_rehearsal.py"), "def rehearse():\n    pass\n").unwrap();
        let launcher = Launcher {
            python: Ok(python),
            sdk: directory.path().to_owned(),
            plays: directory.path().join("plays"),
            describe: directory.path().join("plays"),
            sandbox,
            known: KnownLayers::default(),
            starts_early: true,
            restarts: crate::meters::Counter::default(),
        };
        let (launcher, _) = Actor::spawn(None, launcher, ()).await.unwrap();
        Self { directory, launcher }
    }

    /// The directory of a play.
    fn home(&self) -> PathBuf {
        self.directory.path().join("plays/one")
    }

    fn request(&self) -> Spawn {
        Spawn {
            workdir: self.home().join("work"),
            home: Some(self.home()),
            output: Some(self.home().join("output.log")),
            imports: vec!["json".into()],
            allowance: SandboxConfig::default().defaults,
        }
    }

    async fn spawn(&self) -> Result<Process, LaunchError> {
        let spawn = Box::new(self.request());
        call(&self.launcher, |reply| Message::Spawn { spawn, reply }).await.unwrap()
    }

    /// Gives an order and returns the process with the line it says.
    async fn order(&self, order: &str) -> (Process, String) {
        let mut process = self.spawn().await.unwrap();
        let mut stream = process.stream.take().unwrap();
        stream.write_all(format!("{order}\n").as_bytes()).await.unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await.unwrap();
        (process, line.trim().to_owned())
    }
}

/// True while a process of this id runs (a zombie does not).
fn runs(pid: &str) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    status.is_ok_and(|status| !status.contains(") Z"))
}

/// The process that goes by this name, by its number here.
fn pid_of(name: &str) -> Option<String> {
    let line_ends = format!("{name}\0");
    std::fs::read_dir("/proc").unwrap().find_map(|entry| {
        let directory = entry.ok()?.path();
        let line = std::fs::read(directory.join("cmdline")).ok()?;
        line.ends_with(line_ends.as_bytes()).then(|| directory.file_name()?.to_str().map(str::to_owned))?
    })
}

/// True while it runs.
fn lingers(name: &str) -> bool {
    pid_of(name).is_some()
}

/// Waits for something that another process does; the limit only ends a test that has failed.
async fn eventually(what: impl Fn() -> bool) {
    let all = async {
        while !what() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all).await.expect("it never came true");
}

#[tokio::test]
async fn a_child_runs_where_it_should_and_its_end_is_seen() {
    let stage = Stage::new().await;
    for _ in 0..4 {
        let (mut process, facts) = stage.order("echo").await;
        let work = stage.home().join("work").canonicalize().unwrap();
        let variables = 7;
        assert_eq!(facts, format!("{} True 0 {variables}", work.display()));
        assert_eq!(process.exited.take().unwrap().await.unwrap(), Some(7));
    }
    let output = std::fs::read_to_string(stage.home().join("output.log")).unwrap();
    assert_eq!(output.matches("past the wrapper").count(), 4);
}

#[tokio::test]
async fn the_whole_group_ends_with_its_leader() {
    let stage = Stage::new().await;
    let (mut process, grandchild) = stage.order("linger leader").await;
    assert_eq!(process.exited.take().unwrap().await.unwrap(), Some(0));
    eventually(|| !lingers(&grandchild)).await;
}

#[tokio::test]
async fn signals_reach_the_whole_group() {
    let stage = Stage::new().await;
    let (mut process, grandchild) = stage.order("linger both").await;
    process.signal(Signal::Terminate);
    assert_eq!(process.exited.take().unwrap().await.unwrap(), Some(128 + 15));
    eventually(|| !lingers(&grandchild)).await;

    let (mut process, grandchild) = stage.order("linger both").await;
    let exited = process.exited.take().unwrap();
    drop(process);
    assert_eq!(exited.await.unwrap(), Some(-9));
    eventually(|| !lingers(&grandchild)).await;
}

#[tokio::test]
async fn a_lost_fork_server_takes_its_children_along_and_is_replaced() {
    let stage = Stage::new().await;
    let (mut process, grandchild) = stage.order("linger both").await;
    let server = std::fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap();
    let server = server.lines().find_map(|line| line.strip_prefix("PPid:\t")).unwrap().to_owned();
    let pid = rustix::process::Pid::from_raw(server.parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    assert_eq!(process.exited.take().unwrap().await.unwrap(), None);
    eventually(|| !lingers(&grandchild)).await;

    let (mut process, _) = stage.order("echo").await;
    assert_eq!(process.exited.take().unwrap().await.unwrap(), Some(7));
}

/// The news of its end may come when the next one has requests already.
#[tokio::test]
async fn the_end_of_an_old_fork_server_takes_nothing_from_the_new_one() {
    let stage = Stage::new().await;
    let (reply, spawned) = ractor::concurrency::oneshot();
    let spawn = stage.request();
    stage.launcher.cast(Message::Spawn { spawn: Box::new(spawn), reply: reply.into() }).unwrap();
    stage.launcher.cast(Message::Ended { server: 0, stderr: String::new() }).unwrap();
    spawned.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_fork_server_ends_with_the_launcher() {
    let stage = Stage::new().await;
    let (mut process, grandchild) = stage.order("linger both").await;
    let pid = process.pid.to_string();
    process.exited = None;
    stage.launcher.stop_and_wait(None, None).await.unwrap();
    drop(process);
    eventually(|| !runs(&pid) && !lingers(&grandchild)).await;
}

#[tokio::test]
async fn an_interpreter_that_does_not_start_is_said_so() {
    let directory = tempfile::tempdir().unwrap();
    let python = Python { executable: "/bin/false".into(), version: "3.11.0".into(), site_paths: Vec::new() };
    let stage = Stage::with(python, directory, SandboxConfig::default()).await;
    let error = stage.spawn().await.err().unwrap();
    assert!(matches!(error, LaunchError::ForkServer(_)), "{error}");
}

#[test]
fn an_interpreter_is_looked_for_past_shims_and_remembered() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("python.json");
    let shims = directory.path().join("shims");
    std::fs::create_dir(&shims).unwrap();
    let shim = shims.join("python3");
    std::fs::write(&shim, "#!/bin/sh\nexit 1\n").unwrap();
    std::fs::set_permissions(&shim, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut path = vec![shims.clone()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    let found = Python::resolve(None, std::env::join_paths(path).ok(), &cache).unwrap();
    assert!(!found.executable.starts_with(&shims));
    assert!(std::fs::read_to_string(&cache).unwrap().contains(&found.version));

    let error = Python::resolve(None, Some(shims.into()), &cache).unwrap_err();
    assert_eq!(error.code, hero_sdk::ErrorCode::NoPython);
    assert!(error.message.contains("shims/python3"), "{}", error.message);
    let error = Python::resolve(Some(Path::new("/nonexistent")), None, &cache).unwrap_err();
    assert!(error.hint.unwrap().contains("HERO_PYTHON"));
}
