//! Every parameter of every method with everything that does not belong there, as the document has it, through a real
//! server: the answer names the parameter and says what to do, and nothing was done.

use std::collections::BTreeMap;

use hero_e2e::Stage;
use hero_sdk::{Client, Error, ErrorCode, Logic as _, logic::METHODS};
use serde_json::{Map, Value, json};

use crate::{document::discover, server::Server};

/// One of each kind of JSON, and numbers beyond those that there are.
fn kinds() -> [Value; 11] {
    [
        Value::Null,
        json!(true),
        json!(1),
        json!(1.5),
        json!(-1),
        json!(1e30),
        json!("x"),
        json!([1, "x"]),
        json!({ "x": 1 }),
        json!({}),
        json!([]),
    ]
}

/// An id of each kind, and what is none.
const IDS: [&str; 6] = [
    "play_01arz3ndektsv4rrffq69g5fav",
    "wf_01arz3ndektsv4rrffq69g5fav",
    "ver_01arz3ndektsv4rrffq69g5fav",
    "ask_01arz3ndektsv4rrffq69g5fav",
    "play_01arz3ndektsv4rrffq69g5fa",
    "01arz3ndektsv4rrffq69g5fav",
];

/// A method as the document describes it.
struct Described<'a> {
    name: &'a str,
    params: Vec<Param<'a>>,
    /// What it could be called with.
    example: Map<String, Value>,
}

struct Param<'a> {
    name: &'a str,
    is_required: bool,
    schema: jsonschema::Validator,
    /// What fits where the example has none.
    fitting: Value,
}

impl<'a> Described<'a> {
    fn of(method: &'a Value, components: &Value) -> Self {
        let param = |param: &'a Value| {
            let mut schema = param["schema"].clone();
            schema["components"] = components.clone();
            let schema = jsonschema::draft7::new(&schema).unwrap();
            // None is an id; examples have those.
            let fitting = kinds().into_iter().find(|value| schema.is_valid(value)).unwrap_or_default();
            Param { name: text(&param["name"]), is_required: param["required"] == true, schema, fitting }
        };
        let example = method["examples"][0]["params"].as_array().unwrap().iter();
        Self {
            name: text(&method["name"]),
            params: method["params"].as_array().unwrap().iter().map(param).collect(),
            example: example.map(|one| (text(&one["name"]).to_owned(), one["value"].clone())).collect(),
        }
    }

    /// The example with this parameter.
    fn with(&self, name: &str, value: Value) -> Value {
        let mut params = self.example.clone();
        params.insert(name.to_owned(), value);
        params.into()
    }

    /// Parameters that are wrong, and a pointer to what is wrong; none where it is all of them.
    fn wrong(&self) -> Vec<(Value, Option<String>)> {
        let mut wrong = vec![(self.with("colour", json!("red")), Some("/colour".to_owned()))];
        wrong.extend([Value::Null, json!(true), json!(7), json!("x")].map(|params| (params, None)));
        let value = |param: &Param<'_>| self.example.get(param.name).unwrap_or(&param.fitting).clone();
        let mut positions: Vec<Value> = self.params.iter().map(value).collect();
        positions.push(json!("one more"));
        wrong.push((positions.into(), Some(format!("/{}", self.params.len()))));
        for (place, param) in self.params.iter().enumerate() {
            if param.is_required {
                let mut without = self.example.clone();
                without.remove(param.name);
                wrong.push((without.into(), Some(format!("/{}", param.name))));
                let before = self.params.iter().take(place).map(value).collect();
                wrong.push((Value::Array(before), Some(format!("/{place}"))));
            }
            let values = kinds().into_iter().chain(IDS.map(Value::from));
            for value in values.filter(|value| !param.schema.is_valid(value)) {
                wrong.push((self.with(param.name, value), Some(format!("/{}", param.name))));
            }
        }
        wrong
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// What is not right with an answer; none where all is.
fn fault(answer: &Result<Value, Error>, pointer: Option<&str>) -> Option<&'static str> {
    let Err(error) = answer else { return Some("it was taken") };
    let expected = if pointer.is_some() { ErrorCode::InvalidParams } else { ErrorCode::InvalidRequest };
    let is_there = |at: &str| {
        let [field] = error.fields.as_slice() else { return false };
        // Within a parameter the place is more exact.
        (field.pointer == at || field.pointer.starts_with(&format!("{at}/")))
            && error.message.contains(at)
            && !field.message.is_empty()
    };
    match pointer {
        _ if error.code != expected => Some("another code"),
        _ if error.hint.as_ref().is_none_or(String::is_empty) => Some("no hint"),
        Some(at) if !is_there(at) => Some("it is not named"),
        None if error.message.is_empty() || !error.fields.is_empty() => Some("no message"),
        _ => None,
    }
}

/// Everything that a call could have changed.
async fn state(client: &Client) -> Value {
    let info = client.server_info().await.unwrap();
    let mut all = BTreeMap::from([("plays", json!([info.plays_running, info.plays_queued]))]);
    for list in ["play_list", "workflow_list", "secret_list", "play_pending_resumes"] {
        all.insert(list, client.call::<_, Value>(list, None::<()>).await.unwrap());
    }
    // A bundled flow that nobody has run was created when one asks.
    for workflow in all.get_mut("workflow_list").unwrap()["workflows"].as_array_mut().unwrap() {
        workflow.as_object_mut().unwrap().remove("created_at");
    }
    json!(all)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_belong_there_is_named_and_nothing_is_done() {
    let stage = Stage::new();
    let server = Server::start(&stage);
    let [client, _] = server.clients();
    let document = discover(&client).await;
    let methods = document["methods"].as_array().unwrap();
    assert_eq!(methods.len(), METHODS.len());
    let before = state(&client).await;
    let (mut asked, mut faults) = (0, Vec::new());
    for method in methods {
        let described = Described::of(method, &document["components"]);
        for (params, pointer) in described.wrong() {
            asked += 1;
            let answer = client.call::<_, Value>(described.name, Some(&params)).await;
            if let Some(fault) = fault(&answer, pointer.as_deref()) {
                faults.push(format!("{} {params} {pointer:?}: {fault}: {answer:?}", described.name));
            }
        }
    }
    assert!(faults.is_empty(), "{} of {asked}: {faults:#?}", faults.len());
    assert!(asked > 20 * METHODS.len(), "{asked}");
    assert_eq!(state(&client).await, before);
    server.stop();
}
