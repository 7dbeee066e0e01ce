//! What a flow asks of the library from within a play: searches, saves, choices; and searches from outside.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod stage;

use hero_sdk::{
    ErrorCode, Logic as _,
    logic::{
        FlowLibrarySearch, LibraryHits, OfVersion, OfWorkflow, PlaySpans, WorkflowCreate, WorkflowDelete,
        WorkflowUpdate,
    },
    model::{SpanKind, Status, VersionChoice},
};
use serde_json::{Value, json};
use stage::{Stage, outputs};

const GREET: &str = "from hero_tracing import flow


@flow
def main(name: str) -> str:
    \"\"\"Greets somebody by name.\"\"\"
    return f'Hello, {name}'
";

const INVOICES: &str = "from hero_tracing import flow


@flow
def main(pdf: str) -> dict[str, float]:
    \"\"\"Reads the totals of an invoice.\"\"\"
    return {'total': 1.0}
";

impl Stage {
    async fn create(&self, name: &str, source: &str) {
        let create = WorkflowCreate { name: name.into(), source: source.into(), ..WorkflowCreate::default() };
        self.logic().workflow_create(create).await.unwrap();
    }

    async fn search(&self, query: &str) -> LibraryHits {
        let search = FlowLibrarySearch { query: query.into(), ..FlowLibrarySearch::default() };
        self.logic().flow_library_search(search).await.unwrap()
    }

    async fn found(&self, query: &str) -> Vec<String> {
        self.search(query).await.hits.into_iter().map(|hit| hit.workflow).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_is_found_as_it_is_now() {
    let mut stage = Stage::new().await;
    let before = stage.search("greet somebody by name").await;
    assert_eq!(before.hits, []);
    stage.create("hello", GREET).await;
    stage.create("invoice-total", INVOICES).await;
    assert_eq!(stage.found("greet somebody by name").await, ["hello"]);
    let hits = stage.search("totals of an invoice").await;
    assert_eq!(hits.searched, before.searched + 2);
    let hit = &hits.hits[0];
    assert_eq!((hit.workflow.as_str(), hit.version, hit.statistics.runs), ("invoice-total", 1, 0));
    assert!(hit.score > 0.5 && !hit.why.is_empty() && hit.inputs.as_str().contains("pdf"), "{hit:?}");

    let update = |update: WorkflowUpdate| {
        stage.logic().workflow_update(WorkflowUpdate { workflow: "hello".into(), ..update })
    };
    let described =
        WorkflowUpdate { description: Some("Waters the garden.".into()), ..WorkflowUpdate::default() };
    update(described).await.unwrap();
    assert_eq!(stage.found("water my garden").await, ["hello"]);
    update(WorkflowUpdate { archived: Some(true), ..WorkflowUpdate::default() }).await.unwrap();
    assert_eq!(stage.found("water my garden").await, Vec::<String>::new());
    update(WorkflowUpdate { archived: Some(false), ..WorkflowUpdate::default() }).await.unwrap();
    assert_eq!(stage.found("water my garden").await, ["hello"]);
    let delete = WorkflowDelete { workflow: "hello".into(), force: false };
    stage.logic().workflow_delete(delete).await.unwrap();
    assert_eq!(stage.found("water my garden").await, Vec::<String>::new());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_none_is_refused() {
    let mut stage = Stage::new().await;
    let long = "word ".repeat(300);
    for query in ["", "   ", "\u{0}\u{1}\u{2}", long.as_str()] {
        let search = FlowLibrarySearch { query: query.into(), ..FlowLibrarySearch::default() };
        let error = stage.logic().flow_library_search(search).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidParams, "{query:.20}");
        assert!(error.hint.is_some(), "{query:.20}");
    }
    for search in [
        FlowLibrarySearch { limit: Some(0), ..FlowLibrarySearch::default() },
        FlowLibrarySearch { limit: Some(101), ..FlowLibrarySearch::default() },
        FlowLibrarySearch { min_score: Some(1.5), ..FlowLibrarySearch::default() },
    ] {
        let search = FlowLibrarySearch { query: "greet".into(), ..search };
        let error = stage.logic().flow_library_search(search).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidParams);
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_searches_saves_and_chooses() {
    let mut stage = Stage::new().await;
    stage.create("hello", GREET).await;
    let source = "
@flow
def main(louder: str) -> list:
    hits = flow.library.search('greet somebody', inputs={'name': 'string'})
    saved = flow.library.save(louder, name='hello')
    again = flow.library.save(louder, name='hello', note='once more')
    try:
        flow.library.save(louder, name='hello@1')
    except ValueError as error:
        assert 'trip@3' in str(error)
    new = flow.library.save(louder, name='louder', description='Shouts at somebody.', tags=['loud'])
    found = flow.library.search('shout at somebody', tags=['loud'])
    picked = flow.library.pick_version('hello', accuracy=1)
    return [
        [hit['workflow'] for hit in hits],
        saved['version'], saved == again, saved['is_current'], new['version'],
        [hit['workflow'] for hit in found],
        picked['name'],
        flow.invoke('hello', name='Ada'), flow.invoke('hello@2', name='Ada'), flow.invoke('louder', name='Ada'),
    ]
";
    let louder = GREET.replace("'Hello, {name}'", "'HELLO, {name}'");
    let play = stage.run(source, json!({ "louder": louder })).await;
    assert_eq!(
        outputs(&play),
        json!([
            ["hello"],
            2,
            true,
            false,
            1,
            ["louder"],
            "hello@1",
            "Hello, Ada",
            "HELLO, Ada",
            "HELLO, Ada"
        ])
    );
    let page = stage.logic().play_spans(PlaySpans::from(play.play_sid.clone())).await.unwrap();
    let asked: Vec<&str> =
        page.spans.iter().filter(|span| span.kind == SpanKind::Rpc).map(|span| span.name.as_str()).collect();
    assert_eq!(asked.len(), 7, "{asked:?}");
    let version = OfVersion { workflow: "hello".into(), version: VersionChoice::Number(2) };
    let version = stage.logic().workflow_version_fetch(version).await.unwrap();
    assert_eq!(version.note, Some(format!("saved by {}", play.play_sid)));
    let workflow = stage.logic().workflow_get(OfWorkflow { workflow: "hello".into() }).await.unwrap();
    assert_eq!(workflow.current_version, 1);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_flow_was_told_stays_over_a_park_whatever_becomes_of_the_library() {
    let mut stage = Stage::new().await;
    stage.create("hello", GREET).await;
    let source = "
@flow
def main() -> list:
    before = [hit['workflow'] for hit in flow.library.search('greet somebody')]
    picked = flow.library.pick_version('hello', cost=1)['name']
    flow.pause('q')
    return [before, picked, [hit['workflow'] for hit in flow.library.search('greet somebody')]]
";
    let play_sid = stage.start(source, json!({})).await.unwrap().play_sid;
    assert_eq!(stage.settle(&play_sid).await.status, Status::AwaitingResume);
    let delete = WorkflowDelete { workflow: "hello".into(), force: false };
    stage.logic().workflow_delete(delete).await.unwrap();
    stage.answer(&play_sid, "q", Value::Null).await.unwrap();
    assert_eq!(outputs(&stage.settle(&play_sid).await), json!([["hello"], "hello@1", []]));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_library_refuses_is_an_exception() {
    let mut stage = Stage::new().await;
    stage.create("hello", GREET).await;
    for (call, error) in [
        ("flow.library.search('')", "ValueError: the query is empty; "),
        ("flow.library.search('x', limit=1000)", "ValueError: the limit is 1000; "),
        ("flow.library.search('x', inputs=3)", "ValueError: the inputs are no object; "),
        ("flow.library.save('def', name='x')", "ValueError: x.py"),
        ("flow.library.save('', name=' x')", "ValueError: \" x\" is no name of a workflow; "),
        (
            "flow.library.pick_version('hallo', cost=1)",
            "LookupError: no workflow \"hallo\"; did you mean hello?",
        ),
        ("flow.library.pick_version('hello')", "ValueError: all weights are 0, so nothing counts; "),
        (
            "flow.library.pick_version('hello', cost=1, min_accuracy=0.5)",
            "LookupError: no version keeps the limits: version 1: min_accuracy 0.5: nothing was measured; ",
        ),
    ] {
        let source = format!(
            "
@flow
def main() -> str:
    try:
        {call}
    except Exception as error:
        return f'{{type(error).__name__}}: {{error}}'
    return 'nothing'
"
        );
        let play = stage.run(&source, json!({})).await;
        let said = outputs(&play);
        assert!(said.as_str().unwrap().starts_with(error), "{call}: {said}");
    }
    stage.close().await;
}
