//! Digests of everything by which a server that one command has started could differ from what another command wants:
//! the program, its Python, how plays are confined, what of the environment reaches plays, and what does not reach them.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    fmt,
    os::unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    path::Path,
};

use sha2::{Digest as _, Sha256};

use crate::cli::embedded::{SandboxConfig, interpreters};

/// Variables of hero_logic that say where and how it is reached, and nothing of how plays run.
const OF_THE_COMMAND: [&str; 7] = [
    "HERO_HOME",
    "HERO_CONFIG",
    "HERO_LOGIC_BIN",
    "HERO_LOGIC_EMBEDDED",
    "HERO_LOGIC_IDLE_S",
    "HERO_LOGIC_SERVER",
    "HERO_LOGIC_TOKEN",
];
/// Names the interpreter.
const PYTHON: &str = "HERO_PYTHON";
/// The beginning of variables that the runtime reads, or passes on.
const OF_THE_RUNTIME: &str = "HERO_";
/// The beginnings of variables that the runtime reads, and by which no play runs otherwise.
const OF_NO_PLAY: [&str; 2] = ["OTEL_", "HERO_WORK_DAYS"];
/// Such as it stands between two values, and in none.
const BETWEEN: [u8; 1] = [0];
const BETWEEN_DIGESTS: &str = ".";

/// A thing by which servers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The program itself.
    Build,
    /// Its interpreter.
    Python,
    /// How plays are confined.
    Confinement,
    /// The variables that plays could have, secrets among them.
    Environment,
    /// What is done with what plays have left.
    Around,
}

impl Part {
    const ALL: [Self; 5] = [Self::Build, Self::Python, Self::Confinement, Self::Environment, Self::Around];

    /// Which part a variable belongs to, if it makes any difference.
    fn of(name: &OsStr, sandbox: &SandboxConfig) -> Option<Self> {
        let begins = |start: &str| name.as_bytes().starts_with(start.as_bytes());
        if sandbox.caps.env.iter().any(|allowed| name == OsStr::new(allowed)) {
            Some(Self::Environment)
        } else if OF_THE_COMMAND.iter().any(|other| name == *other) {
            None
        } else if OF_NO_PLAY.iter().any(|start| begins(start)) {
            Some(Self::Around)
        } else if name == PYTHON {
            Some(Self::Python)
        } else if begins(OF_THE_RUNTIME) {
            Some(Self::Environment)
        } else {
            None
        }
    }

    /// What another server has another one of.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Build => "another build of hero_logic",
            Self::Python => "another Python",
            Self::Confinement => "another confinement",
            Self::Environment => {
                "another environment (variables of hero_logic, secrets, or what flows may have)"
            }
            Self::Around => "other settings of traces (OTEL_*) or of working directories (HERO_WORK_DAYS)",
        }
    }
}

/// The names of variables that plays could have and that differ between two environments.
pub(crate) fn different_variables(
    sandbox: &SandboxConfig,
    one: &BTreeMap<OsString, OsString>,
    other: &BTreeMap<OsString, OsString>,
) -> Vec<String> {
    let names: BTreeSet<&OsString> = one.keys().chain(other.keys()).collect();
    let differ = names.into_iter().filter(|name| {
        Part::of(name, sandbox) == Some(Part::Environment) && one.get(*name) != other.get(*name)
    });
    differ.map(|name| name.to_string_lossy().into_owned()).collect()
}

/// A digest of each part, which is written as one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings([String; 5]);

impl fmt::Display for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(BETWEEN_DIGESTS))
    }
}

impl Settings {
    /// Those of this process, where it starts a server.
    pub(crate) fn of(
        program: &Path,
        sandbox: &SandboxConfig,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        let environment: BTreeMap<OsString, OsString> = environment.into_iter().collect();
        let [mut build, mut python, mut confinement, mut reaches, mut around] =
            std::array::from_fn(|_| Parts::default());
        build.add(env!("CARGO_PKG_VERSION").as_bytes());
        // A program that was built anew is another one.
        if let Ok(about) = program.metadata() {
            let (seconds, nanoseconds) = (about.mtime(), about.mtime_nsec());
            build.add(format!("{} {} {seconds} {nanoseconds}", about.dev(), about.ino()).as_bytes());
        }
        confinement.add(format!("{sandbox:?}").as_bytes());
        if !environment.contains_key(OsStr::new(PYTHON)) {
            for interpreter in interpreters(environment.get(OsStr::new("PATH")).cloned()) {
                python.add(interpreter.as_os_str().as_bytes());
            }
        }
        for (name, value) in &environment {
            let part = match Part::of(name, sandbox) {
                Some(Part::Environment) => &mut reaches,
                Some(Part::Around) => &mut around,
                Some(Part::Python) => &mut python,
                Some(Part::Build | Part::Confinement) | None => continue,
            };
            part.add(name.as_bytes());
            part.add(value.as_bytes());
        }
        Self([build, python, confinement, reaches, around].map(Parts::digest))
    }

    /// By what a server differs from these that was started with other ones. By everything, where they cannot be read.
    pub(crate) fn differences(&self, other: &str) -> Vec<Part> {
        let others: Vec<&str> = other.split(BETWEEN_DIGESTS).collect();
        let mine = Part::ALL.into_iter().zip(&self.0).enumerate();
        mine.filter(|(place, (_, digest))| others.get(*place) != Some(&digest.as_str()))
            .map(|(_, (part, _))| part)
            .collect()
    }
}

/// What one digest is made of.
#[derive(Default)]
struct Parts(Sha256);

impl Parts {
    fn add(&mut self, part: &[u8]) {
        self.0.update(part);
        self.0.update(BETWEEN);
    }

    fn digest(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sandbox: &SandboxConfig, environment: &[(&str, &str)]) -> Settings {
        let environment = environment.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Settings::of(Path::new("/bin/sh"), sandbox, environment)
    }

    #[test]
    fn what_reaches_plays_makes_a_difference_and_nothing_else_does() {
        let sandbox = SandboxConfig::default();
        let plain = of(&sandbox, &[]);
        for other in ["TERM", "HERO_HOME", "HERO_LOGIC_TOKEN", "PWD", "LANGUAGE"] {
            assert_eq!(of(&sandbox, &[(other, "x")]), plain, "{other}");
        }
        assert_eq!(of(&sandbox, &[("PATH", "/nowhere:/neither")]), plain, "no interpreter is there");
        for (own, part) in [
            (PYTHON, Part::Python),
            ("HERO_SECRET_KEY", Part::Environment),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", Part::Around),
            ("HERO_WORK_DAYS", Part::Around),
        ] {
            let (one, two) = (of(&sandbox, &[(own, "x")]), of(&sandbox, &[(own, "y")]));
            for other in [&plain, &two] {
                assert_eq!(one.differences(&other.to_string()), [part], "{own}");
            }
        }
    }

    #[test]
    fn a_variable_counts_that_flows_may_have() {
        let mut sandbox = SandboxConfig::default();
        sandbox.caps.env = vec!["TERM".to_owned(), "OTEL_SERVICE_NAME".to_owned()];
        for name in ["TERM", "OTEL_SERVICE_NAME"] {
            let other = of(&sandbox, &[(name, "y")]).to_string();
            assert_eq!(of(&sandbox, &[(name, "x")]).differences(&other), [Part::Environment], "{name}");
        }
        let other = of(&SandboxConfig::default(), &[]).to_string();
        assert_eq!(of(&sandbox, &[]).differences(&other), [Part::Confinement]);
    }

    #[test]
    fn variables_that_differ_are_named() {
        let environment = |all: &[(&str, &str)]| -> BTreeMap<OsString, OsString> {
            all.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
        };
        let mut sandbox = SandboxConfig::default();
        sandbox.caps.env = vec!["LANG".to_owned()];
        let one =
            environment(&[("HERO_SECRET_A", "1"), ("HERO_SECRET_B", "1"), ("LANG", "C"), ("TERM", "x")]);
        let other = environment(&[("HERO_SECRET_A", "1"), ("HERO_SECRET_B", "2"), ("HERO_HOME", "/")]);
        assert_eq!(different_variables(&sandbox, &one, &other), ["HERO_SECRET_B", "LANG"]);
        assert!(different_variables(&sandbox, &one, &one).is_empty());
    }

    #[test]
    fn what_cannot_be_read_differs_in_everything() {
        let settings = of(&SandboxConfig::default(), &[]);
        assert_eq!(settings.differences("of another version"), Part::ALL);
        assert_eq!(settings.differences(&settings.to_string()), []);
    }
}
