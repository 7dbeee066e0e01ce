//! How a play begins: what is checked before anything of it is written.

use hero_sdk::{
    Error, ErrorCode, Json, PlaySid,
    logic::StartOptions,
    model::{Play, Sandbox, Status, WorkflowVersion},
};
use hero_store::{PlayMemory, PlayRow};

use super::asked::Asked;
use crate::{
    call::call,
    play::Environment,
    plays,
    registry::check_inputs,
    secrets::{self, Redactor},
};

/// Characters of an idempotency key.
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 200;
/// Longest time of a play: ten years.
const TIMEOUT_MS_MAX: u64 = 10 * 365 * 24 * 3_600_000;
/// What starts a play unless told.
const TRIGGER: &str = "api";

/// Starts a play of a version, by this name; `asked` is what was asked for beside the options.
pub(crate) async fn start(
    environment: &Environment,
    version: WorkflowVersion,
    name: String,
    asked: Asked,
    options: StartOptions,
) -> Result<Play, Error> {
    let StartOptions { inputs, idempotency_key, tags, priority, timeout_ms, trigger } = options;
    let inputs = inputs.unwrap_or_else(no_inputs);
    check_timeout(timeout_ms)?;
    let mut mark = None;
    if let Some(key) = &idempotency_key {
        if key.is_empty() || key.chars().count() > IDEMPOTENCY_KEY_CHARS_MAX {
            let message = format!("an idempotency key has 1 to {IDEMPOTENCY_KEY_CHARS_MAX} characters");
            return Err(Error::new(ErrorCode::InvalidParams, message));
        }
        mark = Some(asked.mark(&environment.seal)?);
        if let Some(known) = environment.tables.play_by_idempotency_key(key)?
            && let Some(row) = environment.tables.play(&known)?
        {
            plays::check_asked(key, &known, row.memory.asked.as_deref(), mark.as_deref())?;
            return Ok(row.play);
        }
    }
    check_inputs(&version, &inputs)?;
    let secrets = environment.vault.read(&secrets::declared(&version.options))?;
    let redactor = environment.vault.redactor(&secrets, &version.source)?;
    let (inputs, tags) = match &redactor {
        Some(redactor) => {
            check_key(redactor, idempotency_key.as_deref())?;
            let tags = tags.iter().map(|tag| redactor.text(tag).into_owned()).collect();
            (redactor.kept(&inputs), tags)
        }
        None => (inputs, tags),
    };
    let sandbox = &environment.sandbox;
    let sandbox = Sandbox {
        level: sandbox.level,
        layers: environment.layers.known().layers.to_vec(),
        allowance: environment.grant(&version.options)?,
    };
    let (play_sid, now) = (PlaySid::new(), environment.clock.now().wall);
    let play = Play {
        root_play_sid: play_sid.clone(),
        play_sid,
        workflow_sid: version.workflow_sid,
        workflow: name,
        version_sid: version.version_sid,
        version: version.version,
        status: Status::Queued,
        inputs,
        outputs: None,
        error: None,
        attempt: 0,
        trigger: trigger.unwrap_or_else(|| TRIGGER.to_owned()),
        tags,
        priority,
        parent_play_sid: None,
        cost_usd: 0.0,
        tokens_in: 0,
        tokens_out: 0,
        created_at: now,
        deadline_at: timeout_ms.map(|timeout_ms| now.plus_ms(timeout_ms)),
        started_at: None,
        ended_at: None,
        duration_ms: 0.0,
        pending_resumes: 0,
        sandbox: Some(sandbox),
    };
    let memory = PlayMemory { idempotency_key, asked: mark, timeout_ms, ..PlayMemory::default() };
    let row = Box::new(PlayRow { play, memory });
    let plays = environment.plays.get();
    let reply = call(&plays, |reply| plays::Message::Start { row, reply }).await??;
    Ok(reply.play)
}

pub(crate) fn check_timeout(timeout_ms: Option<u64>) -> Result<(), Error> {
    match timeout_ms {
        Some(timeout_ms) if !(1..=TIMEOUT_MS_MAX).contains(&timeout_ms) => {
            let message = format!("timeout_ms is {timeout_ms}, not 1 to {TIMEOUT_MS_MAX}");
            Err(Error::new(ErrorCode::InvalidParams, message).hint("leave it out for a play without a time"))
        }
        _ => Ok(()),
    }
}

/// A key cannot be changed: by it the play is found again.
fn check_key(redactor: &Redactor, idempotency_key: Option<&str>) -> Result<(), Error> {
    if idempotency_key.is_some_and(|key| redactor.text(key) != key) {
        let message = "the idempotency key holds the value of a secret, and would be kept as it is";
        return Err(Error::new(ErrorCode::InvalidParams, message));
    }
    Ok(())
}

/// What is given where nothing is.
pub(crate) fn no_inputs() -> Json {
    Json::from(&serde_json::Value::Object(serde_json::Map::new()))
}
