//! `hero_logic.toml`, and the flags that say the same for one command: how plays are confined.
//!
//! A mistake is told with the file, the line and the key. What the settings mean is the runtime's business.

use std::{
    io::ErrorKind,
    ops::Range,
    path::{Path, PathBuf},
};

use hero_sdk::model::{Network, PartialAllowance, SandboxLevel};
use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use crate::{
    cli::{
        args,
        embedded::SandboxConfig,
        errors::Failure,
        source::{read_text, reason},
    },
    suggest::{close_matches, did_you_mean},
};

/// Where the file is, beneath the home.
const PLACE: &str = ".hero/hero_logic.toml";
/// The stable code of a mistake in the file.
const INVALID: &str = "invalid_configuration";
/// The user id that means none to the kernel.
const NO_USER: u32 = u32::MAX;

/// What each setting takes.
const TAKES: [(&str, &str); 16] = [
    ("sandbox", "a table: [sandbox]"),
    ("level", "\"default\", \"strict\" or \"off\""),
    ("require", "true or false"),
    ("uids", "[FIRST, COUNT]: the first user id, and how many"),
    ("defaults", "a table: [sandbox.defaults]"),
    ("caps", "a table: [sandbox.caps]"),
    ("network", "true, false or a list of TCP ports"),
    ("subprocess", "true or false"),
    ("memory_mb", "mebibytes of memory, a whole number"),
    ("processes", "processes and threads at once, a whole number"),
    ("disk_mb", "mebibytes, a whole number"),
    ("cpu_s", "seconds of CPU time of each process, a whole number"),
    ("wall_s", "seconds, a whole number"),
    ("read", "a list of absolute paths"),
    ("write", "a list of absolute paths"),
    ("env", "a list of names of variables"),
];

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    sandbox: SandboxSettings,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SandboxSettings {
    level: Option<SandboxLevel>,
    require: bool,
    uids: Option<Vec<u32>>,
    defaults: PartialAllowance,
    caps: PartialAllowance,
}

/// How plays are confined: as the level has it, changed by the file, widened by the flags. `named` is a file that must
/// be there; else it is the one beneath `home`, if that is.
pub(crate) fn sandbox(
    home: &Path,
    named: Option<PathBuf>,
    flags: &args::Sandbox,
) -> Result<SandboxConfig, Failure> {
    confinement(&File::read(home, named)?, flags)
}

/// The same, once the file is read.
pub(crate) fn confinement(file: &File, flags: &args::Sandbox) -> Result<SandboxConfig, Failure> {
    let SandboxSettings { level, require, uids, mut defaults, mut caps } = file.settings()?;
    file.check(&["sandbox", "defaults"], &defaults)?;
    file.check(&["sandbox", "caps"], &caps)?;
    let is_required = require || flags.require;
    let chosen = flags.level().or(level).unwrap_or_default();
    if chosen == SandboxLevel::Off && is_required {
        let failure = if flags.require {
            Failure::usage(INVALID, "the level off is refused by --require-sandbox")
        } else {
            file.wrong(&["sandbox", "require"], "is true, which refuses the level off")
        };
        return Err(failure.hint("confine plays, or do not require it"));
    }
    if chosen == SandboxLevel::Strict {
        for (table, settings) in [("defaults", &mut defaults), ("caps", &mut caps)] {
            let network = settings.network.take();
            // For one command the flag means what it says: no network, whatever the file says of other levels.
            if level == Some(SandboxLevel::Strict) && network.is_some_and(|network| network != Network::None)
            {
                return Err(file.wrong(
                    &["sandbox", table, "network"],
                    "cannot be had: the level strict has no network",
                ));
            }
        }
    }
    let mut config = SandboxConfig::of(chosen).with(defaults, caps).map_err(|excess| {
        let key = excess.key;
        let reason = format!("is {}, and sandbox.caps.{key} allows at most {}", excess.wanted, excess.cap);
        file.wrong(&["sandbox", "defaults", key], &reason)
    })?;
    config.is_required = is_required;
    if let Some(uids) = uids {
        config.uids = Some(range(&uids).map_err(|reason| file.wrong(&["sandbox", "uids"], &reason))?);
    }
    for (allowed, more) in [
        (&mut config.caps.read, &flags.read),
        (&mut config.caps.write, &flags.write),
        (&mut config.caps.env, &flags.env),
    ] {
        allowed.extend(more.iter().cloned());
    }
    Ok(config)
}

/// The first user id and how many.
fn range(uids: &[u32]) -> Result<(u32, u32), String> {
    let &[first, count] = uids else {
        return Err(format!("has {} numbers, not two", uids.len()));
    };
    if first == 0 {
        return Err("holds 0, which is root".to_owned());
    }
    if count == 0 {
        return Err("holds nobody".to_owned());
    }
    match first.checked_add(count - 1) {
        Some(last) if last < NO_USER => Ok((first, count)),
        _ => Err(format!("ends beyond {}, the last user id", NO_USER - 1)),
    }
}

/// The file as it was read; an empty one where there is none.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl File {
    fn read(home: &Path, named: Option<PathBuf>) -> Result<Self, Failure> {
        let is_named = named.is_some();
        let path = named.unwrap_or_else(|| home.join(PLACE));
        match read_text(&path) {
            Ok(text) => Ok(Self { path, text }),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) && !is_named => {
                Ok(Self { path, text: String::new() })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(Failure::usage("file_not_found", format!("there is no file {}", path.display())).hint(
                    format!("--config and HERO_CONFIG name a file of settings; without them it is {PLACE} in the home, if that is there"),
                ))
            }
            Err(error) => {
                Err(Failure::usage("unreadable_file", format!("cannot read {}: {}", path.display(), reason(&error)))
                    .hint("a file of settings is TOML"))
            }
        }
    }

    fn settings(&self) -> Result<SandboxSettings, Failure> {
        let settings: Result<Settings, _> = toml::from_str(&self.text);
        let error = match settings {
            Ok(settings) => return Ok(settings.sandbox),
            Err(error) => error,
        };
        let span = error.span().unwrap_or_default();
        let Some(keys) = self.keys_at(&span) else {
            // No TOML at all.
            return Err(self
                .wrong_at(Some(span.start), None, error.message())
                .hint("a file of settings is TOML"));
        };
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let Some((key, above)) = keys.split_last() else {
            return Err(self.wrong_at(Some(span.start), None, error.message()));
        };
        let known: &[&str] = match above {
            [] => &["sandbox"],
            ["sandbox"] => &["level", "require", "uids", "defaults", "caps"],
            _ => &PartialAllowance::KEYS,
        };
        if known.contains(key) {
            // What would be right is said in other words than Rust's.
            let (reason, _) = error.message().split_once(", expected").unwrap_or((error.message(), ""));
            return Err(self.wrong(&keys, &format!("is not understood: {reason}")));
        }
        let guess = did_you_mean(&close_matches(key, known.iter().copied()));
        let failure = self.wrong(&keys, "is no setting");
        Err(failure.hint(guess.unwrap_or_else(|| format!("settings here: {}", known.join(", ")))))
    }

    fn check(&self, table: &[&str], settings: &PartialAllowance) -> Result<(), Failure> {
        settings.check().map_err(|bad| self.wrong(&[table, &[bad.key]].concat(), &bad.reason))
    }

    /// What is wrong with the setting of these keys, and what it takes.
    fn wrong(&self, keys: &[&str], what: &str) -> Failure {
        let place = self.table().and_then(|table| place_of(&table, keys));
        let failure = self.wrong_at(place, Some(&keys.join(".")), what);
        match TAKES.iter().find(|(key, _)| Some(key) == keys.last()) {
            Some((key, takes)) => failure.hint(format!("{key} takes {takes}")),
            None => failure,
        }
    }

    /// `FILE:LINE: KEY WHAT`; `place` counts in bytes.
    fn wrong_at(&self, place: Option<usize>, key: Option<&str>, what: &str) -> Failure {
        let before = place.and_then(|place| self.text.get(..place));
        let line = before.map(|before| format!(":{}", before.matches('\n').count() + 1)).unwrap_or_default();
        let key = key.map(|key| format!("{key} ")).unwrap_or_default();
        Failure::usage(INVALID, format!("{}{line}: {key}{what}", self.path.display()))
    }

    fn table(&self) -> Option<DeTable<'_>> {
        DeTable::parse(&self.text).ok().map(toml::Spanned::into_inner)
    }

    /// The keys from the outermost to the one at this span; none where the text is no TOML.
    fn keys_at(&self, span: &Range<usize>) -> Option<Vec<String>> {
        self.table().map(|table| keys_at(&table, span))
    }
}

fn keys_at(table: &DeTable<'_>, span: &Range<usize>) -> Vec<String> {
    for (key, value) in table {
        let beneath = match value.get_ref() {
            DeValue::Table(table) => keys_at(table, span),
            _ => Vec::new(),
        };
        let is_here =
            [key.span(), value.span()].iter().any(|held| held.start <= span.start && span.end <= held.end);
        if is_here || !beneath.is_empty() {
            return std::iter::once(key.get_ref().to_string()).chain(beneath).collect();
        }
    }
    Vec::new()
}

/// Where the key is, or the last of those above it that is there.
fn place_of(table: &DeTable<'_>, keys: &[&str]) -> Option<usize> {
    let (first, others) = keys.split_first()?;
    let (key, value) = table.iter().find(|(key, _)| key.get_ref() == first)?;
    let beneath = match value.get_ref() {
        DeValue::Table(table) => place_of(table, others),
        _ => None,
    };
    Some(beneath.unwrap_or(key.span().start))
}

#[cfg(test)]
mod tests {
    use hero_sdk::model::Allowance;

    use super::*;
    use crate::cli::{errors::Exit, style::Palette};

    const DEFAULT: args::Sandbox =
        args::Sandbox { level: None, require: false, read: Vec::new(), write: Vec::new(), env: Vec::new() };

    /// What a file of this text and these flags come to; the home is called `[home]` in errors.
    fn read(text: &str, flags: &args::Sandbox) -> Result<SandboxConfig, Failure> {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".hero")).unwrap();
        std::fs::write(home.path().join(PLACE), text).unwrap();
        sandbox(home.path(), None, flags).map_err(|mut failure| {
            failure.message = failure.message.replace(&home.path().display().to_string(), "[home]");
            failure
        })
    }

    fn level(level: args::SandboxLevel) -> args::Sandbox {
        args::Sandbox { level: Some(level), ..DEFAULT }
    }

    #[test]
    fn without_a_file_everything_is_as_the_level_has_it() {
        let home = tempfile::tempdir().unwrap();
        let config = sandbox(home.path(), None, &DEFAULT).unwrap();
        let own = SandboxConfig::default();
        assert_eq!((config.level, config.is_required, config.uids), (own.level, false, own.uids));
        assert_eq!((config.defaults, config.caps), (own.defaults, own.caps));
    }

    #[test]
    fn every_setting_can_be_given() {
        let text = r#"
            [sandbox]
            level = "default"
            require = true
            uids = [100000, 65536]
            [sandbox.defaults]
            network = [53, 443]
            subprocess = false
            memory_mb = 512
            processes = 32
            disk_mb = 100
            cpu_s = 60
            wall_s = 600
            read = ["/data"]
            write = []
            env = ["REGION"]
            [sandbox.caps]
            network = true
            subprocess = true
            memory_mb = 8192
            processes = 256
            disk_mb = 4096
            cpu_s = 3600
            wall_s = 86400
            read = ["/data", "/models"]
            write = ["/out"]
            env = ["REGION", "TOKEN"]
        "#;
        let config = read(text, &DEFAULT).unwrap();
        assert_eq!((config.is_required, config.uids), (true, Some((100_000, 65_536))));
        let defaults = Allowance {
            network: Network::Ports(vec![53, 443]),
            subprocess: Some(false),
            memory_mb: 512,
            processes: 32,
            disk_mb: 100,
            cpu_s: Some(60),
            wall_s: Some(600),
            read: vec!["/data".into()],
            write: Vec::new(),
            env: vec!["REGION".into()],
        };
        assert_eq!(config.defaults, defaults);
        let caps = &config.caps;
        assert_eq!((&caps.network, caps.memory_mb, caps.wall_s), (&Network::All, 8192, Some(86_400)));
        assert_eq!((caps.read.len(), caps.write.len(), caps.env.len()), (2, 1, 2));
    }

    #[test]
    fn the_flag_goes_before_the_file_and_starts_from_its_level() {
        let text = "[sandbox]\nlevel = \"strict\"\n[sandbox.defaults]\nmemory_mb = 512\n";
        assert_eq!(read(text, &DEFAULT).unwrap().defaults.network, Network::None);
        let config = read(text, &level(args::SandboxLevel::Default)).unwrap();
        assert_eq!((config.level, config.defaults.memory_mb), (SandboxLevel::Default, 512));
        assert_eq!(config.defaults.network, Network::All);
        assert_eq!(read(text, &level(args::SandboxLevel::Off)).unwrap().level, SandboxLevel::Off);
    }

    #[test]
    fn strict_has_no_network_whatever_the_file_says_of_other_levels() {
        let text = "[sandbox.defaults]\nnetwork = [443]\n[sandbox.caps]\nnetwork = true\nmemory_mb = 512\n";
        let config = read(text, &level(args::SandboxLevel::Strict)).unwrap();
        assert_eq!((config.defaults.network, config.caps.network), (Network::None, Network::None));
        assert_eq!(config.caps.memory_mb, 512);
    }

    #[test]
    fn flags_raise_the_caps() {
        let flags =
            args::Sandbox { read: vec!["/a".into()], env: vec!["A".into()], require: true, ..DEFAULT };
        let config = read("[sandbox.caps]\nread = [\"/b\"]\n", &flags).unwrap();
        assert_eq!(
            (config.caps.read, config.caps.env),
            (vec!["/b".into(), "/a".into()], vec!["A".to_owned()])
        );
        assert!(config.is_required && config.defaults.read.is_empty());
    }

    #[test]
    fn mistakes_are_told_with_file_line_and_key() {
        let cases = [
            "[sandbox]\nlevel = \"strict",
            "[sandbox]\nlevel = \"strickt\"",
            "[sandbox]\nlevel = \"off\"\nlevel = \"off\"",
            "[sandbox]\n\nlevl = \"strict\"",
            "level = \"strict\"",
            "[sandbx]",
            "sandbox = 5",
            "[sandbox.cap]\nmemory_mb = 5",
            "[sandbox]\nrequire = \"yes\"",
            "[sandbox]\nlevel = \"off\"\nrequire = true",
            "[sandbox]\nlevel = \"strict\"\ncaps = { network = true }",
            "[sandbox]\nuids = 1000",
            "[sandbox]\nuids = [1000]",
            "[sandbox]\nuids = [0, 10]",
            "[sandbox]\nuids = [10, 0]",
            "[sandbox]\nuids = [4294967290, 6]",
            "[sandbox]\nuids = [42949672900, 6]",
            "[sandbox.caps]\nmemory = 5",
            "[sandbox.caps]\nzzz = 5",
            "[sandbox.caps]\nmemory_mb = \"lots\"",
            "[sandbox.caps]\nmemory_mb = -1",
            "[sandbox.caps]\nmemory_mb = 0",
            "[sandbox.caps]\nnetwork = [70000]",
            "[sandbox.caps]\nread = \"/data\"",
            "[sandbox.caps]\nread = [\"/data\",\n5]",
            "[sandbox.defaults]\nwrite = [\"~/out\"]",
            "[sandbox.defaults]\nenv = [\"A=B\"]",
            "[sandbox.defaults]\nmemory_mb = 2048\n[sandbox.caps]\nmemory_mb = 1024",
        ];
        let told: Vec<String> = cases
            .iter()
            .map(|text| {
                let failure = read(text, &DEFAULT).unwrap_err();
                assert_eq!((failure.code, failure.exit), (INVALID, Exit::Usage), "{text}");
                format!("{}\n{}\n", text.replace('\n', " ⏎ "), failure.render(Palette::Text))
            })
            .collect();
        insta::assert_snapshot!(told.concat());
    }

    #[test]
    fn a_file_that_is_named_must_be_there_and_be_read() {
        let home = tempfile::tempdir().unwrap();
        let named = |name: &str| sandbox(home.path(), Some(home.path().join(name)), &DEFAULT);
        assert_eq!(named("none.toml").unwrap_err().code, "file_not_found");
        std::fs::write(home.path().join("bytes.toml"), b"\xff").unwrap();
        assert_eq!(named("bytes.toml").unwrap_err().code, "unreadable_file");
        assert_eq!(named(".").unwrap_err().code, "unreadable_file");
        std::fs::write(home.path().join("mine.toml"), "[sandbox]\nlevel = \"strict\"").unwrap();
        assert_eq!(named("mine.toml").unwrap().level, SandboxLevel::Strict);
    }

    #[test]
    fn what_is_required_is_not_off() {
        let flags = args::Sandbox { require: true, ..level(args::SandboxLevel::Off) };
        assert_eq!(read("", &flags).unwrap_err().code, INVALID);
    }

    #[test]
    fn each_setting_says_what_it_takes() {
        for key in PartialAllowance::KEYS {
            assert!(TAKES.iter().any(|(known, _)| *known == key), "{key}");
        }
    }
}
