//! Takes away what has had its time: working directories of plays that ended long ago, and contents of artifacts that
//! no row leads to. On a thread of its own, since all of it blocks, and behind everything else that runs.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError, SyncSender},
    },
    thread,
    time::{Duration, UNIX_EPOCH},
};

use hero_sdk::{Error, ErrorCode, PlaySid, Timestamp};
use rustix::{
    fs::{AtFlags, unlinkat},
    process::setpriority_process,
};

use crate::{
    beneath::{Directory, Unfit},
    paths::Paths,
    play::Environment,
    wipe,
};

/// Between two sweeps of a home, by whatever runtimes.
const INTERVAL_MS: u64 = 3_600_000;
/// The lowest priority.
const NICE: i32 = 19;
/// How long files stay that no play has a row for: those of an import on its way are minutes old.
const NOBODYS_KEPT_MS: u64 = 24 * 3_600_000;

/// Sweeps at once, unless the home was swept within the hour, and then every hour. Ends when it is dropped.
pub(crate) struct Sweeper {
    turn: Arc<Turn>,
    /// Nothing is sent: its end wakes the thread.
    _alive: SyncSender<()>,
}

/// Whether the thread may go on.
#[derive(Debug, Default)]
struct Turn {
    stops: AtomicBool,
    /// Held while it sweeps.
    sweeping: Mutex<()>,
}

impl Sweeper {
    /// The working directory of a play stays `work_kept_ms` milliseconds after its end.
    pub(crate) fn start(environment: Arc<Environment>, work_kept_ms: u64) -> Self {
        let turn = Arc::new(Turn::default());
        let (alive, has_ended) = mpsc::sync_channel(0);
        let sweep = Sweep { environment, work_kept_ms, turn: Arc::clone(&turn) };
        let started = thread::Builder::new().name("hero-sweep".to_owned()).spawn(move || {
            // Of this thread only. Where it may not, the sweep takes part like any other.
            setpriority_process(None, NICE).ok();
            loop {
                let wait = Duration::from_millis(sweep.when_due());
                if has_ended.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        if let Err(error) = started {
            tracing::warn!(%error, "no thread to sweep the home; the next runtime does it");
        }
        Self { turn, _alive: alive }
    }

    /// Ends it, and returns once it deletes nothing any more: what comes next may be another runtime's.
    pub(crate) async fn stop(&self) {
        let turn = Arc::clone(&self.turn);
        turn.stops.store(true, Ordering::Relaxed);
        if turn.sweeping.try_lock().is_err() {
            // It looks whether it should stop before each file. One that panicked has let go.
            let wait = move || drop(turn.sweeping.lock().unwrap_or_else(PoisonError::into_inner));
            tokio::task::spawn_blocking(wait).await.unwrap_or_default();
        }
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.turn.stops.store(true, Ordering::Relaxed);
    }
}

/// How to sweep.
struct Sweep {
    environment: Arc<Environment>,
    work_kept_ms: u64,
    turn: Arc<Turn>,
}

impl Sweep {
    /// Sweeps if that is due; in how many milliseconds to ask again.
    fn when_due(&self) -> u64 {
        let now = self.environment.clock.now().wall;
        let mark = self.environment.paths.swept();
        if let Some(swept) = modified(&mark) {
            let passed_ms = now.0.checked_sub(swept.0).and_then(|passed| u64::try_from(passed / 1000).ok());
            // A mark of the future is of a clock that was wrong.
            if let Some(rest_ms) = passed_ms.and_then(|passed| INTERVAL_MS.checked_sub(passed)) {
                return rest_ms.max(1);
            }
        }
        let _turn = self.turn.sweeping.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.run(now) {
            tracing::warn!(%error, "not all could be taken away that has had its time; it is tried again");
        }
        if !self.is_stopped() {
            let at = UNIX_EPOCH + Duration::from_micros(u64::try_from(now.0).unwrap_or_default());
            if let Err(error) = File::create(&mark).and_then(|file| file.set_modified(at)) {
                tracing::warn!(%error, "the next runtime sweeps again");
            }
        }
        INTERVAL_MS
    }

    /// Goes on after a failure; the first one.
    fn run(&self, now: Timestamp) -> Result<(), Error> {
        let wiped = self.wipe(now);
        let tables = &self.environment.tables;
        let is_in_use = |digest: &str| Ok(tables.is_content_in_use(digest)?);
        let swept = self.environment.artifacts.sweep(is_in_use, &self.turn.stops);
        wiped.and(swept.map(drop))
    }

    fn wipe(&self, now: Timestamp) -> Result<(), Error> {
        let paths = &self.environment.paths;
        paths.make_private(&paths.trash())?;
        let failed = |error| failed(&paths.plays(), &error);
        let plays = Directory::open(&paths.plays()).map_err(failed)?;
        let trash = Directory::open(&paths.trash()).map_err(failed)?;
        let mut trouble = None;
        for name in plays.names().map_err(failed)? {
            if self.is_stopped() {
                return Ok(());
            }
            let name = name.map_err(failed)?;
            let play_sid = name.to_str().and_then(|name| name.parse::<PlaySid>().ok());
            if let Some(play_sid) = play_sid
                && let Err(error) = self.take_away(&play_sid, &plays, &trash, now)
            {
                trouble.get_or_insert(error);
            }
        }
        let emptied =
            wipe::empty(&trash, &self.turn.stops).map_err(|error| self::failed(&paths.trash(), &error));
        trouble.map_or(emptied, Err)
    }

    /// Moves the working directory of a play into the trash if it has had its time. A play that is run again meanwhile
    /// finds its own, or makes a new one.
    fn take_away(
        &self,
        play_sid: &PlaySid,
        plays: &Directory,
        trash: &Directory,
        now: Timestamp,
    ) -> Result<(), Error> {
        let failed = |error| failed(&self.environment.paths.work(play_sid), &error);
        let play = match plays.directory(play_sid.as_str()) {
            Ok(play) => play,
            Err(Unfit::Io(error)) => return Err(failed(error)),
            // Not one of ours, or gone.
            Err(_) => return Ok(()),
        };
        let parts = [Paths::WORK, Paths::OUTPUT, Paths::TEMPORARY, Paths::BLOBS].map(OsStr::new);
        if !parts.iter().any(|part| play.has(part)) {
            return Ok(());
        }
        // Whoever starts a process of the play, for which it is no longer terminal, does so before this or after.
        let _alone = self.environment.wiping.write().unwrap_or_else(PoisonError::into_inner);
        let row = self.environment.tables.play(play_sid)?;
        let is_nobodys = row.is_none();
        let has_had_its_time = match row {
            Some(row) => {
                let ended_at = row.play.ended_at.filter(|_| row.play.status.is_terminal());
                ended_at.is_some_and(|at| at.plus_ms(self.work_kept_ms) <= now)
            }
            // An import that was cut off.
            None => changed(&play).map_err(failed)?.plus_ms(NOBODYS_KEPT_MS) <= now,
        };
        if !has_had_its_time {
            return Ok(());
        }
        // Large values stay as long as the play.
        for part in parts.into_iter().filter(|part| is_nobodys || *part != Paths::BLOBS) {
            match wipe::discard(&play, part, trash) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        unlinkat(plays, play_sid.as_str(), AtFlags::REMOVEDIR).ok();
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        self.turn.stops.load(Ordering::Relaxed)
    }
}

fn modified(path: &std::path::Path) -> Option<Timestamp> {
    let since = fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp(i64::try_from(since.as_micros()).ok()?))
}

/// When a play's directory or that of its large values was last changed.
fn changed(play: &Directory) -> io::Result<Timestamp> {
    let stats = [play.stat(), play.stat_of(Paths::BLOBS)];
    let mut newest = Timestamp::default();
    for stat in stats {
        match stat {
            Ok(stat) => newest = newest.max(Timestamp(stat.st_mtime.saturating_mul(1_000_000))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(newest)
}

fn failed(path: &std::path::Path, error: &io::Error) -> Error {
    Error::new(ErrorCode::StorageFailed, format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::{
        fs::Permissions,
        os::unix::fs::{PermissionsExt as _, symlink},
        path::PathBuf,
    };

    use hero_sdk::{
        VersionSid,
        model::{Artifact, Status},
    };
    use hero_store::{Batch, Memory, Tables};

    use super::*;
    use crate::{
        Config,
        clock::Clock,
        failpoint::Failpoint,
        play::{Now, sample::row},
    };

    const DAY_MS: u64 = 24 * 3_600_000;
    const NOW: Timestamp = Timestamp(1_763_930_000_000_000);

    /// A clock that a test sets.
    #[derive(Debug)]
    struct Stopped(Timestamp);

    impl Clock for Stopped {
        fn now(&self) -> Now {
            Now { wall: self.0, monotonic_us: 0 }
        }
    }

    struct Stage {
        home: tempfile::TempDir,
        sweep: Sweep,
    }

    impl Stage {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            let paths = Paths::new(home.path());
            let tables = Tables::over(Arc::new(Memory::default()));
            let environment = Environment::new(
                tables,
                &Config { artifact_bytes_max: 1 << 20, ..Config::new(home.path()) },
                Failpoint::default(),
            );
            paths.make().unwrap();
            let mut stage =
                Self { home, sweep: Sweep { environment, work_kept_ms: 7 * DAY_MS, turn: Arc::default() } };
            stage.set_clock(NOW);
            stage
        }

        fn set_clock(&mut self, now: Timestamp) {
            Arc::get_mut(&mut self.sweep.environment).expect("nobody else has it").clock =
                Arc::new(Stopped(now));
        }

        fn paths(&self) -> &Paths {
            &self.sweep.environment.paths
        }

        /// A play that stands here since so many days, with a file in its working directory.
        async fn play(&self, status: Status, days: u64) -> PlaySid {
            let mut row = row(&VersionSid::new());
            row.play.status = status;
            let ended_at = Timestamp(NOW.0 - i64::try_from(days * DAY_MS * 1000).unwrap());
            row.play.ended_at = status.is_terminal().then_some(ended_at);
            let mut batch = Batch::new();
            batch.put_play(&row);
            self.sweep.environment.tables.commit(batch).await.unwrap();
            let play_sid = row.play.play_sid;
            self.paths().make_play(&play_sid).unwrap();
            fs::write(self.paths().work(&play_sid).join("file"), "text").unwrap();
            play_sid
        }

        fn has_work(&self, play_sid: &PlaySid) -> bool {
            self.paths().work(play_sid).join("file").exists()
        }

        fn left(&self, directory: PathBuf) -> usize {
            fs::read_dir(directory).unwrap().count()
        }
    }

    #[tokio::test]
    async fn what_ended_long_ago_goes_and_everything_else_stays() {
        let stage = Stage::new();
        let old = stage.play(Status::Succeeded, 8).await;
        let large = stage.play(Status::Failed, 7).await;
        fs::create_dir(stage.paths().blobs(&large)).unwrap();
        fs::write(stage.paths().output(&large), "said").unwrap();
        for play_sid in [&old, &large] {
            // Of a process that ended with its runtime.
            let temporary = stage.paths().play(play_sid).join(Paths::TEMPORARY);
            fs::create_dir(&temporary).unwrap();
            fs::write(temporary.join("file"), "text").unwrap();
        }
        let kept = [
            stage.play(Status::Cancelled, 6).await,
            stage.play(Status::Running, 0).await,
            stage.play(Status::AwaitingResume, 0).await,
        ];
        let unknown = PlaySid::new();
        stage.paths().make_play(&unknown).unwrap();
        fs::write(stage.paths().plays().join("note"), "mine").unwrap();
        assert_eq!(stage.sweep.when_due(), INTERVAL_MS);
        assert!(!stage.paths().plays().join(old.as_str()).exists(), "nothing is left of it");
        assert_eq!(stage.left(stage.paths().plays().join(large.as_str())), 1, "its large values are");
        assert!(kept.iter().all(|play_sid| stage.has_work(play_sid)));
        assert!(stage.paths().work(&unknown).exists() && stage.paths().plays().join("note").exists());
        assert_eq!(stage.left(stage.paths().trash()), 0);
    }

    #[tokio::test]
    async fn a_working_directory_that_resists_goes_and_leads_nowhere() {
        let stage = Stage::new();
        let outside = stage.home.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("kept"), "kept").unwrap();
        let closed = stage.play(Status::Failed, 8).await;
        let work = stage.paths().work(&closed);
        fs::create_dir_all(work.join("a/b")).unwrap();
        symlink(&outside, work.join("a/link")).unwrap();
        for path in ["a/b", "a", ""] {
            fs::set_permissions(work.join(path), Permissions::from_mode(0o000)).unwrap();
        }
        // In place of the directory itself, which a flow that is not confined can do.
        let swapped = stage.play(Status::Failed, 8).await;
        fs::remove_dir_all(stage.paths().work(&swapped)).unwrap();
        symlink(&outside, stage.paths().work(&swapped)).unwrap();
        let whole = stage.play(Status::Failed, 8).await;
        fs::remove_dir_all(stage.paths().plays().join(whole.as_str())).unwrap();
        symlink(&outside, stage.paths().plays().join(whole.as_str())).unwrap();
        symlink("kept", outside.join("work")).unwrap();
        stage.sweep.when_due();
        assert!(!work.exists() && !stage.paths().plays().join(swapped.as_str()).exists());
        assert_eq!(fs::read_to_string(outside.join("kept")).unwrap(), "kept");
        assert_eq!((stage.left(outside), stage.left(stage.paths().trash())), (2, 0));
    }

    #[tokio::test]
    async fn a_play_that_runs_again_has_a_working_directory() {
        let stage = Stage::new();
        let play_sid = stage.play(Status::Failed, 8).await;
        let mut row = stage.sweep.environment.tables.play(&play_sid).unwrap().unwrap();
        row.play.status = Status::Queued;
        let mut batch = Batch::new();
        batch.put_play(&row);
        stage.sweep.environment.tables.commit(batch).await.unwrap();
        stage.sweep.when_due();
        assert!(stage.has_work(&play_sid), "it was taken up before");
        let wiped = stage.play(Status::Failed, 8).await;
        stage.sweep.run(NOW).unwrap();
        stage.paths().make_play(&wiped).unwrap();
        assert_eq!(stage.left(stage.paths().work(&wiped)), 0, "it is taken up afterwards");
    }

    #[tokio::test]
    async fn what_an_import_left_that_was_cut_off_goes_a_day_later() {
        let mut stage = Stage::new();
        let (cut_off, known) = (PlaySid::new(), stage.play(Status::Succeeded, 0).await);
        for play_sid in [&cut_off, &known] {
            fs::create_dir_all(stage.paths().blobs(play_sid)).unwrap();
            fs::write(stage.paths().blobs(play_sid).join("value"), "[]").unwrap();
        }
        let made = modified(&stage.paths().blobs(&cut_off)).unwrap();
        for (after_ms, is_there) in [(DAY_MS - 3_600_000, true), (DAY_MS + 3_600_000, false)] {
            stage.set_clock(made.plus_ms(after_ms));
            stage.sweep.run(made.plus_ms(after_ms)).unwrap();
            assert_eq!(stage.paths().play(&cut_off).exists(), is_there, "{after_ms}");
        }
        assert!(stage.paths().blobs(&known).join("value").exists(), "its play has a row");
        assert_eq!(stage.left(stage.paths().trash()), 0);
    }

    #[tokio::test]
    async fn contents_without_a_row_go() {
        let stage = Stage::new();
        let play_sid = stage.play(Status::Succeeded, 100).await;
        let environment = &stage.sweep.environment;
        let work = stage.paths().work(&play_sid);
        fs::write(work.join("other"), "other").unwrap();
        let work = Directory::open(&work).unwrap();
        let held = ["file", "other"].map(|name| environment.artifacts.keep(&work, name, None).unwrap());
        let artifact = Artifact {
            play_sid,
            path: "main#0".into(),
            name: "file".into(),
            digest: held[0].digest.clone(),
            size: held[0].size,
            media_type: "text/plain".into(),
            created_at: NOW,
        };
        let mut batch = Batch::new();
        batch.put_artifact(&artifact, None);
        environment.tables.commit(batch).await.unwrap();
        drop(held);
        assert_eq!(stage.left(stage.paths().artifacts()), 3, "two contents, and the place of drafts");
        stage.sweep.when_due();
        environment.artifacts.read(&artifact).await.map(drop).expect("as long as its play");
        let places = fs::read_dir(stage.paths().artifacts()).unwrap();
        assert_eq!(places.map(|place| stage.left(place.unwrap().path())).sum::<usize>(), 1);
    }

    #[tokio::test]
    async fn a_home_is_swept_once_in_an_hour_whoever_looks() {
        let mut stage = Stage::new();
        assert_eq!(stage.sweep.when_due(), INTERVAL_MS, "nobody has swept it");
        let play_sid = stage.play(Status::Failed, 8).await;
        for (minutes, rest_ms) in [(0, INTERVAL_MS), (20, INTERVAL_MS - 20 * 60_000)] {
            stage.set_clock(NOW.plus_ms(minutes * 60_000));
            assert_eq!(stage.sweep.when_due(), rest_ms);
            assert!(stage.has_work(&play_sid));
        }
        stage.set_clock(NOW.plus_ms(61 * 60_000));
        assert_eq!(stage.sweep.when_due(), INTERVAL_MS);
        assert!(!stage.has_work(&play_sid));
        let play_sid = stage.play(Status::Failed, 8).await;
        stage.set_clock(NOW);
        stage.sweep.when_due();
        assert!(!stage.has_work(&play_sid), "the mark is of a clock that was ahead");
    }

    #[tokio::test]
    async fn a_sweep_that_is_stopped_deletes_nothing_more() {
        let stage = Stage::new();
        let play_sid = stage.play(Status::Failed, 8).await;
        stage.sweep.turn.stops.store(true, Ordering::Relaxed);
        stage.sweep.when_due();
        assert!(stage.has_work(&play_sid) && !stage.paths().swept().exists());
    }
}
