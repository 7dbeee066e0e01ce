//! Artifacts: listed, shown, and taken out to a file.

use super::*;

/// The name of an artifact that no terminal should get as it is.
const PNG: &str = "chart\u{202e}.png";

fn keeps() -> Script {
    Script::new([succeeds()])
        .kept("out.csv", "text/csv", &[b"a,b\n", b"1,\x1b[31m2\n"])
        .kept(PNG, "image/png", &[b"\x89PNG\r\n\x00", &[7; 4096]])
        .kept("damaged", "text/plain", &[b"half", b""])
}

/// How `play artifact` ends, and what it wrote to standard output.
async fn artifact(stage: &mut Stage, typed: &[&str], is_terminal: bool) -> Result<Vec<u8>, Failure> {
    let sid = play_sid();
    let typed = [&["hero_logic", "play", "artifact", sid.as_str()], typed].concat();
    let Some(Command::Play(Play::Artifact(arguments))) = Arguments::try_parse_from(typed).unwrap().command
    else {
        panic!("not an artifact")
    };
    play_artifact::run(&mut stage.context, &keeps(), play_sid(), arguments, is_terminal).await?;
    Ok(stage.out.bytes())
}

#[tokio::test]
async fn artifacts_are_listed() {
    let mut stage = Stage::new();
    let result = play_artifacts::run(&mut stage.context, &keeps(), play_sid()).await;
    insta::assert_snapshot!("artifacts", stage.told(&result));
    let mut stage = Stage::json();
    let result = play_artifacts::run(&mut stage.context, &keeps(), play_sid()).await;
    insta::assert_snapshot!("artifacts_json", stage.told(&result));

    let mut stage = Stage::new();
    let many = (0..25).fold(Script::new([succeeds()]), |script, number| {
        script.kept(&format!("{number}.txt"), "text/plain", &[])
    });
    play_show::run(&mut stage.context, &many, play_sid()).await.unwrap();
    let told = stage.out.text();
    assert!(told.contains("artifact   19.txt  0 B  text/plain\n           and 5 more\n"), "{told}");
}

#[tokio::test]
async fn an_artifact_comes_byte_for_byte_but_to_a_terminal() {
    let (csv, png) = ("out.csv", PNG);
    let bytes = artifact(&mut Stage::new(), &[png], false).await.unwrap();
    assert_eq!((bytes.len(), &bytes[..6]), (4103, &b"\x89PNG\r\n"[..]));
    assert_eq!(artifact(&mut Stage::new(), &[csv], false).await.unwrap(), b"a,b\n1,\x1b[31m2\n");

    let shown = artifact(&mut Stage::new(), &[csv], true).await.unwrap();
    assert_eq!(String::from_utf8(shown).unwrap(), "a,b\n1,\\x1b[31m2\n", "it cannot give it commands");
    let error = artifact(&mut Stage::new(), &[png], true).await.unwrap_err();
    assert_eq!((error.code, error.exit), ("not_text", Exit::Usage));
    assert!(error.hint.unwrap().contains("--output"));

    let error = artifact(&mut Stage::new(), &["nothing"], false).await.unwrap_err();
    assert_eq!((error.code, error.exit), ("not_found", Exit::Usage));
    let error = artifact(&mut Stage::new(), &["damaged"], false).await.unwrap_err();
    assert_eq!((error.code, error.exit), ("store_corrupt", Exit::Trouble));
}

#[tokio::test]
async fn an_artifact_goes_to_a_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("copy");
    let output = path.to_str().unwrap();
    assert_eq!(artifact(&mut Stage::new(), &["out.csv", "--output", output], true).await.unwrap(), b"");
    assert_eq!(std::fs::read(&path).unwrap(), b"a,b\n1,\x1b[31m2\n");

    // With --json what is known of it is the one document, whether or not the content goes somewhere.
    let json = artifact(&mut Stage::json(), &["out.csv", "--output", output], true).await.unwrap();
    assert_eq!(json, artifact(&mut Stage::json(), &["out.csv"], false).await.unwrap());
    let document: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((&document["name"], &document["size"]), (&"out.csv".into(), &13.into()));

    // What is there stays until all of the other is; its mode stays, and a link to it.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let error = artifact(&mut Stage::new(), &["damaged", "--output", output], true).await.unwrap_err();
    assert_eq!(error.code, "store_corrupt");
    assert_eq!(std::fs::read(&path).unwrap(), b"a,b\n1,\x1b[31m2\n");
    let link = home.path().join("link");
    std::os::unix::fs::symlink("copy", &link).unwrap();
    artifact(&mut Stage::new(), &[PNG, "--output", link.to_str().unwrap()], true).await.unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    let known = std::fs::metadata(&path).unwrap();
    assert_eq!((known.len(), known.permissions().mode() & 0o777), (4103, 0o640));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 2, "no draft is left");

    artifact(&mut Stage::new(), &["out.csv", "--output", "/dev/null"], true).await.unwrap();
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file(), "a device is written to, not replaced");
    let new = home.path().join("new");
    let error = artifact(&mut Stage::new(), &["damaged", "--output", new.to_str().unwrap()], true).await;
    assert_eq!((error.unwrap_err().code, new.exists()), ("store_corrupt", false));
    let error =
        artifact(&mut Stage::new(), &["out.csv", "--output", home.path().to_str().unwrap()], true).await;
    assert_eq!(error.unwrap_err().code, "output", "a directory");
    let nowhere = home.path().join("no/such");
    let typed = ["out.csv", "--output", nowhere.to_str().unwrap()];
    let error = artifact(&mut Stage::new(), &typed, true).await.unwrap_err();
    assert_eq!((error.code, error.exit), ("output", Exit::Trouble));
}
