//! What becomes of a play that waited when it was exported. Pure.
//!
//! A play is alive in one store at most, or its steps would be done twice. So it comes as cancelled, at the last moment
//! of which it tells, with its questions withdrawn; whoever wants it to go on here retries it, and finished steps stay.

use hero_sdk::{
    Timestamp,
    document::ExportedPlay,
    model::{PlayError, ResumeStatus, SpanStatus, Status},
};

/// The code of the error of such a play.
const IMPORTED: &str = "imported";

/// Has a play that waits end; any other stays as it is.
pub(super) fn come_to_rest(content: &mut ExportedPlay) {
    // How it was confined there says nothing of here.
    content.play.sandbox = None;
    if content.play.status != Status::AwaitingResume {
        return;
    }
    let at = last_sign(content);
    for span in &mut content.spans {
        if matches!(span.status, SpanStatus::Waiting | SpanStatus::Running) {
            span.status = SpanStatus::Cancelled;
            span.ended_at.get_or_insert(at);
        }
    }
    for question in &mut content.questions {
        if question.status == ResumeStatus::Open {
            question.status = ResumeStatus::Withdrawn;
            question.answered_at = Some(at);
        }
    }
    let play = &mut content.play;
    play.status = Status::Cancelled;
    play.pending_resumes = 0;
    play.ended_at = Some(at);
    play.error = Some(PlayError {
        code: IMPORTED.to_owned(),
        message: "the play waited for an answer when it was exported, and may go on in one place only"
            .to_owned(),
        hint: Some("where it was exported it still waits; retry it to have it go on here as well".to_owned()),
        ..PlayError::default()
    });
}

/// The last moment of which the play tells.
fn last_sign(content: &ExportedPlay) -> Timestamp {
    let ExportedPlay { play, spans, questions, .. } = content;
    let nodes = spans.iter().map(|span| span.ended_at.unwrap_or(span.started_at));
    let asked = questions.iter().map(|question| question.answered_at.unwrap_or(question.created_at));
    nodes.chain(asked).chain(play.started_at).chain([play.created_at]).max().unwrap_or_default()
}
