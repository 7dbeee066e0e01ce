//! What `rpc.discover` gives: a valid document, whose examples the server takes.

use std::{fs, path::PathBuf, time::Duration};

use hero_e2e::{Stage, binary};
use hero_sdk::{Client, ErrorCode};
use jsonschema::Registry;
use serde_json::{Map, Value};

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn it_is_open_rpc() {
    let stage = Stage::new();
    let server = Server::start(&stage);
    let [client, _] = server.clients();
    let document = discover(&client).await;
    let found = errors(&document);
    assert!(found.is_empty(), "{found:#?}");

    // It would have said so.
    let wrong: [(&str, Value); 4] = [
        ("/openrpc", "2.0".into()),
        ("/methods/0/name", Value::Null),
        ("/methods/0/params/0/schema/type", "text".into()),
        ("/components/errors/busy/code", "busy".into()),
    ];
    for (pointer, value) in wrong {
        let mut document = document.clone();
        *document.pointer_mut(pointer).unwrap() = value;
        assert!(!errors(&document).is_empty(), "{pointer}");
    }
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn its_examples_are_calls_that_the_server_takes() {
    let stage = Stage::new();
    let server = Server::start(&stage);
    let [client, _] = server.clients();
    let document = discover(&client).await;
    for method in document["methods"].as_array().unwrap() {
        let name = method["name"].as_str().unwrap();
        let params = method["examples"][0]["params"].as_array().unwrap().iter();
        let params: Map<String, Value> = params
            .map(|param| (param["name"].as_str().unwrap().to_owned(), param["value"].clone()))
            .collect();
        // It is about a play that there is not, at worst.
        match client.call::<_, Value>(name, Some(params)).await {
            Ok(_) => {}
            Err(error) => assert!(
                matches!(error.code, ErrorCode::NotFound | ErrorCode::Conflict),
                "{name}: {:?} {error}",
                error.code
            ),
        }
    }
    server.stop();
}

pub(crate) async fn discover(client: &Client) -> Value {
    client.call("rpc.discover", None::<()>).await.unwrap()
}

/// What the meta-schema of OpenRPC finds wrong.
fn errors(document: &Value) -> Vec<String> {
    let directory = meta_schemas();
    let read =
        |name: &str| -> Value { serde_json::from_slice(&fs::read(directory.join(name)).unwrap()).unwrap() };
    // The one refers to the other with a slash at its end and without.
    let json_schema = read("json-schema.json");
    let registry = Registry::new()
        .add("https://meta.json-schema.tools", json_schema.clone())
        .and_then(|registry| registry.add("https://meta.json-schema.tools/", json_schema))
        .and_then(|registry| registry.prepare())
        .unwrap();
    let mut schema = read("openrpc.json");
    // It names one of its own, of which draft 7 is the base.
    schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    let validator = jsonschema::draft7::options().with_registry(&registry).build(&schema).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Where the meta-schemas are, fetched where they are missing.
fn meta_schemas() -> PathBuf {
    let stage = Stage::new();
    let run = stage.program(binary::repository().join("e2e/openrpc"), [] as [&str; 0]);
    run.within(Duration::from_secs(300)).finish().exits(0).stdout.trim().into()
}
