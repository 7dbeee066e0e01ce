//! The module is whole, and its lines fit. What it does is tested against a real server, in `e2e/tests/clients`.

use serde_json::{Value, json};

use super::{source, text, types};
use crate::logic::METHODS;

#[test]
fn every_method_is_there_for_both_clients() {
    let source = source();
    for method in METHODS {
        for def in ["def", "async def"] {
            let head = format!("\n    {def} {}(", method.name);
            assert_eq!(source.matches(&head).count(), 1, "{head}");
        }
    }
}

#[test]
fn no_mark_of_a_template_is_left_and_no_line_is_too_long() {
    let source = source();
    for mark in ["# {", "{version}"] {
        assert!(!source.contains(mark), "{mark}");
    }
    let long: Vec<&str> = source.lines().filter(|line| line.chars().count() > 120).collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn text_is_laid_out_as_ruff_would() {
    let items = |count: usize| vec!["argument: int".to_owned(); count];
    assert_eq!(text::fitted(4, "def f(", &items(1), "):"), "    def f(argument: int):\n");
    let long = text::fitted(0, "def f(", &items(9), "):");
    assert_eq!(long, format!("def f(\n{}):\n", "    argument: int,\n".repeat(9)));
    let names = |count: usize| vec!["SomeName".to_owned(); count];
    assert_eq!(text::united("Some: TypeAlias = ", &names(2)), "Some: TypeAlias = SomeName | SomeName\n");
    let long = text::united("Some: TypeAlias = ", &names(10));
    assert_eq!(long, format!("Some: TypeAlias = (\n    SomeName\n{})\n", "    | SomeName\n".repeat(9)));
    let words = "word ".repeat(30);
    let doc = text::Docstring::of(words.trim()).arguments(vec![("a", "back\\slash")]).at(4);
    let lines: Vec<&str> = doc.lines().collect();
    assert_eq!(lines.len(), 6, "{doc}");
    assert_eq!(lines[3..], ["    Args:", "        a: back\\\\slash", "    \"\"\""][..]);
    assert_eq!(text::camel("not_found"), "NotFound");
}

/// The field that tells them apart is a constant, so a type checker narrows by it.
#[test]
fn a_tagged_union_becomes_a_class_for_each_choice() {
    let choice = |tag: &str, more: Value| {
        let mut choice = json!({
            "description": format!("It was {tag}."),
            "properties": { "event": { "type": "string", "const": tag } },
            "required": ["event"],
        });
        choice.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        choice
    };
    let schemas = json!({
        "Event": {
            "description": "Something.",
            "properties": { "id": { "type": "integer", "description": "Its number." } },
            "required": ["id"],
            "oneOf": [
                choice("lost", json!({})),
                choice("play_found", json!({ "allOf": [{ "$ref": "#/components/schemas/Play" }] })),
            ],
        },
        "Play": { "description": "A play.", "properties": { "name": { "type": "string" } } },
    });
    let expected = r#"# What the methods take and give.

# Which Event it is.
EventKind: TypeAlias = Literal["lost", "play_found"]


class Play(TypedDict):
    """A play."""

    name: NotRequired[str]


class LostEvent(TypedDict):
    """It was lost."""

    id: int
    """Its number."""
    event: Literal["lost"]


class PlayFoundEvent(Play):
    """It was play_found."""

    id: int
    """Its number."""
    event: Literal["play_found"]


# Something.
Event: TypeAlias = LostEvent | PlayFoundEvent
"#;
    assert_eq!(types::of_all(schemas.as_object().unwrap()), expected);
}
