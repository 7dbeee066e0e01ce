//! Plays that become workflows and examples.

use super::{workflows::GREET, *};

const ASKS: &str = "
@flow
def main(to: str, seats: int = 1) -> list:
    first = [flow.pause('same'), flow.pause('same')]
    return [to, seats, *first, flow.pause('alone', schema={'type': 'null'})]
";

#[tokio::test(flavor = "multi_thread")]
async fn a_play_becomes_a_workflow_and_an_example() {
    let mut stage = Stage::new().await;
    let play_sid = stage.run(ASKS, json!({"to": "Graz"})).await.play_sid;
    let save = |workflow: Option<&str>| PlaySaveAsExample {
        play_sid: play_sid.clone(),
        name: "graz".into(),
        workflow: workflow.map(Into::into),
        note: Some("the usual case".into()),
    };
    let refused =
        async |stage: &Stage, workflow| stage.logic().play_save_as_example(save(workflow)).await.unwrap_err();
    assert_eq!(refused(&stage, None).await.code, ErrorCode::Conflict, "it has not ended");
    for (name, payload) in [("same", json!("a")), ("same", json!("b")), ("alone", json!(null))] {
        stage.answer(&play_sid, name, payload).await.unwrap();
        stage.settle(&play_sid).await;
    }
    let given = json!(["Graz", 1, "a", "b", null]);
    assert_eq!(outputs(&stage.settle(&play_sid).await), given);
    let error = refused(&stage, None).await;
    assert_eq!((error.code, error.hint.unwrap().contains("play promote")), (ErrorCode::Conflict, true));
    assert_eq!(refused(&stage, Some("nowhere")).await.code, ErrorCode::NotFound);

    // The name is that of the file, test.py.
    let promote = |workflow: Option<&str>| PlayPromote {
        workflow: workflow.map(Into::into),
        note: Some("worked".into()),
        ..PlayPromote::from(play_sid.clone())
    };
    let made = stage.logic().play_promote(promote(None)).await.unwrap();
    assert_eq!((made.workflow.name.as_str(), made.version.version), ("test", Some(1)));
    assert_eq!(made.version.note.as_deref(), Some("worked"));
    let error = stage.logic().play_promote(promote(None)).await.unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str()),
        (ErrorCode::Conflict, "there is a workflow \"test\" already")
    );
    let same = stage.logic().play_promote(promote(Some("test"))).await.unwrap();
    assert_eq!(same, made, "the same source is the version that is there");
    stage.create("trip", GREET).await;
    let stays = PlayPromote { set_current: false, ..promote(Some("trip")) };
    let next = stage.logic().play_promote(stays).await.unwrap();
    assert_eq!((next.version.version, next.workflow.current_version), (Some(2), 1));
    let next = stage.logic().play_promote(promote(Some("trip"))).await.unwrap();
    assert_eq!((next.version.version, next.workflow.current_version), (Some(2), 2));
    for (wrong, field) in [
        (PlayPromote { name: Some("x".into()), ..promote(Some("trip")) }, "/name"),
        (PlayPromote { tags: vec!["x".into()], ..promote(Some("trip")) }, "/tags"),
        (PlayPromote { description: Some("x".into()), ..promote(Some("trip")) }, "/description"),
    ] {
        let error = stage.logic().play_promote(wrong).await.unwrap_err();
        assert_eq!((error.code, error.fields[0].pointer.as_str()), (ErrorCode::InvalidParams, field));
    }

    let saved = stage.logic().play_save_as_example(save(Some("test"))).await.unwrap();
    let answers: Vec<(&str, &str)> =
        saved.answers.iter().map(|(name, answer)| (name.as_str(), answer.as_str())).collect();
    assert_eq!(answers, [("alone", "null"), ("same#0", "\"a\""), ("same#1", "\"b\"")]);
    assert_eq!(saved.expected_outputs.unwrap().to::<Value>().unwrap(), given);
    assert_eq!(saved.inputs.as_str(), r#"{"to":"Graz"}"#);

    // A play of a workflow becomes a copy of it under another name only.
    let play = stage.play_of("trip", json!({"to": "Linz"})).await;
    assert_eq!(play.version, Some(2));
    let copy = PlayPromote { name: Some("copy".into()), ..PlayPromote::from(play.play_sid.clone()) };
    let copied = stage.logic().play_promote(copy).await.unwrap();
    assert_eq!((copied.version.version, &copied.version.digest), (Some(1), &next.version.digest));
    let taken = PlayPromote { name: Some("trip".into()), ..PlayPromote::from(play.play_sid) };
    assert_eq!(stage.logic().play_promote(taken).await.unwrap_err().code, ErrorCode::Conflict);
    stage.close().await;
}
