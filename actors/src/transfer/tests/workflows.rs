//! What is no document of a workflow.

use hero_sdk::{
    BenchmarkSid, ErrorCode, Json, Timestamp, WorkflowSid,
    document::{Document, ExportedBenchmark, ExportedExample, ExportedWorkflow},
    model::{Benchmark, BenchmarkStatus, BenchmarkSummary, Measurement, Scoring, Workflow, WorkflowVersion},
};
use serde_json::{Value, json};

use super::{
    sample::{AT, parsed, version},
    signed,
};
use crate::{benchmarks::plan::digest, transfer::workflow::checked};

/// Two runs of each example, the last of which is missing.
fn benchmark(
    workflow: &Workflow,
    version: &WorkflowVersion,
    examples: &[ExportedExample],
) -> ExportedBenchmark {
    let known: Vec<_> = examples.iter().map(|example| example.clone().of(workflow)).collect();
    let measurement = |index: u32| Measurement {
        index,
        example: examples[index as usize / 2].name.clone(),
        repeat: index % 2 + 1,
        play_sid: None,
        succeeded: true,
        error: None,
        latency_ms: 2.0,
        cost_usd: 0.5,
        tokens_in: 1,
        tokens_out: 2,
        accuracy: Some(0.5),
        verdict: None,
        unscored: None,
        outputs: None,
    };
    let benchmark = Benchmark {
        benchmark_sid: BenchmarkSid::new(),
        workflow_sid: workflow.workflow_sid.clone(),
        workflow: workflow.name.clone(),
        version_sid: version.version_sid.clone(),
        version: 2,
        status: BenchmarkStatus::Cancelled,
        examples: examples.iter().map(|example| example.name.clone()).collect(),
        examples_digest: digest(&known).unwrap(),
        repeats: 2,
        concurrency: 4,
        scoring: Scoring::default(),
        timeout_ms: 1_000,
        total: 4,
        summary: BenchmarkSummary::default(),
        reason: Some("enough".into()),
        created_at: AT,
        ended_at: Some(AT),
    };
    let measurements = (0..3).map(measurement).collect();
    ExportedBenchmark { benchmark, examples: examples.to_vec(), measurements }
}

fn whole() -> Value {
    let workflow = Workflow {
        workflow_sid: WorkflowSid::new(),
        name: "trip".into(),
        description: String::new(),
        tags: vec!["a".into(), "b".into()],
        current_version: 2,
        archived: false,
        created_at: AT,
    };
    let example = |name: &str| ExportedExample {
        name: name.into(),
        inputs: parsed("{}"),
        expected_outputs: Some(parsed("null")),
        answers: [("q".to_owned(), parsed("null"))].into(),
        note: None,
        updated_at: Timestamp(0),
    };
    let of = |number| version(Some((workflow.workflow_sid.clone(), number)));
    let (versions, examples) = (vec![of(1), of(2)], vec![example("one"), example("two")]);
    let benchmarks = vec![benchmark(&workflow, &versions[1], &examples)];
    let content = ExportedWorkflow { workflow, versions, examples, benchmarks };
    serde_json::to_value(Document::of(content, AT).unwrap()).unwrap()
}

#[test]
fn what_no_workflow_can_be_is_refused() {
    let whole = whole();
    let came = checked(&Json::from(&whole)).unwrap();
    assert_eq!(came.examples[0].expected_outputs, Some(Json::null()));
    for (pointer, to) in [
        ("/workflow/workflow_sid", json!("trip")),
        ("/workflow/workflow_sid", json!("wf_0000000000000000000000000x")),
        ("/workflow/name", json!("")),
        ("/workflow/name", json!(" x")),
        ("/workflow/name", json!("a\u{202e}b")),
        ("/workflow/name", json!("wf_0000000000000000000000000x")),
        ("/workflow/description", json!("x".repeat(2_001))),
        ("/workflow/tags", json!(["a", "a"])),
        ("/workflow/tags", json!(["\n"])),
        ("/workflow/current_version", json!(0)),
        ("/workflow/current_version", json!(3)),
        ("/workflow/created_at", json!("then")),
        ("/versions", json!([])),
        ("/versions/0/version", json!(2)),
        ("/versions/0/version", json!(0)),
        ("/versions/1/version", json!(3)),
        ("/versions/1/version", Value::Null),
        ("/versions/1/version_sid", whole["content"]["versions"][0]["version_sid"].clone()),
        ("/versions/1/version_sid", json!("../../x")),
        ("/versions/1/workflow_sid", json!("wf_0000000000000000000000000x")),
        ("/versions/1/source", json!(1)),
        ("/examples/0/name", json!("two")),
        ("/examples/0/name", json!("")),
        ("/examples/0/inputs", json!([])),
        ("/examples/0/more", json!(1)),
        ("/benchmarks", json!([{}])),
        ("/benchmarks/0/benchmark/workflow_sid", json!("wf_0000000000000000000000000x")),
        ("/benchmarks/0/benchmark/version", json!(1)),
        ("/benchmarks/0/benchmark/version_sid", json!("ver_0000000000000000000000000x")),
        ("/benchmarks/0/benchmark/benchmark_sid", json!("../../x")),
        ("/benchmarks/0/benchmark/status", json!("running")),
        ("/benchmarks/0/benchmark/status", json!("completed")),
        ("/benchmarks/0/benchmark/ended_at", Value::Null),
        ("/benchmarks/0/benchmark/examples", json!(["one"])),
        ("/benchmarks/0/benchmark/examples_digest", json!("00")),
        ("/benchmarks/0/benchmark/repeats", json!(0)),
        ("/benchmarks/0/benchmark/repeats", json!(3)),
        ("/benchmarks/0/benchmark/concurrency", json!(65)),
        ("/benchmarks/0/benchmark/total", json!(1_000_000)),
        ("/benchmarks/0/examples", json!([])),
        ("/benchmarks/0/examples/0/inputs", json!({"other": 1})),
        ("/benchmarks/0/measurements/0/index", json!(1)),
        ("/benchmarks/0/measurements/2/index", json!(4)),
        ("/benchmarks/0/measurements/2/index", json!(1)),
        ("/benchmarks/0/measurements/2/example", json!("one")),
        ("/benchmarks/0/measurements/1/repeat", json!(1)),
        ("/benchmarks/0/measurements/1/accuracy", json!(1.5)),
        ("/benchmarks/0/measurements/1/cost_usd", json!(-1)),
        ("/benchmarks/0/measurements/1/cost_usd", json!(1e300)),
        ("/benchmarks/0/measurements/1/latency_ms", json!(-0.5)),
        ("/benchmarks/0/measurements/1/verdict", json!("x".repeat(100_000))),
        ("/benchmarks/0/measurements/1/outputs", json!("x".repeat(100_000))),
    ] {
        let mut changed = whole.clone();
        let (above, name) = pointer.rsplit_once('/').unwrap();
        let above = changed.pointer_mut(&format!("/content{above}")).unwrap();
        match name.parse::<usize>() {
            Ok(index) => above[index] = to.clone(),
            Err(_) => above[name] = to.clone(),
        }
        let error = checked(&Json::from(&signed(changed))).unwrap_err();
        assert_eq!(error.code, ErrorCode::ImportInvalid, "{pointer}: {to}");
        let place = error.fields[0].pointer.as_str();
        assert!(place.starts_with("/content/") && error.hint.is_some(), "{pointer}: {place}");
    }
}

#[test]
fn there_is_an_end_to_versions_and_examples() {
    for (list, count) in [("versions", 1_001), ("examples", 10_001)] {
        let mut many = whole();
        let items = many["content"][list].as_array_mut().unwrap();
        let first = items[0].clone();
        for number in items.len() + 1..=count {
            let mut item = first.clone();
            match list {
                "versions" => {
                    item["version"] = json!(number);
                    item["version_sid"] = json!(format!("ver_{number:026}"));
                }
                _ => item["name"] = json!(number.to_string()),
            }
            items.push(item);
        }
        let error = checked(&Json::from(&signed(many))).unwrap_err();
        assert!(error.message.ends_with("too many"), "{error}");
    }
}
