"""Declared inputs and outputs; wrong ones are refused when the flow is described, and the error says where."""

from __future__ import annotations

import datetime as dt
import sys
import types
from typing import Annotated, Any

import pytest

from hero_tracing._errors import SchemaError
from hero_tracing._schema import convert_inputs, flow_schema
from hero_tracing._validate import misfits, said


def one(n: Any) -> None: ...


def when(n: dt.datetime) -> None: ...


def annotated(n: Annotated[int, {"minimum": "zero"}]) -> None: ...


WRONG: list[tuple[Any, Any, str]] = [
    (
        one,
        {"n": {"type": "strin"}},
        r"inputs of one is not valid: /properties/n/type is 'strin'.*did you mean 'string'",
    ),
    (one, {"n": {"type": 5}}, "/properties/n/type is 5, which is no type"),
    (one, {"n": {"type": "integer", "minimum": "zero"}}, "/properties/n/minimum must be a number, not 'zero'"),
    (one, {"n": {"type": "string", "maxLength": -1}}, "/properties/n/maxLength must be a whole number"),
    (one, {"n": {"type": "string", "pattern": "(a"}}, "/properties/n/pattern '\\(a' is no regular expression"),
    (one, {"n": {"type": "string", "pattern": "(?=a)"}}, "looks around or back"),
    (one, {"n": {"enum": "abc"}}, "/properties/n/enum must be a list"),
    (one, {"n": {"type": "array", "items": "string"}}, "/properties/n/items must be a schema, a dict, not str"),
    (one, {"n": {"anyOf": [{"type": "text"}]}}, "/properties/n/anyOf/0/type"),
    (one, {"n": {"default": object()}}, "inputs of one cannot be written as JSON"),
    (one, {"type": "object", "properties": {"n": {"type": "strin"}}, "required": ["n"]}, "/properties/n/type"),
    (one, {"type": "object", "properties": {"n": {}}, "required": 5}, "/required must be a list of names"),
    (one, {"n": {"type": "integer", "default": "x"}}, "default of 'n', an input of one, does not fit: must be a whole"),
    (one, {"n": {"type": "integer", "maximum": 3, "default": 4}}, "must be at most 3"),
    (one, {"n": {"type": "object", "required": ["a"], "default": {}}}, "/a is missing"),
    (one, {"n": {"enum": ["a", "b"], "default": "c"}}, 'must be one of "a", "b"'),
    (one, {"type": "object", "properties": {"n": {"type": "null", "default": 1}}}, "must be null"),
    (when, {"n": {"type": "string", "default": "yesterday"}}, "must be a string with a date and time"),
    (annotated, None, "/properties/n/minimum must be a number"),
]


@pytest.mark.parametrize(("function", "inputs", "text"), WRONG)
def test_what_is_refused(function: Any, inputs: Any, text: str) -> None:
    with pytest.raises(SchemaError, match=text):
        flow_schema(function, inputs)


def test_outputs_are_checked_too() -> None:
    with pytest.raises(SchemaError, match="the outputs of one is not valid: /properties/link/type is 'uri'"):
        flow_schema(one, None, {"link": {"type": "uri"}})


def test_what_is_taken() -> None:
    schema = flow_schema(one, {"n": {"type": ("string", "null"), "enum": ("a", None), "default": None}})
    assert schema["inputs"]["properties"]["n"] == {"type": ["string", "null"], "enum": ["a", None], "default": None}
    unknown = {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": True}
    for node in (
        {"pattern": r"\p{L}+", "default": "é"},
        {"type": "number", "x-unit": "m", "default": 1},
        {"$ref": "#/$defs/elsewhere", "default": 1},
        {"properties": {"type": {"type": "string"}, "enum": {}}},
        {"items": False, "additionalProperties": True},
        unknown,
    ):
        flow_schema(one, {"n": node})


FITS: list[tuple[Any, Any, str]] = [
    ({"type": "integer"}, 3.0, ""),
    ({"type": "integer"}, float("inf"), "must be a whole number"),
    ({"type": "number"}, True, "must be a number"),
    ({"enum": [1]}, 1.0, ""),
    ({"enum": [1, [True]]}, [1], "must be one of 1, [true]"),
    ({"const": None}, 0, "must be one of null"),
    ({"exclusiveMinimum": 1}, 1, "must be more than 1"),
    ({"maxItems": 1, "uniqueItems": True}, [1, 1.0], "must have at most 1 items; must not hold an item twice"),
    ({"prefixItems": [{"type": "null"}], "items": False}, [None, 1], "/1 is not known here"),
    ({"properties": {"a": {"minimum": 2}}, "additionalProperties": False}, {"a": 1, "b": 1}, "/a must be at least 2"),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}, "type": "array"}}}, [[], 1], "/1 must be"),
    ({"$ref": "#"}, 1, ""),
    ({"anyOf": [{"type": "null"}, {"type": "string"}]}, 1, "fits none of what is allowed: must be null; or must be"),
    ({"allOf": [{"minLength": 2}]}, "a", "must have at least 2 characters"),
]


@pytest.mark.parametrize(("schema", "value", "text"), FITS)
def test_values_against_schemas(schema: Any, value: Any, text: str) -> None:
    found = said(misfits(schema, value))
    assert found.startswith(text) and bool(found) == bool(text)


def test_declared_inputs() -> None:
    def flow(prompt, count=2, style="x", size=0.5):  # type: ignore[no-untyped-def]
        return prompt

    declared = {
        "prompt": {"type": "string", "required": True, "description": "What to say."},
        "count": {"type": "integer", "default": 4},
        "style": {"type": "object", "properties": {"a": {}}, "required": ["a"]},
        "size": float,
    }
    schema = flow_schema(flow, declared, {"text": {"type": "string"}, "extra": {"type": "integer", "required": False}})
    assert schema["inputs"]["properties"] == {
        "prompt": {"type": "string", "description": "What to say."},
        "count": {"type": "integer", "default": 4},
        "style": {"type": "object", "properties": {"a": {}}, "required": ["a"]},
        "size": {"type": "number"},
    }
    assert schema["inputs"]["required"] == ["prompt"]
    assert schema["outputs"]["properties"] == {"text": {"type": "string"}, "extra": {"type": "integer"}}
    assert schema["outputs"]["required"] == ["text"] and "additionalProperties" not in schema["outputs"]
    assert declared["prompt"]["required"] is True, "what was declared is not changed"  # type: ignore[index]
    assert convert_inputs(flow, {"prompt": "a"}, schema["inputs"]) == {"prompt": "a", "count": 4}


def test_outputs_declared_as_a_schema_or_a_type() -> None:
    def flow():  # type: ignore[no-untyped-def]
        return 1

    assert flow_schema(flow, outputs={"type": "string"})["outputs"]["type"] == "string"
    assert flow_schema(flow, outputs={"anyOf": [{"type": "string"}]})["outputs"]["anyOf"] == [{"type": "string"}]
    assert flow_schema(flow, outputs=list[int])["outputs"]["items"] == {"type": "integer"}
    whole = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    assert flow_schema(flow, inputs=whole)["inputs"]["properties"] == {}


def test_annotations_as_strings_are_read_in_the_module_of_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from typing import TypedDict, NotRequired\n"
        "@dataclass\nclass Local:\n    items: list[Other]\n"
        "class Other(TypedDict):\n    a: int\n    b: NotRequired[str]\n"
        "def main(it: Local, other: 'Other | None' = None) -> dict[str, Local]: ...\n"
    )
    module = types.ModuleType("hero_flow_main")
    monkeypatch.setitem(sys.modules, "hero_flow_main", module)
    exec(compile(source, "flow.py", "exec", dont_inherit=True), vars(module))
    schema = flow_schema(module.main)
    other = schema["inputs"]["properties"]["it"]["properties"]["items"]["items"]
    assert other["required"] == ["a"]
    value = convert_inputs(module.main, {"it": {"items": [{"a": 1}]}})["it"]
    assert value == module.Local([{"a": 1}])
