//! Contents, with real files and links, and somebody who swaps them.

use std::{
    os::unix::fs::{PermissionsExt as _, symlink},
    sync::atomic::AtomicU64,
    thread,
};

use futures_util::StreamExt as _;
use hero_sdk::{PlaySid, Timestamp};
use rustix::{
    fs::{CWD, FileType, Mode, chown, mknodat},
    process::{Uid, geteuid},
};

use super::*;

/// Of the empty text, and of "abc" (FIPS 180-2, appendix B.1).
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// A home with a working directory, of which no content may have more than 1 MiB.
struct Stage {
    home: tempfile::TempDir,
    artifacts: Artifacts,
}

impl Stage {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("work/in")).unwrap();
        fs::write(home.path().join("secret"), "secret").unwrap();
        let artifacts = Artifacts::new(home.path().join("var/artifacts"), 1 << 20);
        Self { home, artifacts }
    }

    /// A path in the working directory.
    fn work(&self, name: &str) -> PathBuf {
        self.home.path().join("work").join(name)
    }

    fn keep(&self, path: &str) -> Result<Held, NotKept> {
        self.keep_within(path, None)
    }

    fn keep_within(&self, path: &str, limit: Option<Limit>) -> Result<Held, NotKept> {
        self.artifacts.keep(&Directory::open(&self.work("")).unwrap(), path, limit)
    }

    fn refused(&self, path: &str) -> &'static str {
        let code = self.keep(path).expect_err(path).code;
        assert_eq!(self.files(), [""; 0], "nothing is left of {path}");
        code
    }

    /// What lies where contents are.
    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (path, name) in list(&self.artifacts.0.directory).unwrap() {
            found.extend(list(&path).unwrap().into_iter().map(|(_, rest)| format!("{name}/{rest}")));
        }
        found.sort();
        found
    }

    fn sweep(&self, in_use: &[&str]) -> usize {
        self.artifacts.sweep(|digest| Ok(in_use.contains(&digest)), &AtomicBool::new(false)).unwrap()
    }
}

fn place(digest: &str) -> String {
    format!("{}/{}", &digest[..2], &digest[2..])
}

async fn read(artifacts: &Artifacts, digest: &str, size: u64) -> Result<Vec<u8>, Error> {
    let artifact = Artifact {
        play_sid: PlaySid::new(),
        path: "main#0".into(),
        name: "x".into(),
        digest: digest.into(),
        size,
        media_type: "text/plain".into(),
        created_at: Timestamp(0),
    };
    let mut content = artifacts.read(&artifact).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = content.next().await {
        bytes.extend(chunk?);
    }
    Ok(bytes)
}

#[tokio::test]
async fn a_content_is_kept_once_under_its_digest_and_read_again() {
    let stage = Stage::new();
    fs::write(stage.work("in/one"), "abc").unwrap();
    fs::write(stage.work("two"), "abc").unwrap();
    fs::write(stage.work("empty"), "").unwrap();
    for (path, digest, size) in [("in/one", ABC, 3), ("two", ABC, 3), ("empty", EMPTY, 0)] {
        let held = stage.keep(path).unwrap();
        assert_eq!((held.digest.as_str(), held.size), (digest, size));
    }
    assert_eq!(stage.files(), [place(ABC), place(EMPTY)]);
    let file = stage.home.path().join("var/artifacts").join(place(ABC));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(read(&stage.artifacts, ABC, 3).await.unwrap(), b"abc");
    assert_eq!(read(&stage.artifacts, EMPTY, 0).await.unwrap(), b"");

    for damaged in ["abd", "ab", "abcd", ""] {
        fs::write(&file, damaged).unwrap();
        let error = read(&stage.artifacts, ABC, 3).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::StoreCorrupt, "{damaged:?}: {error}");
        // The next one who puts it there mends it.
        stage.keep("two").unwrap();
        assert_eq!(read(&stage.artifacts, ABC, 3).await.unwrap(), b"abc");
    }
    fs::remove_file(&file).unwrap();
    let error = read(&stage.artifacts, ABC, 3).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::StoreCorrupt, "{error}");
    assert!(error.message.contains(ABC) && error.message.ends_with("is gone"), "{error}");
    assert!(error.hint.unwrap().contains("run the flow again"));
    stage.keep("two").unwrap();
    assert_eq!(read(&stage.artifacts, ABC, 3).await.unwrap(), b"abc");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(read(&stage.artifacts, ABC, 3).await.unwrap_err().hint.is_some(), "it cannot be read");
}

#[tokio::test]
async fn a_content_of_many_chunks() {
    let stage = Stage::new();
    let bytes: Vec<u8> = (0..1 << 20).map(|number: u32| (number % 251) as u8).collect();
    fs::write(stage.work("large"), &bytes).unwrap();
    let held = stage.keep("large").unwrap();
    assert_eq!(held.size, 1 << 20, "the most that there may be");
    assert_eq!(read(&stage.artifacts, &held.digest, held.size).await.unwrap(), bytes);
}

#[test]
fn links_at_any_place_and_what_is_no_file_are_refused() {
    let stage = Stage::new();
    fs::write(stage.work("in/file"), "x").unwrap();
    symlink(stage.home.path().join("secret"), stage.work("link")).unwrap();
    symlink("../../secret", stage.work("in/link")).unwrap();
    symlink("file", stage.work("in/harmless")).unwrap();
    symlink("..", stage.work("up")).unwrap();
    symlink("in", stage.work("sideways")).unwrap();
    symlink("/proc/self/root", stage.work("root")).unwrap();
    for path in ["link", "in/link", "in/harmless", "up/secret", "sideways/file", "root/etc/passwd"] {
        assert_eq!(stage.refused(path), "link", "{path}");
    }
    for path in
        ["", "..", "../secret", "in/../../secret", "/etc/passwd", "in//file", "./in/file", "in/", "a\0b"]
    {
        assert_eq!(stage.refused(path), "outside", "{path:?}");
    }
    assert_eq!(stage.refused("nothing"), "not_found");
    assert_eq!(stage.refused("nothing/at/all"), "not_found");
    mknodat(CWD, stage.work("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    for path in ["in", "pipe", "in/file/more"] {
        assert_eq!(stage.refused(path), "not_a_file", "{path}");
    }
    let message = stage.keep("up/secret").unwrap_err().message;
    let expected = "of its directory up: it is a symbolic link; artifacts are read without following links";
    assert_eq!(message, expected);
}

#[test]
fn a_file_that_has_other_names_or_another_owner_is_refused() {
    let stage = Stage::new();
    fs::hard_link(stage.home.path().join("secret"), stage.work("hard")).unwrap();
    assert_eq!(stage.refused("hard"), "linked");
    fs::remove_file(stage.home.path().join("secret")).unwrap();
    stage.keep("hard").expect("its only name");
    if geteuid().is_root() {
        // Only root may give files away. The working directory is a play's own then, and the file is not.
        let stage = Stage::new();
        fs::write(stage.work("foreign"), "x").unwrap();
        chown(stage.work(""), Some(Uid::from_raw(12345)), None).unwrap();
        assert_eq!(stage.refused("foreign"), "foreign");
        chown(stage.work("foreign"), Some(Uid::from_raw(12345)), None).unwrap();
        stage.keep("foreign").expect("its own");
    }
}

#[test]
fn what_is_too_large_is_refused_also_where_it_grows() {
    let stage = Stage::new();
    fs::write(stage.work("large"), vec![0; (1 << 20) + 1]).unwrap();
    assert_eq!(stage.refused("large"), "too_large");
    let sparse = File::create(stage.work("sparse")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    assert_eq!(stage.refused("sparse"), "too_large");

    // As long as a file may be when it is opened, and longer when it is read.
    let mut file = File::open(stage.work("large")).unwrap();
    let to = File::create(stage.work("copy")).unwrap();
    assert_eq!(copy(&mut file, &to, &Limit::of_one(1 << 20)).unwrap_err().code, "too_large");
}

#[test]
fn whoever_keeps_a_file_may_allow_less_but_not_more() {
    let stage = Stage::new();
    let of = |bytes| Some(Limit { bytes, beyond: NotKept::new("no_more", "why") });
    let refused = |path: &str, bytes| stage.keep_within(path, of(bytes)).unwrap_err();
    fs::write(stage.work("abc"), "abc").unwrap();
    assert_eq!(refused("abc", 2), NotKept::new("no_more", "why"));
    assert_eq!(stage.files(), [""; 0], "its size told it before anything was copied");
    assert!(!stage.home.path().join("var").exists());
    stage.keep_within("abc", of(3)).expect("as much as there may be");
    File::create(stage.work("sparse")).unwrap().set_len((1 << 20) + 1).unwrap();
    assert_eq!(refused("sparse", 1 << 30).code, "too_large");
}

/// Whatever somebody swaps while a file is looked for, only a file of the working directory is ever kept.
#[test]
fn no_swap_leads_out_of_the_working_directory() {
    const ROUNDS: u64 = 5_000;
    let seed = std::env::var("HERO_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7_u64);
    eprintln!("HERO_TEST_SEED={seed}");
    let stage = Stage::new();
    let outside = stage.home.path().join("outside");
    fs::create_dir(&outside).unwrap();
    for name in ["file", "in"] {
        fs::write(outside.join(name), "secret").unwrap();
    }
    fs::write(stage.work("in/file"), "inside").unwrap();
    let (is_over, swapped) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let swaps = {
        let (is_over, swapped, work) = (Arc::clone(&is_over), Arc::clone(&swapped), stage.work(""));
        thread::spawn(move || {
            let mut random = seed | 1;
            while !is_over.load(Ordering::Relaxed) {
                // xorshift64 (Marsaglia, 2003).
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                // The directory, or the file in it, is a link for a moment.
                let (name, target) = if random.is_multiple_of(2) {
                    ("in", outside.clone())
                } else {
                    ("in/file", outside.join("file"))
                };
                fs::rename(work.join(name), work.join("aside")).unwrap();
                match random % 3 {
                    0 => symlink(&target, work.join(name)).unwrap(),
                    1 => mknodat(CWD, work.join(name), FileType::Fifo, Mode::RWXU, 0).unwrap(),
                    _ => symlink("/proc/self/fd/0", work.join(name)).unwrap(),
                }
                fs::remove_file(work.join(name)).unwrap();
                fs::rename(work.join("aside"), work.join(name)).unwrap();
                swapped.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    let (mut kept, mut refused, mut round) = (0, 0, 0);
    // Until there were enough rounds, and of each kind some.
    while round < ROUNDS || kept == 0 || refused == 0 || swapped.load(Ordering::Relaxed) < ROUNDS {
        round += 1;
        match stage.keep("in/file") {
            Ok(held) => {
                assert_eq!(held.digest, hex(Sha256::new_with_prefix("inside")), "round {round}");
                kept += 1;
            }
            Err(NotKept { code, message }) => {
                let is_expected = ["link", "not_found", "not_a_file", "failed"].contains(&code);
                assert!(is_expected, "round {round}: {code}: {message}");
                refused += 1;
            }
        }
    }
    is_over.store(true, Ordering::Relaxed);
    swaps.join().unwrap();
    assert_eq!(stage.files(), [place(&hex(Sha256::new_with_prefix("inside")))]);
}

#[test]
fn what_nobody_uses_is_swept_away_and_what_is_held_is_not() {
    let stage = Stage::new();
    fs::write(stage.work("abc"), "abc").unwrap();
    fs::write(stage.work("empty"), "").unwrap();
    assert_eq!(stage.sweep(&[]), 0, "there is nothing yet");
    let (abc, again) = (stage.keep("abc").unwrap(), stage.keep("abc").unwrap());
    let empty = stage.keep("empty").unwrap();
    assert_eq!(stage.sweep(&[]), 0, "they are held");
    drop((abc, empty));
    assert_eq!(stage.sweep(&[]), 1, "the other one is held twice");
    assert_eq!(stage.files(), [place(ABC)]);
    drop(again);
    assert_eq!(stage.sweep(&[ABC]), 0, "a row leads to it");
    assert_eq!(stage.sweep(&[EMPTY]), 1);
    assert_eq!(stage.files(), [""; 0]);
}

#[test]
fn a_content_is_forgotten_unless_somebody_uses_it() {
    let stage = Stage::new();
    fs::write(stage.work("abc"), "abc").unwrap();
    let held = stage.keep("abc").unwrap();
    let forget = |is_in_use| stage.artifacts.forget(ABC, |_| Ok(is_in_use)).unwrap();
    assert!(!forget(false), "it is held");
    drop(held);
    assert!(!forget(true), "a row leads to it");
    assert_eq!(stage.files(), [place(ABC)]);
    assert!(forget(false));
    assert!(!forget(false), "somebody was faster");
    drop(stage.keep("abc").unwrap());
    stage.artifacts.close();
    assert!(!forget(false), "another runtime may hold it");
    assert_eq!(stage.files(), [place(ABC)]);
}

#[test]
fn a_draft_that_a_crash_left_is_swept_away_and_one_that_is_written_is_not() {
    let stage = Stage::new();
    let drafts = stage.home.path().join("var/artifacts/drafts");
    fs::create_dir_all(&drafts).unwrap();
    fs::write(drafts.join("1"), "half").unwrap();
    let draft = Draft::new(&stage.artifacts).unwrap();
    assert!(draft.path.ends_with("2"), "the name is taken");
    stage.sweep(&[]);
    assert_eq!(stage.files(), ["drafts/1", "drafts/2"]);
    drop(draft);
    stage.sweep(&[]);
    assert_eq!(stage.files(), [""; 0]);
}

/// A sweep between any two steps of a put takes nothing that is about to be used.
#[test]
fn a_sweep_never_meets_a_put() {
    let stage = Stage::new();
    fs::write(stage.work("abc"), "abc").unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let sweeps = {
        let (artifacts, is_over) = (stage.artifacts.clone(), Arc::clone(&is_over));
        thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                artifacts.sweep(|_| Ok(false), &AtomicBool::new(false)).unwrap();
            }
        })
    };
    for round in 0..500 {
        let held = stage.keep("abc").unwrap();
        assert_eq!(fs::read(stage.artifacts.path(&held.digest)).unwrap(), b"abc", "round {round}");
    }
    is_over.store(true, Ordering::Relaxed);
    sweeps.join().unwrap();
}
