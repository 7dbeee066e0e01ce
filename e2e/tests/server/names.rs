//! Names and ids that are paths, escapes, NUL, or very long, in every place that takes one: each is refused before it is
//! part of a path or a key. (ATTACKS 15)

use std::{collections::BTreeSet, fs};

use hero_e2e::Served;
use hero_sdk::{Client, ErrorCode, PlaySid};
use serde_json::{Map, Value};

use crate::{
    wire::{connect, exchange, status},
    world::ask,
};

/// Parameters that are ids: parsed, and nothing else is taken.
const IDS: [&str; 4] = ["play_sid", "resume_id", "parent", "cursor"];
/// Parameters that lead to something that is there: an id or a name.
const REFERENCES: [&str; 3] = ["workflow", "version", "example"];
/// Hostile texts for parameters that people write: none of them is asked for as a reference.
const IN_TEXT: [&str; 4] = ["../../y", "x\0z", "\r\nx: z", ""];
/// Code, which is read by a process of its own.
const CODE: &str = "source";

fn hostile() -> Vec<String> {
    let sid = "play_01arz3ndektsv4rrffq69g5fav";
    let mut all: Vec<String> = [
        "../../x",
        "..",
        ".",
        "/",
        "/etc/passwd",
        "%2e%2e",
        "%2e%2e%2f%2e%2e%2fx",
        "%00",
        "\0",
        "x\0y",
        "\u{202e}x",
        "\u{feff}x",
        "\r\nx: y",
        "-rf",
        "~",
        "*",
        "",
        " ",
    ]
    .map(str::to_owned)
    .into();
    all.extend([
        format!("{sid}\0"),
        format!("{sid}/../x"),
        format!("{sid}\n"),
        format!(" {sid}"),
        sid.to_uppercase(),
        format!("play_{}", "0".repeat(10_000)),
        "../".repeat(3_400),
        "\u{1f600}".repeat(2_500),
    ]);
    all
}

/// Names in the directories that a name could lead out of, or into.
fn places(served: &Served) -> BTreeSet<String> {
    let home = served.home();
    let directories =
        [home.parent().unwrap().to_owned(), home.clone(), home.join(".hero"), home.join(".hero/var")];
    let entries = directories.iter().flat_map(|directory| fs::read_dir(directory).unwrap());
    entries.map(|entry| entry.unwrap().path().display().to_string()).collect()
}

#[track_caller]
fn nothing_was_made(served: &Served, before: &BTreeSet<String>) {
    assert_eq!(&places(served), before);
    for entry in fs::read_dir(served.home().join(".hero/var/plays")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.parse::<PlaySid>().unwrap_or_else(|_| panic!("{name:?} is no play"));
    }
}

/// What the server says of its methods, with a call of each.
async fn methods(client: &Client) -> Vec<(String, Map<String, Value>)> {
    let document: Value = client.call("rpc.discover", None::<()>).await.unwrap();
    let methods = document["methods"].as_array().unwrap().iter().map(|method| {
        let params = method["examples"][0]["params"].as_array().unwrap().iter();
        let params = params.map(|param| (param["name"].as_str().unwrap().to_owned(), param["value"].clone()));
        (method["name"].as_str().unwrap().to_owned(), params.collect())
    });
    methods.collect()
}

#[test]
fn in_every_parameter() {
    let served = Served::started(&[]);
    served.hero(["run", "hello"]).finish().exits(0);
    served.hero(["secret", "set", "KEY"]).stdin("a secret of this test").finish().exits(0);
    let before = places(&served);
    let tried = ask(&served, async |client| {
        let mut tried = BTreeSet::new();
        for (method, example) in methods(client).await {
            for name in example.iter().filter(|(_, value)| value.is_string()).map(|(name, _)| name) {
                if name == CODE {
                    continue;
                }
                tried.insert(name.clone());
                // What people write may be anything, and much of it starts a process.
                let is_parsed = [&IDS[..], &REFERENCES].concat().contains(&name.as_str());
                let texts = if is_parsed { hostile() } else { IN_TEXT.map(str::to_owned).to_vec() };
                for text in texts {
                    let mut params = example.clone();
                    params.insert(name.clone(), text.clone().into());
                    let code =
                        client.call::<_, Value>(&method, Some(params)).await.err().map(|error| error.code);
                    let is_as_it_should = match name.as_str() {
                        id if IDS.contains(&id) => code == Some(ErrorCode::InvalidParams),
                        reference if REFERENCES.contains(&reference) => match code {
                            Some(code) => matches!(code, ErrorCode::InvalidParams | ErrorCode::NotFound),
                            None => method == "play_list" || method.ends_with("_delete"),
                        },
                        _ => code != Some(ErrorCode::Internal) && code != Some(ErrorCode::StorageFailed),
                    };
                    assert!(is_as_it_should, "{method} with {name} {text:.80?}: {code:?}");
                }
            }
        }
        tried
    });
    for name in ["play_sid", "resume_id", "workflow", "version", "example"] {
        assert!(tried.contains(name), "{name} in {tried:?}");
    }
    nothing_was_made(&served, &before);
}

#[test]
fn in_every_filter() {
    let served = Served::started(&[]);
    served.hero(["run", "hello"]).finish().exits(0);
    let before = places(&served);
    ask(&served, async |client| {
        for (method, name) in [
            ("play_list", "parent"),
            ("play_list", "cursor"),
            ("play_pending_resumes", "play_sid"),
            ("play_pending_resumes", "cursor"),
            ("workflow_list", "cursor"),
            ("play_spans", "parent"),
        ] {
            for text in hostile() {
                let mut params = Map::from_iter([(name.to_owned(), text.clone().into())]);
                if method == "play_spans" {
                    params.insert("play_sid".to_owned(), "play_01arz3ndektsv4rrffq69g5fav".into());
                }
                let error = client.call::<_, Value>(method, Some(params)).await.unwrap_err();
                let is_as_it_should = match method {
                    "play_spans" => {
                        error.code == ErrorCode::NotFound || error.code == ErrorCode::InvalidParams
                    }
                    _ => error.code == ErrorCode::InvalidParams,
                };
                assert!(is_as_it_should, "{method} with {name} {text:.80?}: {error:?}");
            }
        }
    });
    nothing_was_made(&served, &before);
}

/// Every byte but letters and digits as a path's segment has it.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02x}"),
    };
    text.bytes().map(encode).collect()
}

#[test]
fn in_every_path() {
    let served = Served::started(&[]);
    let play = served.hero(["run", "hello", "--json"]).finish().exits(0).settled().play.play_sid;
    let before = places(&served);
    for text in hostile() {
        for segment in [text.clone(), encoded(&text)] {
            for path in [
                format!("/plays/{segment}/events"),
                format!("/plays/{segment}/artifacts/x"),
                format!("/plays/{play}/artifacts/{segment}"),
            ] {
                let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
                let answer = exchange(connect(&served), request);
                let status = status(&answer);
                assert!(matches!(status, 400 | 404 | 414 | 431), "{path:.100?}: {answer}");
            }
        }
    }
    nothing_was_made(&served, &before);
    served.hero(["play", "show", play.as_str()]).finish().exits(0);
}
