"""Typed inputs and outputs: the schema, the conversion, and the errors of both."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import json
import pathlib
import random
import typing
import uuid
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    NewType,
    NoReturn,
    NotRequired,
    Optional,
    Required,
    TypedDict,
    Union,
)

import pydantic
import pytest
from conftest import same

from hero_tracing._codec import plain
from hero_tracing._errors import InvalidInputs, NotRecordable, SchemaError
from hero_tracing._projection import output
from hero_tracing._schema import convert_inputs, dump_output, flow_schema
from hero_tracing._validate import misfits


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Shape(enum.Enum):
    SQUARE = (1, 1)


class Access(enum.Flag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass
class Point:
    """A point.

    Further words.
    """

    x: int
    y: float = 0.0
    tags: list[str] = dataclasses.field(default_factory=list)
    made: int = dataclasses.field(init=False, default=7)


@dataclasses.dataclass(frozen=True, slots=True)
class Tree:
    name: str
    children: list[Tree] = dataclasses.field(default_factory=list)
    parent: Optional[Tree] = None  # noqa: UP045


@dataclasses.dataclass
class Checked:
    age: int

    def __post_init__(self) -> None:
        if self.age < 0:
            raise ValueError("age is negative")


@dataclasses.dataclass
class WithInitVar:
    a: dataclasses.InitVar[int]


class Options(TypedDict):
    name: str
    limit: NotRequired[int]


class Partial(TypedDict, total=False):
    name: Required[str]
    limit: int


class Pair(NamedTuple):
    left: int
    right: str = "r"


class Model(pydantic.BaseModel):
    age: int = pydantic.Field(ge=0, alias="Age")
    inner: list[Inner] = []


class Inner(pydantic.BaseModel):
    when: dt.date


class Unknown:
    pass


@dataclasses.dataclass
class Unhashed:
    x: int


@dataclasses.dataclass
class Keyed:
    table: dict[Unhashed, int]


T = typing.TypeVar("T")
U = typing.TypeVar("U")


@dataclasses.dataclass
class Box(typing.Generic[T]):
    it: T
    more: list[T] = dataclasses.field(default_factory=list)
    next: Box[T] | None = None


@dataclasses.dataclass
class IntBox(Box[int]):
    pass


@dataclasses.dataclass
class Labelled(Box[dict[str, T]], typing.Generic[T, U]):
    label: U | None = None


class Row(TypedDict, typing.Generic[T]):
    cell: T
    rest: NotRequired[list[T]]


class Two(NamedTuple, typing.Generic[T]):
    one: T
    two: T


@dataclasses.dataclass
class Point3(Point):
    z: int = 0


UserId = NewType("UserId", int)
POINT = Point(1, 2.5, ["a"])

# annotation, its schema, pairs of (plain JSON, the value it becomes)
ROWS: list[tuple[Any, dict[str, Any], list[tuple[Any, Any]]]] = [
    (Any, {}, [(1, 1), ([1], [1])]),
    (object, {}, [("a", "a")]),
    (None, {"type": "null"}, [(None, None)]),
    (bool, {"type": "boolean"}, [(True, True)]),
    (int, {"type": "integer"}, [(1, 1), (2.0, 2)]),
    (float, {"type": "number"}, [(1.5, 1.5), (1, 1.0)]),
    (str, {"type": "string"}, [("a", "a")]),
    ("int", {"type": "integer"}, [(1, 1)]),
    (UserId, {"type": "integer"}, [(1, 1)]),
    (Optional[int], {"anyOf": [{"type": "integer"}, {"type": "null"}]}, [(1, 1), (None, None)]),  # noqa: UP045
    (int | str, {"anyOf": [{"type": "integer"}, {"type": "string"}]}, [(1, 1), ("1", "1")]),
    (Union[float, int], {"anyOf": [{"type": "number"}, {"type": "integer"}]}, [(1, 1), (1.0, 1.0)]),  # noqa: UP007
    (
        dt.date | str,
        {"anyOf": [{"type": "string", "format": "date"}, {"type": "string"}]},
        [("2020-01-01", dt.date(2020, 1, 1)), ("soon", "soon")],
    ),
    (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}, [("a", "a")]),
    (Literal[1, "a", None], {"enum": [1, "a", None]}, [(1, 1), (None, None)]),
    (Literal[Color.RED], {"type": "string", "enum": ["red"]}, [("red", Color.RED)]),
    (list, {"type": "array"}, [([1, "a"], [1, "a"])]),
    (list[int], {"type": "array", "items": {"type": "integer"}}, [([1], [1])]),
    (
        Sequence[Color],
        {"type": "array", "items": {"type": "string", "enum": ["red", "blue"]}},
        [(["red"], [Color.RED])],
    ),
    (tuple, {"type": "array"}, [([1, "a"], (1, "a"))]),
    (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}, [([1, 2], (1, 2))]),
    (
        tuple[int, str],
        {"type": "array", "minItems": 2, "maxItems": 2, "prefixItems": [{"type": "integer"}, {"type": "string"}]},
        [([1, "a"], (1, "a"))],
    ),
    (set[str], {"type": "array", "items": {"type": "string"}, "uniqueItems": True}, [(["a", "b"], {"a", "b"})]),
    (frozenset[tuple[int, ...]], {"uniqueItems": True}, [([[1], [2]], frozenset({(1,), (2,)}))]),
    (collections.deque[int], {"type": "array", "items": {"type": "integer"}}, [([1], collections.deque([1]))]),
    (dict, {"type": "object"}, [({"a": 1}, {"a": 1})]),
    (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}, [({"a": 1}, {"a": 1})]),
    (
        Mapping[int, Color],
        {"type": "object", "propertyNames": {"pattern": "^-?[0-9]{1,300}$"}},
        [({"-1": "red"}, {-1: Color.RED})],
    ),
    (dict[Color, int], {"propertyNames": {"enum": ["red", "blue"]}}, [({"blue": 1}, {Color.BLUE: 1})]),
    (dict[dt.date, int], {"propertyNames": {"format": "date"}}, [({"2020-01-01": 1}, {dt.date(2020, 1, 1): 1})]),
    (collections.Counter[str], {"type": "object"}, [({"a": 1}, collections.Counter({"a": 1}))]),
    (Color, {"type": "string", "enum": ["red", "blue"]}, [("red", Color.RED)]),
    (Shape, {"type": "string", "enum": ["SQUARE"]}, [("SQUARE", Shape.SQUARE)]),
    (Access, {"type": "integer", "title": "Access"}, [(3, Access.READ | Access.WRITE)]),
    (bytes, {"type": "string", "contentEncoding": "base64"}, [("YWI=", b"ab"), ("", b"")]),
    (
        dt.datetime,
        {"type": "string", "format": "date-time"},
        [
            ("2020-01-01T00:00:00Z", dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
            ("2020-01-01T00:00:00", dt.datetime(2020, 1, 1)),
        ],
    ),
    (dt.date, {"type": "string", "format": "date"}, [("2020-01-01", dt.date(2020, 1, 1))]),
    (dt.time, {"type": "string", "format": "time"}, [("10:00:00", dt.time(10))]),
    (
        dt.timedelta,
        {"type": "number", "description": "seconds"},
        [(90, dt.timedelta(seconds=90)), (0.5, dt.timedelta(milliseconds=500))],
    ),
    (
        decimal.Decimal,
        {"type": ["string", "number"], "format": "decimal"},
        [("1.50", decimal.Decimal("1.50")), (0.1, decimal.Decimal("0.1")), (1, decimal.Decimal(1))],
    ),
    (fractions.Fraction, {"format": "fraction"}, [("1/3", fractions.Fraction(1, 3)), (2, fractions.Fraction(2))]),
    (uuid.UUID, {"type": "string", "format": "uuid"}, [(str(uuid.UUID(int=1)), uuid.UUID(int=1))]),
    (pathlib.Path, {"type": "string", "format": "path"}, [("a/b", pathlib.Path("a/b"))]),
    (zoneinfo.ZoneInfo, {"format": "timezone"}, [("Europe/Oslo", zoneinfo.ZoneInfo("Europe/Oslo"))]),
    (complex, {"format": "complex"}, [("(1+2j)", 1 + 2j)]),
    (
        Annotated[int, "How many.", {"minimum": 0}],
        {"type": "integer", "description": "How many.", "minimum": 0},
        [(1, 1)],
    ),
    (Annotated[int, pydantic.Field(gt=0)], {"type": "integer", "exclusiveMinimum": 0}, [(1, 1)]),
    (
        Pair,
        {
            "type": "object",
            "title": "Pair",
            "properties": {"left": {"type": "integer"}, "right": {"type": "string", "default": "r"}},
            "required": ["left"],
            "additionalProperties": False,
        },
        [({"left": 1}, Pair(1)), ({"left": 1, "right": "x"}, Pair(1, "x"))],
    ),
    (
        Point,
        {
            "type": "object",
            "title": "Point",
            "description": "A point.",
            "properties": {
                "x": {"type": "integer"},
                "y": {"type": "number", "default": 0.0},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["x"],
            "additionalProperties": False,
        },
        [({"x": 1}, Point(1)), ({"x": 1, "y": 2, "tags": ["a"]}, Point(1, 2.0, ["a"]))],
    ),
    (
        Options,
        {
            "type": "object",
            "title": "Options",
            "properties": {"name": {"type": "string"}, "limit": {"type": "integer"}},
            "required": ["name"],
            "additionalProperties": False,
        },
        [({"name": "a"}, {"name": "a"}), ({"name": "a", "limit": 1}, {"name": "a", "limit": 1})],
    ),
    (Partial, {"required": ["name"]}, [({"name": "a"}, {"name": "a"})]),
    (list[Point | None], {"type": "array"}, [([{"x": 1}, None], [Point(1), None])]),
    (Model, {"type": "object", "title": "Model"}, [({"Age": 3}, Model(Age=3))]),
    (
        list[Model],
        {"type": "array"},
        [([{"Age": 3, "inner": [{"when": "2020-01-01"}]}], [Model(Age=3, inner=[Inner(when=dt.date(2020, 1, 1))])])],
    ),
]


def taking(annotation: Any, default: Any = ...) -> Callable[..., Any]:
    """A flow's function with one input `it` of this annotation."""

    def function(it):  # type: ignore[no-untyped-def]
        return it

    if default is not ...:
        function.__defaults__ = (default,)
    function.__annotations__ = {"it": annotation}
    return function


def schema_of(annotation: Any, default: Any = ...) -> dict[str, Any]:
    schema: dict[str, Any] = flow_schema(taking(annotation, default))["inputs"]
    return schema


@pytest.mark.parametrize(("annotation", "expected", "values"), ROWS, ids=lambda value: str(value)[:40])
def test_an_annotation_is_a_schema_and_a_conversion(
    annotation: Any, expected: dict[str, Any], values: list[tuple[Any, Any]]
) -> None:
    inputs = schema_of(annotation)
    found = inputs["properties"]["it"]
    json.dumps(inputs, allow_nan=False)
    assert {word: found.get(word) for word in expected} == expected
    assert inputs["required"] == ["it"] and inputs["additionalProperties"] is False
    for node, value in values:
        converted = convert_inputs(taking(annotation), {"it": node})["it"]
        assert same(converted, value) or (isinstance(value, pydantic.BaseModel | list) and converted == value)


@pytest.mark.parametrize(("annotation", "expected", "values"), ROWS, ids=lambda value: str(value)[:40])
def test_what_is_shown_of_a_value_converts_back_to_it(
    annotation: Any, expected: dict[str, Any], values: list[tuple[Any, Any]]
) -> None:
    for _, value in values:
        shown = plain(value)
        if isinstance(value, Point):
            shown.pop("made")  # not an input
        if annotation == list[Point | None]:
            shown[0].pop("made")
        converted = convert_inputs(taking(annotation), {"it": json.loads(json.dumps(shown))})["it"]
        assert converted == value


# annotation, plain JSON, where and what is wrong
def _unhashable() -> str:
    """What this Python says."""
    with pytest.raises(TypeError) as caught:
        set([[]])  # type: ignore[list-item]
    return str(caught.value)


WRONG: list[tuple[Any, Any, list[tuple[str, str]]]] = [
    (int, "1", [("/it", "must be an integer, not a string")]),
    (int, True, [("/it", "must be an integer, not a boolean")]),
    (int, 1.5, [("/it", "must be an integer, not a number")]),
    (int, 1e400, [("/it", "must be an integer, not a number")]),
    (float, "1", [("/it", "must be a number, not a string")]),
    (float, 10**400, [("/it", "must be a number, not an integer")]),
    (bool, 1, [("/it", "must be a boolean, not an integer")]),
    (str, None, [("/it", "must be a string, not null")]),
    (None, 0, [("/it", "must be null, not an integer")]),
    (Color, "green", [("/it", "must be one of 'red', 'blue'")]),
    (Literal[1, 2], True, [("/it", "must be one of 1, 2")]),
    (list[int], {"a": 1}, [("/it", "must be an array, not an object")]),
    (
        list[int],
        [1, "a", None],
        [("/it/1", "must be an integer, not a string"), ("/it/2", "must be an integer, not null")],
    ),
    (tuple[int, str], [1], [("/it", "must have 2 items, not 1")]),
    (
        tuple[int, str],
        ["a", 1],
        [("/it/0", "must be an integer, not a string"), ("/it/1", "must be a string, not an integer")],
    ),
    (set, [[1]], [("/it", f"cannot be made: {_unhashable()}")]),
    (dict[str, int], {"a/b~": "x"}, [("/it/a~1b~0", "must be an integer, not a string")]),
    (dict[int, int], {"x": 1}, [("/it/x", "must be an integer, not a string")]),
    (dict[str, int], [], [("/it", "must be an object, not an array")]),
    (dt.datetime, "soon", [("/it", "must be a string with a date and time (RFC 3339)")]),
    (dt.datetime, 5, [("/it", "must be a string with a date and time (RFC 3339), not an integer")]),
    (dt.timedelta, 1e300, [("/it", "must be a number of seconds")]),
    (decimal.Decimal, "x", [("/it", "must be a string or number that is a decimal")]),
    (uuid.UUID, "x", [("/it", "must be a string that is a UUID")]),
    (bytes, "*", [("/it", "must be a string in base64")]),
    (zoneinfo.ZoneInfo, "Nowhere/Land", [("/it", "must be a string such as Europe/Oslo")]),
    (Access, 64, [("/it", "must be an integer of Access")]),
    (
        Point,
        {"y": "a", "z": 1},
        [("/it/x", "is missing"), ("/it/y", "must be a number, not a string"), ("/it/z", "is unknown")],
    ),
    (Point, {"x": 1, "made": 2}, [("/it/made", "is unknown")]),
    (Point, [], [("/it", "must be an object, not an array")]),
    (Checked, {"age": -1}, [("/it", "is refused by Checked: age is negative")]),
    (Options, {"limit": 1}, [("/it/name", "is missing")]),
    (Point | None, {"x": "a"}, [("/it/x", "must be an integer, not a string")]),
    (int | None, "a", [("/it", "must be an integer, not a string")]),
    (Model, {"Age": -1}, [("/it/Age", "is refused by Model: Input should be greater than or equal to 0")]),
    (
        list[Model],
        [{"Age": 1, "inner": [{"when": "x"}]}],
        [("/it/0/inner/0/when", "is refused by Model: Input should be a valid date or datetime, input is too short")],
    ),
    (Annotated[int, pydantic.Field(gt=0)], 0, [("/it", "is refused by int: Input should be greater than 0")]),
]


@pytest.mark.parametrize(("annotation", "node", "problems"), WRONG, ids=lambda value: str(value)[:30])
def test_what_does_not_fit_is_named_by_its_pointer(annotation: Any, node: Any, problems: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidInputs) as caught:
        convert_inputs(taking(annotation), {"it": node})
    assert caught.value.problems == problems


def test_missing_and_unknown_inputs_are_named() -> None:
    with pytest.raises(InvalidInputs) as caught:
        convert_inputs(taking(int), {"other": 1})
    assert caught.value.problems == [("/it", "is missing"), ("/other", "is unknown")]
    assert str(caught.value) == "/it is missing; /other is unknown"


DEFAULTS: list[tuple[Any, Any, Any]] = [
    (int, 3, [3]),
    (str | None, None, [None]),
    (Color, Color.RED, ["red"]),
    (Point, POINT, None),  # `made` is no input, so the object would not be taken
    (tuple[int, ...], (1, 2), [[1, 2]]),
    (Any, (1, 2), None),  # would come back as a list
    (float, float("nan"), None),
    (float, 1, None),  # would come back as 1.0
    (Any, object(), None),
    (dt.date, dt.date(2020, 1, 1), ["2020-01-01"]),
    (list[int], [], [[]]),
]


@pytest.mark.parametrize(("annotation", "default", "expected"), DEFAULTS, ids=lambda value: str(value)[:30])
def test_a_default_is_in_the_schema_if_it_comes_back_the_same(annotation: Any, default: Any, expected: Any) -> None:
    inputs = schema_of(annotation, default)
    assert inputs["required"] == []
    found = inputs["properties"]["it"]
    assert ("default" in found) == (expected is not None)
    if expected is not None:
        assert found["default"] == expected[0]
        assert same(convert_inputs(taking(annotation, default), {}, inputs)["it"], default)
    assert convert_inputs(taking(annotation, default), {}) == {}


def main(prompt: str, count: Annotated[int, "How many."] = 3, *, point: Point | None = None, **rest: int) -> list[Pair]:
    """Do the thing
    at once.

    At length.
    """
    return []


def test_a_whole_flow() -> None:
    schema = flow_schema(main)
    assert schema["description"] == "Do the thing at once."
    inputs = schema["inputs"]
    assert list(inputs["properties"]) == ["prompt", "count", "point"] and inputs["required"] == ["prompt"]
    assert inputs["properties"]["count"] == {"type": "integer", "description": "How many.", "default": 3}
    assert inputs["additionalProperties"] == {"type": "integer"}
    assert inputs["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["outputs"]["items"]["required"] == ["left", "right"]
    converted = convert_inputs(main, {"prompt": "p", "point": {"x": 1}, "more": 2})
    assert converted == {"prompt": "p", "point": Point(1), "more": 2}
    with pytest.raises(InvalidInputs, match="/more must be an integer"):
        convert_inputs(main, {"prompt": "p", "more": "x"})


def test_unannotated_is_anything() -> None:
    def flow(a, b=1, **rest):  # type: ignore[no-untyped-def]
        return a

    schema = flow_schema(flow)
    assert schema["inputs"]["properties"] == {"a": {}, "b": {"default": 1}}
    assert schema["inputs"]["additionalProperties"] is True
    assert schema["outputs"] == {"$schema": schema["inputs"]["$schema"]}
    assert schema["description"] == ""


def test_outputs_show_all_fields_of_a_dataclass() -> None:
    def flow() -> Point:
        return POINT

    outputs = flow_schema(flow)["outputs"]
    shown = dump_output(POINT)
    assert outputs["required"] == list(outputs["properties"]) == list(shown) == ["x", "y", "tags", "made"]


def test_a_class_that_contains_itself_is_a_definition() -> None:
    inputs = schema_of(list[Tree] | Tree)
    reference = {"$ref": "#/$defs/Tree"}
    assert inputs["properties"]["it"] == {"anyOf": [{"type": "array", "items": reference}, reference]}
    assert list(inputs["$defs"]) == ["Tree"]
    assert inputs["$defs"]["Tree"]["properties"]["children"] == {"type": "array", "items": reference}
    value = convert_inputs(taking(Tree), {"it": {"name": "a", "children": [{"name": "b"}]}})["it"]
    assert value == Tree("a", [Tree("b")])


# A generic class with arguments, plain JSON that fits and what it becomes; plain JSON that does not, and where.
GENERIC: list[tuple[Any, Any, Any, Any, str]] = [
    (Box[int], {"it": 1}, Box(1), {"it": "x"}, "/it/it must be an integer"),
    (Box[int], {"it": 1, "more": [2]}, Box(1, [2]), {"it": 1, "more": ["x"]}, "/it/more/0 must be an integer"),
    (Box[str], {"it": "a", "next": {"it": "b"}}, Box("a", [], Box("b")), {"it": "a", "next": {"it": 1}}, "/it/next/it"),
    (Box[Color], {"it": "red"}, Box(Color.RED), {"it": "green"}, "/it/it must be one of"),
    (Box[Box[int]], {"it": {"it": 1}}, Box(Box(1)), {"it": {"it": "x"}}, "/it/it/it must be an integer"),
    (Box[int | None], {"it": None}, Box(None), {"it": "x"}, "/it/it must be"),
    (Box[Annotated[int, "How many."]], {"it": 1}, Box(1), {"it": "x"}, "/it/it must be an integer"),
    (IntBox, {"it": 1}, IntBox(1), {"it": "x"}, "/it/it must be an integer"),
    # T is two things in two classes here, so `it` may be anything
    (Labelled[int, str], {"it": {"a": 1}}, Labelled({"a": 1}), {"label": "l"}, "/it/it is missing"),
    (
        Labelled[int, str],
        {"it": {}, "label": "l"},
        Labelled({}, label="l"),
        {"it": {}, "label": 1},
        "/it/label must be",
    ),
    (Row[int], {"cell": 1, "rest": [2]}, {"cell": 1, "rest": [2]}, {"cell": 1, "rest": ["x"]}, "/it/rest/0 must be"),
    (Two[int], {"one": 1, "two": 2}, Two(1, 2), {"one": 1, "two": "x"}, "/it/two must be an integer"),
    (Box, {"it": "anything"}, Box("anything"), {}, "/it/it is missing"),
]


@pytest.mark.parametrize(("annotation", "node", "value", "bad", "message"), GENERIC, ids=lambda value: str(value)[:30])
def test_a_generic_class_applies_its_arguments(annotation: Any, node: Any, value: Any, bad: Any, message: str) -> None:
    flow_schema(taking(annotation))
    assert same(convert_inputs(taking(annotation), {"it": node})["it"], value)
    with pytest.raises(InvalidInputs) as caught:
        convert_inputs(taking(annotation), {"it": bad})
    assert str(caught.value).startswith(message)


def test_one_generic_class_with_two_arguments_is_two_definitions() -> None:
    inputs = schema_of(tuple[Box[int], Box[str]])
    assert list(inputs["$defs"]) == ["Box", "Box_2"]
    kinds = [inputs["$defs"][name]["properties"]["it"]["type"] for name in inputs["$defs"]]
    assert kinds == ["integer", "string"]


def test_outputs_may_be_more_than_they_are_annotated_with() -> None:
    def returning(annotation: Any) -> Any:
        def function():  # type: ignore[no-untyped-def]
            return None

        function.__annotations__ = {"return": annotation}
        return flow_schema(function)["outputs"]

    for annotation, value in [
        (Point, Point3(1, z=2)),
        (list[Point], [Point3(1)]),
        (Point | None, Point3(1)),
        (Options, {"name": "a", "limit": 1, "wider": True}),
    ]:
        assert misfits(returning(annotation), dump_output(value)) == []
    assert misfits(returning(Point), {"x": 1})  # less than that is not
    assert misfits(returning(Point), {**dump_output(Point3(1)), "x": "1"})
    for nothing in (NoReturn, typing.Never):
        assert returning(nothing)["not"] == {}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (float("nan"), "the flow's result is nan"),
        (float("-inf"), "the flow's result is -inf"),
        ({"a/b": [1, {"c": float("inf")}]}, "at /a~1b/1/c of the flow's result is inf"),
        (Point(1, float("nan")), "at /y of the flow's result is nan"),
        ((Pair(1), {1.5, float("nan")}), "of the flow's result is nan"),
    ],
)
def test_what_has_no_form_in_json_is_named_by_its_place(value: Any, place: str) -> None:
    with pytest.raises(NotRecordable, match="nan and infinity have no form in JSON") as caught:
        output(value)
    assert place in str(caught.value)
    assert output([1.5, None, POINT]) == plain([1.5, None, POINT])


def test_definitions_of_pydantic_models_move_to_the_root() -> None:
    inputs = schema_of(tuple[Model, Model])
    text = json.dumps(inputs)
    references = {part.split('"')[0] for part in text.split('"$ref": "#/$defs/')[1:]}
    assert references == set(inputs["$defs"]) and len(references) == 2


def positional(a, /):  # type: ignore[no-untyped-def]
    return a


def variadic(*items):  # type: ignore[no-untyped-def]
    return items


def undefined(a: NoSuchName) -> None:  # type: ignore[name-defined] # noqa: F821
    return None


def undefined_within(a: list[NoSuchName]) -> None:  # type: ignore[name-defined] # noqa: F821
    return None


def plain_flow(a, b=1):  # type: ignore[no-untyped-def]
    return a


def unknown_result() -> Unknown:
    return Unknown()


@pytest.mark.parametrize(
    ("function", "inputs", "message"),
    [
        (positional, None, "parameter 'a' of positional is positional-only; .* remove the `/`"),
        (variadic, None, r"parameter 'items' of variadic is `\*items`; .* take a list"),
        (undefined, None, "the annotation of parameter 'a' of undefined uses 'NoSuchName'"),
        (undefined_within, None, "uses 'NoSuchName', which its module does not define"),
        (taking(Unknown), None, "annotated with Unknown, which has no form in JSON"),
        (taking(list[Unknown]), None, "annotated with Unknown"),
        (
            taking(Callable[[int], int]),
            None,
            r"annotated with collections.abc.Callable\[\[int\], int\], which has no form",
        ),
        (taking(type[int]), None, r"annotated with type\[int\], which has no form"),
        (taking(dict[tuple[int, int], int]), None, r"keys .* of parameter 'it' of function .* tuple\[int, int\]"),
        (taking(Keyed), None, "the keys of a dict .* those of Keyed.table are annotated with Unhashed"),
        (taking(WithInitVar), None, "InitVar"),
        (unknown_result, None, "the result of unknown_result is annotated with Unknown"),
        (plain_flow, ["a"], "must be a dict of names, not list"),
        (plain_flow, {"type": "string"}, "must be of type object"),
        (plain_flow, {"a": {"required": True}, "c": {}}, "declare 'c', which it does not take"),
        (plain_flow, {"b": {}}, "do not declare 'a', which has no default"),
        (plain_flow, {"a": {"required": False}}, "do not require 'a', which has no default"),
        (plain_flow, {"a": Unknown}, "'a', declared by plain_flow, is annotated with Unknown"),
    ],
)
def test_what_cannot_be_a_schema_is_refused(function: Callable[..., Any], inputs: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        flow_schema(function, inputs)


def test_dump_output_refuses_what_cannot_be_shown() -> None:
    with pytest.raises(NotRecordable, match="cannot show a value as JSON"):
        dump_output({"a": Unknown()})


def test_random_values_convert_back(seeded: random.Random) -> None:
    leaves: list[tuple[Any, Callable[[], Any]]] = [
        (int, lambda: seeded.randrange(-(2**60), 2**60)),
        (float, lambda: seeded.uniform(-1e6, 1e6)),
        (str, lambda: seeded.choice(["", "a", "é", "/~"])),
        (bool, lambda: seeded.random() < 0.5),
        (Color, lambda: seeded.choice(list(Color))),
        (dt.datetime, lambda: dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seeded.randrange(10**8))),
        (decimal.Decimal, lambda: decimal.Decimal(seeded.randrange(10**9)).scaleb(-3)),
        (uuid.UUID, lambda: uuid.UUID(int=seeded.getrandbits(128))),
        (bytes, lambda: seeded.randbytes(5)),
        (Pair, lambda: Pair(seeded.randrange(9), "x")),
    ]

    def build(levels: int) -> tuple[Any, Callable[[], Any]]:
        annotation, make = seeded.choice(leaves) if levels == 0 else build(levels - 1)
        match seeded.randrange(5):
            case 0:
                return list[annotation], lambda: [make() for _ in range(seeded.randrange(4))]  # type: ignore[valid-type]
            case 1:
                return tuple[annotation, int], lambda: (make(), seeded.randrange(9))  # type: ignore[valid-type]
            case 2:
                return dict[str, annotation], lambda: {str(n): make() for n in range(seeded.randrange(4))}  # type: ignore[valid-type]
            case 3:
                return typing.Optional[annotation], lambda: make() if seeded.random() < 0.7 else None  # noqa: UP045
        return annotation, make

    for _ in range(2000):
        annotation, make = build(3)
        value = make()
        shown = json.loads(json.dumps(plain(value), allow_nan=False))
        function = taking(annotation)
        flow_schema(function)
        assert same(convert_inputs(function, {"it": shown})["it"], value), annotation
