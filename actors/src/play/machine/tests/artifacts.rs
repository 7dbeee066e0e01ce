//! Artifacts, from the machine's side: copied, written, told, and never told before it is written.

use hero_sdk::model::SandboxLevel;

use super::{super::*, lines::*, stage::Stage};
use crate::{
    artifacts::{Limit, NotKept},
    play::sample::sandbox,
};

const MEBI: u64 = 1 << 20;

fn put(name: &str, n: u64) -> String {
    let line = format!(r#"{{"t":"artifact","id":1,"name":"{name}","path":"a/b","media_type":"text/csv"}}"#);
    numbered(line, n)
}

impl Stage {
    /// The file that is being copied is, or cannot be.
    fn copied(&mut self, result: Result<(&str, u64), &'static str>) {
        let attempt = self.attempt();
        let result =
            result.map(|(digest, size)| (digest.to_owned(), size)).map_err(|code| NotKept::new(code, "why"));
        self.handle(Event::ArtifactCopied { attempt, result });
    }

    /// A file is asked for and copied.
    fn kept(&mut self, name: &str, n: u64, digest: &str, size: u64) {
        self.say(put(name, n));
        self.copied(Ok((digest, size)));
    }

    fn digests(&self) -> Vec<(&str, &str)> {
        let artifacts = self.rig.disk.artifacts.values();
        artifacts.map(|artifact| (artifact.name.as_str(), artifact.digest.as_str())).collect()
    }

    /// A running play whose process is confined so.
    fn confined(level: SandboxLevel, disk_mb: u64) -> Self {
        let mut stage = Self::accepted();
        let mut sandbox = sandbox();
        (sandbox.level, sandbox.allowance.disk_mb) = (level, disk_mb);
        stage.handle(Event::Admitted);
        stage.handle(Event::Spawned { attempt: 1, sandbox });
        stage.say(ROOT);
        stage
    }

    /// How many bytes a file of this name may have now; none where that has no limit.
    fn limit_of(&mut self, name: &str) -> Option<Limit> {
        self.say(put(name, 99));
        let effects = self.machine().copy_first();
        let [Effect::CopyArtifact { limit, .. }] = &effects[..] else { panic!("{effects:?}") };
        let limit = limit.clone();
        self.copied(Err("failed"));
        limit
    }

    fn room_of(&mut self, name: &str) -> u64 {
        self.limit_of(name).expect("there is a limit").bytes
    }
}

#[test]
fn a_file_is_copied_then_written_then_told() {
    let mut stage = Stage::running();
    stage.say(put("out", 1));
    assert_eq!(stage.log.len(), 1);
    assert!(stage.log[0].starts_with("CopyArtifact { attempt: 1, path: \"a/b\""), "{:?}", stage.log);
    stage.copied(Ok(("aa", 3)));
    assert_eq!(
        stage.log,
        ["commit Yes artifact:out span:main#0:Running", r#"send {"t":"kept","n":1,"digest":"aa","size":3}"#]
    );
    // The same again is the same; another content takes its place.
    let first = stage.rig.disk.artifacts["out"].clone();
    stage.kept("out", 2, "aa", 3);
    assert_eq!(stage.log, ["commit Yes ", r#"send {"t":"kept","n":2,"digest":"aa","size":3}"#]);
    assert_eq!(stage.rig.disk.artifacts["out"], first);
    stage.kept("out", 3, "bb", 3);
    assert_eq!(
        stage.log,
        [
            "commit Yes artifact:out",
            r#"send {"t":"kept","n":3,"digest":"bb","size":3}"#,
            r#"ForgetContent { digest: "aa" }"#
        ]
    );
    stage.kept("else", 4, "aa", 3);
    assert_eq!(stage.digests(), [("else", "aa"), ("out", "bb")]);
    assert!(stage.machine().has_content("aa") && !stage.machine().has_content("cc"));
}

#[test]
fn another_media_type_leaves_the_content() {
    let mut stage = Stage::running();
    stage.kept("out", 1, "aa", 3);
    stage.say(put("out", 2).replace("text/csv", "text/plain"));
    stage.copied(Ok(("aa", 3)));
    assert_eq!(stage.log, ["commit Yes artifact:out", r#"send {"t":"kept","n":2,"digest":"aa","size":3}"#]);
    assert_eq!(stage.rig.disk.artifacts["out"].media_type, "text/plain");
}

#[test]
fn files_are_copied_one_after_the_other() {
    let mut stage = Stage::running();
    stage.say(put("one", 1));
    stage.say(put("two", 2));
    stage.say(put("three", 3));
    assert_eq!(stage.log, [""; 0], "it waits");
    stage.copied(Ok(("aa", 3)));
    assert!(stage.log.last().unwrap().starts_with("CopyArtifact"), "{:?}", stage.log);
    stage.copied(Err("link"));
    assert_eq!(stage.log[1], r#"send {"t":"not_kept","n":2,"code":"link","message":"why"}"#);
    assert!(stage.log.last().unwrap().starts_with("CopyArtifact"), "{:?}", stage.log);
    stage.copied(Ok(("cc", 3)));
    assert_eq!(stage.digests(), [("one", "aa"), ("three", "cc")]);
    assert!(!stage.log.last().unwrap().starts_with("CopyArtifact"), "{:?}", stage.log);
}

#[test]
fn the_next_attempt_and_the_next_runtime_know_it() {
    let mut stage = Stage::running();
    stage.kept("out", 1, "aa", 3);
    // What waits when an attempt ends is not copied in the next.
    stage.say(put("more", 2));
    stage.say(put("most", 3));
    stage.exit(-9);
    stage.go_on();
    stage.kept("out", 1, "aa", 3);
    assert!(stage.log[0].starts_with("commit Yes ") && !stage.log[0].contains("artifact"), "{:?}", stage.log);
    assert!(!stage.log.last().unwrap().starts_with("CopyArtifact"), "{:?}", stage.log);
    stage.forget();
    stage.recover().unwrap();
    stage.go_on();
    // The stage's disk checks that the machine knows what it replaces.
    stage.kept("out", 1, "bb", 3);
    assert_eq!(stage.digests(), [("out", "bb")]);
}

#[test]
fn all_artifacts_of_a_play_together_have_a_limit() {
    let mut stage = Stage::confined(SandboxLevel::Default, 64);
    let limit = stage.limit_of("one").unwrap();
    assert_eq!((limit.bytes, limit.beyond.code), (64 * MEBI, "limit_exceeded"));
    let words = "the sandbox allows disk_mb 64; allow more with @flow(sandbox={\"disk_mb\": …})";
    assert!(limit.beyond.message.ends_with(words), "{}", limit.beyond.message);

    stage.kept("one", 1, "aa", 40 * MEBI);
    assert_eq!(stage.room_of("two"), 24 * MEBI);
    assert_eq!(stage.room_of("one"), 64 * MEBI, "what takes its place");
    stage.kept("two", 2, "aa", 24 * MEBI);
    assert_eq!(stage.room_of("three"), 0, "each counts, whatever its content");
    stage.kept("one", 3, "bb", 30 * MEBI);
    assert_eq!(stage.room_of("three"), 10 * MEBI);

    // Of all attempts, in whatever runtime; what is kept again counts once.
    stage.exit(-9);
    stage.forget();
    stage.recover().unwrap();
    stage.handle(Event::Admitted);
    let mut less = sandbox();
    less.allowance.disk_mb = 16;
    stage.handle(Event::Spawned { attempt: 2, sandbox: less });
    stage.say(ROOT);
    assert_eq!(stage.room_of("three"), 0);
    assert_eq!(stage.room_of("one"), 30 * MEBI, "it was kept when more was allowed");
    stage.kept("one", 1, "bb", 30 * MEBI);
    assert_eq!(stage.digests(), [("one", "bb"), ("two", "aa")]);
}

#[test]
fn the_limit_of_a_file_is_known_when_those_before_it_are_kept() {
    let mut stage = Stage::confined(SandboxLevel::Strict, 1);
    stage.say(put("one", 1));
    stage.say(put("two", 2));
    stage.copied(Ok(("aa", MEBI - 3)));
    assert!(stage.log.last().unwrap().contains("limit: Some(Limit { bytes: 3,"), "{:?}", stage.log);
}

#[test]
fn nothing_is_limited_where_nothing_is_confined() {
    let mut stage = Stage::confined(SandboxLevel::Off, 1);
    stage.kept("one", 1, "aa", 40 * MEBI);
    assert_eq!(stage.limit_of("two"), None);
}

#[test]
fn what_cannot_be_kept_is_told_and_the_attempt_goes_on() {
    let mut stage = Stage::running();
    stage.say(put("out", 1));
    stage.copied(Err("link"));
    let refused = r#"send {"t":"not_kept","n":1,"code":"link","message":"why"}"#;
    assert_eq!(stage.log.last().unwrap(), refused);
    let long = "x".repeat(201);
    for (name, code) in [
        ("", "bad_name"),
        ("a/b", "bad_name"),
        ("..", "bad_name"),
        ("a\\u0007b", "bad_name"),
        ("a\\u0085b", "bad_name"),
        (&long, "bad_name"),
    ] {
        stage.say(put(name, 2));
        let sent = stage.log.last().unwrap();
        assert!(sent.contains(r#""t":"not_kept","n":2"#) && sent.contains(code), "{name}: {sent}");
    }
    for media_type in ["*/*", "a/b/c", "text\\r\\nx: y/z"] {
        stage.say(put("x", 3).replace("text/csv", media_type));
        assert!(stage.log.last().unwrap().contains("bad_media_type"), "{:?}", stage.log);
    }
    stage.say(put("x", 4).replace(r#""id":1"#, r#""id":9"#));
    assert!(
        stage.log.last().unwrap().contains(r#""t":"refused","n":4,"code":"not_open""#),
        "{:?}",
        stage.log
    );
    assert_eq!((stage.status(), stage.digests()), (Status::Running, Vec::new()));
}

#[test]
fn there_are_limits() {
    let mut stage = Stage::running();
    for n in 0..1_001 {
        stage.say(put("out", n));
    }
    assert!(stage.log.last().unwrap().contains("too_many"), "{:?}", stage.log);
    stage.copied(Ok(("aa", 3)));
    stage.say(put("out", 1_002));
    assert_eq!(stage.log, [""; 0], "it is one of a thousand that wait");
    let out = stage.rig.disk.artifacts["out"].clone();
    let machine = stage.rig.machine.as_mut().unwrap();
    machine.artifacts.extend((0..10_000).map(|number| (number.to_string(), out.clone())));
    stage.copied(Ok(("aa", 3)));
    stage.say(put("new", 1_003));
    assert!(stage.log.last().unwrap().contains("too_many"), "{:?}", stage.log);
    stage.say(put("out", 1_004));
    assert_eq!(stage.log, [""; 0], "one that is there is replaced");
}

#[test]
fn an_attempt_that_is_over_puts_nothing() {
    let mut stage = Stage::running();
    stage.say(put("out", 1));
    stage.say(put("more", 2));
    stage.ask(2, "q", 3);
    stage.say(numbered(PARK, 4));
    stage.copied(Ok(("aa", 3)));
    assert_eq!(stage.log, [""; 0]);
    assert_eq!(stage.digests(), []);
    assert!(!stage.machine().has_content("aa"));
}
