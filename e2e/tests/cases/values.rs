//! What a step gives on replay equals, in type and value, what it gave the first time (P9).

use std::fs;

use hero_e2e::Stage;
use serde_json::json;

use crate::kills::{assert_each_once, names};

#[test]
fn every_type_live_and_on_replay() {
    let stage = Stage::new();
    stage.flow("values.py");
    let run = stage.hero(["run", "values.py", "--answer", "go_on=true", "--no-input", "--json"]);
    let settled = run.finish().exits(0).settled();
    assert!(settled.play.attempt >= 2, "the question ends the first process, so this was a replay");
    assert_eq!(settled.outputs()["wrong_live"], json!({}));
    assert_eq!(settled.outputs()["wrong_replayed"], json!({}));
    let effects = stage.effects(&settled.play.play_sid);
    assert_eq!(names(&effects, Some(1)).len(), effects.len(), "a step ran again");
    assert_eq!(settled.outputs()["count"], json!(effects.len()));
}

#[test]
fn none_is_a_result_like_any_other() {
    let stage = Stage::new();
    stage.write(
        "none.py",
        "from hero_tracing import ask_user, flow\n\n\
         @flow\ndef nothing() -> None:\n    \
             with open('effects.log', 'a') as log:\n        log.write(f'{flow.attempt} nothing\\n')\n\n\
         @flow\ndef main() -> None:\n    nothing()\n    answer = flow.pause('anything', default=None)\n    \
             assert answer is None\n",
    );
    let run = stage.hero(["run", "none.py", "--answer", "anything=null", "--no-input", "--json"]);
    let settled = run.finish().exits(0).settled();
    assert_each_once(&stage.effects(&settled.play.play_sid), &["nothing"]);
}

#[test]
fn what_cannot_be_recorded_is_refused_at_once() {
    let cases = [
        ("lambda: 1", "function"),
        ("open('/dev/null')", "TextIOWrapper"),
        ("(n for n in [1])", "generator"),
        ("{'deep': [object()]}", "object"),
    ];
    for (value, type_name) in cases {
        let stage = Stage::new();
        stage.write(
            "odd.py",
            &format!(
                "from hero_tracing import flow\n\n\
                 @flow\ndef produce():\n    return {value}\n\n\
                 @flow\ndef main():\n    produce()\n"
            ),
        );
        let outcome = stage.hero(["run", "odd.py", "--json"]).finish().exits(1);
        let error = outcome.settled().play.error.unwrap();
        assert_eq!(error.code, "not_recordable", "{error:?}");
        assert!(error.message.contains("produce"), "the step is named: {error:?}");
        assert!(error.message.contains(type_name), "the type is named: {error:?}");
    }
}

#[test]
fn a_large_result_goes_to_a_file() {
    let stage = Stage::new();
    stage.write("large.py", &large_flow(3 << 20));
    let run = stage.hero(["run", "large.py", "--answer", "go_on=true", "--no-input", "--json"]);
    let settled = run.finish().exits(0).settled();
    assert_eq!(settled.outputs(), json!([3 << 20, "ab"]));
    assert_each_once(&stage.effects(&settled.play.play_sid), &["make"]);
    let play = stage.home().join(".hero/var/plays").join(settled.play.play_sid.as_str());
    assert!(has_file_larger_than(&play, 3 << 20), "no file of the play holds the value");
}

#[test]
fn a_huge_result_is_refused() {
    let stage = Stage::new();
    stage.write("huge.py", &large_flow(65 << 20));
    let outcome = stage.hero(["run", "huge.py", "--no-input", "--json"]).finish().exits(1);
    let error = outcome.settled().play.error.unwrap();
    assert_eq!(error.code, "not_recordable", "{error:?}");
    assert!(error.message.contains("make") && error.message.contains("67108864"), "{error:?}");
}

/// A step gives that many characters; a question follows, so that they are read back.
fn large_flow(size: usize) -> String {
    format!(
        "from hero_tracing import ask_user, flow\n\n\
         @flow\ndef make() -> str:\n    \
             with open('effects.log', 'a') as log:\n        log.write(f'{{flow.attempt}} make\\n')\n    \
             return 'ab' * ({size} // 2)\n\n\
         @flow\ndef main() -> list:\n    text = make()\n    ask_user.confirm('Go on?', name='go_on')\n    \
             return [len(text), text[-2:]]\n"
    )
}

fn has_file_larger_than(directory: &std::path::Path, bytes: u64) -> bool {
    fs::read_dir(directory).unwrap().any(|entry| {
        let entry = entry.unwrap();
        let about = entry.metadata().unwrap();
        if about.is_dir() { has_file_larger_than(&entry.path(), bytes) } else { about.len() >= bytes }
    })
}
