//! Workflows of the library, invoked by name in the process of another play.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod stage;

use std::fs;

use hero_sdk::{
    Logic as _, PlaySid,
    logic::{
        PlaySpans, PlayStart, StartOptions, WorkflowCreate, WorkflowCreateVersion, WorkflowDelete,
        WorkflowUpdate,
    },
    model::{LogLine, Play, Span, SpanKind, Status},
};
use serde_json::{Value, json};
use stage::{Stage, outputs};

impl Stage {
    async fn create(&self, name: &str, source: &str) {
        let params = WorkflowCreate {
            name: name.into(),
            source: format!("from hero_tracing import flow\n\n{source}"),
            ..WorkflowCreate::default()
        };
        self.logic().workflow_create(params).await.unwrap();
    }

    async fn next_version(&self, name: &str, source: &str) {
        let params = WorkflowCreateVersion {
            workflow: name.into(),
            source: format!("from hero_tracing import flow\n\n{source}"),
            entry: None,
            note: None,
            set_current: true,
            file_name: None,
        };
        assert_eq!(self.logic().workflow_create_version(params).await.unwrap().version, Some(2));
    }

    async fn begin(&self, source: &str) -> PlaySid {
        self.start(source, json!({})).await.unwrap().play_sid
    }

    async fn play(&self, source: &str) -> Play {
        self.run(source, json!({})).await
    }

    async fn goes_on_with(&self, play_sid: &PlaySid, payload: Value) -> Play {
        self.answer(play_sid, "q", payload).await.unwrap();
        self.settle(play_sid).await
    }

    async fn tree(&self, play_sid: &PlaySid) -> (Vec<Span>, Vec<LogLine>) {
        let page = self.logic().play_spans(PlaySpans::from(play_sid.clone())).await.unwrap();
        (page.spans, page.logs)
    }
}

#[track_caller]
fn message(play: &Play) -> &str {
    assert_eq!(play.status, Status::Failed, "{:?}", play.outputs);
    &play.error.as_ref().unwrap().message
}

const HELPER: &str = "
@flow
def shout(word: str) -> str:
    return word.upper()

@flow
def main(word: str, times: int = 2) -> str:
    return shout(word) * times
";

const PAUSES: &str = "
@flow
def main() -> list:
    first = flow.invoke('helper', word='a')
    answer = flow.pause('q', schema={'type': 'string'})
    return [first, flow.invoke('helper', word=answer), *flow.map('helper', [{'word': 'x'}, {'word': 'y'}])]
";

#[tokio::test(flavor = "multi_thread")]
async fn a_play_keeps_to_the_version_that_it_found_first() {
    let mut stage = Stage::new().await;
    stage.create("helper", HELPER).await;
    let play_sid = stage.begin(PAUSES).await;
    assert_eq!(stage.settle(&play_sid).await.status, Status::AwaitingResume);
    stage.next_version("helper", &HELPER.replace("upper", "title")).await;
    stage.close().await;
    stage.open().await;
    let play = stage.goes_on_with(&play_sid, json!("ab")).await;
    assert_eq!(outputs(&play), json!(["AA", "ABAB", "XX", "YY"]));
    assert_eq!(play.attempt, 2);
    let (spans, _) = stage.tree(&play_sid).await;
    let invoked: Vec<&Span> = spans.iter().filter(|span| span.kind == SpanKind::Invoke).collect();
    assert_eq!(invoked.len(), 4);
    for span in &invoked {
        assert_eq!(span.name, "helper");
        let tag = |name: &str| span.tags.get(name).unwrap().to::<Value>().unwrap();
        assert_eq!((tag("workflow"), tag("version")), (json!("helper"), json!(1)));
    }
    let path = |path: &str| spans.iter().find(|span| span.path == path).unwrap();
    let shout = path("main#0/helper#1/main#0/shout#0");
    assert_eq!(path("main#0/helper#1/main#0").span_id, shout.parent.unwrap());
    assert_eq!(
        outputs(&stage.play("@flow\ndef main():\n    return flow.invoke('helper', word='ab')").await),
        "AbAb"
    );
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_stays_when_the_workflow_goes() {
    let mut stage = Stage::new().await;
    stage.create("helper", HELPER).await;
    let play_sid = stage.begin(PAUSES).await;
    stage.settle(&play_sid).await;
    let delete = WorkflowDelete { workflow: "helper".into(), force: false };
    stage.logic().workflow_delete(delete).await.unwrap();
    let play = stage.goes_on_with(&play_sid, json!("b")).await;
    assert_eq!(outputs(&play), json!(["AA", "BB", "XX", "YY"]));
    let play = stage.play("@flow\ndef main():\n    return flow.invoke('helper', word='ab')").await;
    assert!(message(&play).contains("no flow is called 'helper', in this file or in the library"));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_sids_bundled_and_archived_ones_are_found_and_near_ones_are_told() {
    let mut stage = Stage::new().await;
    stage.create("helper", HELPER).await;
    let archive =
        WorkflowUpdate { workflow: "helper".into(), archived: Some(true), ..WorkflowUpdate::default() };
    let sid = stage.logic().workflow_update(archive).await.unwrap().workflow_sid;
    let source = format!(
        "@flow\nasync def main() -> list:\n    return [flow.invoke('bundled'), await flow.aio.invoke('bundled', n=5), \
         flow.invoke('{sid}', word='a', times=1)]"
    );
    let play_sid = stage.begin(&source).await;
    assert_eq!(outputs(&stage.settle(&play_sid).await), json!([8, 10, "A"]));
    let (_, logs) = stage.tree(&play_sid).await;
    assert_eq!(logs.iter().filter(|line| line.text == "the workflow helper is archived").count(), 1);
    let play = stage.play("@flow\ndef main():\n    flow.invoke('bundlet')").await;
    assert!(message(&play).ends_with("did you mean bundled?"), "{}", message(&play));
    let play = stage.play("@flow\ndef main():\n    flow.invoke('bundled', m=5)").await;
    assert_eq!(play.error.as_ref().unwrap().code, "invalid_inputs", "{:?}", play.error);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_has_no_more_than_the_play_that_invokes_it() {
    let mut stage = Stage::new().await;
    let wishing = |wish: &str| format!("@flow({wish})\ndef main() -> int:\n    return 7\n");
    let memory = "sandbox={'memory_mb': 4096}";
    for (name, wish) in [
        ("large", memory),
        ("reads", "sandbox={'read': ['/srv']}"),
        ("secretive", "secrets=['API_KEY']"),
        ("modest", "sandbox={'memory_mb': 64, 'network': False}"),
    ] {
        stage.create(name, &wishing(wish)).await;
    }
    for (name, lacks) in [
        ("large", "wishes for sandbox memory_mb 4096, and the play that invokes it has"),
        ("reads", "wishes for sandbox read \"/srv\", and the play that invokes it has"),
        ("secretive", "needs the secret API_KEY, which the entry flow does not declare"),
    ] {
        let play = stage.play(&format!("@flow\ndef main():\n    flow.invoke('{name}')")).await;
        assert!(
            message(&play).contains(&format!("the workflow {name} (version 1) {lacks}")),
            "{}",
            message(&play)
        );
        assert_eq!(play.error.as_ref().unwrap().kind.as_deref(), Some("PermissionError"));
    }
    let play = stage.play("@flow\ndef main():\n    return flow.invoke('modest')").await;
    assert_eq!(outputs(&play), json!(7));
    let play = stage.play(&format!("@flow({memory})\ndef main():\n    return flow.invoke('large')")).await;
    assert_eq!(outputs(&play), json!(7));
    stage.close().await;
}

/// A workflow that fails, then is mended: the play that was started before keeps to what it began with.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_runs_the_same_version_and_a_new_play_the_current_one() {
    let mut stage = Stage::new().await;
    let go = stage.outside().join("go").display().to_string();
    let helper = format!(
        "import os\n\n@flow\ndef main() -> int:\n    if not os.path.exists({go:?}):\n        raise flow.Failed('not yet')\n    return 1\n"
    );
    stage.create("helper", &helper).await;
    let calls = "@flow\ndef main():\n    return flow.invoke('helper')";
    let failed = stage.play(calls).await;
    assert_eq!(message(&failed), "not yet");
    stage.next_version("helper", "@flow\ndef main() -> int:\n    return 2\n").await;
    fs::write(&go, "").unwrap();
    stage.logic().play_retry(failed.play_sid.clone().into()).await.unwrap();
    assert_eq!(outputs(&stage.settle(&failed.play_sid).await), json!(1));
    assert_eq!(outputs(&stage.play(calls).await), json!(2));
    stage.close().await;
}

/// The values of secrets stay out of what a workflow says, as they do in the flow that invokes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_kept_out_of_an_invoked_workflow_too() {
    let mut stage = Stage::new().await;
    let value = "correct-horse-battery".to_owned().try_into().unwrap();
    let set = hero_sdk::logic::SecretSet { name: "API_KEY".parse().unwrap(), value };
    stage.logic().secret_set(set).await.unwrap();
    let helper = "@flow(secrets=['API_KEY'])\ndef main() -> str:\n    return flow.secret('API_KEY')\n";
    stage.create("helper", helper).await;
    let source = "from hero_tracing import flow\n\n@flow(secrets=['API_KEY'])\ndef main() -> bool:\n    return flow.invoke('helper') == flow.secret('API_KEY')\n";
    let created =
        WorkflowCreate { name: "caller".into(), source: source.into(), ..WorkflowCreate::default() };
    stage.logic().workflow_create(created).await.unwrap();
    let start = PlayStart { workflow: "caller".into(), ..PlayStart::default() }.with(StartOptions::default());
    let play = stage.logic().play_start(start).await.unwrap();
    let play = stage.settle(&play.play_sid).await;
    assert_eq!(outputs(&play), json!(true));
    let (spans, _) = stage.tree(&play.play_sid).await;
    let shown = spans.iter().find(|span| span.path == "main#0/helper#0").unwrap();
    assert_eq!(shown.output.as_deref(), Some("\"[secret API_KEY]\""));
    stage.close().await;
}
