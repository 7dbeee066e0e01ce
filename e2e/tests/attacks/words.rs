//! What a flow is told in words when it is denied something, and that the advice helps.

use std::collections::BTreeMap;

use hero_e2e::{binary, redact};
use serde_json::json;

use crate::world::{User, World, as_user, command, users};

#[track_caller]
fn told(world: &World, level: &str, wish: &str, options: &[String]) -> BTreeMap<String, String> {
    let source = std::fs::read_to_string(binary::repository().join("e2e/flows/attacks/words.py")).unwrap();
    let source = source.replace("{\"subprocess\": False, \"network\": False}", wish);
    let inputs = json!({"directory": world.open(), "port": world.port("other4")}).to_string();
    let arguments = [&["--sandbox", level, "--inputs", &inputs].map(str::to_owned)[..], options].concat();
    let outcome =
        as_user(command(&world.stage, "words.py", &source, &arguments), world.user).finish().exits(0);
    serde_json::from_value(outcome.settled().outputs()).unwrap()
}

fn shown(world: &World, found: &BTreeMap<String, String>) -> String {
    let port = world.port("other4").to_string();
    let open = world.open();
    let paths = [(open.to_str().unwrap(), "[outside]"), (port.as_str(), "[port]")];
    let lines: Vec<String> = found.iter().map(|(name, words)| format!("{name}: {words}\n")).collect();
    redact::text(&lines.concat(), &paths)
}

#[test]
fn what_is_denied_is_said_with_its_remedy() {
    for user in users() {
        let world = World::new(user);
        let nothing = "{\"subprocess\": False, \"network\": False}";
        for level in ["default", "strict"] {
            insta::assert_snapshot!("denied", shown(&world, &told(&world, level, nothing, &[])));
        }
        let other_port = format!("{{\"network\": [{}]}}", world.port("allowed4"));
        let words = shown(&world, &told(&world, "default", &other_port, &[]));
        // The lower port comes first.
        let words = words.replace(&world.port("allowed4").to_string(), "[allowed]");
        insta::assert_snapshot!("denied_port", words.replace("[[port], [allowed]]", "[[allowed], [port]]"));
    }
}

#[test]
fn the_remedy_helps() {
    for user in users() {
        let world = World::new(user);
        let open = world.open();
        let open = open.to_str().unwrap();
        let wish = format!(
            "{{\"read\": [\"{open}\"], \"write\": [\"{open}\"], \"subprocess\": True, \"network\": True}}"
        );
        let options = ["--allow-write", open].map(str::to_owned);
        let found = told(&world, "default", &wish, &options);
        for (name, words) in &found {
            match name.as_str() {
                "reach a Unix socket" => assert!(words.contains("Unix sockets"), "{words}"),
                "look for what is not there" => assert!(words.starts_with("FileNotFoundError"), "{words}"),
                _ => assert_eq!(words, "done", "{name}, {user:?}"),
            }
        }
        assert_eq!(
            told(&world, "off", "{}", &[]).get("reach a Unix socket").map(String::as_str),
            Some("done")
        );
        // What it wished for and did not get by the command is refused before it runs.
        let source = format!(
            "from hero_tracing import flow\n\n\n@flow(sandbox={wish})\ndef main() -> None:\n    pass\n"
        );
        let outcome = as_user(command(&world.stage, "wish.py", &source, &[]), user).finish();
        assert_eq!((outcome.code, outcome.error_code().as_str()), (2, "sandbox_denied"), "{outcome}");
    }
}

/// As root the directory that is wished for belongs to root, and what the play made there does too.
#[test]
fn what_a_play_makes_outside_belongs_to_who_runs_it() {
    for user in users() {
        let world = World::new(user);
        let open = world.open();
        let open = open.to_str().unwrap();
        let wish = format!("{{\"write\": [\"{open}\"]}}");
        told(&world, "default", &wish, &["--allow-write", open].map(str::to_owned));
        let owner = |name: &str| {
            std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(world.open().join(name)).unwrap())
        };
        assert_eq!(owner("made"), owner("target"), "{:?}", User::Root);
    }
}
