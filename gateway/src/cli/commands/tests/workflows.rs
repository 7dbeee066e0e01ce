//! Workflows: added, listed, shown, changed, deleted, and what is refused.

use super::{
    library::{Library, TRIP, words},
    *,
};

#[tokio::test]
async fn a_file_becomes_a_workflow_and_then_its_next_version() {
    let library = Library::with_trip().await;
    let typed = ["workflow add [here]/trip.py", "workflow add [here]/trip.py --to trip"];
    let mut told = library.transcript(&typed).await;
    library.write("trip.py", &TRIP.replace("a city", "some city"));
    let typed = [
        "workflow add [here]/trip.py --to trip --no-set-current --note 'said better'",
        "workflow versions trip",
        "workflow set-current trip 2",
        "workflow versions trip",
        "workflow show trip",
        "workflow show trip --version 1",
        "workflow fetch trip",
    ];
    told.push_str(&library.transcript(&typed).await);
    insta::assert_snapshot!("workflow_versions", told);

    // The first version is found by its number and by its id, and comes as it was.
    let versions = library.json("workflow versions trip").await;
    let sid = versions["versions"][0]["version_sid"].as_str().unwrap();
    for version in ["1", sid] {
        assert_eq!(library.does(&format!("workflow fetch trip --version {version}")).await, TRIP);
        library.does(&format!("workflow fetch trip --version {version} --output [here]/copy.py")).await;
        assert_eq!(library.read("copy.py"), TRIP);
    }
    assert_eq!(library.does("workflow fetch trip --version 1 --output -").await, TRIP);
    let fetched = library.json("workflow fetch trip --version 1 --output [here]/other.py").await;
    assert_eq!((fetched["source"].as_str(), library.read("other.py").as_str()), (Some(TRIP), TRIP));
    library.close().await;
}

#[tokio::test]
async fn with_json_the_result_of_the_method_is_the_one_document() {
    let library = Library::open().await;
    library.write("tiny.py", "from hero_tracing import flow\n\n@flow\ndef main(): ...\n");
    let typed = [
        "workflow add [here]/tiny.py --name 'a b' --description d --tag t --json",
        "workflow add [here]/tiny.py --to 'a b' --entry main --note n --json",
        "workflow show 'a b' --json",
        "workflow versions 'a b' --json",
        "workflow set-current 'a b' 1 --json",
        "workflow update 'a b' --tag u --json",
        "workflow list --tag u --json",
        "workflow delete 'a b' --yes --json",
        "workflow list --tag u --json",
    ];
    insta::assert_snapshot!("workflow_json", library.transcript(&typed).await);
    library.close().await;
}

#[tokio::test]
async fn every_kind_of_input_is_told_and_nothing_that_a_terminal_obeys() {
    let library = Library::open().await;
    library.write(
        "kinds.py",
        r#"
from dataclasses import dataclass
from typing import Literal

from hero_tracing import flow


@dataclass
class Seat:
    car: int
    window: bool = True


@flow(
    inputs={"seats": {"type": "array", "items": {"type": "integer", "minimum": 1}, "required": True,
                      "description": "which \x1b[2J"}},
    outputs={"price": {"type": "number", "description": "EUR"}},
)
def declared(seats):
    """Declares \x1b[31mred."""


@flow
def main(seats: list[Seat], kind: Literal["a", "b"] = "a", more: dict[str, int] | None = None) -> list[Seat]: ...
"#,
    );
    let typed = [
        "workflow add [here]/kinds.py",
        "workflow show kinds",
        "workflow add [here]/kinds.py --name other\u{202e}",
        "workflow add [here]/kinds.py --name other --tag '\u{1b}[2J'",
        "workflow add [here]/kinds.py --name other --entry declared --tag plain --note '\u{202e}'",
        "workflow show other",
        "workflow list other",
        "workflow versions other",
        "workflow update other --name 'red\u{1b}[31m'",
        "workflow set-current other 1",
        "workflow delete other --yes",
    ];
    let told = library.transcript(&typed).await;
    let shown: String = told.lines().filter(|line| !line.starts_with('$')).collect();
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{told}");
    insta::assert_snapshot!("workflow_kinds", told.replace('\u{1b}', "ESC").replace('\u{202e}', "RLO"));
    library.close().await;
}

#[tokio::test]
async fn pages_come_to_every_workflow_once() {
    let library = Library::with_trip().await;
    for name in ["z", "y"] {
        library.does(&format!("workflow add [here]/trip.py --name {name} --tag 'two words'")).await;
    }
    let mut names = Vec::new();
    let mut typed = words("workflow list --limit 2");
    loop {
        let mut stage = Stage::new();
        library.on(&mut stage, &typed).await.unwrap();
        let (out, err) = (stage.out.text(), stage.err.text());
        names.extend(out.lines().skip(1).map(|line| line.split_whitespace().next().unwrap().to_owned()));
        let Some(more) = err.strip_prefix("more: hero_logic ") else { break };
        typed = words(more);
    }
    assert_eq!(names, ["approval", "fan_out", "hello", "retry", "trip", "y", "z"]);
    let mut stage = Stage::new();
    let typed = words("workflow list train --tag 'two words' --archived --limit 1");
    library.on(&mut stage, &typed).await.unwrap();
    let more = "more: hero_logic workflow list train --archived --tag 'two words' --limit 1 --cursor y.";
    assert!(stage.err.text().starts_with(more), "{}", stage.err.text());
    let typed = ["workflow list zzz", "workflow list --limit 2 --cursor y.0123456789abcdef"];
    insta::assert_snapshot!("workflow_no_page", library.transcript(&typed).await);
    library.close().await;
}

#[tokio::test]
async fn what_is_told_of_a_workflow_changes() {
    let library = Library::with_trip().await;
    let typed = [
        "workflow update trip --description 'To the sea.' --tag sea --tag summer",
        "workflow list trip",
        "workflow update trip --no-tags --archive",
        "workflow list trip",
        "workflow list trip --archived",
        "workflow show trip",
        "workflow update trip --unarchive --name journey",
        "workflow list sea",
        "workflow show trip",
        "workflow update journey --name hello",
        "workflow update hello --name hallo",
        "workflow update journey --name ''",
        "workflow update journey --name ' x'",
    ];
    insta::assert_snapshot!("workflow_update", library.transcript(&typed).await);
    library.close().await;
}

#[tokio::test]
async fn a_workflow_is_deleted_once_somebody_says_so() {
    let library = Library::with_trip().await;
    let typed = words("workflow delete trip");
    for (answers, expected) in
        [(&["false"][..], Some(Exit::Cancelled)), (&[], None), (&["true"], Some(Exit::Succeeded))]
    {
        let mut stage = Stage::new();
        let person = ScriptedPerson::new(answers);
        stage.context.prompter = Some(person.clone());
        let result = library.on(&mut stage, &typed).await;
        assert_eq!(result.as_ref().ok(), expected.as_ref(), "{}", stage.told(&result));
        assert_eq!(*person.asked.lock().unwrap(), ["Delete trip with 1 version and 0 examples?"]);
    }
    let failure = library.on(&mut Stage::new(), &typed).await.unwrap_err();
    assert_eq!((failure.code, failure.exit), ("not_found", Exit::Usage));

    let arguments = args::WorkflowDelete { workflow: "trip".into(), force: false, yes: false };
    let failure = workflow_delete::command(&mut Stage::new().context, arguments).await.unwrap_err();
    let hint = failure.hint.as_deref();
    assert_eq!((failure.code, hint), ("usage", Some("--yes deletes it without a question")));
    library.close().await;
}

#[tokio::test]
async fn a_workflow_with_live_plays_is_deleted_by_force_only() {
    let library = Library::with_trip().await;
    let run = words("run trip --input to=Graz --no-input");
    assert_eq!(library.on(&mut Stage::new(), &run).await.unwrap(), Exit::Waiting);
    let one = library.transcript(&["workflow delete trip --yes"]).await;
    assert_eq!(library.on(&mut Stage::new(), &run).await.unwrap(), Exit::Waiting);
    let typed = [
        "workflow delete trip --yes",
        "workflow delete trip --yes --force",
        "workflow delete trip --yes --force",
        "workflow delete hello --yes",
    ];
    insta::assert_snapshot!("workflow_delete", one + &library.transcript(&typed).await);
    library.close().await;
}

#[tokio::test]
async fn what_cannot_be_added() {
    let library = Library::with_trip().await;
    let broken = "from hero_tracing import flow\n\n@flow\ndef main() -> str:\n    return 'a' +* 'b'\n";
    library.write("broken.py", broken);
    library.write("plain.py", "def main():\n    return 1\n");
    library.write(
        "several.py",
        "from hero_tracing import flow\n\n@flow\ndef fetch(): ...\n\n@flow\ndef keep(): ...\n",
    );
    let long = format!("workflow add [here]/trip.py --name '{}'", "x".repeat(300));
    let typed = [
        "workflow add [here]/broken.py",
        "workflow add [here]/plain.py",
        "workflow add [here]/several.py",
        "workflow add [here]/several.py --entry fetsh",
        "workflow add [here]/trop.py",
        "workflow add [here]",
        "workflow add -",
        "workflow add [here]/trip.py --name ''",
        "workflow add [here]/trip.py --name 'a\tb'",
        &long,
        "workflow add [here]/trip.py --name wf_01kar9v3zv5w8x2b7c6d4e0f1g",
        "workflow add [here]/trip.py --name hello",
        "workflow add [here]/trip.py --to tirp",
        "workflow add [here]/broken.py --to trip",
        "workflow set-current trip 0",
        "workflow set-current trip 2",
        "workflow set-current trip ver_01kar9v3zv5w8x2b7c6d4e0f1g",
        "workflow versions trpi",
        "workflow fetch trip --version 99999",
    ];
    insta::assert_snapshot!("workflow_refused", library.transcript(&typed).await);
    let names = library.json("workflow list --limit 9").await;
    assert_eq!(names["workflows"].as_array().unwrap().len(), 5, "nothing came of what was refused: {names}");
    let versions = library.json("workflow versions trip").await;
    assert_eq!(versions["versions"].as_array().unwrap().len(), 1, "{versions}");

    // A name that the command line would take for a file is run by its id.
    let mut stage = Stage::new();
    library.on(&mut stage, &words("workflow add [here]/several.py --entry fetch --name a/b")).await.unwrap();
    let err = stage.err.text();
    assert!(err.starts_with("a/b: version 1 is saved\nto run it: hero_logic run wf_"), "{err}");
    library.does(err.rsplit_once("hero_logic ").unwrap().1).await;
    library.close().await;
}
