//! Artifacts, from the machine's side: copied, written, told, and never told before it is written.

use super::{super::*, lines::*, stage::Stage};
use crate::artifacts::NotKept;

fn put(name: &str, n: u64) -> String {
    let line = format!(r#"{{"t":"artifact","id":1,"name":"{name}","path":"a/b","media_type":"text/csv"}}"#);
    numbered(line, n)
}

impl Stage {
    /// The file that was asked for last is copied, or is not.
    fn copied(&mut self, name: &str, n: u64, result: Result<&str, &'static str>) {
        let attempt = self.attempt();
        let hero_sdk::frame::Up::Artifact(frame) = parse(&put(name, n)) else { panic!("it is one") };
        let result = result.map(|digest| (digest.to_owned(), 3)).map_err(|code| NotKept::new(code, "why"));
        self.handle(Event::ArtifactCopied { attempt, path: "main#0".into(), frame, result });
    }

    fn digests(&self) -> Vec<(&str, &str)> {
        let artifacts = self.rig.disk.artifacts.values();
        artifacts.map(|artifact| (artifact.name.as_str(), artifact.digest.as_str())).collect()
    }
}

#[test]
fn a_file_is_copied_then_written_then_told() {
    let mut stage = Stage::running();
    stage.say(put("out", 1));
    assert_eq!(stage.log.len(), 1);
    assert!(stage.log[0].starts_with("CopyArtifact { attempt: 1, path: \"main#0\""), "{:?}", stage.log);
    stage.copied("out", 1, Ok("aa"));
    assert_eq!(
        stage.log,
        ["commit Yes artifact:out span:main#0:Running", r#"send {"t":"kept","n":1,"digest":"aa","size":3}"#]
    );
    // The same again is the same; another content takes its place.
    let first = stage.rig.disk.artifacts["out"].clone();
    stage.copied("out", 2, Ok("aa"));
    assert_eq!(stage.log, ["commit Yes ", r#"send {"t":"kept","n":2,"digest":"aa","size":3}"#]);
    assert_eq!(stage.rig.disk.artifacts["out"], first);
    stage.copied("out", 3, Ok("bb"));
    stage.copied("else", 4, Ok("aa"));
    assert_eq!(stage.digests(), [("else", "aa"), ("out", "bb")]);
}

#[test]
fn the_next_attempt_and_the_next_runtime_know_it() {
    let mut stage = Stage::running();
    stage.copied("out", 1, Ok("aa"));
    stage.exit(-9);
    stage.go_on();
    stage.copied("out", 1, Ok("aa"));
    assert!(stage.log[0].starts_with("commit Yes ") && !stage.log[0].contains("artifact"), "{:?}", stage.log);
    stage.forget();
    stage.recover().unwrap();
    stage.go_on();
    // The stage's disk checks that the machine knows what it replaces.
    stage.copied("out", 1, Ok("bb"));
    assert_eq!(stage.digests(), [("out", "bb")]);
}

#[test]
fn what_cannot_be_kept_is_told_and_the_attempt_goes_on() {
    let mut stage = Stage::running();
    stage.say(put("out", 1));
    stage.copied("out", 1, Err("link"));
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
    stage.copied("out", 0, Ok("aa"));
    stage.say(put("out", 1_002));
    assert!(stage.log[0].starts_with("CopyArtifact"), "{:?}", stage.log);
    let out = stage.rig.disk.artifacts["out"].clone();
    let machine = stage.rig.machine.as_mut().unwrap();
    machine.artifacts.extend((0..10_000).map(|number| (number.to_string(), out.clone())));
    stage.copied("out", 1, Ok("aa"));
    stage.say(put("new", 1_003));
    assert!(stage.log.last().unwrap().contains("too_many"), "{:?}", stage.log);
    stage.say(put("out", 1_004));
    assert!(stage.log[0].starts_with("CopyArtifact"), "one that is there is replaced");
}

#[test]
fn an_attempt_that_is_over_puts_nothing() {
    let mut stage = Stage::running();
    stage.say(put("out", 1));
    stage.ask(2, "q", 2);
    stage.say(numbered(PARK, 3));
    stage.copied("out", 1, Ok("aa"));
    assert_eq!(stage.log, [""; 0]);
    assert_eq!(stage.digests(), []);
}
