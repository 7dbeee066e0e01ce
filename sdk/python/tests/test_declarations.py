"""A flow whose declared inputs or outputs are wrong is refused when it is described, and says where."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import pytest

from hero_tracing._errors import SchemaError
from hero_tracing._schema import flow_schema
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
