//! Examples: saved, shown, run and deleted, and what is refused.

use super::{
    library::{Library, words},
    *,
};

#[tokio::test]
async fn inputs_are_saved_under_a_name() {
    let library = Library::with_trip().await;
    library.write("expected.json", r#"{"ticket": "2 on the 07:10 to Graz"}"#);
    let add = concat!(
        "example add trip graz --input to=Graz --input seats=2 --answer 'which_train=\"07:10 to Graz\"' ",
        "--expected @[here]/expected.json --note 'to the \u{202e}south'"
    );
    let typed = [
        "example list trip",
        add,
        "example add trip 42 --input to=42",
        "example list trip",
        "example show trip graz",
        "example inputs trip graz",
        "workflow show trip",
        "example add trip graz --inputs '{\"to\": \"Linz\"}'",
        "example show trip graz",
        "example delete trip graz",
        "example list trip",
    ];
    insta::assert_snapshot!("examples", library.transcript(&typed).await.replace('\u{202e}', "RLO"));
    let typed = [
        "example add trip graz --input to=Graz --json",
        "example list trip --json",
        "example show trip graz --json",
        "example inputs trip graz --json",
        "example delete trip graz --json",
    ];
    insta::assert_snapshot!("examples_json", library.transcript(&typed).await);
    library.close().await;
}

#[tokio::test]
async fn a_run_takes_what_is_not_given_from_an_example() {
    let library = Library::with_trip().await;
    let answers = r#"--answer 'which_train="07:10 to Graz"' --answer 'never=1'"#;
    library.does(&format!("example add trip graz --input to=Graz --input seats=2 {answers}")).await;
    let given = r#"--input seats=3 --answer 'which_train="09:40 to Graz"'"#;
    for (given, expected) in [("", "2 on the 07:10 to Graz"), (given, "3 on the 09:40 to Graz")] {
        let play = library.json(&format!("run trip --example graz {given}")).await;
        assert_eq!(play["outputs"]["ticket"], expected);
    }
    // An answer that does not fit what is given is told, and the question stays open.
    let mut stage = Stage::new();
    let result = library.on(&mut stage, &words("run trip --example graz --input to=Linz --no-input")).await;
    assert_eq!(result.unwrap(), Exit::Waiting);
    let err = stage.err.text();
    assert!(err.contains("warning: which_train: the answer does not fit") && !err.contains("never"), "{err}");
    library.close().await;
}

#[tokio::test]
async fn a_run_takes_the_version_that_is_asked_for_and_a_key_starts_once() {
    let library = Library::open().await;
    let source = |number: u32| {
        format!("from hero_tracing import flow\n\n@flow\ndef main() -> int:\n    return {number}\n")
    };
    library.write("n.py", &source(1));
    library.does("workflow add [here]/n.py").await;
    library.write("n.py", &source(2));
    library.does("workflow add [here]/n.py --to n").await;
    for (typed, expected) in [
        ("run n", "2\n"),
        ("run n --version 1", "1\n"),
        ("run n --version current --priority -3 --timeout 5m", "2\n"),
    ] {
        assert_eq!(library.does(typed).await, expected, "{typed}");
    }
    let first = library.json("run n --version 1 --idempotency-key k").await;
    let second = library.json("run n --version 1 --idempotency-key k --priority 2").await;
    assert_eq!((&first["play_sid"], &first["version"]), (&second["play_sid"], &1.into()), "the same play");
    let typed = [
        "run n --idempotency-key k",
        "run n --version 3",
        "run n --example e",
        "run [here]/n.py --version 1",
        "run [here]/n.py --example e",
        "run nn --version 1",
        "run hello --idempotency-key ''",
    ];
    insta::assert_snapshot!("run_refused", library.transcript(&typed).await);
    library.close().await;
}

#[tokio::test]
async fn what_is_no_example() {
    let library = Library::with_trip().await;
    library.does("example add trip graz --input to=Graz").await;
    library.does("example add hello ada --input name=Ada").await;
    let long = format!("example add trip '{}' --input to=Graz", "x".repeat(300));
    let typed = [
        "example add trip bad --input tp=3 --input when=[1]",
        "example add trip bad",
        "example add trip bad --inputs [1]",
        "example add trip bad --input to",
        "example add trip bad --input to=Graz --expected {",
        "example add trip bad --input to=Graz --answer which",
        "example add trip bad --inputs - --expected -",
        "example add trip '' --input to=Graz",
        "example add trip 'a\u{7}' --input to=Graz",
        &long,
        "example add tirp graz --input to=Graz",
        "example show trip ada",
        "example show trip gratz",
        "example delete trip gratz",
        "example inputs trip graz --version 9",
        "example inputs hello graz",
        "example show nowhere graz",
    ];
    insta::assert_snapshot!("examples_refused", library.transcript(&typed).await.replace('\u{7}', "BEL"));
    library.close().await;
}

#[tokio::test]
async fn an_example_that_a_newer_version_refuses_says_so() {
    let library = Library::with_trip().await;
    library.does("example add trip graz --input to=Graz").await;
    library.write(
        "trip.py",
        "from hero_tracing import flow\n\n@flow\ndef main(city: str, seats: int = 4) -> str:\n    return city\n",
    );
    library.does("workflow add [here]/trip.py --to trip").await;
    let old = library.json("example inputs trip graz --version 1").await;
    assert_eq!(old["inputs"], serde_json::json!({"to": "Graz", "seats": 1, "when": null}));
    let typed = ["example inputs trip graz", "run trip --example graz"];
    insta::assert_snapshot!("example_of_an_older_version", library.transcript(&typed).await);
    library.close().await;
}
