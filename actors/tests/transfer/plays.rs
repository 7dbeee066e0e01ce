//! Plays that come to another home, and go on there.

use super::*;

/// Five steps, of which the fourth fails the first time; with all kinds of what a play keeps.
const STEPS: &str = "
from pathlib import Path

@flow
def first(n: int) -> list[int]:
    print('first')
    return list(range(n))

@flow(retries=1)
def second(items: list[int]) -> float:
    print('second')
    if flow.current_span and not Path('tried').exists():
        Path('tried').write_text('once')
        raise ValueError('try again')
    return sum(items) / 7

@flow
def third() -> str:
    print('third')
    Path('report.txt').write_text('whole')
    flow.artifact('report.txt')
    return flow.invoke('helper', word='x' * 300_000)

@flow
def fourth() -> int:
    print('fourth')
    if flow.attempt == 2:
        raise ValueError('not here')
    return 4

@flow
def fifth() -> int:
    print('fifth')
    return 5

@flow
def main(n: int = 3) -> dict:
    a, b = first(n), second(list(range(n)))
    answer = flow.pause('q', schema={'type': ['string', 'null']})
    return {'a': a, 'b': b, 'answer': answer, 'c': len(third()), 'd': fourth(), 'e': fifth()}
";

const HELPER: &str = "
@flow
def main(word: str) -> str:
    return word.upper()
";

#[tokio::test(flavor = "multi_thread")]
async fn a_play_goes_on_in_another_home_from_where_it_failed() {
    let (mut one, mut other) = (Stage::new().await, Stage::new().await);
    one.create("helper", HELPER).await;
    one.create("steps", STEPS).await;
    let play_sid = one.play_of("steps", json!({"n": 4})).await.play_sid;
    one.answer(&play_sid, "q", json!(null)).await.unwrap();
    let failed = one.settle(&play_sid).await;
    assert_eq!((failed.status, failed.attempt), (Status::Failed, 2), "{:?}", failed.error);
    let document = one.export(&play_sid).await;
    let content = &document.content;
    assert_eq!((content.values.len(), content.artifacts.len(), content.workflows.len()), (1, 1, 1));

    // A workflow of the same name that is another one there, which the play does not run.
    other.create("helper", &HELPER.replace("upper", "lower")).await;
    let imported = other.take(&rewritten(&document)).await.unwrap();
    assert!(imported.is_new);
    assert_eq!(imported.play, Play { sandbox: None, ..failed.clone() });
    let again = other.export(&play_sid).await;
    assert_eq!((&again.digest, &again.content), (&document.digest, content));
    assert!(!other.take(&document).await.unwrap().is_new, "it is here already");
    assert_eq!(other.artifact(&play_sid, "report.txt").await, b"whole");
    assert_eq!(other.printed(&play_sid, 2).await, one.printed(&play_sid, 2).await);
    assert_eq!(other.plays_of("steps").await, std::slice::from_ref(&play_sid));

    // What has succeeded is not done again, neither here nor there.
    let play = other.retry(&play_sid).await;
    let expected = json!({"a": [0, 1, 2, 3], "b": 6.0 / 7.0, "answer": null, "c": 300_000, "d": 4, "e": 5});
    assert_eq!((outputs(&play), play.attempt), (expected, 3));
    assert_eq!(other.printed(&play_sid, 3).await, ["fourth", "fifth"]);
    assert_eq!(one.settle(&play_sid).await, failed);
    let error = other.take(&document).await.unwrap_err();
    assert_eq!(
        (error.code, error.message.contains("is here already")),
        (ErrorCode::Conflict, true),
        "{error}"
    );

    // Its workflow did not come with it.
    let error = other.logic().workflow_get(OfWorkflow { workflow: "steps".into() }).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    let imported = other.take_workflow(&one.workflow("steps").await).await.unwrap();
    assert_eq!((imported.is_new, imported.versions_added), (true, 1));
    assert_eq!(other.workflow("steps").await.digest, one.workflow("steps").await.digest);
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_play_that_waited_goes_on_in_one_place_unless_it_is_retried() {
    let (mut one, mut other) = (Stage::new().await, Stage::new().await);
    let waits = "
@flow
def before() -> int:
    print('before')
    return 1

@flow
def main() -> list:
    return [before(), flow.pause('q', default=None), flow.pause('r')]
";
    let play_sid = one.run(waits, json!({})).await.play_sid;
    one.answer(&play_sid, "q", json!("first")).await.unwrap();
    let waiting = one.settle(&play_sid).await;
    assert_eq!((waiting.status, waiting.pending_resumes), (Status::AwaitingResume, 1));
    let document = one.export(&play_sid).await;
    let imported = other.take(&document).await.unwrap().play;
    let code = imported.error.as_ref().unwrap().code.as_str();
    assert_eq!((imported.status, code, imported.pending_resumes), (Status::Cancelled, "imported", 0));
    assert!(other.logic().play_pending_resumes(play_sid.clone().into()).await.unwrap().resumes.is_empty());
    assert!(!other.take(&one.export(&play_sid).await).await.unwrap().is_new, "the same again");
    assert_eq!(one.settle(&play_sid).await, waiting);
    // Where it was it is answered, and where it came to it asks anew.
    one.answer(&play_sid, "r", json!("here")).await.unwrap();
    assert_eq!(outputs(&one.settle(&play_sid).await), json!([1, "first", "here"]));
    assert_eq!(other.retry(&play_sid).await.status, Status::AwaitingResume);
    other.answer(&play_sid, "r", json!("there")).await.unwrap();
    assert_eq!(outputs(&other.settle(&play_sid).await), json!([1, "first", "there"]));
    let printed = other.printed(&play_sid, imported.attempt + 1).await;
    assert!(printed.is_empty(), "{printed:?}");
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_play_that_runs_stays() {
    let mut stage = Stage::new().await;
    let endless = "
import time

@flow
def main():
    while True:
        time.sleep(0.01)
";
    let play_sid = stage.start(endless, json!({})).await.unwrap().play_sid;
    let error = stage.logic().play_export(play_sid.clone().into()).await.unwrap_err();
    assert_eq!((error.code, error.hint.unwrap().contains("play wait")), (ErrorCode::Conflict, true));
    let error = stage.logic().play_export(PlaySid::new().into()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    stage.logic().play_cancel(play_sid.clone().into()).await.unwrap();
    assert_eq!(stage.export(&play_sid).await.content.play.status, Status::Cancelled);
    stage.close().await;
}

/// Nothing is null that is left out, and nothing is left out that is null.
#[tokio::test(flavor = "multi_thread")]
async fn a_play_that_gave_nothing_gave_null() {
    let (mut one, mut other) = (Stage::new().await, Stage::new().await);
    let play = one.run("@flow\ndef main() -> None: ...\n", json!({})).await;
    assert_eq!(outputs(&play), json!(null));
    let document = one.export(&play.play_sid).await;
    let imported = other.take(&rewritten(&document)).await.unwrap().play;
    assert_eq!(imported.outputs, Some(Json::null()));
    assert_eq!(other.export(&play.play_sid).await.digest, document.digest);
    // The same source is run here as it was there.
    assert_eq!(other.run("@flow\ndef main() -> None: ...\n", json!({})).await.status, Status::Succeeded);
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_stays_and_what_held_it_is_no_example() {
    let (mut one, mut other) = (Stage::new().await, Stage::new().await);
    let secret =
        |value: &str| SecretSet { name: "KEY".parse().unwrap(), value: value.to_owned().try_into().unwrap() };
    one.logic().secret_set(secret("correct horse battery")).await.unwrap();
    let charges = "
@flow
def large(key: str) -> str:
    return key * 20_000

@flow(secrets=['KEY'])
def main(of: str) -> int:
    size = len(large(flow.secret('KEY')))
    if flow.attempt == 1:
        raise flow.Failed('once more')
    return size
";
    one.create("charge", charges).await;
    let play_sid = one.play_of("charge", json!({"of": "to correct horse battery"})).await.play_sid;
    let document = one.export(&play_sid).await;
    let text = serde_json::to_string(&document).unwrap();
    let value = &document.content.values[0];
    assert_ne!(value.digest, value.content_digest);
    for hidden in ["correct horse battery", "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5"] {
        assert!(!text.contains(hidden));
    }
    let error = other.take(&rewritten(&document)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ImportInvalid, "its marks are gone: {error}");
    other.take(&document).await.unwrap();
    assert_eq!(other.export(&play_sid).await.digest, document.digest);
    // The other home has neither the value nor the salt of the first.
    other.logic().secret_set(secret("correct horse battery")).await.unwrap();
    let play = other.retry(&play_sid).await;
    assert_eq!((play.status, play.error.unwrap().code.as_str()), (Status::Failed, "secret_changed"));
    let play = one.retry(&play_sid).await;
    assert_eq!(outputs(&play), json!(20_000 * "correct horse battery".len()));
    let save = PlaySaveAsExample { play_sid, name: "usual".into(), workflow: None, note: None };
    let error = one.logic().play_save_as_example(save).await.unwrap_err();
    assert_eq!((error.code, error.message.contains("secret KEY")), (ErrorCode::Conflict, true), "{error}");
    one.close().await;
    other.close().await;
}
