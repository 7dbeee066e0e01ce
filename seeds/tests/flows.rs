//! The table of flows says what the files say.

use std::{collections::BTreeSet, fs, path::Path};

use hero_seeds::{FLOWS, Seed};
use serde_json::Value;

#[test]
fn every_file_is_listed_once() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows");
    let on_disk: BTreeSet<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".py"))
        .collect();
    let listed: BTreeSet<String> = FLOWS.iter().map(|seed| seed.file_name.to_owned()).collect();
    assert_eq!(listed, on_disk);
    assert_eq!(FLOWS.len(), listed.len(), "a file is listed twice");
}

#[test]
fn names_and_descriptions_are_those_of_the_source() {
    for seed in FLOWS {
        assert_eq!(seed.file_name, format!("{}.py", seed.name));
        let decorator = format!("@flow(name=\"{}\")\n", seed.name);
        let (_, entry) = seed.source.split_once(&decorator).expect("the entry is named like the seed");
        let (_, docstring) = entry.split_once("\"\"\"").expect("the entry has a docstring");
        let first_paragraph = docstring.split("\"\"\"").next().unwrap().split("\n\n").next().unwrap();
        assert_eq!(seed.description, first_paragraph, "{}", seed.file_name);
    }
}

#[test]
fn examples_are_json_and_answer_questions_that_are_asked() {
    for seed in FLOWS {
        assert!(!seed.examples.is_empty(), "{} has no example", seed.name);
        let names: BTreeSet<&str> = seed.examples.iter().map(|example| example.name).collect();
        assert_eq!(names.len(), seed.examples.len(), "{} has two examples of one name", seed.name);
        for example in seed.examples {
            assert!(parse(seed, example.inputs).is_object(), "{}", seed.name);
            assert!(parse(seed, example.expected_outputs).is_object(), "{}", seed.name);
            for (pause, answer) in example.answers {
                parse(seed, answer);
                assert!(seed.source.contains(&format!("name=\"{pause}\"")), "{} asks no {pause}", seed.name);
            }
        }
    }
}

#[test]
fn a_flow_is_short_enough_to_be_read_first() {
    for seed in FLOWS {
        let lines = seed.source.lines().count();
        assert!((20..=70).contains(&lines), "{} has {lines} lines", seed.file_name);
        assert!(seed.source.lines().all(|line| line.chars().count() <= 120), "{}", seed.file_name);
    }
}

fn parse(seed: &Seed, text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{}: {error}: {text}", seed.name))
}
