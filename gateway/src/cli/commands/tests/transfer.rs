//! Workflows and plays that leave a home and come to another, and plays that become part of the library.

use super::{
    library::{Library, words},
    *,
};

impl Library {
    /// The same as `transcript`, where a play is called `[play]`.
    async fn of_play(&self, play_sid: &str, typed: &[&str]) -> String {
        let typed: Vec<String> = typed.iter().map(|typed| typed.replace("[play]", play_sid)).collect();
        let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
        self.transcript(&typed).await.replace(play_sid, "[play]")
    }

    /// Puts a file of another library here.
    fn bring(&self, other: &Self, name: &str) {
        self.write(name, &other.read(name));
    }
}

#[tokio::test]
async fn a_workflow_is_exported_and_imported() {
    let (one, other) = (Library::with_trip().await, Library::open().await);
    one.does("example add trip graz --input to=Graz").await;
    let mut told =
        one.transcript(&["workflow export trip -o [here]/trip.json", "workflow export trop"]).await;
    let document: serde_json::Value = serde_json::from_str(&one.read("trip.json")).unwrap();
    assert!(
        one.read("trip.json").starts_with("{\n  \"format\": \"hero_logic.workflow\",\n"),
        "it is laid out"
    );
    for typed in ["workflow export trip --json", "workflow export trip", "workflow export trip -o -"] {
        let printed: serde_json::Value = serde_json::from_str(&one.does(typed).await).unwrap();
        assert_eq!(printed["digest"], document["digest"], "{typed}");
    }
    let head = one.json("workflow export trip -o [here]/trip.json").await;
    assert_eq!((&head["digest"], head.get("content")), (&document["digest"], None));
    other.bring(&one, "trip.json");
    let typed = [
        "workflow import [here]/trip.json",
        "workflow import [here]/trip.json",
        "workflow import [here]/trip.json --name journey",
        "workflow show trip",
    ];
    told += &other.transcript(&typed).await;
    one.does("workflow add [here]/trip.py --to trip --entry main").await;
    one.does("workflow export trip -o [here]/trip.json").await;
    other.bring(&one, "trip.json");
    told += &other.transcript(&["workflow import [here]/trip.json"]).await;
    other.does("workflow delete trip --yes").await;
    other.write("trip.py", super::library::TRIP);
    other.does("workflow add [here]/trip.py").await;
    let typed =
        ["workflow import [here]/trip.json", "workflow import [here]/trip.json --name journey --json"];
    told += &other.transcript(&typed).await;
    insta::assert_snapshot!("workflow_moved", told);
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn a_play_is_exported_imported_and_promoted() {
    let (one, other) = (Library::open().await, Library::open().await);
    one.write("trip.py", super::library::TRIP);
    let run = words("run [here]/trip.py --input to=Graz --no-input --json");
    let mut stage = Stage::json();
    assert_eq!(one.on(&mut stage, &run).await.unwrap(), Exit::Waiting);
    let play: serde_json::Value = serde_json::from_str(&stage.out.text()).unwrap();
    let waiting = play["play_sid"].as_str().unwrap();
    let mut told = one.of_play(waiting, &["play export [play] -o [here]/play.json"]).await;
    other.bring(&one, "play.json");
    let typed = ["play import [here]/play.json", "play import [here]/play.json"];
    told += &other.of_play(waiting, &typed).await;

    let answer = r#"run [here]/trip.py --input to=Linz --answer 'which_train="07:10 to Linz"'"#;
    let ended = one.json(answer).await["play_sid"].as_str().unwrap().to_owned();
    let typed = [
        "play save-as-example [play] linz",
        "play promote [play] --description 'To the east.' --tag travel --note 'it worked'",
        "play promote [play]",
        "play promote [play] --name hello",
        "play promote [play] --to trip",
        "play save-as-example [play] linz --to trip --note 'the usual case'",
        "example show trip linz",
        "play export [play] -o [here]/play.json",
        "play import [here]/play.json",
        "play export play_x",
        "play promote play_01kar9v3zv5w8x2b7c6d4e0f1g",
    ];
    told += &one.of_play(&ended, &typed).await;
    told += &one.of_play(waiting, &["play save-as-example [play] graz --to trip"]).await;
    other.bring(&one, "play.json");
    told += &other.of_play(&ended, &["play import [here]/play.json"]).await;
    insta::assert_snapshot!("play_moved", told);

    let imported = other.json("play import [here]/play.json").await;
    assert_eq!((&imported["is_new"], &imported["play"]["play_sid"]), (&false.into(), &ended.as_str().into()));
    let promoted = other.json(&format!("play promote {ended} --name journey")).await;
    assert_eq!(promoted["version"]["source"], super::library::TRIP);
    let saved = other.json(&format!("play save-as-example {ended} linz --to journey")).await;
    assert_eq!(saved["answers"]["which_train"], "07:10 to Linz");
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn what_is_no_document() {
    let library = Library::with_trip().await;
    library.does("workflow export trip -o [here]/whole.json").await;
    let whole = library.read("whole.json");
    library.write("cut.json", &whole[..whole.len() / 2]);
    library.write("newer.json", &whole.replace("\"format_version\": 1", "\"format_version\": 7"));
    library.write("foreign.json", "{\"openapi\": \"3.1.0\"}");
    library.write("edited.json", &whole.replace("07:10", "07:12"));
    library.write("twice.json", "{\"format\": 1, \"format\": 2}");
    let typed = [
        "workflow import [here]/cut.json",
        "workflow import [here]/newer.json",
        "workflow import [here]/foreign.json",
        "workflow import [here]/twice.json",
        "workflow import [here]/nothing.json",
        "workflow import [here]",
        "workflow import [here]/whole.json --name ''",
        "play import [here]/whole.json",
    ];
    insta::assert_snapshot!("no_document", library.transcript(&typed).await);
    let mut stage = Stage::new();
    let failure = library.on(&mut stage, &words("workflow import [here]/edited.json")).await.unwrap_err();
    assert_eq!((failure.code, failure.exit), ("import_invalid", Exit::Usage));

    let bytes_max = hero_sdk::document::DOCUMENT_BYTES_MAX as u64;
    let large = tempfile::NamedTempFile::new().unwrap();
    large.as_file().set_len(bytes_max + 1).unwrap();
    for kind in ["workflow", "play"] {
        let typed = [kind, "import", large.path().to_str().unwrap()].map(str::to_owned);
        let failure = library.on(&mut Stage::new(), &typed).await.unwrap_err();
        assert_eq!((failure.code, failure.exit), ("document_too_large", Exit::Usage));
        let sizes = format!("it has {} bytes, of at most {bytes_max}", bytes_max + 1);
        assert!(failure.message.ends_with(&sizes) && failure.hint.is_some(), "{}", failure.message);
    }
    library.close().await;
}
