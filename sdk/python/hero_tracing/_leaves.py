"""Values without parts: numbers, text, times and the like, members of an Enum; how JSON writes and gives them.

Must not know containers or flows.
"""

from __future__ import annotations

from typing import Any

from ._projection import enum_plain, plain
from ._shapes import Definitions, Leaf, Problems, Shape


class Choice(Shape):
    """One of some values: a Literal or an Enum."""

    def __init__(self, values: list[tuple[Any, Any]]) -> None:
        self.values = values  # as plain JSON, and what it stands for

    def schema(self, _definitions: Definitions) -> dict[str, Any]:
        nodes = [node for node, _ in self.values]
        kinds = {_json_type(node) for node in nodes}
        return {"type": kinds.pop(), "enum": nodes} if len(kinds) == 1 else {"enum": nodes}

    def convert(self, value: Any, pointer: str, problems: Problems) -> Any:
        for node, meant in self.values:
            if node == value and (type(node) is bool) == (type(value) is bool):
                return meant
        problems.append((pointer, f"must be one of {', '.join(repr(node) for node, _ in self.values)}"))


def enum_choice(cls: Any) -> Choice:
    return Choice([(enum_plain(member), member) for member in cls])


def literal_choice(values: tuple[Any, ...]) -> Choice:
    return Choice([(plain(value), value) for value in values])


def _json_type(node: Any) -> str:
    names = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    return names.get(type(node), "object")


def _import(module: str, name: str) -> Any:
    import importlib

    return getattr(importlib.import_module(module), name)


def _exactly(*kinds: type) -> Any:
    def read(value: Any) -> Any:
        if type(value) not in kinds:
            raise TypeError
        return value

    return read


def _integer(value: Any) -> int:
    if type(value) is float and value.is_integer():
        return int(value)  # JSON has one kind of number: 1.0 is an integer
    return _exactly(int)(value)  # type: ignore[no-any-return]


def _number(value: Any) -> float:
    return float(_exactly(int, float)(value))


def _iso(module: str, name: str) -> Any:
    def read(value: Any) -> Any:
        return _import(module, name).fromisoformat(_exactly(str)(value))

    return read


def _made(module: str, name: str, *kinds: type) -> Any:
    def read(value: Any) -> Any:
        value = _exactly(*kinds)(value)
        return _import(module, name)(repr(value) if type(value) is float else value)

    return read


def _bytes(value: Any) -> bytes:
    from binascii import a2b_base64

    return a2b_base64(_exactly(str)(value), strict_mode=True)


def _timedelta(value: Any) -> Any:
    return _import("datetime", "timedelta")(seconds=_exactly(int, float)(value))


def _complex(value: Any) -> complex:
    return complex(_exactly(str)(value))


def _path_leaf(name: str) -> Leaf:
    return Leaf({"type": "string", "format": "path"}, "a string that is a path", _made("pathlib", name, str))


def flag(cls: Any) -> Shape:
    return Leaf(
        {"type": "integer", "title": cls.__name__}, f"an integer of {cls.__name__}", lambda value: cls(_integer(value))
    )


NOTHING = Leaf({"not": {}}, "nothing at all", _exactly())
NULL = Leaf({"type": "null"}, "null", _exactly(type(None)))

# By module and name, so that none of the modules is imported before a value of it is made.
LEAVES: dict[tuple[str, str], Leaf] = {
    ("builtins", "NoneType"): NULL,
    ("builtins", "str"): Leaf({"type": "string"}, "a string", _exactly(str)),
    ("builtins", "bool"): Leaf({"type": "boolean"}, "a boolean", _exactly(bool)),
    ("builtins", "int"): Leaf({"type": "integer"}, "an integer", _integer),
    ("builtins", "float"): Leaf({"type": "number"}, "a number", _number),
    ("builtins", "complex"): Leaf({"type": "string", "format": "complex"}, "a string such as 1+2j", _complex),
    ("builtins", "bytes"): Leaf({"type": "string", "contentEncoding": "base64"}, "a string in base64", _bytes),
    ("datetime", "datetime"): Leaf(
        {"type": "string", "format": "date-time"},
        "a string with a date and time (RFC 3339)",
        _iso("datetime", "datetime"),
    ),
    ("datetime", "date"): Leaf(
        {"type": "string", "format": "date"}, "a string with a date (RFC 3339)", _iso("datetime", "date")
    ),
    ("datetime", "time"): Leaf(
        {"type": "string", "format": "time"}, "a string with a time (RFC 3339)", _iso("datetime", "time")
    ),
    ("datetime", "timedelta"): Leaf({"type": "number", "description": "seconds"}, "a number of seconds", _timedelta),
    ("decimal", "Decimal"): Leaf(
        {"type": ["string", "number"], "format": "decimal"},
        "a string or number that is a decimal",
        _made("decimal", "Decimal", str, int, float),
    ),
    ("fractions", "Fraction"): Leaf(
        {"type": ["string", "integer"], "format": "fraction"},
        "a string such as 1/3",
        _made("fractions", "Fraction", str, int),
    ),
    ("uuid", "UUID"): Leaf({"type": "string", "format": "uuid"}, "a string that is a UUID", _made("uuid", "UUID", str)),
    ("zoneinfo", "ZoneInfo"): Leaf(
        {"type": "string", "format": "timezone"}, "a string such as Europe/Oslo", _made("zoneinfo", "ZoneInfo", str)
    ),
    ("pathlib", "Path"): _path_leaf("Path"),
    ("pathlib", "PosixPath"): _path_leaf("PosixPath"),
    ("pathlib", "PurePath"): _path_leaf("PurePath"),
    ("pathlib", "PurePosixPath"): _path_leaf("PurePosixPath"),
    ("pathlib", "PureWindowsPath"): _path_leaf("PureWindowsPath"),
}
