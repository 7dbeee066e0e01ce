"""Values as plain JSON for people and for the API: readable, but not to be turned back.

| value | plain |
|---|---|
| nan, inf | null, as `JSON.stringify` and pydantic have it; in a flow's result an error |
| integer beyond a double's range | hexadecimal text |
| lone surrogate | U+FFFD |
| dict | object; keys by their own plain text, or a list of pairs where two keys would fall together |
| set | sorted list |
| namedtuple, dataclass, pydantic model | object |
| Enum | its value where all its members have JSON scalars, else its name; Flag: its number |
| datetime, date, time | RFC 3339 (a naive datetime has no offset to give) |
| timedelta | seconds |
| bytes | base64 text |
| Decimal, Fraction, UUID, Path, complex, range, timezone | text |
| exception | `{"type", "message"}` |

Must not know how values are recorded.
"""

from __future__ import annotations

from . import _classes
from ._errors import NotRecordable
from ._failure_report import cut, message_of, well_formed
from ._json import json_writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# What a reader of JSON with doubles takes as a number at all.
_NUMBER_MAX = 2**1023

# Deeper than any value that can be recorded, and far from Python's own limit.
_LEVELS_MAX = 100

_write = json_writer(item_separator=", ", key_separator=": ")
_write_sorted = json_writer(sort_keys=True)


def plain(value: object) -> Any:
    """The value as plain JSON. Never fails on what `encode` takes; NotRecordable on other types."""
    return _Projection().of(value, 0)


def output(value: object, what: str = "the flow's result") -> Any:
    """A flow's result as plain JSON. NotRecordable also on nan and infinity: who reads null would take it for None."""
    try:
        return _Output().of(value, 0)
    except _NotFinite as found:
        place = f"at {found.pointer} of {what}" if found.pointer else what
        hint = "return None or text in its place, or leave it out"
        raise NotRecordable(f"{place} is {found}: nan and infinity have no form in JSON; {hint}", hint=hint) from None


def preview(value: object, limit: int = 2000) -> str:
    """Short JSON text of any value, at most `limit` characters, with an ellipsis where it is cut.

    What is not plain stands as its `repr`. Costs no more for a large value than for one of `limit`.
    """
    if _left_of(value, limit) >= 0:
        try:
            text = _write(value)
            if text.isascii():
                return cut(text, limit)
        except ValueError:
            pass  # nan or inf
    return cut(_write(_Preview(limit).of(value, 0)), limit)


def _left_of(value: Any, chars: int) -> int:
    """What a value leaves of `chars`; negative if it is larger, or not plain JSON as it stands.

    Counts two for a node, at least a digit and a separator: a bound for the work, not the exact length.
    """
    kind = type(value)
    if kind is str:
        return chars - 2 - len(value)
    if value is None or kind is bool or kind is float:
        return chars - 2
    if kind is int:
        return chars - 2 if -_NUMBER_MAX < value < _NUMBER_MAX else -1
    chars -= 2
    if kind is list:
        for item in value:
            if chars < 0:
                break
            chars = _left_of(item, chars)
        return chars
    if kind is dict:
        for key, item in value.items():
            if chars < 0 or type(key) is not str:
                return -1
            chars = _left_of(item, chars - len(key))
        return chars
    return -1


def enum_plain(member: Any) -> Any:
    """An Enum member's value where all members of its class have JSON scalars, else its name."""
    if all(type(other._value_) in (str, int, float, bool) for other in type(member)):
        return _Projection().of(member._value_, 0)
    return member._name_


class _Projection:
    """A walk that refuses what is not plain."""

    def of(self, value: Any, level: int) -> Any:
        kind = type(value)
        if kind is str:
            return self.text(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return value if -_NUMBER_MAX < value < _NUMBER_MAX else hex(value)
        if kind is float:
            return value if value - value == 0 else None
        if level > _LEVELS_MAX:
            return self.other(value)
        if kind is dict:
            return self.mapping(value, level + 1)
        if kind is list or kind is tuple:
            return self.array(value, level + 1)
        return self.rich(value, kind, level + 1)

    def text(self, text: str) -> str:
        return well_formed(text)

    def part(self, _step: str | int, value: Any, level: int) -> Any:
        """What stands at this step of a JSON pointer."""
        return self.of(value, level)

    def array(self, values: Iterable[Any], level: int) -> list[Any]:
        return [self.part(index, value, level) for index, value in enumerate(values)]

    def mapping(self, mapping: dict[Any, Any], level: int) -> Any:
        named: dict[str, Any] = {}
        for key, value in mapping.items():
            name = self.key(key, level)
            named[name] = self.part(name, value, level)
        if len(named) < len(mapping):
            return [[self.of(key, level + 1), self.of(value, level + 1)] for key, value in mapping.items()]
        return named

    def key(self, key: Any, level: int) -> str:
        node = key if type(key) is str else self.of(key, level)
        return self.text(node) if type(node) is str else _write(node)

    def rich(self, value: Any, kind: type, level: int) -> Any:
        """A value of any other type."""
        from ._codec_types import is_enum, is_flag, is_namedtuple, is_pydantic

        if kind is set or kind is frozenset:
            return self.members(value, level)
        if kind is bytes or kind is bytearray:
            return self.base64(value)
        if kind is complex or kind is range:
            return str(value)
        if isinstance(value, BaseException):
            return {"type": self.text(_classes.title(kind)), "message": self.text(message_of(value))}
        if is_enum(kind):
            return int(value._value_) if is_flag(kind) else enum_plain(value)
        if is_pydantic(kind):
            return self.of(_dumped(value), level)
        if hasattr(kind, "__dataclass_fields__"):
            return self.dataclass(value, level)
        if is_namedtuple(kind):
            return self.mapping(dict(zip(value._fields, value, strict=True)), level)
        return self.library(value, kind, level)

    def base64(self, data: bytes | bytearray) -> str:
        from binascii import b2a_base64

        return b2a_base64(data, newline=False).decode()

    def members(self, values: Iterable[Any], level: int) -> list[Any]:
        nodes = self.array(values, level)
        kinds = set(map(type, nodes))
        return sorted(nodes) if kinds <= {int, float} or kinds == {str} else sorted(nodes, key=_write_sorted)

    def dataclass(self, value: Any, level: int) -> dict[str, Any]:
        from dataclasses import fields

        names = [field.name for field in fields(value) if hasattr(value, field.name)]
        return {name: self.part(name, getattr(value, name), level) for name in names}

    def library(self, value: Any, kind: type, level: int) -> Any:
        """A value of the standard library. Named by module, so that none is imported to look at it."""
        match (kind.__module__.partition(".")[0], kind.__qualname__):
            case ("collections", "OrderedDict" | "Counter"):
                return self.mapping(value, level)
            case ("collections", "deque"):
                return self.array(value, level)
            case ("datetime", "datetime" | "date" | "time"):
                return value.isoformat()
            case ("datetime", "timedelta"):
                return value.total_seconds()
            case ("datetime", "timezone") | ("zoneinfo", "ZoneInfo"):
                return str(value)
            case ("decimal", "Decimal") | ("fractions", "Fraction") | ("uuid", "UUID"):
                return str(value)
            case ("pathlib", "PosixPath" | "WindowsPath" | "PurePosixPath" | "PureWindowsPath"):
                return self.text(str(value))
        return self.other(value)

    def other(self, value: object) -> Any:
        from ._codec_types import advice

        problem, hint = advice(type(value))
        raise NotRecordable(f"cannot show a value as JSON: it {problem}; {hint}", hint=hint)


class _NotFinite(Exception):
    """A float without a form in JSON. `pointer` is completed on the way up."""

    pointer = ""


class _Output(_Projection):
    """A walk that refuses what null would stand for."""

    def of(self, value: Any, level: int) -> Any:
        if type(value) is float and value - value != 0:
            raise _NotFinite(repr(value))
        return super().of(value, level)

    def part(self, step: str | int, value: Any, level: int) -> Any:
        try:
            return self.of(value, level)
        except _NotFinite as found:
            found.pointer = f"/{str(step).replace('~', '~0').replace('/', '~1')}{found.pointer}"
            raise


class _Preview(_Projection):
    """A walk that shows what is not plain as its `repr`, and stops when it has gathered enough."""

    def __init__(self, chars: int) -> None:
        self.chars = chars

    def of(self, value: Any, level: int) -> Any:
        self.chars -= 2  # a node takes at least a digit and a separator
        try:
            return super().of(value, level)
        except Exception:  # a property, a `repr` or a model of the user's that fails
            return self.other(value)

    def text(self, text: str) -> str:
        text = well_formed(cut(text, max(self.chars, 1)))
        self.chars -= len(text)
        return text

    def base64(self, data: bytes | bytearray) -> str:
        return self.text(super().base64(data[: max(self.chars, 1)]))

    def array(self, values: Iterable[Any], level: int) -> list[Any]:
        nodes: list[Any] = []
        for value in values:
            if self.chars <= 0:
                nodes.append("…")
                break
            nodes.append(self.of(value, level))
        return nodes

    def mapping(self, mapping: dict[Any, Any], level: int) -> Any:
        named: dict[str, Any] = {}
        for key, value in mapping.items():
            if self.chars <= 0:
                named["…"] = "…"
                break
            named[self.key(key, level)] = self.of(value, level)
        return named

    def other(self, value: object) -> str:
        try:
            return self.text(repr(value))
        except Exception as error:
            return f"<{type(value).__qualname__}, whose repr failed with {type(error).__name__}>"


def _dumped(model: Any) -> Any:
    """A pydantic model as its own JSON schema describes it."""
    try:
        return model.model_dump(mode="json", by_alias=True)
    except Exception:  # a field of a type that pydantic itself cannot show
        return dict(model.__dict__)
