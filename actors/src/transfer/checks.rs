//! Whether a play of a document is one that there could be here. Pure, and without regard to what is here.

use std::collections::{HashMap, HashSet};

use hero_sdk::{
    Error, Json, ResumeId,
    document::{Document, ExportedPlay, ExportedRecord, InvokedWorkflow},
    frame::Blob,
    model::{ResumeRequest, ResumeStatus, SpanStatus, Status},
    rpc::BODY_BYTES_MAX,
};

use super::{contents, ensure, is_amount, records, refused, rest::come_to_rest};
use crate::{
    play::{
        ARTIFACTS_MAX, LOG_CHARS_MAX, LOGS_MAX, PATH_BYTES_MAX, SPANS_MAX, WORKFLOWS_MAX, are_too_many,
        error_bytes, is_artifact_name, is_digest, is_media_type, span_bytes,
    },
    runtime::start::check_timeout,
};

/// Attempts of a play: nobody comes near it, and there is room for more.
const ATTEMPTS_MAX: u32 = 1 << 30;
/// The same of what is numbered in order.
const SEQ_MAX: u64 = 1 << 53;
/// Bytes of a node: twice what its longest texts, error, tries and tags take.
const SPAN_BYTES_MAX: usize = 4 << 20;
/// Bytes of a kind or a fingerprint.
const WORD_BYTES_MAX: usize = 200;

/// Reads a play, has it come to rest, and checks it.
pub(crate) fn checked(document: &Json) -> Result<ExportedPlay, Error> {
    let mut content = Document::<ExportedPlay>::read(document)?.content;
    come_to_rest(&mut content);
    play(&mut content)?;
    workflows(&content)?;
    let nodes = spans(&content)?;
    logs(&content, &nodes)?;
    content.records.iter().enumerate().try_for_each(|(at, one)| record(at, one, content.play.attempt))?;
    once("/records", content.records.iter().map(|record| record.path.as_str()))?;
    once("/records", content.records.iter().map(|record| record.seq))?;
    questions(&content)?;
    artifacts(&content)?;
    contents::check(&content)?;
    Ok(content)
}

fn holds(holds: bool, pointer: impl FnOnce() -> String, what: &str) -> Result<(), Error> {
    ensure::<ExportedPlay>(holds, pointer, what)
}

fn play(content: &mut ExportedPlay) -> Result<(), Error> {
    let ExportedPlay { play, version, timeout_ms, .. } = content;
    let at = |name: &'static str| move || format!("/play/{name}");
    holds(play.status.is_terminal(), at("status"), "there is a play that has not ended")?;
    holds(play.ended_at.is_some(), at("ended_at"), "nothing says when it ended")?;
    holds(play.attempt <= ATTEMPTS_MAX, at("attempt"), "there are too many")?;
    holds(play.inputs.as_str().starts_with('{'), at("inputs"), "there is no object")?;
    holds(
        play.pending_resumes == 0,
        at("pending_resumes"),
        "there are open questions of a play that has ended",
    )?;
    let error = play.error.as_ref().map_or(0, error_bytes);
    holds(error <= SPAN_BYTES_MAX, at("error"), "there is one that is too long")?;
    let is_its_version = play.version_sid == version.version_sid
        && play.workflow_sid == version.workflow_sid
        && play.version == version.version;
    holds(
        is_its_version,
        at("version_sid"),
        "there is another version than the one that the document holds",
    )?;
    if play.status == Status::Succeeded {
        play.outputs.get_or_insert_with(Json::null);
    }
    holds(is_amount(play.cost_usd), at("cost_usd"), "there is no cost")?;
    holds(is_amount(play.duration_ms), at("duration_ms"), "there is no time that a play may have taken")?;
    let has_error = play.error.is_some();
    holds(!(has_error && play.status == Status::Succeeded), at("error"), "there is one of a success")?;
    let has_outputs = play.outputs.is_some();
    holds(has_outputs == (play.status == Status::Succeeded), at("outputs"), "there are some of no success")?;
    check_timeout(*timeout_ms).map_err(|error| refused::<ExportedPlay>("/timeout_ms", error))
}

fn workflows(content: &ExportedPlay) -> Result<(), Error> {
    let workflows = &content.workflows;
    holds(workflows.len() <= WORKFLOWS_MAX, || "/workflows".to_owned(), "there are too many")?;
    for (at, workflow) in workflows.iter().enumerate() {
        let is_of_one = workflow.version.workflow_sid.is_some() && workflow.version.version.is_some();
        holds(is_of_one, || format!("/workflows/{at}/version"), "there is a version of no workflow")?;
    }
    // A workflow may be called by several names.
    let mut digests = HashMap::from([(&content.version.version_sid, &content.version.digest)]);
    for (at, InvokedWorkflow { version, .. }) in workflows.iter().enumerate() {
        let known = digests.insert(&version.version_sid, &version.digest);
        let is_one = known.is_none_or(|known| *known == version.digest);
        holds(is_one, || format!("/workflows/{at}/version"), "there is another version of the same id")?;
    }
    once("/workflows", workflows.iter().map(|workflow| &workflow.name))
}

/// Refuses what is there twice.
fn once<T: Eq + std::hash::Hash>(pointer: &str, all: impl Iterator<Item = T>) -> Result<(), Error> {
    let mut known = HashSet::new();
    for (at, one) in all.enumerate() {
        holds(known.insert(one), || format!("{pointer}/{at}"), "there is something that was there before")?;
    }
    Ok(())
}

/// The number of each node, and of the one above it.
fn spans(content: &ExportedPlay) -> Result<HashMap<u32, Option<u32>>, Error> {
    let (spans, attempt) = (&content.spans, content.play.attempt);
    let mut nodes = HashMap::new();
    for (at, span) in spans.iter().enumerate() {
        let pointer = || format!("/spans/{at}");
        let is_left = !matches!(span.status, SpanStatus::Waiting | SpanStatus::Running);
        holds((1..=SPANS_MAX).contains(&span.span_id), pointer, "there is no number of a node")?;
        holds(nodes.insert(span.span_id, span.parent).is_none(), pointer, "there is a number twice")?;
        holds(is_path(&span.path), pointer, "there is no path")?;
        holds(span_bytes(span) <= SPAN_BYTES_MAX, pointer, "there is more than a node may hold")?;
        holds((1..=SEQ_MAX).contains(&span.seq), pointer, "there is no place in the order of changes")?;
        holds(span.attempt <= attempt, pointer, "there is an attempt that was never made")?;
        holds(is_amount(span.cost_usd), pointer, "there is no cost")?;
        let times = span.duration_ms.into_iter().chain(span.tries.iter().map(|failed| failed.delay_ms));
        holds(times.into_iter().all(is_amount), pointer, "there is no time that a node may have taken")?;
        holds(is_left, pointer, "there is an open node of a play that has ended")?;
    }
    once("/spans", spans.iter().map(|span| span.path.as_str()))?;
    for (at, span) in spans.iter().enumerate() {
        let mut above = span.parent;
        // Nodes that end at a root are as many as there are at most.
        for _ in 0..=nodes.len() {
            let Some(next) = above.and_then(|above| nodes.get(&above)) else { break };
            above = *next;
        }
        holds(above.is_none(), || format!("/spans/{at}/parent"), "there is no way up to a root")?;
    }
    Ok(nodes)
}

fn is_path(path: &str) -> bool {
    (1..=PATH_BYTES_MAX).contains(&path.len())
}

fn logs(content: &ExportedPlay, nodes: &HashMap<u32, Option<u32>>) -> Result<(), Error> {
    let logs = &content.logs;
    holds(logs.len() <= LOGS_MAX as usize, || "/logs".to_owned(), "there are too many lines")?;
    for (at, line) in logs.iter().enumerate() {
        let pointer = || format!("/logs/{at}");
        // One more stands for what was cut off.
        holds(line.text.chars().count() <= LOG_CHARS_MAX + 1, pointer, "there is a line that is too long")?;
        holds((1..=SEQ_MAX).contains(&line.seq), pointer, "there is no place in the order of changes")?;
        let is_of_node = line.span_id.is_none_or(|span_id| nodes.contains_key(&span_id));
        holds(is_of_node, pointer, "there is a line of no node")?;
        holds(line.attempt <= content.play.attempt, pointer, "there is an attempt that was never made")?;
    }
    let changes = content.spans.iter().map(|span| span.seq).chain(logs.iter().map(|line| line.seq));
    once("/spans or /logs", changes)
}

fn record(at: usize, record: &ExportedRecord, attempt: u32) -> Result<(), Error> {
    let pointer = || format!("/records/{at}");
    let ExportedRecord { path, kind, fingerprint, seq, value, file, .. } = record;
    holds(is_path(path), pointer, "there is no path")?;
    let are_words = kind.len() <= WORD_BYTES_MAX && fingerprint.len() <= WORD_BYTES_MAX;
    holds(are_words, pointer, "kind or fingerprint is too long")?;
    holds((1..=SEQ_MAX).contains(seq), pointer, "there is no place in the order of outcomes")?;
    holds(record.attempt <= attempt, pointer, "there is an attempt that was never made")?;
    let length = value.as_ref().map_or(0, |value| value.as_str().len());
    holds(length <= BODY_BYTES_MAX, pointer, "there is a value that is too long")?;
    holds(file.as_ref().is_none_or(is_digest), pointer, "there is no name of a value")?;
    holds(records::stored(record.clone()).is_some(), pointer, "there is no outcome, or more than one")
}

fn questions(content: &ExportedPlay) -> Result<(), Error> {
    for (at, question) in content.questions.iter().enumerate() {
        let pointer = || format!("/questions/{at}");
        holds(is_path(&question.path), pointer, "there is no path")?;
        holds(
            question.status != ResumeStatus::Open,
            pointer,
            "there is an open question of a play that has ended",
        )?;
        let is_answered = question.status == ResumeStatus::Answered;
        holds(
            is_answered == question.payload.is_some(),
            pointer,
            "there is an answer of no answered question",
        )?;
    }
    once("/questions", content.questions.iter().map(|question| &question.resume_id))?;
    let all: Vec<ResumeRequest> =
        content.questions.iter().map(|question| question.clone().of(&content.play.play_sid)).collect();
    holds(!are_too_many(all.iter()), || "/questions".to_owned(), "there are too many")
}

fn artifacts(content: &ExportedPlay) -> Result<(), Error> {
    let artifacts = &content.artifacts;
    holds(artifacts.len() <= ARTIFACTS_MAX, || "/artifacts".to_owned(), "there are too many")?;
    for (at, artifact) in artifacts.iter().enumerate() {
        let pointer = || format!("/artifacts/{at}");
        let named = Blob { digest: artifact.digest.clone(), size: 0 };
        holds(is_digest(&named), pointer, "there is no digest")?;
        holds(is_artifact_name(&artifact.name), pointer, "there is no name")?;
        holds(is_path(&artifact.path), pointer, "there is no path")?;
        holds(is_media_type(&artifact.media_type), pointer, "there is no media type")?;
    }
    once("/artifacts", artifacts.iter().map(|artifact| &artifact.name))
}

/// The ids of a play's questions.
pub(super) fn question_ids(content: &ExportedPlay) -> impl Iterator<Item = &ResumeId> {
    content.questions.iter().map(|question| &question.resume_id)
}
