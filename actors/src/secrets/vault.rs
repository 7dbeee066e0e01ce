//! The secrets of a home: one file that only its owner can read, and variables of the runtime's environment, which go
//! before it. Must not know plays.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::OsString,
    path::PathBuf,
    sync::Mutex,
};

use hero_sdk::{Error, ErrorCode, Secret, SecretName, SecretSource, SecretValue, Timestamp, secret};
use serde::{Deserialize, Serialize};

use super::{redactor::Redactor, salt::Salt};
use crate::private::{self, refuse, trouble};

/// How the file of random bytes ends, which lies beside.
const SALT: &str = "salt";

/// The secrets of a home. Every question reads the file anew, so that a change counts from the next attempt on.
#[derive(Debug)]
pub(crate) struct Vault {
    file: PathBuf,
    /// Held while the file is replaced. Other processes are kept out by the store's lock.
    writing: Mutex<()>,
}

/// A secret in the file.
#[derive(Serialize, Deserialize)]
struct Entry {
    value: SecretValue,
    set_at: Timestamp,
}

type Entries = BTreeMap<SecretName, Entry>;

impl Vault {
    /// Over this file, which need not be there.
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file, writing: Mutex::default() }
    }

    /// Every secret by name, those of the environment among them.
    pub(crate) fn list(&self) -> Result<Vec<Secret>, Error> {
        let mut listed: BTreeMap<SecretName, Secret> = self
            .entries()?
            .into_iter()
            .map(|(name, Entry { set_at, .. })| {
                (name.clone(), Secret { name, source: SecretSource::File, set_at: Some(set_at) })
            })
            .collect();
        for (name, text) in in_environment() {
            // One that holds no secret is none, but it still goes before the file.
            if value_of(&name, text).is_err() && !listed.contains_key(&name) {
                continue;
            }
            let of_environment =
                Secret { name: name.clone(), source: SecretSource::Environment, set_at: None };
            listed.insert(name, of_environment);
        }
        Ok(listed.into_values().collect())
    }

    /// The values of all these. `secret_missing` names the first that is not set.
    pub(crate) fn read(
        &self,
        names: &BTreeSet<SecretName>,
    ) -> Result<BTreeMap<SecretName, SecretValue>, Error> {
        let values = self.find(names)?;
        match names.iter().find(|name| !values.contains_key(*name)) {
            None => Ok(values),
            Some(name) => {
                let hint = format!(
                    "`hero_logic secret set {name}` asks for it; or set {} where hero_logic runs",
                    name.variable()
                );
                Err(Error::new(ErrorCode::SecretMissing, format!("the secret {name} is not set")).hint(hint))
            }
        }
    }

    /// The values of those of them that are set.
    pub(crate) fn find(
        &self,
        names: &BTreeSet<SecretName>,
    ) -> Result<BTreeMap<SecretName, SecretValue>, Error> {
        let mut values = BTreeMap::new();
        for name in names {
            if let Some(text) = env::var_os(name.variable()) {
                values.insert(name.clone(), value_of(name, text)?);
            }
        }
        if values.len() < names.len() {
            for (name, entry) in self.entries()? {
                if names.contains(&name) {
                    values.entry(name).or_insert(entry.value);
                }
            }
        }
        Ok(values)
    }

    /// Sets a secret. After a crash the file is as it was or as it should be.
    pub(crate) fn set(&self, name: SecretName, value: SecretValue, set_at: Timestamp) -> Result<(), Error> {
        self.change(|entries| {
            entries.insert(name, Entry { value, set_at });
            Ok(())
        })
    }

    /// Removes a secret from the file. `not_found` where it is not there.
    pub(crate) fn remove(&self, name: &SecretName) -> Result<(), Error> {
        self.change(|entries| match entries.remove(name) {
            Some(_) => Ok(()),
            None => {
                let error = Error::new(ErrorCode::NotFound, format!("no secret {name} is set"));
                Err(match env::var_os(name.variable()) {
                    Some(_) => {
                        error.hint(format!("it comes from the environment: unset {}", name.variable()))
                    }
                    None => error.hint("`hero_logic secret list` shows which there are"),
                })
            }
        })
    }

    fn change(&self, change: impl FnOnce(&mut Entries) -> Result<(), Error>) -> Result<(), Error> {
        let _writing = self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut entries = self.entries()?;
        change(&mut entries)?;
        let text = serde_json::to_string_pretty(&entries)
            .map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))?;
        private::write(&self.file, text.as_bytes()).map_err(|error| trouble(&self.file, "written", &error))
    }

    /// Knows these values in what a play of this source says; none where there are none.
    pub(crate) fn redactor(
        &self,
        values: &BTreeMap<SecretName, SecretValue>,
        source: &str,
    ) -> Result<Option<Redactor>, Error> {
        if values.is_empty() {
            return Ok(None);
        }
        Ok(Some(Redactor::new(values, &self.salt()?, source)))
    }

    /// The home's random bytes. They are made, and are on the disk for good, before anything is tagged with them.
    fn salt(&self) -> Result<Salt, Error> {
        let _one_makes_it = self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let file = self.file.with_extension(SALT);
        let remedy = "put it back as it was; without it no play goes on that has kept a secret";
        private::random(&file, remedy).map(Salt)
    }

    fn entries(&self) -> Result<Entries, Error> {
        let Some(bytes) = private::read(&self.file)? else { return Ok(Entries::new()) };
        // Not the reason: it may quote what it stumbled over.
        serde_json::from_slice(&bytes).map_err(|_| {
            let hint = "it is a JSON object of names, each with `value` and `set_at`; move it away, and set the secrets again";
            refuse(&self.file, "does not hold secrets", hint)
        })
    }
}

/// The variables of the environment that are called as a secret's is, by the secret's name.
fn in_environment() -> impl Iterator<Item = (SecretName, OsString)> {
    env::vars_os().filter_map(|(variable, text)| {
        let name = variable.to_str()?.strip_prefix(secret::VARIABLE_PREFIX)?.parse().ok()?;
        Some((name, text))
    })
}

fn value_of(name: &SecretName, text: OsString) -> Result<SecretValue, Error> {
    let refused = |reason: &str| {
        let message = format!("{} holds no secret: {reason}", name.variable());
        Error::new(ErrorCode::InvalidParams, message)
    };
    let text = text.into_string().map_err(|_| refused("it is not UTF-8"))?;
    SecretValue::try_from(text).map_err(|error| refused(&error.message))
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
        path::Path,
    };

    use super::*;

    struct Home {
        directory: tempfile::TempDir,
        vault: Vault,
    }

    fn home() -> Home {
        let directory = tempfile::tempdir().unwrap();
        let vault = Vault::new(directory.path().join("etc/secrets.json"));
        Home { directory, vault }
    }

    impl Home {
        fn file(&self) -> PathBuf {
            self.directory.path().join("etc/secrets.json")
        }

        fn set(&self, name: &str, value: &str) {
            let value = SecretValue::try_from(value.to_owned()).unwrap();
            self.vault.set(name.parse().unwrap(), value, Timestamp(7)).unwrap();
        }
    }

    fn names(names: &[&str]) -> BTreeSet<SecretName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn what_is_set_is_read_replaced_listed_and_removed() {
        let home = home();
        assert_eq!(home.vault.list().unwrap(), []);
        home.set("B_KEY", "first");
        home.set("A_KEY", "\"two\"\nlines");
        home.set("B_KEY", "second");
        let values = home.vault.read(&names(&["A_KEY", "B_KEY"])).unwrap();
        let values: Vec<&str> = values.values().map(SecretValue::expose).collect();
        assert_eq!(values, ["\"two\"\nlines", "second"]);
        let listed = home.vault.list().unwrap();
        let listed: Vec<_> = listed.iter().map(|secret| (secret.name.as_str(), secret.source)).collect();
        assert_eq!(listed, [("A_KEY", SecretSource::File), ("B_KEY", SecretSource::File)]);

        let b_key = "B_KEY".parse().unwrap();
        home.vault.remove(&b_key).unwrap();
        assert_eq!(home.vault.remove(&b_key).unwrap_err().code, ErrorCode::NotFound);
        let error = home.vault.read(&names(&["A_KEY", "B_KEY"])).unwrap_err();
        assert_eq!(error.code, ErrorCode::SecretMissing);
        assert!(error.hint.unwrap().contains("secret set B_KEY"));
        assert_eq!(home.vault.find(&names(&["A_KEY", "B_KEY"])).unwrap().len(), 1);
    }

    #[test]
    fn nobody_else_can_read_the_file_and_no_draft_is_left() {
        let home = home();
        home.set("A_KEY", "value");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let etc = home.directory.path().join("etc");
        assert_eq!((mode(&home.file()), mode(&etc)), (0o600, 0o700));
        assert_eq!(fs::read_dir(&etc).unwrap().count(), 1);
        // A draft of a crash does not keep the next one from being written, whoever may read it.
        fs::write(etc.join("secrets.draft"), "left").unwrap();
        home.set("A_KEY", "other");
        assert_eq!((mode(&home.file()), fs::read_dir(&etc).unwrap().count()), (0o600, 1));
    }

    #[test]
    fn the_salt_is_made_once_and_only_where_there_is_a_value() {
        let home = home();
        let salt = home.directory.path().join("etc/secrets.salt");
        assert!(home.vault.redactor(&BTreeMap::new(), "").unwrap().is_none());
        assert!(!salt.exists());
        home.set("A_KEY", "value");
        let values = home.vault.read(&names(&["A_KEY"])).unwrap();
        let kept = || {
            let given = hero_sdk::Json::parse("\"value\"").unwrap();
            home.vault.redactor(&values, "").map(|redactor| redactor.unwrap().kept(&given))
        };
        let first = kept().unwrap();
        let about = fs::metadata(&salt).unwrap();
        assert_eq!((about.permissions().mode() & 0o777, about.len()), (0o600, 32));
        assert_eq!(kept().unwrap(), first);

        // Another home has another; what is not safe or not whole is not used, and not replaced.
        let bytes = fs::read(&salt).unwrap();
        fs::remove_file(&salt).unwrap();
        assert_ne!(kept().unwrap(), first);
        fs::write(&salt, &bytes).unwrap();
        assert_eq!(kept().unwrap(), first);
        fs::set_permissions(&salt, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(kept().unwrap_err().code, ErrorCode::SecretUnreadable);
        fs::set_permissions(&salt, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&salt, "short").unwrap();
        assert_eq!(kept().unwrap_err().code, ErrorCode::SecretUnreadable);
        assert_eq!(fs::read(&salt).unwrap(), b"short");
    }

    #[test]
    fn a_file_that_is_not_safe_is_refused() {
        let home = home();
        home.set("A_KEY", "value");
        let a_key = names(&["A_KEY"]);
        let refusal = |home: &Home| {
            let error = home.vault.read(&a_key).unwrap_err();
            assert_eq!(error.code, ErrorCode::SecretUnreadable);
            assert!(error.hint.is_some());
            // What cannot be trusted is not replaced either.
            assert!(home.vault.remove(&"A_KEY".parse().unwrap()).is_err());
            error.message
        };
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(home.file(), fs::Permissions::from_mode(mode)).unwrap();
            assert!(refusal(&home).contains("by others"));
        }
        fs::set_permissions(home.file(), fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(home.vault.read(&a_key).unwrap().len(), 1);

        for text in [
            "",
            "hunter2!",
            "[]",
            r#"{"A_KEY":"hunter2!"}"#,
            r#"{"a":{"value":"hunter2!","set_at":"2025-11-23T20:33:20Z"}}"#,
        ] {
            fs::write(home.file(), text).unwrap();
            let message = refusal(&home);
            assert!(message.contains("does not hold secrets") && !message.contains("hunter2"), "{message}");
        }

        let elsewhere = home.directory.path().join("elsewhere.json");
        fs::rename(home.file(), &elsewhere).unwrap();
        symlink(&elsewhere, home.file()).unwrap();
        assert!(refusal(&home).contains("symbolic link"));

        fs::remove_file(home.file()).unwrap();
        fs::create_dir(home.file()).unwrap();
        fs::set_permissions(home.file(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(refusal(&home).contains("no file of ours"));
    }
}
