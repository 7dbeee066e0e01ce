//! Temporary files of a play where its processes have no `/tmp` of their own, since hero_logic itself lives beneath
//! `/tmp`, or since the machine has no mount namespaces: they lie in the play's directory, and go with their process
//! as they would have in memory.

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hero_sdk::PlaySid;
use rustix::fs::{AtFlags, unlinkat};

use super::{
    environment::Environment,
    files::{home, in_words},
};
use crate::{beneath::Unfit, paths::Paths, wipe};

/// Long enough for as many files as a play may have. What is left counts towards its disk, and goes after its next
/// process, or with its working directory.
const WIPE_MAX: Duration = Duration::from_secs(10);

/// Deletes them. No process of the play may be left; one that is nevertheless leads nowhere.
pub(super) async fn wipe_temporary(environment: &Environment, play_sid: &PlaySid) {
    let directory = environment.paths.play(play_sid).join(Paths::TEMPORARY);
    if directory.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return; // as with most plays, whose processes have a `/tmp` of their own
    }
    let (paths, of) = (environment.paths.clone(), play_sid.clone());
    let stops = StopsWhenDropped::default();
    let is_stopped = Arc::clone(&stops.0);
    let wiping = tokio::task::spawn_blocking(move || wipe(&paths, &of, &is_stopped).map_err(in_words));
    let wiped = match tokio::time::timeout(WIPE_MAX, wiping).await {
        Ok(wiped) => wiped.map_err(in_words).flatten(),
        Err(late) => Err(in_words(late)),
    };
    if let Err(reason) = wiped {
        tracing::warn!(play = %play_sid, reason, "temporary files of the play are left");
    }
}

fn wipe(paths: &Paths, play_sid: &PlaySid, stops: &AtomicBool) -> Result<(), Unfit> {
    let home = home(paths, play_sid)?;
    let directory = match home.directory(Paths::TEMPORARY) {
        // There is none, or what the flow has put in its place.
        Err(Unfit::Missing | Unfit::Link | Unfit::Kind(_)) => return Ok(()),
        directory => directory?,
    };
    // Not ours: then it may still be readable.
    directory.make_passable().ok();
    wipe::empty(&directory, stops)?;
    Ok(unlinkat(&home, Paths::TEMPORARY, AtFlags::REMOVEDIR).map_err(std::io::Error::from)?)
}

/// Whoever no longer waits wants it no more.
#[derive(Default)]
struct StopsWhenDropped(Arc<AtomicBool>);

impl Drop for StopsWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt as _, symlink},
        path::PathBuf,
    };

    use hero_store::{Memory, Tables};

    use super::*;
    use crate::{Config, failpoint::Failpoint};

    /// A home with a play that has a directory for temporary files, whose path is the last. A file lies outside.
    fn stage() -> (tempfile::TempDir, Arc<Environment>, PlaySid, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("outside")).unwrap();
        fs::write(home.path().join("outside/kept"), "kept").unwrap();
        let tables = Tables::over(Arc::new(Memory::default()));
        let environment = Environment::new(tables, &Config::new(home.path()), Failpoint::default());
        let play_sid = PlaySid::new();
        environment.paths.make_play(&play_sid).unwrap();
        let temporary = environment.paths.play(&play_sid).join(Paths::TEMPORARY);
        fs::create_dir(&temporary).unwrap();
        (home, environment, play_sid, temporary)
    }

    #[tokio::test]
    async fn temporary_files_go_and_nothing_else_does() {
        let (home, environment, play_sid, temporary) = stage();
        let outside = home.path().join("outside");
        fs::write(environment.paths.work(&play_sid).join("kept"), "kept").unwrap();
        fs::create_dir_all(temporary.join("a/b")).unwrap();
        fs::write(temporary.join("a/b/file"), "x").unwrap();
        symlink(&outside, temporary.join("a/link")).unwrap();
        for path in ["a", ""] {
            fs::set_permissions(temporary.join(path), Permissions::from_mode(0o000)).unwrap();
        }
        wipe_temporary(&environment, &play_sid).await;
        assert!(!temporary.exists());
        assert!(outside.join("kept").exists() && environment.paths.work(&play_sid).join("kept").exists());
        wipe_temporary(&environment, &play_sid).await;
    }

    #[tokio::test]
    async fn what_the_flow_has_put_in_their_place_leads_nowhere() {
        let (home, environment, play_sid, temporary) = stage();
        let outside = home.path().join("outside");
        fs::remove_dir(&temporary).unwrap();
        symlink(&outside, &temporary).unwrap();
        wipe_temporary(&environment, &play_sid).await;
        assert!(outside.join("kept").exists());
    }

    #[test]
    fn it_stops_when_nobody_waits_any_more() {
        let (_home, environment, play_sid, temporary) = stage();
        fs::write(temporary.join("file"), "x").unwrap();
        let stops = StopsWhenDropped::default();
        let is_stopped = Arc::clone(&stops.0);
        drop(stops);
        assert!(wipe(&environment.paths, &play_sid, &is_stopped).is_err());
        assert!(temporary.join("file").exists());
    }
}
