//! Files that flows keep: put, replaced, listed, fetched, refused, and still there when the working directory is not.

use std::{fs, path::PathBuf};

use hero_e2e::{Settled, Stage};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::kills::{after_each_record, assert_each_once, only_play};

/// How often a command is given again until a sweep has come to its end: one that is cut short goes on with the next.
const COMMANDS_MAX: u32 = 100;

fn digest(content: impl AsRef<[u8]>) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn run<'a>(stage: &'a Stage, entry: &'a str, inputs: &str) -> hero_e2e::Run<'a> {
    stage.flow("artifacts.py");
    stage.hero(["run", "artifacts.py", "--entry", entry, "--inputs", inputs, "--no-input", "--json"])
}

/// Name and digest of each artifact.
#[track_caller]
fn artifacts(stage: &Stage, play_sid: &str) -> Vec<(String, String)> {
    let document = stage.hero(["play", "artifacts", play_sid, "--json"]).finish().exits(0).json();
    let text = |artifact: &Value, name: &str| artifact[name].as_str().unwrap().to_owned();
    let artifacts = document["artifacts"].as_array().unwrap();
    artifacts.iter().map(|artifact| (text(artifact, "name"), text(artifact, "digest"))).collect()
}

/// Files beneath the place of contents.
fn contents(stage: &Stage) -> Vec<PathBuf> {
    let Ok(places) = fs::read_dir(stage.home().join(".hero/var/artifacts")) else { return Vec::new() };
    let files = |place: fs::DirEntry| fs::read_dir(place.path()).unwrap().map(|file| file.unwrap().path());
    places.flat_map(|place| files(place.unwrap())).collect()
}

/// Has commands sweep the home until that is so.
#[track_caller]
fn sweep_until(stage: &Stage, days: &str, is_so: impl Fn() -> bool) {
    for _ in 0..COMMANDS_MAX {
        if is_so() {
            return;
        }
        // As if an hour had passed. Where the last sweep was cut short there is no such mark.
        fs::remove_file(stage.home().join(".hero/var/swept")).unwrap_or_default();
        stage.hero(["run", "hello", "--input", "name=x"]).env("HERO_WORK_DAYS", days).finish().exits(0);
    }
    panic!("it was not swept away");
}

#[test]
fn a_file_is_kept_listed_and_fetched() {
    let stage = Stage::new();
    let settled: Settled = run(&stage, "main", "{}").finish().exits(0).settled();
    let bytes: Vec<u8> = (0..=255).collect();
    let first =
        json!({"name": "first.csv", "digest": digest("a,b\n1,2\n"), "size": 8, "media_type": "text/csv"});
    assert_eq!(settled.outputs()[0], first);
    let sid = settled.play.play_sid.as_str();
    let expected = [
        ("all bytes".to_owned(), digest(&bytes)),
        ("first.csv".to_owned(), digest("a,b\n1,2\n")),
        ("second.json".to_owned(), digest("{}")),
    ];
    assert_eq!(artifacts(&stage, sid), expected);

    let fetched = stage.hero(["play", "artifact", sid, "first.csv"]).finish().exits(0);
    assert_eq!(fetched.stdout, "a,b\n1,2\n");
    let outcome =
        stage.hero(["play", "artifact", sid, "all bytes", "--output", "copy", "--json"]).finish().exits(0);
    assert_eq!(fs::read(stage.directory().join("copy")).unwrap(), bytes);
    let document = outcome.json();
    assert_eq!((&document["size"], &document["path"]), (&json!(256), &json!("main#0")));
    assert_eq!(document["media_type"], "application/x-bytes");

    let listed = stage.hero(["play", "artifacts", sid]).finish().exits(0);
    assert!(listed.stdout.contains("first.csv    8 B    text/csv"), "{listed}");
    let shown = stage.hero(["play", "show", sid]).finish().exits(0);
    assert!(shown.stdout.contains("artifact   all bytes  256 B  application/x-bytes"), "{shown}");
    let missing = stage.hero(["play", "artifact", sid, "nothing"]).finish().exits(2);
    assert!(
        missing.stderr.contains("error[not_found]") && missing.stderr.contains("play artifacts"),
        "{missing}"
    );
}

#[test]
fn a_second_file_of_a_name_takes_the_place_of_the_first() {
    let stage = Stage::new();
    let settled = run(&stage, "replace", "{}").finish().exits(0).settled();
    let sid = settled.play.play_sid.as_str();
    assert_eq!(settled.outputs()[0]["digest"], digest("old"), "what a step gave stays what it was");
    assert_eq!(artifacts(&stage, sid), [("out".to_owned(), digest("new"))]);
    assert_eq!(stage.hero(["play", "artifact", sid, "out"]).finish().exits(0).stdout, "new");
    sweep_until(&stage, "7", || contents(&stage).len() == 1);
    assert_eq!(stage.hero(["play", "artifact", sid, "out"]).finish().exits(0).stdout, "new");
}

#[test]
fn a_replay_keeps_the_same_again() {
    let stage = Stage::new();
    stage.flow("artifacts.py");
    after_each_record(&stage, &["artifacts.py", "--entry", "main"], |killed| {
        let play_sid = &killed.settled.play.play_sid;
        let names_and_digests = artifacts(killed.stage, play_sid.as_str());
        assert_eq!(names_and_digests.len(), 3, "after record {}: {names_and_digests:?}", killed.records);
        assert_each_once(&killed.stage.effects(play_sid), &["first.csv", "second.json"]);
    });
    assert_eq!(contents(&stage).len(), 3, "the same content is there once, whoever keeps it");
}

#[test]
fn coroutines_keep_files_side_by_side() {
    let stage = Stage::new();
    stage.flow("artifacts.py");
    after_each_record(&stage, &["artifacts.py", "--entry", "side_by_side"], |killed| {
        let play_sid = killed.settled.play.play_sid.as_str();
        assert_eq!(artifacts(killed.stage, play_sid).len(), 12, "after record {}", killed.records);
    });
}

#[test]
fn what_is_not_the_plays_own_file_is_refused_and_the_play_goes_on() {
    let stage = Stage::new();
    let outside = stage.write("outside", "secret");
    let cases = [
        (
            "link",
            "ValueError: artifact link: it is a symbolic link; artifacts are read without following links",
        ),
        ("to_in/file", "ValueError: artifact to_in/file: of its directory to_in: it is a symbolic link; "),
        (outside.to_str().unwrap(), ": it is no path beneath flow.workdir; copy the file there first"),
        ("../output.log", ": it is no path beneath flow.workdir"),
        ("in/../../work/large", ": it is no path beneath flow.workdir"),
        ("pipe", "ValueError: artifact pipe: it is a pipe, not a file"),
        ("in", "ValueError: artifact in: it is a directory, not a file"),
        (
            "large",
            "ValueError: artifact large: it has more than the 1073741824 bytes that an artifact may have",
        ),
        ("nothing", "FileNotFoundError: artifact nothing: there is no such file"),
        ("", "ValueError: artifact '': it names no file"),
        ("in/file", &digest("x")),
    ];
    let paths: Vec<&str> = cases.iter().map(|(path, _)| *path).collect();
    let inputs = json!({"paths": paths}).to_string();
    let settled = run(&stage, "refused", &inputs).finish().exits(0).settled();
    assert_eq!(settled.play.attempt, 1);
    let outputs = settled.outputs();
    for ((path, expected), told) in cases.iter().zip(outputs.as_array().unwrap()) {
        assert!(told.as_str().unwrap().contains(expected), "{path}: {told}");
    }
    assert_eq!(artifacts(&stage, settled.play.play_sid.as_str()).len(), 1);
}

#[test]
fn a_file_that_is_swapped_for_a_link_is_never_followed() {
    let stage = Stage::new();
    let secret = stage.write("secret", "secret");
    let inputs = json!({"secret": secret, "rounds": 500}).to_string();
    let settled = run(&stage, "swap", &inputs).finish().exits(0).settled();
    for kept in settled.outputs().as_array().unwrap() {
        let kept = kept.as_str().unwrap();
        assert!(kept == "refused" || kept == digest("mine"), "{kept}");
    }
    assert!(contents(&stage).iter().all(|path| fs::read(path).unwrap() == b"mine"));
}

/// The runtime ends when the content is on disk and its row is not: the play keeps it again, and what nobody uses goes.
#[test]
fn a_crash_between_the_copy_and_the_row() {
    let stage = Stage::new();
    run(&stage, "changes", "{}").ended_after_copy().finish().exits(134);
    assert_eq!(contents(&stage).len(), 1);
    let (sid, _) = only_play(&stage);
    assert_eq!(artifacts(&stage, &sid), []);
    let settled = stage.hero(["play", "wait", &sid, "--json"]).finish().exits(0).settled();
    assert_eq!(settled.outputs(), json!(digest("attempt 2")));
    assert_eq!(artifacts(&stage, &sid), [("out".to_owned(), digest("attempt 2"))]);
    sweep_until(&stage, "7", || contents(&stage).len() == 1);
    assert_eq!(stage.hero(["play", "artifact", &sid, "out"]).finish().exits(0).stdout, "attempt 2");
}

#[test]
fn a_working_directory_is_wiped_and_artifacts_stay() {
    let stage = Stage::new();
    let kept = run(&stage, "main", "{}").finish().exits(0).settled().play.play_sid;
    let failed = run(&stage, "fails", "{}").finish().exits(1).settled().play.play_sid;
    sweep_until(&stage, "7", || stage.home().join(".hero/var/swept").exists());
    assert!(stage.workdir(&kept).exists() && stage.workdir(&failed).exists(), "they have not had their time");
    sweep_until(&stage, "0", || !stage.workdir(&kept).exists() && !stage.workdir(&failed).exists());
    let fetched = stage.hero(["play", "artifact", kept.as_str(), "first.csv"]).finish().exits(0);
    assert_eq!(fetched.stdout, "a,b\n1,2\n");

    let retried = stage.hero(["play", "retry", failed.as_str(), "--no-input", "--json"]).finish().exits(0);
    assert_eq!(retried.settled().outputs(), json!([]), "it finds an empty one");
    let refused =
        stage.hero(["run", "hello", "--input", "name=x"]).env("HERO_WORK_DAYS", "soon").finish().exits(2);
    assert!(refused.stderr.contains("HERO_WORK_DAYS") && refused.stderr.contains("hint:"), "{refused}");
}

/// A play that is retried before its time is over finds what it left.
#[test]
fn a_play_that_is_retried_finds_its_working_directory() {
    let stage = Stage::new();
    let failed = run(&stage, "fails", "{}").finish().exits(1).settled().play.play_sid;
    let retried = stage.hero(["play", "retry", failed.as_str(), "--no-input", "--json"]).finish().exits(0);
    assert_eq!(retried.settled().outputs(), json!(["left"]));
}

/// The bytes of all contents.
fn kept_bytes(stage: &Stage) -> u64 {
    contents(stage).iter().map(|path| fs::metadata(path).unwrap().len()).sum()
}

#[test]
fn all_artifacts_of_a_play_count_towards_its_disk() {
    let stage = Stage::new();
    let failed = run(&stage, "hoards", "{}").finish().exits(1);
    let words = "0 1 artifact large: the play's artifacts would have more bytes together than they may; the \
                 sandbox allows disk_mb 8; allow more with @flow(sandbox={\"disk_mb\": …})";
    let settled = failed.settled();
    let error = settled.play.error.as_ref().unwrap();
    assert!(error.message.starts_with(words), "{}", error.message);
    assert_eq!(kept_bytes(&stage), 6 << 20, "what was refused was not copied either");

    // Another attempt keeps the same again, which counts once, and no more.
    let sid = settled.play.play_sid.as_str();
    let retried = stage.hero(["play", "retry", sid, "--no-input", "--json"]).finish().exits(0).settled();
    let told = retried.outputs();
    assert_eq!((&told[0], &told[1]), (&json!("0"), &json!("1")));
    assert!(
        told[2].as_str().unwrap().contains("disk_mb 8") && told[3].as_str().unwrap().contains("disk_mb 8")
    );
    assert_eq!((artifacts(&stage, sid).len(), kept_bytes(&stage)), (2, 6 << 20));
}

#[test]
fn nothing_counts_where_nothing_is_confined() {
    let stage = Stage::new();
    stage.flow("artifacts.py");
    let arguments = ["--sandbox", "off", "run", "artifacts.py", "--entry", "hoards", "--no-input", "--json"];
    let settled = stage.hero(arguments).finish().exits(1).settled();
    assert_eq!(settled.play.error.unwrap().message, "0 1 2 3");
    assert_eq!(kept_bytes(&stage), 12 << 20);
}

#[test]
fn many_files_at_once_have_the_room_of_all() {
    let stage = Stage::new();
    let settled = run(&stage, "hoards_at_once", "{}").finish().exits(0).settled();
    assert_eq!(settled.outputs(), json!([8, 8]), "as many as fit, whoever comes first");
    assert_eq!(artifacts(&stage, settled.play.play_sid.as_str()).len(), 8);
}

/// A content whose place another one took does not wait for the next sweep.
#[test]
fn what_was_replaced_goes_at_once() {
    let stage = Stage::new();
    let settled = run(&stage, "replaces_often", "{}").finish().exits(0).settled();
    // The command may end before the last ones have gone.
    assert!(contents(&stage).len() < 10, "{:?}", contents(&stage));
    let sid = settled.play.play_sid.as_str();
    assert_eq!(artifacts(&stage, sid), [("large".to_owned(), digest(vec![19; 3 << 20]))]);
}

#[test]
fn a_damaged_content_harms_nothing_and_is_healed_by_whoever_keeps_it_again() {
    let stage = Stage::new();
    let sid = run(&stage, "main", "{}").finish().exits(0).settled().play.play_sid.to_string();
    let content = digest("a,b\n1,2\n");
    let content = stage.home().join(".hero/var/artifacts").join(&content[..2]).join(&content[2..]);
    let fetch = || stage.hero(["play", "artifact", &sid, "first.csv", "--output", "copy"]).finish();
    let copy = stage.write("copy", "good");
    for damage in [|path: &PathBuf| fs::write(path, "a,b\n1,3\n"), |path: &PathBuf| fs::remove_file(path)] {
        damage(&content).unwrap();
        let refused = fetch().exits(6);
        assert!(refused.stderr.contains("error[store_corrupt]: the content "), "{refused}");
        assert!(refused.stderr.contains("hint: run the flow again"), "{refused}");
        assert_eq!(fs::read_to_string(&copy).unwrap(), "good", "it is as it was");
        assert_eq!(fs::read_dir(stage.directory()).unwrap().count(), 2, "no draft is left beside the flow");

        // As the hint says.
        run(&stage, "main", "{}").finish().exits(0);
        fetch().exits(0);
        assert_eq!(fs::read_to_string(&copy).unwrap(), "a,b\n1,2\n");
        stage.write("copy", "good");
    }
}

/// Whether in memory or, as where the home is beneath `/tmp`, in the play's directory.
#[test]
fn temporary_files_go_with_their_process() {
    let stage = Stage::new();
    let failed = run(&stage, "temporary", "{}").finish().exits(1).settled().play.play_sid;
    let temporary = stage.workdir(&failed).with_file_name("tmp");
    assert!(!temporary.exists());
    let retried = stage.hero(["play", "retry", failed.as_str(), "--no-input", "--json"]).finish().exits(0);
    assert_eq!(retried.settled().outputs(), json!([]), "the next process finds none");
    assert!(!temporary.exists());
}
