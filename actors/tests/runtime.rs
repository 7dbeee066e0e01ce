//! The runtime as a library, with real processes.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod stage;

use std::{fs, path::Path};

use futures_util::StreamExt as _;
use hero_actors::{Config, Recover, Runtime};
use hero_sdk::{
    ErrorCode, Json, Logic as _, PlaySid,
    logic::{PlayCancel, PlayList, PlayRunAsync, PlaySpans, PlayStart, PlayWait, Until, WorkflowCreate},
    model::{Play, SpanStatus, Status, VersionChoice},
};
use serde_json::json;
use stage::{Stage, outputs};

impl Stage {
    fn witnessed(&self) -> Vec<String> {
        fs::read_to_string(self.witness()).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

const STEPS: &str = "
@flow
def double(n):
    saw(n)
    return 2 * n

@flow
def main(n: int) -> list[int]:
    return [double(i) for i in range(n)]
";

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_runs_and_its_tree_is_kept() {
    let stage = Stage::new().await;
    let play = stage.run(STEPS, json!({"n": 3})).await;
    assert_eq!(outputs(&play), json!([0, 2, 4]));
    assert_eq!((play.attempt, play.workflow.as_str()), (1, "test.py"));
    assert_eq!(stage.witnessed(), ["0", "1", "2"]);
    let params = PlaySpans::from(play.play_sid.clone());
    let page = stage.logic().play_spans(params).await.unwrap();
    let paths: Vec<&str> = page.spans.iter().map(|span| span.path.as_str()).collect();
    for path in ["main#0", "main#0/double#0", "main#0/double#1", "main#0/double#2"] {
        assert!(paths.contains(&path), "{paths:?}");
    }
    assert!(page.spans.iter().all(|span| span.status == SpanStatus::Ok && span.duration_ms.is_some()));
    let mut feed = stage.logic().play_feed(play.play_sid, 0).await.unwrap();
    let mut fed = 0;
    while let Some(page) = feed.next().await {
        fed += page.unwrap().spans.len();
    }
    assert_eq!(fed, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_are_validated_before_anything_is_written() {
    let stage = Stage::new().await;
    let error = stage.start(STEPS, json!({"n": "three", "m": 1})).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInputs);
    assert!(error.fields.iter().any(|field| field.pointer == "/n"), "{:?}", error.fields);
    assert!(error.hint.unwrap().contains("n (integer, required)"));
    assert!(stage.logic().play_list(PlayList::default()).await.unwrap().plays.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_cannot_run_says_why() {
    let stage = Stage::new().await;
    for (source, part) in [
        ("def main(:\n", "test.py:7"),
        ("x = 1\n", "@flow"),
        ("@flow\ndef a(): ...\n\n@flow\ndef b(): ...\n", "a, b"),
        ("import no_such_module\n", "no_such_module"),
        ("import os\nos._exit(3)\n", "described"),
    ] {
        let error = stage.start(source, json!({})).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidSource, "{source}");
        let text = format!("{} {}", error.message, error.hint.unwrap_or_default());
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

const PAUSES: &str = "
@flow
def step(word):
    saw(word)
    return word

@flow
def main() -> list[str]:
    first = step('before')
    which = flow.pause('which', schema={'type': 'string'})
    return [first, which, step('after')]
";

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_survives_the_runtime() {
    let mut stage = Stage::new().await;
    let play = stage.run(PAUSES, json!({})).await;
    assert_eq!((play.status, play.pending_resumes), (Status::AwaitingResume, 1));
    stage.close().await;
    stage.open().await;
    let error = stage.answer(&play.play_sid, "which", json!(1)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidPayload);
    stage.answer(&play.play_sid, "which", json!("web")).await.unwrap();
    let play = stage.settle(&play.play_sid).await;
    assert_eq!(outputs(&play), json!(["before", "web", "after"]));
    assert_eq!((play.attempt, stage.witnessed()), (2, vec!["before".into(), "after".into()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_goes_on_where_it_was() {
    let stage = Stage::new().await;
    let source = "
import os, signal

@flow
def step(n):
    saw(n)
    return n

@flow
def fall():
    saw('fall')
    if flow.attempt < 3:
        os.kill(os.getpid(), signal.SIGKILL)

@flow
def main() -> list[int]:
    numbers = [step(n) for n in range(3)]
    fall()
    return numbers
";
    let play = stage.run(source, json!({})).await;
    assert_eq!((outputs(&play), play.attempt), (json!([0, 1, 2]), 3));
    assert_eq!(stage.witnessed(), ["0", "1", "2", "fall", "fall", "fall"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_always_dies_fails_the_play() {
    let stage = Stage::new().await;
    let play = stage.run("import os\n\n@flow\ndef main():\n    os._exit(9)\n", json!({})).await;
    let error = play.error.unwrap();
    assert_eq!((play.status, error.code.as_str(), play.attempt), (Status::Failed, "process_crashed", 3));
    assert!(error.message.contains("code 9"), "{}", error.message);
}

const WAITS: &str = "
import time

@flow
def step():
    saw('step')

@flow
def main():
    step()
    saw('waiting')
    time.sleep(3600)
";

/// Waits until the flow has come to a place that it witnesses.
async fn until_witnessed(stage: &Stage, word: &str) {
    let coming = async {
        while !stage.witnessed().iter().any(|seen| seen == word) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), coming).await.expect("it came there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_play_ends_and_leaves_nothing() {
    let stage = Stage::new().await;
    let play = stage.start(WAITS, json!({})).await.unwrap();
    until_witnessed(&stage, "waiting").await;
    let play = stage
        .logic()
        .play_cancel(PlayCancel { play_sid: play.play_sid, reason: Some("enough".into()) })
        .await
        .unwrap();
    assert_eq!((play.status, play.error.unwrap().message), (Status::Cancelled, "enough".to_owned()));
    let error = stage.logic().play_cancel(play.play_sid.into()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_runtime_interrupts_and_the_next_goes_on() {
    let mut stage = Stage::new().await;
    let play = stage.start(WAITS, json!({})).await.unwrap();
    until_witnessed(&stage, "waiting").await;
    stage.close().await;

    let looking = Runtime::open(Config { recover: Recover::Mark, ..stage.config() }).await.unwrap();
    assert_eq!(looking.play_status(play.play_sid.clone().into()).await.unwrap().status, Status::Queued);
    looking.shutdown().await.unwrap();

    fs::remove_file(stage.witness()).unwrap();
    stage.open().await;
    until_witnessed(&stage, "waiting").await;
    assert_eq!(stage.witnessed(), ["waiting"], "the step is not run again");
    let play = stage.logic().play_cancel(play.play_sid.into()).await.unwrap();
    assert_eq!(play.attempt, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_play_is_retried_from_its_failure() {
    let stage = Stage::new().await;
    let source = "
import os

@flow
def good():
    saw('good')

@flow
def bad():
    saw('bad')
    if flow.attempt == 1:
        raise ValueError('not yet')

@flow
def main() -> str:
    good()
    bad()
    return 'done'
";
    let play = stage.run(source, json!({})).await;
    let error = play.error.unwrap();
    assert_eq!(
        (play.status, error.kind.as_deref(), error.message.as_str()),
        (Status::Failed, Some("ValueError"), "not yet")
    );
    assert!(error.traceback.unwrap().contains("test.py"));
    let retried = stage.logic().play_retry(play.play_sid.clone().into()).await.unwrap();
    assert_eq!(retried.runs_again, ["main#0/bad#0"]);
    assert_eq!(outputs(&stage.settle(&play.play_sid).await), json!("done"));
    assert_eq!(stage.witnessed(), ["good", "bad", "bad"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_idempotency_key_is_one_play() {
    let stage = Stage::new().await;
    let idempotency_key = Some("order-7".into());
    let start = PlayStart { workflow: "bundled".into(), idempotency_key, ..PlayStart::default() };
    let first = stage.logic().play_start(start.clone()).await.unwrap();
    let second = stage.logic().play_start(start).await.unwrap();
    assert_eq!(first.play_sid, second.play_sid);
    let play = stage.settle(&first.play_sid).await;
    assert_eq!((outputs(&play), play.version), (json!(8), Some(1)));
}

/// A key with anything else than what was asked for with it first is refused, whether or not that is still in memory.
#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_is_for_one_request() {
    let mut stage = Stage::new().await;
    let inputs = |text: &str| Some(Json::parse(text).unwrap());
    let key = || Some("order-7".to_owned());
    let source =
        "from hero_tracing import flow\n\n@flow\ndef main(n: int, m: int = 1): return flow.pause('q')\n";
    let create = WorkflowCreate { name: "asks".into(), source: source.into(), ..WorkflowCreate::default() };
    stage.logic().workflow_create(create).await.unwrap();
    let by_name = PlayStart {
        workflow: "asks".into(),
        inputs: inputs(r#"{"n": 3, "m": 4}"#),
        idempotency_key: key(),
        ..PlayStart::default()
    };
    let of_source = PlayRunAsync {
        source: source.into(),
        inputs: by_name.inputs.clone(),
        idempotency_key: key(),
        ..PlayRunAsync::default()
    };
    let first = stage.logic().play_start(by_name.clone()).await.unwrap().play_sid;
    for _ in 0..2 {
        // How it runs is no part of what it does.
        let same = PlayStart { inputs: inputs(r#"{"m":4,"n":3}"#), priority: 3, ..by_name.clone() };
        assert_eq!(stage.logic().play_start(same).await.unwrap().play_sid, first);
        let bundled = PlayStart { workflow: "bundled".into(), inputs: None, ..by_name.clone() };
        for refused in [
            stage
                .logic()
                .play_start(PlayStart { inputs: inputs(r#"{"n": 9, "m": 4}"#), ..by_name.clone() })
                .await,
            stage.logic().play_start(bundled).await,
            stage
                .logic()
                .play_start(PlayStart { version: VersionChoice::Number(1), ..by_name.clone() })
                .await,
            stage.logic().play_run_async(of_source.clone()).await,
        ] {
            let error = refused.unwrap_err();
            assert_eq!((error.code, error.hint.is_some()), (ErrorCode::Conflict, true), "{error}");
        }
        stage.settle(&first).await;
        stage.close().await;
        stage.open().await;
    }
    let of_source = PlayRunAsync { idempotency_key: Some("order-8".into()), ..of_source };
    let second = stage.logic().play_run_async(of_source.clone()).await.unwrap().play_sid;
    assert_eq!(stage.logic().play_run_async(of_source.clone()).await.unwrap().play_sid, second);
    let edited = PlayRunAsync { source: format!("{source}\n"), ..of_source };
    assert_eq!(stage.logic().play_run_async(edited).await.unwrap_err().code, ErrorCode::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_has_one_runtime() {
    let stage = Stage::new().await;
    let error = Runtime::open(stage.config()).await.err().unwrap();
    assert_eq!(error.code, ErrorCode::StoreLocked);
    assert!(error.message.contains(&std::process::id().to_string()), "{}", error.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_results_go_to_files() {
    let stage = Stage::new().await;
    let source = "
@flow
def large():
    saw('large')
    return 'x' * 3_000_000

@flow
def main() -> str:
    text = large()
    assert len(text) == 3_000_000
    flow.pause('go')
    return text
";
    let play = stage.run(source, json!({})).await;
    assert_eq!(play.status, Status::AwaitingResume, "{:?}", play.error);
    stage.answer(&play.play_sid, "go", json!(null)).await.unwrap();
    let play = stage.settle(&play.play_sid).await;
    assert_eq!(outputs(&play).as_str().unwrap().len(), 3_000_000);
    assert_eq!(stage.witnessed(), ["large"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_plays_share_the_places() {
    let mut stage = Stage::new().await;
    stage.close().await;
    stage.runtime = Some(Runtime::open(Config { running_max: 2, ..stage.config() }).await.unwrap());
    let mut plays = Vec::new();
    for n in 0..12 {
        plays.push(stage.start(STEPS, json!({"n": n % 4})).await.unwrap());
    }
    for (n, play) in plays.iter().enumerate() {
        let expected: Vec<usize> = (0..n % 4).map(|i| 2 * i).collect();
        assert_eq!(outputs(&stage.settle(&play.play_sid).await), json!(expected));
    }
    let listed = stage.logic().play_list(PlayList { limit: Some(5), ..PlayList::default() }).await.unwrap();
    assert_eq!((listed.plays.len(), &listed.plays[0].play_sid), (5, &plays[11].play_sid));
    let next = PlayList { limit: Some(50), cursor: listed.next_cursor, ..PlayList::default() };
    assert_eq!(stage.logic().play_list(next).await.unwrap().plays.len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_cannot_be_used_is_said_so() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Runtime::open(Config::new(file.path())).await.err().unwrap();
    assert_eq!(error.code, ErrorCode::StorageFailed);
    assert!(error.hint.unwrap().contains("HERO_HOME"));
    assert!(!Path::new("/nonexistent").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_nested_too_deeply_ends_the_play_and_does_not_hang() {
    let stage = Stage::new().await;
    for body in [
        "deep = []\n    for _ in range(70): deep = [deep]\n    return deep",
        "deep = {}\n    for _ in range(70): deep = {'items': deep}\n    return flow.pause('q', schema=deep)",
    ] {
        let play = stage.run(&format!("@flow\ndef main():\n    {body}\n"), json!({})).await;
        let error = play.error.unwrap();
        assert_eq!((play.status, play.attempt), (Status::Failed, 1), "{error:?}");
        assert!(["nested", "levels"].iter().any(|word| error.message.contains(word)), "{}", error.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_an_import_leaves_behind_holds_nobody_up() {
    let stage = Stage::new().await;
    let source = "
import os, time

if os.fork() == 0:
    time.sleep(3600)

@flow
def main() -> int:
    return 7
";
    assert_eq!(outputs(&stage.run(source, json!({})).await), json!(7));
}

/// A question whose time runs out while its process lives, while nothing runs, and while no runtime is up.
#[tokio::test(flavor = "multi_thread")]
async fn questions_expire_wherever_the_play_is() {
    let mut stage = Stage::new().await;
    let source = "
import time
from hero_tracing import PauseExpired

@flow
def slow(seconds):
    time.sleep(seconds)

@flow
def main(seconds: float, timeout: float) -> list:
    # The step keeps the play from parking.
    sides = flow.gather(lambda: slow(seconds), lambda: flow.pause('a', timeout=timeout, default=5))
    try:
        return [sides[1], flow.pause('b', timeout=timeout)]
    except PauseExpired:
        return [sides[1], 'expired']
";
    let alive = stage.start(source, json!({"seconds": 1, "timeout": 0.05})).await.unwrap();
    let parked = stage.start(source, json!({"seconds": 0, "timeout": 0.4})).await.unwrap();
    for play in [alive, parked] {
        assert_eq!(outputs(&until_terminal(&stage, &play.play_sid).await), json!([5, "expired"]));
    }
    let closed = stage.run(source, json!({"seconds": 0, "timeout": 1.5})).await;
    assert_eq!(closed.status, Status::AwaitingResume);
    stage.close().await;
    stage.open().await;
    assert_eq!(outputs(&until_terminal(&stage, &closed.play_sid).await), json!([5, "expired"]));
}

async fn until_terminal(stage: &Stage, play_sid: &PlaySid) -> Play {
    let wait = PlayWait { play_sid: play_sid.clone(), timeout_ms: Some(60_000), until: Until::Terminal };
    stage.logic().play_wait(wait).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_that_a_question_waited_is_kept() {
    let stage = Stage::new().await;
    let play = stage.run(PAUSES, json!({})).await;
    let asked =
        stage.logic().play_pending_resumes(play.play_sid.clone().into()).await.unwrap().resumes.remove(0);
    let span = async || {
        let params = PlaySpans::from(play.play_sid.clone());
        let page = stage.logic().play_spans(params).await.unwrap();
        page.spans.into_iter().find(|span| span.path == asked.path).unwrap()
    };
    let waiting = span().await;
    assert_eq!((waiting.status, waiting.ended_at, waiting.duration_ms), (SpanStatus::Waiting, None, None));
    stage.answer(&play.play_sid, "which", json!("web")).await.unwrap();
    assert_eq!(span().await.status, SpanStatus::Ok, "it is answered before anybody has heard of it");
    let answered = span().await;
    stage.settle(&play.play_sid).await;
    let replayed = span().await;
    assert_eq!(replayed.attempt, 2);
    assert_eq!(replayed.started_at, waiting.started_at);
    assert_eq!((replayed.ended_at, replayed.duration_ms), (answered.ended_at, answered.duration_ms));
    assert_eq!((replayed.line, replayed.recorded), (waiting.line, true));
}
