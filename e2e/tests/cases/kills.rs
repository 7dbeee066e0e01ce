//! Runs a flow once for each of its records, and kills its process right behind that record. What cases ask
//! about plays stands here too.

use hero_e2e::{Settled, Stage};
use hero_sdk::model::{Span, SpanKind, SpanPage, SpanStatus};

/// What the check of one killed run sees.
pub(crate) struct Killed<'a> {
    pub(crate) stage: &'a Stage,
    /// The process was killed when this many records were durable.
    pub(crate) records: usize,
    pub(crate) settled: Settled,
}

/// Runs `hero_logic run ARGUMENTS --json` once unharmed and then once for each of its records, with its first
/// process killed there. Every run must succeed with the same outputs; `check` looks at the rest.
#[track_caller]
pub(crate) fn after_each_record(stage: &Stage, arguments: &[&str], check: impl Fn(&Killed<'_>)) {
    let run = |failpoint: Option<usize>| {
        let mut command = stage.hero(["run", "--no-input", "--json"].iter().chain(arguments));
        if let Some(records) = failpoint {
            command = command.killed_after_record(records);
        }
        command.finish().exits(0).settled()
    };

    let unharmed = run(None);
    let count = records(&tree(stage, &unharmed).spans);
    assert!(count > 0, "a flow without a record proves nothing");
    let mut attempts_added = 0;
    for records in 1..=count {
        let settled = run(Some(records));
        assert_eq!(settled.outputs(), unharmed.outputs(), "killed after record {records} of {count}");
        attempts_added += settled.play.attempt.saturating_sub(unharmed.play.attempt);
        check(&Killed { stage, records, settled });
    }
    assert!(attempts_added > 0, "no process was killed: is this a debug build?");
}

/// The whole tree of a play.
#[track_caller]
pub(crate) fn tree(stage: &Stage, settled: &Settled) -> SpanPage {
    let sid = settled.play.play_sid.as_str();
    let outcome = stage.hero(["play", "tree", sid, "--json"]).finish().exits(0);
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}\n{outcome}"))
}

/// The id and the status of the only play in the store.
#[track_caller]
pub(crate) fn only_play(stage: &Stage) -> (String, String) {
    let outcome = stage.hero(["play", "list", "--json"]).finish().exits(0);
    let document = outcome.json();
    let plays = document["plays"].as_array().unwrap_or_else(|| panic!("{outcome}"));
    assert_eq!(plays.len(), 1, "{outcome}");
    let text = |name: &str| plays[0][name].as_str().unwrap().to_owned();
    (text("play_sid"), text("status"))
}

/// How many outcomes are recorded: of steps and of answered questions.
pub(crate) fn records(spans: &[Span]) -> usize {
    let has_record = |span: &&Span| {
        let has_ended =
            !matches!(span.status, SpanStatus::Running | SpanStatus::Waiting | SpanStatus::Interrupted);
        has_ended && (span.recorded || span.kind == SpanKind::Pause)
    };
    spans.iter().filter(has_record).count()
}

/// The names in lines `ATTEMPT NAME`, of one attempt where that is told.
pub(crate) fn names<'a>(effects: &'a [String], attempt: Option<u32>) -> Vec<&'a str> {
    let split = |line: &'a String| line.split_once(' ').expect("lines are `ATTEMPT NAME`");
    let is_wanted = |number: &str| attempt.is_none_or(|attempt| number == attempt.to_string());
    effects.iter().map(split).filter(|(number, _)| is_wanted(number)).map(|(_, name)| name).collect()
}

/// Each step ran, and none twice.
#[track_caller]
pub(crate) fn assert_each_once(effects: &[String], wanted: &[&str]) {
    let mut ran = names(effects, None);
    ran.sort_unstable();
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    assert_eq!(ran, wanted);
}
