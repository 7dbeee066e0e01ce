//! A flow of the library that judges a result: gets what went in, what came out and what was expected, and gives a score.

use hero_sdk::{
    Error, ErrorCode, Json, Members,
    logic::{StartOptions, Until},
    model::{Example, Status, WorkflowVersion},
};
use serde::Deserialize;
use serde_json::Value;

use super::measure::Work;
use crate::{registry::named_version, runtime::wait::wait};

/// Characters of what an evaluator says.
const VERDICT_CHARS_MAX: usize = 500;

/// What became of it.
pub(super) enum Verdict {
    /// From 0 to 1, and what it said.
    Score(f64, Option<String>),
    /// There is none: `code: message`.
    None(String),
}

/// Has a result judged. An error is one of the runtime, after which it can be judged again.
pub(super) async fn judge(
    work: &Work,
    evaluator: &WorkflowVersion,
    index: u32,
    example: &Example,
    outputs: &Json,
    expected: Option<&Json>,
) -> Result<Verdict, Error> {
    let name = work.benchmark.scoring.evaluator.clone().unwrap_or_default();
    let timeout_ms = work.benchmark.scoring.evaluator_timeout_ms.unwrap_or(u64::MAX);
    let inputs = inputs(evaluator, example, outputs, expected);
    let options =
        StartOptions { inputs: Some(inputs), ..work.options(work.evaluator_key(index), timeout_ms) };
    let workflow = named_version(&name).map_or(name.as_str(), |(workflow, _)| workflow);
    let play = match work.start(evaluator, workflow, options).await {
        Ok(play) => wait(&work.environment, &play.play_sid, Until::Settled).await?,
        Err(error) if error.code == ErrorCode::InvalidInputs => {
            let message = "it must take inputs, outputs and expected_outputs, or some of these";
            return Ok(Verdict::None(format!("evaluator_failed: {name}: {message}: {error}")));
        }
        Err(error) => return Err(error),
    };
    let why = play.error.clone().unwrap_or_default();
    Ok(match play.status {
        Status::Succeeded => match read(play.outputs.as_ref()) {
            Some((score, said)) => Verdict::Score(score, said),
            None => Verdict::None(format!(
                "evaluator_no_score: {name} returned no number from 0 to 1, no boolean and no object with such a \
                 `score` (play {})",
                play.play_sid
            )),
        },
        Status::Failed if why.code == "timeout" => Verdict::None(format!(
            "evaluator_timeout: {name} took more than {timeout_ms} ms (play {})",
            play.play_sid
        )),
        status if status.is_terminal() => Verdict::None(format!(
            "evaluator_failed: {name} is {}: {} (play {})",
            status.as_str(),
            why.message,
            play.play_sid
        )),
        _ => {
            work.end(&play.play_sid, "an evaluator has nobody to ask").await?;
            Verdict::None(format!("evaluator_failed: {name} asks a question (play {})", play.play_sid))
        }
    })
}

/// What it takes of what there is. One that takes anything gets all.
fn inputs(evaluator: &WorkflowVersion, example: &Example, outputs: &Json, expected: Option<&Json>) -> Json {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Schema {
        properties: Members,
        #[serde(rename = "additionalProperties")]
        more: Option<Value>,
    }
    let schema: Schema = evaluator.inputs.to().unwrap_or_default();
    let takes = |name: &str| schema.properties.get(name).is_some() || schema.more != Some(Value::Bool(false));
    let all = [
        ("inputs", example.inputs.clone()),
        ("outputs", outputs.clone()),
        ("expected_outputs", expected.cloned().unwrap_or_else(Json::null)),
    ];
    let members =
        all.into_iter().filter(|(name, _)| takes(name)).map(|(name, value)| (name.to_owned(), value));
    Json::of(&Members(members.collect())).unwrap_or_else(|_| Json::null())
}

/// The score in what it returned, and what it says beside it.
fn read(outputs: Option<&Json>) -> Option<(f64, Option<String>)> {
    let value: Value = outputs?.to().ok()?;
    let (score, said) = match &value {
        Value::Object(members) => {
            let said = ["reason", "verdict", "message"].iter().find_map(|name| members.get(*name)?.as_str());
            (members.get("score")?, said)
        }
        other => (other, None),
    };
    let score = match score {
        Value::Bool(is_right) => f64::from(u8::from(*is_right)),
        other => other.as_f64()?,
    };
    let said = said.map(|said| said.chars().take(VERDICT_CHARS_MAX).collect());
    (0.0..=1.0).contains(&score).then_some((score, said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_a_number_a_boolean_or_a_member() {
        for (outputs, score) in [
            ("0.5", Some((0.5, None))),
            ("1", Some((1.0, None))),
            ("true", Some((1.0, None))),
            ("false", Some((0.0, None))),
            (r#"{"score": 0.25, "reason": "half of it"}"#, Some((0.25, Some("half of it".to_owned())))),
            (r#"{"score": true}"#, Some((1.0, None))),
            ("1.01", None),
            ("-0.1", None),
            ("null", None),
            (r#""0.5""#, None),
            ("{}", None),
            ("[1]", None),
        ] {
            assert_eq!(read(Some(&Json::parse(outputs).unwrap())), score, "{outputs}");
        }
        assert_eq!(read(None), None);
    }
}
