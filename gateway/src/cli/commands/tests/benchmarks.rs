//! Benchmarks and what is decided by them, over two versions of which one is right and the other cheap.

use hero_sdk::{logic::BenchmarkReport, model::BenchmarkStatus};

use super::{
    library::{Library, words},
    *,
};

/// Right, and dear.
const SORT: &str = r#"from hero_tracing import flow


@flow
def main(text: str) -> str:
    """Sorts a letter into complaint or praise."""
    if text == "":
        raise ValueError("nothing to read")
    flow.current_span.cost(usd=0.002, tokens_in=100, tokens_out=20)
    return "complaint" if "bad" in text or "late" in text else "praise"
"#;

/// Cheap, and wrong about what is late.
fn cheap() -> String {
    SORT.replace("0.002", "0.0005").replace(" or \"late\" in text", "")
}

/// Two versions, the first of them the current one, and three examples.
async fn sorted() -> Library {
    let library = Library::open().await;
    library.write("sort.py", SORT);
    library.does("workflow add [here]/sort.py").await;
    library.write("sort.py", &cheap());
    library.does("workflow add [here]/sort.py --to sort --no-set-current").await;
    for (name, text, expected) in
        [("bad", "bad", "complaint"), ("late", "late", "complaint"), ("nice", "so", "praise")]
    {
        let add = format!("example add sort {name} --input text={text} --expected '\"{expected}\"'");
        library.does(&add).await;
    }
    library
}

impl Library {
    /// Does a command that ends with this exit code, and gives what it wrote to standard output and standard error.
    async fn ends(&self, exit: Exit, typed: &str) -> (String, String) {
        let mut stage = if typed.ends_with(" --json") { Stage::json() } else { Stage::new() };
        let result = self.on(&mut stage, &words(typed)).await;
        assert_eq!(result.as_ref().ok(), Some(&exit), "{typed}: {}", stage.told(&result));
        (stage.out.text(), stage.err.text())
    }
}

/// Whether one of the lines has these words in this order.
#[track_caller]
fn has_line(text: &str, wanted: &[&str]) {
    let has = |line: &str| {
        let mut rest = line;
        wanted.iter().all(|word| rest.split_once(word).map(|(_, behind)| rest = behind).is_some())
    };
    assert!(text.lines().any(has), "{wanted:?} in\n{text}");
}

#[tokio::test]
async fn versions_are_measured_and_told_side_by_side() {
    let library = sorted().await;
    let (out, err) =
        library.ends(Exit::Succeeded, "bench run sort --version 1 --version 2 --repeats 2").await;
    has_line(&out, &["late", "2", "100 %", "0 %", "$0.0005"]);
    has_line(&out, &["(all)", "6", "100 %", "66.7 %", "$0.0005"]);
    has_line(&out, &["✗ late, run 1: wrong: \"praise\" instead of \"complaint\""]);
    has_line(&out, &["  hero_logic play show play_"]);
    has_line(&out, &["version 2 against version 1, over 3 examples"]);
    has_line(&out, &["- accuracy", "100 % → 66.7 %", "-33.3 points", "worse,", "% sure"]);
    has_line(&out, &["+ cost", "$0.0020 → $0.0005", "-75 %", "not worse, ", "% sure"]);
    has_line(&err, &["benchmark  bench_", "sort version 1, 3 examples, 2 times each"]);
    has_line(&err, &["measured   late  2/2  2 wrong"]);
    has_line(&err, &["completed  bench_", "6/6 runs"]);

    let (out, _) = library.ends(Exit::Succeeded, "bench compare sort 2 1").await;
    has_line(&out, &["+ accuracy", "66.7 % → 100 %", "+33.3 points"]);
    has_line(&out, &["- cost", "+300 %", "worse, ", "% sure"]);
    let listed = library.json("bench list sort --version 1").await;
    let before = listed["benchmarks"][0]["benchmark_sid"].as_str().unwrap();
    library.does("bench run sort --repeats 2").await;
    let compared = library.json(&format!("bench compare sort 1 2 {before}")).await;
    assert_eq!(compared["comparisons"].as_array().unwrap().len(), 2);
    assert_eq!(compared["comparisons"][1]["candidate"]["benchmark_sid"], before);
    library.close().await;
}

#[tokio::test]
async fn benchmarks_are_listed_and_shown() {
    let library = sorted().await;
    library.ends(Exit::Succeeded, "bench run sort --example late --example nice --quiet").await;
    let (out, _) = library.ends(Exit::Succeeded, "bench run sort --version 2 --json").await;
    let report: BenchmarkReport = serde_json::from_str(&out).unwrap();
    assert_eq!((report.benchmark.version, report.measurements.len()), (2, 3));
    let listed = library.does("bench list sort").await;
    assert_eq!(listed.lines().count(), 3, "{listed}");
    let (out, err) = library.ends(Exit::Succeeded, "bench list sort --limit 1").await;
    has_line(&out, &[report.benchmark.benchmark_sid.as_str(), "2", "completed", "3", "66.7 %"]);
    has_line(&err, &["more: hero_logic bench list sort --limit 1 --cursor "]);
    assert_eq!(library.json("bench list sort --version 1").await["benchmarks"].as_array().unwrap().len(), 1);

    let shown = library.does(&format!("bench show {}", report.benchmark.benchmark_sid)).await;
    has_line(&shown, &["scoring", "exact"]);
    has_line(&shown, &["runs", "each example once, 4 at once, each within 10 min"]);
    has_line(&shown, &["✗ late, run 1: wrong"]);
    let (out, _) =
        library.ends(Exit::Succeeded, &format!("bench follow {}", report.benchmark.benchmark_sid)).await;
    has_line(&out, &["✗ late, run 1: wrong"]);
    library.close().await;
}

#[tokio::test]
async fn a_benchmark_without_a_result_has_failed_and_a_wrong_one_has_not() {
    let library = sorted().await;
    library.does("example add sort empty --input text=").await;
    let (out, _) = library.ends(Exit::Failed, "bench run sort --example empty").await;
    has_line(&out, &["✗ empty, run 1: failed: exception: nothing to read"]);
    has_line(&out, &["(all)", "1", "0 %"]);
    let (out, _) = library.ends(Exit::Succeeded, "bench run sort --version 2 --example late").await;
    has_line(&out, &["accuracy   0 %"]);
    library.does("example add sort free --input text=a").await;
    let (out, _) = library.ends(Exit::Succeeded, "bench run sort --example free").await;
    has_line(&out, &["accuracy   unknown: no example says what is expected"]);
    library.close().await;
}

#[tokio::test]
async fn a_version_is_picked_by_what_counts() {
    let library = sorted().await;
    library.does("bench run sort --version 1 --version 2 --repeats 5").await;
    for (typed, number) in
        [("--accuracy 1", "1\n"), ("--cost 1", "2\n"), ("--min-accuracy 0.8 --cost 1", "1\n")]
    {
        let (out, err) = library.ends(Exit::Succeeded, &format!("pick sort {typed}")).await;
        assert_eq!(out, number, "{typed}");
        has_line(&err, &["✓", number.trim_end(), "→"]);
        has_line(&err, &["measured → taken as"]);
        has_line(&err, &["version", number.trim_end(), "scores"]);
    }
    let (_, err) = library.ends(Exit::Succeeded, "pick sort --cost 1 --min-accuracy 0.8").await;
    has_line(&err, &["2", "excluded", "66.7 %"]);
    has_line(&err, &["version 2 is excluded: min_accuracy 0.8: at least"]);
    let picked = library.json("pick sort --accuracy 1 --cost 0").await;
    assert_eq!((picked["version"].as_u64(), picked["scores"].as_array().unwrap().len()), (Some(1), 2));
    library.close().await;
}

#[tokio::test]
async fn a_gate_lets_pass_only_what_is_not_worse() {
    let library = sorted().await;
    // What is not measured yet is, both sides of it.
    let gate = "workflow set-current sort 2 --gate --max-latency-increase 1000000";
    let (out, err) = library.ends(Exit::Failed, gate).await;
    has_line(&out, &["✗ accuracy", "100 % → 66.7 %", "-33.3 points, worse", "no less"]);
    has_line(&out, &["✓ cost", "$0.0020 → $0.0005", "-75 %, better", "no more", "% sure"]);
    has_line(&err, &["hint: what was not right: hero_logic bench show bench_"]);
    has_line(&err, &["sort: version 1 stays the current one"]);
    assert_eq!(err.matches("completed  bench_").count(), 2, "{err}");
    assert_eq!(library.json("workflow show sort").await["workflow"]["current_version"], 1);

    // It is measured by now, and within what is allowed.
    let (out, err) = library.ends(Exit::Succeeded, &format!("{gate} --max-accuracy-loss 0.5")).await;
    has_line(&out, &["✓ accuracy", "50 points less"]);
    assert_eq!(err, "sort: version 2 runs from now on\n");

    // What is said of how to measure has all measured anew.
    let back = "workflow set-current sort 1 --gate --max-cost-increase 10 --max-latency-increase 1000000";
    let (_, err) =
        library.ends(Exit::Failed, &format!("{gate} --scoring subset").replace("sort 2", "sort 1")).await;
    assert_eq!(err.matches("completed  bench_").count(), 2, "{err}");
    // Other examples are another measurement: the one that was made over them need not be made again.
    library.does("example add sort more --input text=fine --expected '\"praise\"'").await;
    library.does("bench run sort --version 2 --quiet").await;
    let (_, err) =
        library.ends(Exit::Succeeded, &back.replace("--gate", "--gate --max-accuracy-loss 1")).await;
    assert_eq!(err.matches("completed  bench_").count(), 1, "{err}");
    library.does("workflow set-current sort 2").await;
    let (out, _) = library.ends(Exit::Succeeded, &format!("{back} --json")).await;
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((report["passed"].as_bool(), report["is_current"].as_bool()), (Some(true), Some(true)));
    let again = library.on(&mut Stage::new(), &words(back)).await.unwrap_err();
    assert_eq!((again.code, again.exit), ("conflict", Exit::Usage));
    library.close().await;
}

#[tokio::test]
async fn what_is_known_of_versions_stands_where_they_are_chosen() {
    let library = sorted().await;
    library.does("bench run sort --version 2 --repeats 2").await;
    let versions = library.does("workflow versions sort").await;
    has_line(&versions, &["1 (current)", " 0 "]);
    has_line(&versions, &["2 ", " 6 ", "100 %"]);
    let shown = library.does("workflow show sort").await;
    has_line(&shown, &["fared      never run"]);
    has_line(&shown, &["in all     6 runs, 100 % succeeded, p50 ", "$0.0005 a run"]);
    let shown = library.does("workflow show sort --version 2").await;
    has_line(&shown, &["fared      6 runs, 100 % succeeded"]);
    has_line(&shown, &["last run   20", " UTC"]);
    let statistics = &library.json("workflow show sort").await["statistics"];
    assert_eq!(
        (&statistics["workflow"]["runs"], &statistics["versions"][0]["version"]),
        (&6.into(), &2.into())
    );
    assert_eq!(&library.json("workflow versions sort").await["statistics"], statistics);
    library.close().await;
}

#[tokio::test]
async fn what_cannot_be_measured_is_refused_with_a_hint() {
    let library = sorted().await;
    library.does("bench run sort --version 1").await;
    library.does("bench run sort --version 2 --example bad").await;
    let typed = [
        "bench run srot",
        "bench run sort --version 1 --version 9",
        "bench run sort --example nice --example nope",
        "bench run sort --tolerance 0.1",
        "bench run sort --repeats 0",
        "bench run sort --scoring evaluator",
        "bench run sort --scoring evaluator --evaluator nobody",
        "bench run hello",
        "bench compare sort 1 2",
        "bench compare sort 1 current",
        "bench list hello",
        "bench show bench_01kar9v3zv5w8x2b7c6d4e0f1g",
        "pick sort --cost 0",
        "pick sort --cost -1",
        "workflow set-current sort 2 --repeats 3",
        "workflow set-current sort 2 --gate --min-confidence 2",
    ];
    insta::assert_snapshot!("bench_refused", library.transcript(&typed).await);
    library.close().await;
}

#[tokio::test]
async fn a_signal_cancels_a_benchmark_and_what_was_measured_stands() {
    let library = Library::open().await;
    library.write("nap.py", "import time\n\nfrom hero_tracing import flow\n\n\n@flow\ndef main(seconds: float) -> None:\n    time.sleep(seconds)\n");
    library.does("workflow add [here]/nap.py").await;
    library.does("example add nap a --input seconds=0").await;
    library.does("example add nap b --input seconds=600").await;
    let mut stage = Stage::new();
    let (signals, err) = (stage.signals.clone(), stage.err.clone());
    let typed = words("bench run nap --concurrency 1");
    let (result, ()) = tokio::join!(library.on(&mut stage, &typed), async {
        while !err.text().contains("measured   a  1/1") {
            tokio::task::yield_now().await;
        }
        signals.send_modify(|count| *count += 1);
    });
    assert_eq!(result.unwrap(), Exit::Cancelled, "{}", stage.err.text());
    has_line(&stage.err.text(), &["warning: cancelling; Ctrl-C again ends this command at once"]);
    has_line(&stage.err.text(), &["cancelled  bench_", "1/2 runs"]);
    has_line(&stage.out.text(), &["why        the benchmark was cancelled"]);
    has_line(&stage.out.text(), &["b", "0/1"]);
    let listed = library.json("bench list nap").await;
    assert_eq!(listed["benchmarks"][0]["status"], BenchmarkStatus::Cancelled.as_str());
    library.close().await;
}

#[tokio::test]
async fn benchmarks_come_to_another_home_with_their_workflow_or_later() {
    let (one, other) = (sorted().await, Library::open().await);
    one.does("bench run sort --quiet").await;
    let (_, err) =
        one.ends(Exit::Succeeded, "workflow export sort --without-benchmarks -o [here]/lean.json").await;
    assert_eq!(err, "sort: 2 versions and 3 examples are exported\n");
    let (_, err) = one.ends(Exit::Succeeded, "workflow export sort -o [here]/sort.json").await;
    assert_eq!(err, "sort: 2 versions, 3 examples and 1 benchmark are exported\n");
    for name in ["lean.json", "sort.json"] {
        other.write(name, &one.read(name));
    }
    other.does("workflow import [here]/lean.json").await;
    let (_, err) = other.ends(Exit::Succeeded, "workflow import [here]/sort.json").await;
    let added =
        "sort: 0 versions, 0 examples and 1 benchmark are added, and version 1 stays the current one\n";
    assert_eq!(err, added);
    let listed = other.json("bench list sort").await;
    assert_eq!(listed["benchmarks"].as_array().unwrap().len(), 1);
    one.close().await;
    other.close().await;
}
