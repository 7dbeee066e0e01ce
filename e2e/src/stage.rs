//! A home directory of its own for each test, a directory to work in, and commands started there.
//!
//! When a stage goes, nothing that worked in it may be left (P8).

use std::{
    env,
    ffi::OsStr,
    fs::{self, File, Permissions},
    os::unix::{
        fs::{PermissionsExt, chown},
        process::{CommandExt, ExitStatusExt},
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use hero_sdk::PlaySid;
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, geteuid},
};

use crate::{Outcome, binary, processes};

/// Has a command run plays in its own process: most tests are about what becomes of them when it is killed.
pub const EMBEDDED: &str = "HERO_LOGIC_EMBEDDED";
/// Debug builds read this variable.
const FAILPOINT: &str = "HERO_LOGIC_FAILPOINT";
/// The longest that a command may take: far more than any needs on a busy machine.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(120);
/// Between two looks for what nobody tells us, which is looked for as long as a command may take.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);
/// The user and group `nobody`, as whom ordinary users' commands run where we are root.
pub const NOBODY: u32 = 65534;

/// Where one test plays.
#[derive(Debug)]
pub struct Stage {
    root: tempfile::TempDir,
    commands: AtomicU32,
}

impl Stage {
    /// An empty home and an empty directory to work in.
    #[expect(clippy::new_without_default, reason = "each call makes directories, which `default` would hide")]
    pub fn new() -> Self {
        Self::beneath(&env::temp_dir())
    }

    /// The same in this directory: plays have a `/tmp` of their own unless their home is there.
    pub fn beneath(directory: &Path) -> Self {
        let root = tempfile::Builder::new().prefix("hero_e2e_").tempdir_in(directory);
        let root = root.expect("a writable directory for temporary files");
        for part in ["home", "work", "out"] {
            fs::create_dir(root.path().join(part)).expect("just made, so empty and ours");
        }
        Self { root, commands: AtomicU32::new(0) }
    }

    /// What there is in it belongs to whom `as_ordinary_user` starts commands as, from now on.
    pub fn give_to_ordinary_user(&self) {
        fs::set_permissions(self.root.path(), Permissions::from_mode(0o711)).expect("a directory of ours");
        if geteuid().is_root() {
            for part in [self.home(), self.directory()] {
                chown(part, Some(NOBODY), Some(NOBODY)).expect("root may");
            }
        }
    }

    /// What `HERO_HOME` is set to.
    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// Where commands start.
    pub fn directory(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// The directory of the store.
    pub fn store(&self) -> PathBuf {
        self.home().join(".hero/var/hero_logic/store")
    }

    /// The directory of a play's processes, which flows of tests write their side effects to.
    pub fn workdir(&self, play_sid: &PlaySid) -> PathBuf {
        self.home().join(".hero/var/plays").join(play_sid.as_str()).join("work")
    }

    /// Lines of the side effects that a play's step bodies had.
    pub fn effects(&self, play_sid: &PlaySid) -> Vec<String> {
        let text = fs::read_to_string(self.workdir(play_sid).join("effects.log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Writes the file of settings.
    pub fn settings(&self, text: &str) {
        let path = self.home().join(".hero/hero_logic.toml");
        fs::create_dir_all(self.home().join(".hero")).expect("a directory of ours");
        fs::write(path, text).expect("a directory of ours");
    }

    /// Lets plays read and write where commands start, so that they meet a test there.
    pub fn let_plays_meet_us(&self) {
        self.settings(&format!(
            "[sandbox.defaults]\nwrite = [{:?}]\n[sandbox.caps]\nwrite = [{0:?}]\n",
            self.directory()
        ));
    }

    /// Writes a file to where commands start.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory().join(name);
        fs::write(&path, text).expect("a directory of ours");
        path
    }

    /// Copies a flow from `e2e/flows` to where commands start.
    pub fn flow(&self, name: &str) {
        let source = binary::repository().join("e2e/flows").join(name);
        fs::copy(&source, self.directory().join(name)).unwrap_or_else(|error| panic!("{source:?}: {error}"));
    }

    /// A `hero_logic` command, not yet started.
    pub fn hero<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run<'_> {
        self.program(binary::hero_logic(), arguments)
    }

    /// Any command, not yet started.
    #[expect(clippy::disallowed_methods, reason = "the driver starts the binaries under test")]
    pub fn program<S: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = S>,
    ) -> Run<'_> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.directory())
            .env("HERO_HOME", self.home())
            .env(EMBEDDED, "1")
            .stdin(Stdio::null());
        // What a developer's shell may have set must not decide a test.
        for variable in [
            FAILPOINT,
            "HERO_LOGIC_SANDBOX_WITHOUT",
            "HERO_CONFIG",
            "HERO_PYTHON",
            "HERO_WORK_DAYS",
            "HERO_LOGIC_IDLE_S",
            "HERO_LOGIC_SERVER",
            "HERO_LOGIC_TOKEN",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "RUST_LOG",
            "NO_COLOR",
            "CLICOLOR_FORCE",
            "PYTHONPATH",
        ] {
            command.env_remove(variable);
        }
        if let Some(python) = env::var_os("HERO_E2E_PYTHON") {
            command.env("HERO_PYTHON", python);
        }
        Run { stage: self, command, time_max: COMMAND_TIME_MAX }
    }

    /// Takes away, or gives back, the right to write anything in the home.
    pub fn set_writable(&self, writable: bool) {
        fn set(path: &Path, writable: bool) {
            let is_directory = path.is_dir();
            let mode = match (is_directory, writable) {
                (true, true) => 0o700,
                (true, false) => 0o555,
                (false, true) => 0o600,
                (false, false) => 0o444,
            };
            let change = || fs::set_permissions(path, Permissions::from_mode(mode)).expect("a file of ours");
            // A directory is opened before its entries are, and they are closed before it is.
            if writable {
                change();
            }
            if is_directory {
                for entry in fs::read_dir(path).expect("a directory of ours") {
                    set(&entry.expect("a directory of ours").path(), writable);
                }
            }
            if !writable {
                change();
            }
        }
        set(&self.home(), writable);
    }

    /// Waits until no process works beneath the home, and gives those that still do.
    pub fn processes_left(&self) -> Vec<processes::Process> {
        let left = || processes::beneath(&self.home());
        if eventually(|| left().is_empty()) { Vec::new() } else { left() }
    }
}

/// Looks again and again at what nobody tells us, and whether it came to be.
pub fn eventually(mut has_come: impl FnMut() -> bool) -> bool {
    for _ in 0..COMMAND_TIME_MAX.as_millis() / LOOK_INTERVAL.as_millis() {
        if has_come() {
            return true;
        }
        thread::sleep(LOOK_INTERVAL);
    }
    has_come()
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !thread::panicking() {
            let left = self.processes_left();
            assert!(left.is_empty(), "processes are left: {left:#?}");
        }
    }
}

/// A command that is being put together.
#[derive(Debug)]
pub struct Run<'a> {
    stage: &'a Stage,
    command: Command,
    time_max: Duration,
}

impl<'a> Run<'a> {
    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Kills the process of the play once it has this many records. Debug builds can.
    #[must_use]
    pub fn killed_after_record(self, records: impl std::fmt::Display) -> Self {
        self.env(FAILPOINT, format!("kill_process_after_record:{records}"))
    }

    /// Ends the runtime itself, as a kill does, once it has copied an artifact and before it says so. Debug builds can.
    #[must_use]
    pub fn ended_after_copy(self) -> Self {
        self.env(FAILPOINT, "end_runtime_after_copy")
    }

    /// The same once an answer to a question is durable, and before whoever gave it is told. Debug builds can.
    #[must_use]
    pub fn ended_after_answer(self) -> Self {
        self.env(FAILPOINT, "end_runtime_after_answer")
    }

    /// Takes a variable out of its environment.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Allows it to take longer than commands usually may: a build from nothing.
    #[must_use]
    pub fn within(mut self, time_max: Duration) -> Self {
        self.time_max = time_max;
        self
    }

    /// Starts it as somebody whom permissions stop: as ourselves, or as `nobody` where we are root.
    #[must_use]
    pub fn as_ordinary_user(mut self) -> Self {
        if geteuid().is_root() {
            let root = self.stage.root.path();
            fs::set_permissions(root, Permissions::from_mode(0o711)).expect("a directory of ours");
            let program = root.join("program");
            if !program.exists() {
                fs::copy(self.command.get_program(), &program).expect("the program can be read");
            }
            #[expect(clippy::disallowed_methods, reason = "the driver starts the binaries under test")]
            let mut command = Command::new(program);
            command
                .args(self.command.get_args())
                .current_dir("/")
                .uid(NOBODY)
                .gid(NOBODY)
                .stdin(Stdio::null());
            for (name, value) in self.command.get_envs() {
                match value {
                    Some(value) => command.env(name, value),
                    None => command.env_remove(name),
                };
            }
            self.command = command;
        }
        self
    }

    /// Starts it elsewhere than in the stage's directory.
    #[must_use]
    pub fn current_dir(mut self, directory: impl AsRef<Path>) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Gives it a text to read from standard input.
    #[must_use]
    pub fn stdin(mut self, text: &str) -> Self {
        let path = self.stage.root.path().join("out/stdin");
        fs::write(&path, text).expect("a directory of ours");
        self.command.stdin(File::open(path).expect("just written"));
        self
    }

    /// Starts it. Its output goes to files: a process that outlives it cannot keep us waiting for their end.
    pub fn start(mut self) -> Running<'a> {
        let number = self.stage.commands.fetch_add(1, Ordering::Relaxed);
        let file = |suffix: &str| self.stage.root.path().join(format!("out/{number}.{suffix}"));
        let (stdout, stderr) = (file("stdout"), file("stderr"));
        self.command.stdout(File::create(&stdout).expect("a directory of ours"));
        self.command.stderr(File::create(&stderr).expect("a directory of ours"));
        let text = format!("{:?}", self.command);
        let child = self.command.spawn().unwrap_or_else(|error| panic!("{text}: {error}"));
        Running { _stage: self.stage, time_max: self.time_max, child, text, stdout, stderr }
    }

    /// Starts it and waits for its end.
    #[track_caller]
    pub fn finish(self) -> Outcome {
        self.start().finish()
    }
}

/// A command that was started.
#[derive(Debug)]
pub struct Running<'a> {
    _stage: &'a Stage,
    time_max: Duration,
    child: Child,
    text: String,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Running<'_> {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to standard output so far.
    pub fn stdout(&self) -> String {
        read(&self.stdout)
    }

    /// What it has written to standard error so far.
    pub fn stderr(&self) -> String {
        read(&self.stderr)
    }

    /// Ends it as a power cut would: SIGKILL, to it alone.
    pub fn kill(mut self) -> Outcome {
        self.child.kill().expect("our child, not reaped yet");
        self.finish()
    }

    /// Waits for its end, and ends it when that takes too long.
    #[track_caller]
    pub fn finish(mut self) -> Outcome {
        let pid = Pid::from_raw(self.child.id().try_into().expect("process ids are below 2^22"));
        let time_max = self.time_max;
        let (ended, has_ended) = mpsc::sync_channel::<()>(1);
        let watchdog = thread::spawn(move || {
            let too_late = has_ended.recv_timeout(time_max) == Err(RecvTimeoutError::Timeout);
            // It may end in this very moment; then there is nobody to kill.
            too_late && kill(pid, Signal::SIGKILL).is_ok()
        });
        let status = self.child.wait().expect("our child");
        drop(ended);
        let was_killed = watchdog.join().expect("a watchdog that only waits");
        let code = status.code().or(status.signal().map(|signal| 128 + signal));
        let outcome = self.outcome(code.expect("ended by an exit or by a signal"));
        assert!(!was_killed, "still running after {time_max:?}\n{outcome}");
        outcome
    }

    fn outcome(&self, code: i32) -> Outcome {
        Outcome { command: self.text.clone(), code, stdout: read(&self.stdout), stderr: read(&self.stderr) }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Reached with a living child only when a test fails in between; its end is not what the test is about.
        if self.child.try_wait().is_ok_and(|status| status.is_none()) && self.child.kill().is_ok() {
            self.child.wait().expect("our child");
        }
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).expect("made when the command was started")).into_owned()
}
