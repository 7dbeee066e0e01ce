//! The secrets of a home: one file that only its owner can read, and variables of the runtime's environment, which go
//! before it. Must not know plays.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::OsString,
    fs::{DirBuilder, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Mutex,
};

use hero_sdk::{Error, ErrorCode, Secret, SecretName, SecretSource, SecretValue, Timestamp, secret};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::beneath::Directory;

/// Permissions of everybody but the owner.
const OTHERS: u32 = 0o077;
/// Bytes of the file: some hundreds of the longest values.
const FILE_BYTES_MAX: u64 = 64 << 20;

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
        for name in in_environment() {
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
        write_privately(&self.file, text.as_bytes()).map_err(|error| self.trouble("written", &error))
    }

    fn entries(&self) -> Result<Entries, Error> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
        let file = match options.open(&self.file) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Entries::new()),
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return Err(self.refuse("is a symbolic link", "put the file itself there"));
            }
            Err(error) => return Err(self.trouble("read", &error)),
        };
        let about = file.metadata().map_err(|error| self.trouble("read", &error))?;
        if !about.is_file() || about.len() > FILE_BYTES_MAX {
            return Err(self.refuse("is no file of secrets", "move it away, and set the secrets again"));
        }
        if about.mode() & OTHERS != 0 {
            let hint = format!(
                "`chmod 600 {}`; if others may have read it, change the secrets",
                self.file.display()
            );
            return Err(self.refuse("can be read or written by others", &hint));
        }
        let mut text = String::new();
        (&file).read_to_string(&mut text).map_err(|error| self.trouble("read", &error))?;
        // Not the reason: it may quote what it stumbled over.
        serde_json::from_str(&text).map_err(|_| {
            let hint = "it is a JSON object of names, each with `value` and `set_at`; move it away, and set the secrets again";
            self.refuse("does not hold secrets", hint)
        })
    }

    fn refuse(&self, why: &str, hint: &str) -> Error {
        Error::new(ErrorCode::StorageFailed, format!("{} {why}", self.file.display())).hint(hint)
    }

    fn trouble(&self, what: &str, error: &io::Error) -> Error {
        let code = match error.kind() {
            io::ErrorKind::StorageFull => ErrorCode::StorageFull,
            _ => ErrorCode::StorageFailed,
        };
        Error::new(code, format!("{} cannot be {what}: {error}", self.file.display()))
    }
}

/// Names of the secrets that the environment holds.
fn in_environment() -> impl Iterator<Item = SecretName> {
    env::vars_os()
        .filter_map(|(variable, _)| variable.to_str()?.strip_prefix(secret::VARIABLE_PREFIX)?.parse().ok())
}

fn value_of(name: &SecretName, text: OsString) -> Result<SecretValue, Error> {
    let refused = |reason: &str| {
        let message = format!("{} holds no secret: {reason}", name.variable());
        Error::new(ErrorCode::InvalidParams, message)
    };
    let text = text.into_string().map_err(|_| refused("it is not UTF-8"))?;
    SecretValue::try_from(text).map_err(|error| refused(&error.message))
}

/// Makes the file that holds these bytes, in a directory of its owner's.
fn write_privately(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::other("it is no path of a file"));
    };
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    Directory::open(directory)?.replace(name, None, |mut file| file.write_all(bytes))
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
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
    fn a_file_that_is_not_safe_is_refused() {
        let home = home();
        home.set("A_KEY", "value");
        let a_key = names(&["A_KEY"]);
        let refusal = |home: &Home| {
            let error = home.vault.read(&a_key).unwrap_err();
            assert_eq!(error.code, ErrorCode::StorageFailed);
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
        assert!(refusal(&home).contains("no file of secrets"));
    }
}
