//! One shell, as a reader has it: directory and variables last from command to command.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use hero_e2e::{Served, stage::EMBEDDED};

use crate::{blocks::Command, pattern};

/// Variables of the toolchains that a home directory usually holds.
const TOOLCHAINS: [(&str, &str); 3] =
    [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup"), ("PYENV_ROOT", ".pyenv")];

/// The first command builds everything, optimised.
const BUILD_TIME_MAX: Duration = Duration::from_secs(30 * 60);

/// A shell whose state is kept in files between commands, so that each command has its own exit code and output.
pub(crate) struct Session {
    stage: Served,
    directory: PathBuf,
    /// `export -p` after the last command.
    variables: String,
}

impl Session {
    pub(crate) fn new(directory: &Path) -> Self {
        Self { stage: Served::new(), directory: directory.to_owned(), variables: String::new() }
    }

    /// Writes a file to where the shell stands. The repository is never written to.
    pub(crate) fn write(&self, name: &str, text: &str) {
        assert!(
            self.directory.starts_with(self.stage.home()),
            "{name}: the README has not changed directory yet"
        );
        fs::write(self.directory.join(name), text).unwrap();
    }

    /// Runs a command and compares its exit code and its output with what is written.
    pub(crate) fn run(&mut self, command: &Command) {
        let state = self.stage.directory().join("state");
        let script = format!(
            "{}\ncd {}\n{{\n{}\n}} 2>&1\ncode=$?\n{{ pwd; export -p; }} > {}\nexit $code\n",
            self.variables,
            quoted(&self.directory),
            command.text,
            quoted(&state),
        );
        let mut shell = self.stage.program("bash", ["-c", &script]).env("HOME", self.stage.home());
        // A reader has none of them: the home is the default one, and cargo builds into the repository's `target`.
        for variable in ["HERO_HOME", "CARGO_TARGET_DIR", EMBEDDED] {
            shell = shell.without(variable);
        }
        let home = PathBuf::from(env::var_os("HOME").expect("a user has a home"));
        for (variable, directory) in TOOLCHAINS {
            shell = shell.env(variable, env::var_os(variable).unwrap_or_else(|| home.join(directory).into()));
        }
        let outcome = shell.within(BUILD_TIME_MAX).finish();
        let Command { line, text, exit_code, output } = command;
        assert_eq!(outcome.code, *exit_code, "README.md:{line}: {text}\n{}", outcome.stdout);
        let is_shown = output.is_empty() || pattern::matches(output, &outcome.stdout);
        assert!(is_shown, "README.md:{line}: {text}\n--- shown\n{output}--- printed\n{}", outcome.stdout);
        let state = fs::read_to_string(state).expect("written by the command's shell");
        let (directory, variables) = state.split_once('\n').expect("the first line is the directory");
        self.directory = directory.into();
        self.variables = variables.to_owned();
    }
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}
