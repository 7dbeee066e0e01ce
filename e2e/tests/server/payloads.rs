//! Answers and schemas that mean harm: each is refused in a moment, nothing changes, and the server answers on.
//! (ATTACKS 28 and 29)

use hero_e2e::Served;
use hero_sdk::{
    Client, Error, ErrorCode, Json, Logic as _, PlaySid, ResumeId,
    logic::{PlayPendingResumes, PlayResume, PlayRunAsync, PlayWait, Until},
    model::{Play, ResumeStatus, Status},
};
use serde_json::{Value, json};

use crate::{
    wire::{connect, exchange, resident_kb, status},
    world::ask,
};

const SOURCE: &str = "
from typing import Any
from hero_tracing import flow

@flow
def main(schema: Any) -> Any:
    return flow.pause('asked', schema=schema)
";

/// A play that waits for an answer.
struct Question {
    play_sid: PlaySid,
    resume_id: ResumeId,
}

impl Question {
    /// Opens one; or the play has failed, since the flow was told that this is no schema.
    async fn open(client: &Client, schema: &Value) -> Option<Self> {
        let inputs = Some(Json::from(&json!({ "schema": schema })));
        let run = PlayRunAsync { source: SOURCE.to_owned(), inputs, ..PlayRunAsync::default() };
        let play_sid = client.play_run_async(run).await.unwrap().play_sid;
        let wait = PlayWait { play_sid: play_sid.clone(), timeout_ms: None, until: Until::Settled };
        let play = client.play_wait(wait).await.unwrap();
        if let Some(error) = play.error {
            assert!(error.message.contains("schema"), "{error:?}");
            return None;
        }
        assert_eq!(play.status, Status::AwaitingResume);
        let open = client.play_pending_resumes(PlayPendingResumes::from(play_sid.clone())).await.unwrap();
        Some(Self { play_sid, resume_id: open.resumes[0].resume_id.clone() })
    }

    async fn answer(&self, client: &Client, payload: &Value) -> Result<Play, Error> {
        let (play_sid, resume_id) = (self.play_sid.clone(), self.resume_id.clone());
        client
            .play_resume(PlayResume { play_sid, resume_id, payload: Json::from(payload), answered_by: None })
            .await
    }

    /// The play and its question, as they stand.
    async fn stands(&self, client: &Client) -> (Play, Vec<hero_sdk::model::ResumeRequest>) {
        let play = client.play_status(self.play_sid.clone().into()).await.unwrap();
        let open =
            client.play_pending_resumes(PlayPendingResumes::from(self.play_sid.clone())).await.unwrap();
        (play, open.resumes)
    }

    /// The answer is refused, and is as if nobody had given it.
    async fn refuses(&self, client: &Client, payload: &Value) -> Error {
        let before = self.stands(client).await;
        let error = self.answer(client, payload).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidPayload, "{error:?}");
        assert!(error.hint.is_some() && !error.fields.is_empty(), "{error:?}");
        let told: usize = error.fields.iter().map(|field| field.pointer.len() + field.message.len()).sum();
        assert!(told < 50_000, "{told} bytes of {payload:.100}");
        assert_eq!(self.stands(client).await, before);
        assert_eq!(before.1[0].status, ResumeStatus::Open);
        error
    }
}

/// Each part refers to the next one like this.
fn chain(count: usize, next: impl Fn(Value) -> Value) -> Value {
    let parts = (0..count).map(|number| {
        let reference = json!({ "$ref": format!("#/$defs/{}", number + 1) });
        (number.to_string(), next(reference))
    });
    let mut parts: serde_json::Map<String, Value> = parts.collect();
    parts.insert(count.to_string(), json!({ "type": "string" }));
    json!({ "$ref": "#/$defs/0", "$defs": parts })
}

/// How hostile a schema is, the schema, and a payload that makes it so.
fn schemas() -> Vec<(&'static str, Value, Value)> {
    let almost = json!(format!("{}b", "a".repeat(100_000)));
    let nested = (0..50).fold(json!([]), |value, _| json!([value]));
    let both =
        json!({ "anyOf": [{ "items": { "$ref": "#" } }, { "items": { "$ref": "#" } }], "maxItems": 0 });
    let patterns: Vec<Value> =
        (0..1_000).map(|number| json!({ "pattern": format!("\\w{{100}}{number}") })).collect();
    vec![
        ("nested repetition", json!({ "pattern": "^(a+)+$" }), almost.clone()),
        ("alternatives that overlap", json!({ "pattern": "^(a|a)*$" }), almost.clone()),
        ("many stars", json!({ "pattern": "^a*a*a*a*a*a*a*a*a*a*c$" }), almost.clone()),
        ("names of members", json!({ "patternProperties": { "^(a+)+$": false } }), json!({ "a": 1 })),
        ("a pattern that grows", json!({ "pattern": "(\\w{1000}){1000}" }), json!("x")),
        ("a pattern that looks ahead", json!({ "pattern": "^(?=(a+)+$)" }), almost),
        ("a pattern that is none", json!({ "pattern": "(" }), json!("x")),
        ("many patterns", json!({ "anyOf": patterns }), json!("x")),
        ("what is elsewhere", json!({ "$ref": "http://127.0.0.1:1/schema.json" }), json!(1)),
        ("a file", json!({ "$ref": "file:///etc/passwd" }), json!(1)),
        (
            "a meta-schema that is elsewhere",
            json!({ "$schema": "http://127.0.0.1:1/x", "type": "string" }),
            json!(1),
        ),
        ("what is nowhere", json!({ "$ref": "#/nowhere" }), json!(1)),
        ("twice at each level", chain(50, |next| json!({ "anyOf": [next, next] })), json!(1)),
        ("twice beneath each item", both, nested),
        ("deeper than a stack", chain(15_000, |next| next), json!(1)),
        ("no schema", json!({ "type": "no type" }), json!(1)),
        ("a number beyond all", json!({ "multipleOf": 1e-300, "type": "string" }), json!(1e300)),
    ]
}

#[test]
fn a_hostile_schema_takes_no_answer_and_no_time() {
    let served = Served::started(&[]);
    let pid = served.pid();
    let before = resident_kb(pid.unwrap());
    ask(&served, async |client| {
        for (what, schema, payload) in schemas() {
            println!("{what}");
            if let Some(question) = Question::open(client, &schema).await {
                question.refuses(client, &payload).await;
            }
        }
        // One that is slow elsewhere is still a schema.
        let question = Question::open(client, &json!({ "pattern": "^(a+)+$" })).await.unwrap();
        question.answer(client, &json!("aaaa")).await.unwrap();
    });
    assert_eq!(served.pid(), pid);
    let grown = resident_kb(pid.unwrap()).saturating_sub(before);
    assert!(grown < 200 << 10, "{grown} kB more are held");
}

#[test]
fn a_hostile_answer_changes_nothing() {
    let served = Served::started(&[]);
    ask(&served, async |client| {
        let schema = json!({
            "type": "object",
            "properties": { "name": { "type": "string", "maxLength": 10 } },
            "additionalProperties": false,
        });
        let question = Question::open(client, &schema).await.unwrap();
        let many: serde_json::Map<String, Value> =
            (0..100_000).map(|number| (number.to_string(), Value::Null)).collect();
        for payload in [
            json!({ "__proto__": { "name": "x" } }),
            json!({ "constructor": { "prototype": { "name": "x" } } }),
            json!({ "name": "x", "x".repeat(1_000_000): 1 }),
            json!({ "name": "x".repeat(10_000_000) }),
            Value::Object(many),
            json!([]),
            Value::Null,
        ] {
            question.refuses(client, &payload).await;
        }
        let error = question.refuses(client, &json!({ "__proto__": 1 })).await;
        assert_eq!(error.fields[0].pointer, "/__proto__");
        let before = question.stands(client).await;
        let too_large = question.answer(client, &json!({ "name": "x".repeat(17 << 20) })).await.unwrap_err();
        assert_eq!(too_large.code, ErrorCode::InvalidRequest, "{too_large:?}");
        let depth = 5_000;
        let deep = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let call = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"play_resume","params":{{"play_sid":"{}","resume_id":"{}","payload":{deep}}}}}"#,
            question.play_sid, question.resume_id
        );
        let answer = exchange(
            connect(&served),
            format!(
                "POST /rpc HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{call}",
                call.len()
            ),
        );
        assert!(status(&answer) == 200 && answer.contains("-32600"), "{answer}");
        assert_eq!(question.stands(client).await, before);
        question.answer(client, &json!({ "name": "x" })).await.unwrap();
    });
}

/// What would be more than data elsewhere is data.
#[test]
fn an_answer_is_plain_data() {
    let served = Served::started(&[]);
    ask(&served, async |client| {
        for payload in [
            json!({ "__proto__": { "polluted": true }, "constructor": 1, "toString": null }),
            json!({ "__class__": "os.system", "py/object": "os.system", "$ref": "#/x" }),
            json!({ "~": "bytes", "$": ["tuple", []], "t": "dict", "__type__": "set" }),
            json!("{{7*7}} ${7*7} %s {0} \u{0} \u{202e}"),
        ] {
            let question = Question::open(client, &json!(true)).await.unwrap();
            question.answer(client, &payload).await.unwrap();
            let wait =
                PlayWait { play_sid: question.play_sid.clone(), timeout_ms: None, until: Until::Terminal };
            let play = client.play_wait(wait).await.unwrap();
            assert_eq!(play.outputs.unwrap().to::<Value>().unwrap(), payload);
        }
    });
}
