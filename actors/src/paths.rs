//! Where things are under `HERO_HOME`.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use hero_sdk::{Error, ErrorCode, PlaySid};

/// All paths derive from the home directory.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    home: PathBuf,
}

impl Paths {
    /// The name of [`Self::work`] in a play's directory.
    pub(crate) const WORK: &str = "work";
    /// The name of [`Self::blobs`] there.
    pub(crate) const BLOBS: &str = "blobs";
    /// The name of [`Self::output`] there.
    pub(crate) const OUTPUT: &str = "output.log";
    /// The name there of the directory for temporary files, which a process makes that has no `/tmp` of its own.
    pub(crate) const TEMPORARY: &str = "tmp";

    pub(crate) fn new(home: &Path) -> Self {
        Self { home: home.to_owned() }
    }

    /// Makes what must be there before anything runs.
    pub(crate) fn make(&self) -> Result<(), Error> {
        for directory in [self.store(), self.sdk(), self.plays(), self.describe()] {
            self.make_private(&directory)?;
        }
        Ok(())
    }

    /// The directory that holds all others.
    pub(crate) fn own(&self) -> PathBuf {
        self.home.join(".hero")
    }

    /// The directory of the store.
    pub(crate) fn store(&self) -> PathBuf {
        self.home.join(".hero/var/hero_logic/store")
    }

    /// The directory from which Python imports `hero_tracing`.
    pub(crate) fn sdk(&self) -> PathBuf {
        self.home.join(".hero/var/flows/sdk")
    }

    /// The secrets that were set. Its directory is made with it.
    pub(crate) fn secrets(&self) -> PathBuf {
        self.home.join(".hero/etc/secrets.json")
    }

    /// The key to the home's mark on cursors and links. Its directory is made with it.
    pub(crate) fn seal(&self) -> PathBuf {
        self.home.join(".hero/etc/seal.key")
    }

    /// What is known of the interpreter.
    pub(crate) fn python(&self) -> PathBuf {
        self.home.join(".hero/var/flows/python.json")
    }

    /// Where sources are run to be described.
    pub(crate) fn describe(&self) -> PathBuf {
        self.home.join(".hero/var/flows/describe")
    }

    /// The private, lasting directory of a play's processes.
    pub(crate) fn work(&self, play_sid: &PlaySid) -> PathBuf {
        self.play(play_sid).join(Self::WORK)
    }

    /// Large values of a play, named by their digest. Its processes make it when they have one.
    pub(crate) fn blobs(&self, play_sid: &PlaySid) -> PathBuf {
        self.play(play_sid).join(Self::BLOBS)
    }

    /// What a play's processes write past `print`.
    pub(crate) fn output(&self, play_sid: &PlaySid) -> PathBuf {
        self.play(play_sid).join(Self::OUTPUT)
    }

    /// Contents of artifacts. Made when there is one.
    pub(crate) fn artifacts(&self) -> PathBuf {
        self.home.join(".hero/var/artifacts")
    }

    /// What is to be deleted. Made when there is something.
    pub(crate) fn trash(&self) -> PathBuf {
        self.home.join(".hero/var/trash")
    }

    /// When the home was last swept.
    pub(crate) fn swept(&self) -> PathBuf {
        self.home.join(".hero/var/swept")
    }

    /// Makes what a play's process must find; it may be there.
    pub(crate) fn make_play(&self, play_sid: &PlaySid) -> Result<(), Error> {
        let work = self.work(play_sid);
        self.make_private(&work)?;
        // Nobody else can have put a link there, which nothing of ours may follow.
        if fs::symlink_metadata(&work).is_ok_and(|metadata| !metadata.is_dir()) {
            let message = format!("the flow has put something else in the place of {}", work.display());
            return Err(Error::new(ErrorCode::StorageFailed, message));
        }
        Ok(())
    }

    /// Everything that plays' processes have their hands on, a directory for each play.
    pub(crate) fn plays(&self) -> PathBuf {
        self.home.join(".hero/var/plays")
    }

    /// All that is a play's own.
    pub(crate) fn play(&self, play_sid: &PlaySid) -> PathBuf {
        self.plays().join(play_sid.as_str())
    }

    pub(crate) fn make_private(&self, directory: &Path) -> Result<(), Error> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| {
            let message = format!("{} cannot be made: {error}", directory.display());
            let home = self.home.display();
            let hint = match error.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    format!("{home} must be writable; set HERO_HOME or --home to a directory that is")
                }
                io::ErrorKind::StorageFull => format!("free some space under {home}"),
                _ => format!("HERO_HOME is {home}; set it to a directory that can be used"),
            };
            let code = match error.kind() {
                io::ErrorKind::StorageFull => ErrorCode::StorageFull,
                _ => ErrorCode::StorageFailed,
            };
            Error::new(code, message).hint(hint)
        })
    }
}
