//! One run of a benchmark: starts its play, or finds it again, gives it the answers of its example, and says how it went.

use std::sync::Arc;

use hero_sdk::{
    Error, ErrorCode, PlaySid, ResumeId, Timestamp,
    logic::{StartOptions, Until},
    model::{
        Benchmark, Example, Measurement, Play, PlayError, ResumeRequest, ResumeStatus, ScoringMode, Status,
        WorkflowVersion,
    },
};
use hero_store::BenchmarkPlan;

use super::{
    evaluator::{Verdict, judge},
    scoring::{TOLERANCE, difference},
};
use crate::{
    play::{Environment, Wish},
    runtime::{asked::Asked, start::start, wait::wait, wish_of},
};

/// Plays of benchmarks wait while others do.
const PRIORITY: i32 = -1;
/// What starts them.
const TRIGGER: &str = "benchmark";
/// Bytes of outputs that are kept with a run.
const OUTPUTS_BYTES_MAX: usize = 4096;

/// What all runs of a benchmark share.
pub(super) struct Work {
    pub(super) environment: Arc<Environment>,
    pub(super) benchmark: Benchmark,
    pub(super) plan: BenchmarkPlan,
    pub(super) version: WorkflowVersion,
    /// Who judges, where somebody does.
    pub(super) evaluator: Option<WorkflowVersion>,
}

impl Work {
    /// The key by which the play of a run is found again.
    pub(super) fn key(&self, index: u32) -> String {
        format!("{}/{index}", self.benchmark.benchmark_sid)
    }

    /// The key of the play that judges it.
    pub(super) fn evaluator_key(&self, index: u32) -> String {
        format!("{}/{index}/evaluator", self.benchmark.benchmark_sid)
    }

    /// What a play of the benchmark is started with.
    pub(super) fn options(&self, key: String, timeout_ms: u64) -> StartOptions {
        StartOptions {
            inputs: None,
            idempotency_key: Some(key),
            tags: vec![self.benchmark.benchmark_sid.to_string()],
            priority: PRIORITY,
            timeout_ms: Some(timeout_ms),
            trigger: Some(TRIGGER.to_owned()),
        }
    }

    /// Starts a play of a version, or gives the one that was started for the same.
    pub(super) async fn start(
        &self,
        version: &WorkflowVersion,
        name: &str,
        options: StartOptions,
    ) -> Result<Play, Error> {
        let what = [name.to_owned(), version.version_sid.to_string(), String::new()];
        let asked = Asked::new(TRIGGER, what, options.inputs.clone());
        start(&self.environment, version.clone(), name.to_owned(), asked, options).await
    }

    /// Ends a play, unless it was faster.
    pub(super) async fn end(&self, play_sid: &PlaySid, reason: &str) -> Result<(), Error> {
        let reason = Some(reason.to_owned());
        match wish_of(&self.environment, play_sid.clone(), |reply| Wish::Cancel { reason, reply }).await {
            Ok(_) => Ok(()),
            Err(error) if error.code == ErrorCode::Conflict => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Does a run to its end. An error is one of the runtime, after which the run can be measured again.
pub(super) async fn measure(work: Arc<Work>, index: u32) -> Result<Measurement, Error> {
    let repeats = work.benchmark.repeats;
    let missing = || Error::new(ErrorCode::StoreCorrupt, "a benchmark has fewer examples than runs");
    let example = work.plan.examples.get((index / repeats) as usize).ok_or_else(missing)?;
    let mut measurement = Measurement {
        index,
        example: example.name.clone(),
        repeat: index % repeats + 1,
        play_sid: None,
        succeeded: false,
        error: None,
        latency_ms: 0.0,
        cost_usd: 0.0,
        tokens_in: 0,
        tokens_out: 0,
        accuracy: None,
        verdict: None,
        unscored: None,
        outputs: None,
    };
    let options = StartOptions {
        inputs: Some(example.inputs.clone()),
        ..work.options(work.key(index), work.benchmark.timeout_ms)
    };
    let started = work.start(&work.version, &work.benchmark.workflow, options).await;
    match started {
        Ok(play) => {
            let (play, unanswered) = played(&work, play.play_sid, example).await?;
            measurement.play_sid = Some(play.play_sid.clone());
            measurement.succeeded = play.status == Status::Succeeded;
            measurement.error = unanswered.or_else(|| Some(why(&play)).filter(|_| !measurement.succeeded));
            measurement.latency_ms = play.duration_ms;
            measurement.cost_usd = play.cost_usd;
            (measurement.tokens_in, measurement.tokens_out) = (play.tokens_in, play.tokens_out);
            score(&work, example, &play, &mut measurement).await?;
        }
        Err(error) if is_of_the_run(error.code) => {
            measurement.error = Some(format!("{}: {}", error.code.as_str(), in_a_line(&error)));
            measurement.accuracy = has_score(&work, example).then_some(0.0);
        }
        Err(error) => return Err(error),
    }
    Ok(measurement)
}

/// Whether it is this run that cannot be started, and another may.
fn is_of_the_run(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::InvalidInputs
            | ErrorCode::InvalidParams
            | ErrorCode::SecretMissing
            | ErrorCode::SecretChanged
            | ErrorCode::SecretUnreadable
            | ErrorCode::SandboxDenied
            | ErrorCode::SandboxUnavailable
    )
}

fn in_a_line(error: &Error) -> String {
    let fields = error.fields.iter().map(|field| format!("{} {}", field.pointer, field.message));
    let fields: Vec<String> = fields.collect();
    if fields.is_empty() {
        error.message.clone()
    } else {
        format!("{}: {}", error.message, fields.join("; "))
    }
}

/// The play once it has ended, and why it was ended from here, where it was.
async fn played(work: &Work, play_sid: PlaySid, example: &Example) -> Result<(Play, Option<String>), Error> {
    let mut unanswered = None;
    loop {
        let play = wait(&work.environment, &play_sid, Until::Settled).await?;
        if play.status.is_terminal() {
            return Ok((play, unanswered));
        }
        if let Some(reason) = answer(work, &play, example).await? {
            work.end(&play_sid, &reason).await?;
            unanswered = Some(format!("unanswered: {reason}"));
        }
    }
}

/// Gives the answers of the example to the questions that are open, or says why the play cannot go on.
async fn answer(work: &Work, play: &Play, example: &Example) -> Result<Option<String>, Error> {
    let mut open = work.environment.tables.resumes_of(&play.play_sid)?;
    open.retain(|resume| resume.status == ResumeStatus::Open);
    let mut is_answered = open.is_empty();
    for resume in &open {
        let Some((_, payload)) = resume.answer_in(&example.answers) else { continue };
        let resume_id: ResumeId = resume.resume_id.clone();
        let wish = |reply| Wish::Answer {
            resume_id,
            payload: payload.clone(),
            answered_by: Some(TRIGGER.to_owned()),
            reply,
        };
        match wish_of(&work.environment, play.play_sid.clone(), wish).await {
            Ok(_) => is_answered = true,
            // Another answer went with it, or it has expired.
            Err(error) if error.code == ErrorCode::Conflict => is_answered = true,
            Err(error) if error.code == ErrorCode::InvalidPayload => {
                return Ok(Some(format!(
                    "the example's answer to {} is not valid: {}",
                    resume.name,
                    in_a_line(&error)
                )));
            }
            Err(error) => return Err(error),
        }
    }
    if is_answered {
        return Ok(None);
    }
    if open.iter().any(|resume| expires_in_time(resume, play.deadline_at)) {
        let mut changes = work.environment.feeds.subscribe_row(&play.play_sid);
        let stands = work.environment.tables.play(&play.play_sid)?;
        if stands.is_some_and(|row| row.play.status == Status::AwaitingResume) {
            changes.changed().await.map_err(|_| crate::call::gone())?;
        }
        return Ok(None);
    }
    let names: Vec<&str> = open.iter().map(|resume| resume.name.as_str()).collect();
    Ok(Some(format!("the example has no answer to {}", names.join(", "))))
}

/// Whether the play goes on without an answer before its time is over.
fn expires_in_time(resume: &ResumeRequest, deadline_at: Option<Timestamp>) -> bool {
    resume.expires_at.is_some_and(|at| deadline_at.is_none_or(|deadline| at < deadline))
}

fn why(play: &Play) -> String {
    let PlayError { code, message, .. } = play.error.clone().unwrap_or_default();
    format!("{code}: {message}")
}

/// Whether anything says how right a run of this example is.
fn has_score(work: &Work, example: &Example) -> bool {
    work.evaluator.is_some() || example.expected_outputs.is_some()
}

/// Finds out how right it was.
async fn score(
    work: &Work,
    example: &Example,
    play: &Play,
    measurement: &mut Measurement,
) -> Result<(), Error> {
    if !has_score(work, example) {
        return Ok(());
    }
    let Some(outputs) = play.outputs.as_ref().filter(|_| measurement.succeeded) else {
        measurement.accuracy = Some(0.0);
        return Ok(());
    };
    match (&work.evaluator, &example.expected_outputs) {
        (Some(evaluator), expected) => {
            match judge(work, evaluator, measurement.index, example, outputs, expected.as_ref()).await? {
                Verdict::Score(score, verdict) => {
                    (measurement.accuracy, measurement.verdict) = (Some(score), verdict);
                }
                Verdict::None(why) => measurement.unscored = Some(why),
            }
        }
        (None, Some(expected)) => {
            let tolerance = work.benchmark.scoring.tolerance.unwrap_or(TOLERANCE);
            let mode: ScoringMode = work.benchmark.scoring.mode;
            let verdict = difference(mode, tolerance, expected, outputs);
            measurement.accuracy = Some(f64::from(u8::from(verdict.is_none())));
            measurement.verdict = verdict;
        }
        (None, None) => {}
    }
    let is_right = measurement.accuracy == Some(1.0);
    measurement.outputs =
        Some(outputs.clone()).filter(|json| !is_right && json.as_str().len() <= OUTPUTS_BYTES_MAX);
    Ok(())
}
