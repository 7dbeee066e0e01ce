//! What can be typed to search the library.

use clap::Args;
use hero_sdk::{Json, logic};
use serde_json::{Map, Value};

use super::bench::number;
use crate::cli::{errors::Failure, escape::shortened};

const EXAMPLES: &str = "\
Examples:
  hero_logic search book a train ticket
  hero_logic search 'who writes an invoice?' --input order=object --output pdf
  hero_logic search --output price=number --tag travel

Exit codes: 0 something was found; 1 nothing in the library answers.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Search {
    /// What the flow should do, in your own words
    #[arg(value_name = "QUERY")]
    pub(crate) words: Vec<String>,
    /// What you can give it: a name, or with its type (string, number, …) or JSON Schema; may be given several times
    #[arg(long = "input", short, value_name = "NAME[=TYPE]")]
    pub(crate) inputs: Vec<String>,
    /// What it should return, in the same form; may be given several times
    #[arg(long = "output", short, value_name = "NAME[=TYPE]")]
    pub(crate) outputs: Vec<String>,
    /// Only workflows with this label; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// At most this many, from 1 to 100; 10 unless told
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
    /// The score, 0 to 1, below which a workflow is no answer
    #[arg(long, value_name = "X", value_parser = number, allow_negative_numbers = true)]
    pub(crate) min_score: Option<f64>,
}

impl Search {
    /// What is asked.
    pub(crate) fn params(self) -> Result<logic::FlowLibrarySearch, Failure> {
        let Self { words, inputs, outputs, tags, limit, min_score } = self;
        let (inputs, outputs) = (named("--input", &inputs)?, named("--output", &outputs)?);
        Ok(logic::FlowLibrarySearch { query: words.join(" "), inputs, outputs, tags, limit, min_score })
    }
}

/// By name a type, or a JSON Schema; of a name alone any type is meant.
fn named(option: &str, typed: &[String]) -> Result<Option<Json>, Failure> {
    let mut members = Map::new();
    for argument in typed {
        let (name, kind) = match argument.split_once('=') {
            Some((name, kind)) => (name, schema(kind)),
            None => (argument.as_str(), Value::Object(Map::new())),
        };
        let refused = |why: String| {
            Failure::usage("usage", why).hint(format!("such as {option} price, or {option} price=number"))
        };
        if name.is_empty() {
            return Err(refused(format!("{option} {:?} has no name", shortened(argument))));
        }
        if members.insert(name.to_owned(), kind).is_some() {
            return Err(refused(format!("{option} {:?} is given twice", shortened(name))));
        }
    }
    Ok((!members.is_empty()).then(|| Json::from(&Value::Object(members))))
}

/// What is no JSON object is the name of a type, of which the library knows whether there is one.
fn schema(kind: &str) -> Value {
    match serde_json::from_str(kind) {
        Ok(Value::Object(schema)) => Value::Object(schema),
        _ => Value::from(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_have_a_type() {
        let typed = ["to", "seats=integer", r#"when={"type":"string"}"#].map(str::to_owned);
        let json = named("--input", &typed).unwrap().unwrap();
        assert_eq!(json.as_str(), r#"{"to":{},"seats":"integer","when":{"type":"string"}}"#);
        assert!(named("--input", &[]).unwrap().is_none());
        for typed in [&["=string"][..], &["to", "to=string"]] {
            let typed: Vec<String> = typed.iter().map(|&text| text.to_owned()).collect();
            assert_eq!(named("--input", &typed).unwrap_err().code, "usage", "{typed:?}");
        }
    }
}
