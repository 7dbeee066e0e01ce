//! The document holds every method as it is declared, and its examples fit what they are examples of.

use jsonschema::Validator;
use serde_json::{Value, json};

use super::*;
use crate::{
    client::{Client, Endpoint},
    logic::{Params, dispatch},
};

#[test]
fn every_method_is_described_as_it_is_declared() {
    let document = document();
    let described = document["methods"].as_array().unwrap();
    let names: Vec<&str> = described.iter().map(|method| method["name"].as_str().unwrap()).collect();
    assert_eq!(names, METHODS.iter().map(|method| method.name).collect::<Vec<_>>());
    for (method, described) in METHODS.iter().zip(described) {
        let mut schemas = generator(Contract::Deserialize);
        let params = method.params.map(|params| params(&mut schemas).to_value()).unwrap_or_default();
        let object = referred(&params).and_then(|name| schemas.definitions().get(name));
        let declared =
            object.and_then(|object| object["properties"].as_object()).cloned().unwrap_or_default();
        let listed = described["params"].as_array().unwrap();
        let names: Vec<&str> = listed.iter().map(|param| param["name"].as_str().unwrap()).collect();
        assert_eq!(names, declared.keys().collect::<Vec<_>>(), "{}", method.name);
        let required: Vec<bool> = listed.iter().map(|param| param["required"] == true).collect();
        assert!(required.is_sorted_by(|one, next| one >= next), "{}: by position", method.name);
        let first = described["summary"].as_str().unwrap();
        assert!(method.doc.trim().starts_with(first), "{}", method.name);
    }
}

#[test]
fn examples_fit_their_schemas_and_are_read_again() {
    let document = document();
    for method in document["methods"].as_array().unwrap() {
        let name = method["name"].as_str().unwrap();
        let example = &method["examples"][0];
        let given = example["params"].as_array().unwrap();
        for param in method["params"].as_array().unwrap() {
            let value = given.iter().find(|one| one["name"] == param["name"]).map(|one| &one["value"]);
            match value {
                Some(value) => fits(&document, &param["schema"], value, name),
                None => assert_eq!(param["required"], false, "{name}: {param}"),
            }
        }
        fits(&document, &method["result"]["schema"], &example["result"]["value"], name);
    }
    examples::read_again();
}

#[test]
fn events_of_each_kind_fit_their_schema() {
    let document = document();
    let schema = &document["components"]["schemas"]["Event"];
    let kinds = schema["oneOf"].as_array().unwrap().iter();
    let described: Vec<_> =
        kinds.map(|kind| kind["properties"]["event"]["const"].as_str().unwrap()).collect();
    let events = examples::events();
    assert_eq!(events.iter().map(|event| event.news.name()).collect::<Vec<_>>(), described);
    for event in &events {
        let whole = serde_json::to_value(event).unwrap();
        fits(&document, schema, &whole, event.news.name());
        // Whatever is missing is missed.
        for name in whole.as_object().unwrap().keys() {
            let mut part = whole.clone();
            part.as_object_mut().unwrap().remove(name);
            assert!(!errors(&document, schema, &part).is_empty(), "{part}");
        }
    }
}

/// A default is what the server takes in the place of nothing, so it is a value of that form.
#[test]
fn defaults_fit_their_schemas() {
    let document = document();
    let methods = document["methods"].as_array().unwrap().iter();
    for param in methods.flat_map(|method| method["params"].as_array().unwrap()) {
        if let Some(default) = param["schema"].get("default") {
            fits(&document, &param["schema"], default, param["name"].as_str().unwrap());
        }
    }
}

#[test]
fn a_type_that_is_given_and_told_has_one_schema() {
    let mut both = [Contract::Deserialize, Contract::Serialize].map(generator);
    for method in METHODS {
        if let Some(params) = method.params {
            params(&mut both[0]);
        }
        (method.result)(&mut both[1]);
    }
    let [mut given, mut told] = both;
    let told = told.take_definitions(true);
    for (name, schema) in given.take_definitions(true) {
        assert!(told.get(&name).is_none_or(|other| *other == schema), "{name} is told otherwise than given");
    }
}

#[test]
fn every_error_has_its_number_and_its_meaning() {
    let document = document();
    let errors = document["components"]["errors"].as_object().unwrap();
    assert_eq!(errors.len(), ErrorCode::ALL.len());
    for code in ErrorCode::ALL {
        let error = &errors[code.as_str()];
        assert_eq!(error["code"], code.number());
        assert!(error["message"].as_str().is_some_and(|message| message.ends_with('.')), "{error}");
        let data = json!({ "$ref": format!("{SCHEMAS}FailureData") });
        fits(&document, &data, &error["data"], code.as_str());
    }
    let numbers: std::collections::BTreeSet<i32> = ErrorCode::ALL.iter().map(|code| code.number()).collect();
    assert_eq!(numbers.len(), ErrorCode::ALL.len(), "a number names one code");
}

/// Whatever is given where something else belongs: who calls knows the types of JSON, and no others.
#[tokio::test]
async fn what_is_no_parameter_is_refused_in_words() {
    let words =
        ["struct", "enum", "tuple", "unit", "sequence", "map", "integer", "string", "boolean", "variant"];
    let types =
        ["u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize", "f32", "f64", "char"];
    let mut told = std::collections::BTreeSet::new();
    let client = Client::new(Endpoint::Unix("/nowhere".into()));
    for method in document()["methods"].as_array().unwrap() {
        let example = method["examples"][0]["params"].as_array().unwrap().iter();
        let given: Map<String, Value> = example
            .map(|param| (param["name"].as_str().unwrap().to_owned(), param["value"].clone()))
            .collect();
        let names = method["params"].as_array().unwrap().iter().map(|param| param["name"].as_str().unwrap());
        let other = |name: &str| {
            let others = others(given.get(name).unwrap_or(&Value::Null)).into_iter();
            others
                .map(|value| given.clone().into_iter().chain([(name.to_owned(), value)]).collect())
                .collect()
        };
        for params in names.flat_map(|name| -> Vec<Map<String, Value>> { other(name) }) {
            let params = serde_json::value::to_raw_value(&params).unwrap();
            let of = Params::of(Some(&params)).unwrap();
            let called = dispatch(&client, method["name"].as_str().unwrap(), of).await.unwrap();
            let Some(error) = called.err().filter(|error| error.code == ErrorCode::InvalidParams) else {
                continue;
            };
            let mut said = error.message.split(|character: char| !character.is_alphanumeric());
            assert!(!said.any(|word| types.contains(&word) || words.contains(&word)), "{error}: {params}");
            told.extend(error.fields.into_iter().map(|field| field.message));
        }
    }
    assert!(
        told.contains("text stands where a number belongs") && !told.contains("expected value"),
        "{told:#?}"
    );
}

/// This value, and all in it, with others where they stand.
fn others(value: &Value) -> Vec<Value> {
    let mut others = vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!("?"),
        json!([]),
        json!([{}]),
        json!({}),
        json!({"?": 1}),
    ];
    let within: Vec<(String, &Value)> = match value {
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (format!("/{index}"), item)).collect()
        }
        Value::Object(members) => members.iter().map(|(name, member)| (format!("/{name}"), member)).collect(),
        _ => Vec::new(),
    };
    for (pointer, part) in within {
        for other in self::others(part) {
            let mut whole = value.clone();
            *whole.pointer_mut(&pointer).unwrap() = other;
            others.push(whole);
        }
    }
    others
}

#[track_caller]
fn fits(document: &Value, schema: &Value, value: &Value, what: &str) {
    let errors = errors(document, schema, value);
    assert!(errors.is_empty(), "{what}: {value}: {errors:#?}");
}

fn errors(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut whole = schema.clone();
    if let Some(members) = whole.as_object_mut() {
        members.insert("components".to_owned(), document["components"].clone());
    }
    let validator: Validator =
        jsonschema::draft7::options().should_validate_formats(true).build(&whole).unwrap();
    validator.iter_errors(value).map(|error| error.to_string()).collect()
}
