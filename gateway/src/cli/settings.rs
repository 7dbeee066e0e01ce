//! A digest of everything by which a server that one command has started could differ from what another command wants:
//! the program, how plays are confined, and what of the environment reaches plays.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
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
/// The beginnings of variables that the runtime reads, or passes on.
const OF_THE_RUNTIME: [&str; 2] = ["HERO_", "OTEL_"];
/// Such as it stands between two values, and in none.
const BETWEEN: [u8; 1] = [0];

/// The digest, in hexadecimal digits.
pub(crate) fn digest(
    program: &Path,
    sandbox: &SandboxConfig,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> String {
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        digest.update(part);
        digest.update(BETWEEN);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    // A program that was built anew is another one.
    if let Ok(about) = program.metadata() {
        let (seconds, nanoseconds) = (about.mtime(), about.mtime_nsec());
        add(format!("{} {} {seconds} {nanoseconds}", about.dev(), about.ino()).as_bytes());
    }
    add(format!("{sandbox:?}").as_bytes());
    let environment: BTreeMap<OsString, OsString> = environment.into_iter().collect();
    if !environment.contains_key(OsStr::new("HERO_PYTHON")) {
        for interpreter in interpreters(environment.get(OsStr::new("PATH")).cloned()) {
            add(interpreter.as_os_str().as_bytes());
        }
    }
    for (name, value) in &environment {
        let reaches = OF_THE_RUNTIME.iter().any(|start| name.as_bytes().starts_with(start.as_bytes()))
            && !OF_THE_COMMAND.iter().any(|other| name == other);
        let is_allowed = sandbox.caps.env.iter().any(|allowed| name == OsStr::new(allowed));
        if reaches || is_allowed {
            add(name.as_bytes());
            add(value.as_bytes());
        }
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sandbox: &SandboxConfig, environment: &[(&str, &str)]) -> String {
        let environment = environment.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        digest(Path::new("/bin/sh"), sandbox, environment)
    }

    #[test]
    fn what_reaches_plays_makes_a_difference_and_nothing_else_does() {
        let sandbox = SandboxConfig::default();
        let plain = of(&sandbox, &[]);
        for other in ["TERM", "HERO_HOME", "HERO_LOGIC_TOKEN", "PWD", "LANGUAGE"] {
            assert_eq!(of(&sandbox, &[(other, "x")]), plain, "{other}");
        }
        assert_eq!(of(&sandbox, &[("PATH", "/nowhere:/neither")]), plain, "no interpreter is there");
        for own in ["HERO_PYTHON", "HERO_SECRET_KEY", "OTEL_EXPORTER_OTLP_ENDPOINT", "HERO_WORK_DAYS"] {
            assert_ne!(of(&sandbox, &[(own, "x")]), plain, "{own}");
            assert_ne!(of(&sandbox, &[(own, "x")]), of(&sandbox, &[(own, "y")]), "{own}");
        }
    }

    #[test]
    fn a_variable_counts_that_flows_may_have() {
        let mut sandbox = SandboxConfig::default();
        sandbox.caps.env = vec!["TERM".to_owned()];
        assert_ne!(of(&sandbox, &[("TERM", "x")]), of(&sandbox, &[("TERM", "y")]));
        assert_ne!(of(&sandbox, &[]), of(&SandboxConfig::default(), &[]));
    }
}
