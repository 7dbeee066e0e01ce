//! What the log of a play's effects may hold, beside its result and its records.

use std::collections::{BTreeMap, BTreeSet};

use hero_sdk::model::{Span, SpanKind, SpanStatus};
use serde_json::Value;

use crate::plan::Plan;

/// Hex digits of a token and of a key.
const TOKEN_CHARS: usize = 32;

/// A line of `effects.log`.
#[derive(Debug)]
pub(crate) struct Line {
    attempt: u32,
    event: String,
    label: String,
    token: String,
    key: String,
}

/// All lines, in the order in which they were written.
#[derive(Debug)]
pub(crate) struct Effects {
    pub(crate) lines: Vec<Line>,
}

impl Effects {
    #[track_caller]
    pub(crate) fn parse(lines: &[String]) -> Self {
        let parse = |line: &String| {
            let parts: Vec<&str> = line.split(' ').collect();
            let &[attempt, event, label, token, key] = parts.as_slice() else {
                panic!("a torn line: {line}")
            };
            let [event, label, token, key] = [event, label, token, key].map(str::to_owned);
            Line { attempt: attempt.parse().unwrap(), event, label, token, key }
        };
        Self { lines: lines.iter().map(parse).collect() }
    }

    fn of<'a>(&'a self, event: &str) -> impl Iterator<Item = (usize, &'a Line)> {
        self.lines.iter().enumerate().filter(move |(_, line)| line.event == event)
    }

    /// A step has one key in all its runs, and no other step has it.
    pub(crate) fn check_keys(&self) {
        let mut labels: BTreeMap<&str, &str> = BTreeMap::new();
        let mut keys: BTreeMap<&str, &str> = BTreeMap::new();
        for (_, line) in self.of("ran") {
            assert_eq!(line.key.len(), TOKEN_CHARS, "{line:?}");
            assert_eq!(*labels.entry(&line.key).or_insert(&line.label), line.label, "two steps with one key");
            assert_eq!(*keys.entry(&line.label).or_insert(&line.key), line.key, "a step with two keys");
        }
    }

    /// The steps that ran are those that plain Python runs; those beside a failure may be left out.
    pub(crate) fn check_labels(&self, plan: &Plan) {
        let ran: BTreeSet<&String> = self.of("ran").map(|(_, line)| &line.label).collect();
        let missing: Vec<&String> = plan.must.iter().filter(|label| !ran.contains(label)).collect();
        assert!(missing.is_empty(), "steps that never ran: {missing:?}");
        let known = |label: &&String| plan.must.contains(*label) || plan.may.contains(*label);
        let strange: Vec<&&String> = ran.iter().filter(|label| !known(label)).collect();
        assert!(strange.is_empty(), "steps that must not run: {strange:?}");
    }

    /// Once the flow has an outcome, it has it for good: the body does not run again, the token stays.
    pub(crate) fn check_finished_stay(&self, plan: &Plan, was_retried: bool) {
        let mut had: BTreeMap<&str, &str> = BTreeMap::new();
        let mut ran: BTreeMap<(&str, u32), u32> = BTreeMap::new();
        // A retried step, or play, drops the failures beneath it.
        let keeps_failures = !was_retried && !plan.node.to_string().contains("\"unsteady\"");
        for line in &self.lines {
            match line.event.as_str() {
                "ran" => {
                    assert_eq!(had.get(line.label.as_str()), None, "a finished step ran again: {line:?}");
                    let times = ran.entry((&line.label, line.attempt)).or_default();
                    *times += 1;
                    let is_sure = plan.must.contains(&line.label) && line.label.starts_with('s');
                    assert!(*times == 1 || !is_sure, "a step ran twice in one attempt: {line:?}");
                }
                "got" => {
                    let token = *had.entry(&line.label).or_insert(&line.token);
                    assert_eq!(token, line.token, "another outcome than before: {line:?}");
                    let is_made = |(_, other): (usize, &Line)| {
                        (&other.label, &other.token) == (&line.label, &line.token)
                    };
                    assert!(self.of("ran").any(is_made), "an outcome that no run has made: {line:?}");
                }
                "caught" if keeps_failures => {
                    had.insert(&line.label, &line.token);
                }
                _ => {}
            }
        }
    }

    /// Each step of the result has the outcome that the flow had.
    pub(crate) fn check_result(&self, outputs: &Value) {
        let had: BTreeMap<&str, &str> =
            self.of("got").map(|(_, line)| (line.label.as_str(), line.token.as_str())).collect();
        for (label, token) in outcomes(outputs) {
            assert_eq!(had.get(label), Some(&token), "the result holds an outcome that {label} never had");
        }
    }
}

/// Outcomes of finished steps, as they lay on disk while no process ran.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// By label: the token, and how many lines of the log there were when it was first seen.
    seen: BTreeMap<String, (String, usize)>,
}

impl Records {
    /// Takes what is there, and compares it with what was.
    pub(crate) fn see(&mut self, spans: &[Span], lines: usize) {
        for span in spans {
            let is_finished = span.recorded && span.status == SpanStatus::Ok && span.kind == SpanKind::Flow;
            if !is_finished || !["work", "awork"].contains(&span.name.as_str()) {
                continue;
            }
            let output =
                span.output.as_deref().unwrap_or_else(|| panic!("an outcome without a text: {span:#?}"));
            let output: Value = serde_json::from_str(output).unwrap();
            let (label, token) =
                outcome(&output).unwrap_or_else(|| panic!("no outcome of a step: {span:#?}"));
            let (before, _) = self.seen.entry(label.to_owned()).or_insert_with(|| (token.to_owned(), lines));
            assert_eq!(before, token, "the record of {label} has changed");
        }
    }

    /// No body ran again after its record was seen, and what the flow had is what the record holds.
    pub(crate) fn check(&self, effects: &Effects) {
        for (number, line) in effects.of("ran") {
            let is_late = self.seen.get(&line.label).is_some_and(|(_, lines)| number >= *lines);
            assert!(!is_late, "a step with a record ran again: {line:?}");
        }
        for (_, line) in effects.of("got") {
            let recorded = self.seen.get(&line.label).map(|(token, _)| token);
            assert_eq!(recorded, Some(&line.token), "the flow had another outcome than its record: {line:?}");
        }
    }
}

/// The value without the tokens of its steps.
pub(crate) fn without_tokens(value: &Value) -> Value {
    match (outcome(value), value) {
        (Some((label, _)), _) => Value::from(vec![label]),
        (None, Value::Array(items)) => items.iter().map(without_tokens).collect(),
        (None, other) => other.clone(),
    }
}

/// Every outcome of a step in a value.
fn outcomes(value: &Value) -> Vec<(&str, &str)> {
    match (outcome(value), value) {
        (Some(found), _) => vec![found],
        (None, Value::Array(items)) => items.iter().flat_map(outcomes).collect(),
        (None, _) => Vec::new(),
    }
}

/// `[LABEL, TOKEN]`.
fn outcome(value: &Value) -> Option<(&str, &str)> {
    let [label, token] = value.as_array()?.as_slice() else { return None };
    let (label, token) = (label.as_str()?, token.as_str()?);
    let is_token = token.len() == TOKEN_CHARS && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_token.then_some((label, token))
}
