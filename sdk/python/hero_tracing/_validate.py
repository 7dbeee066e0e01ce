"""Values held against JSON Schema 2020-12, and schemas against its rules.

This is for what an author declares and what is typed on a terminal; the runtime validates in full, and refuses what
is let through here. A keyword that is not known says nothing. Must not know flows or questions.
"""

from __future__ import annotations

import re

from ._json import write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

DIALECT = "https://json-schema.org/draft/2020-12/schema"

# What is wrong, with a JSON pointer to where.
Problem = tuple[str, str]

# References within one another at one place of a value: a schema that refers to itself there says nothing more.
_REFERENCES_MAX = 50
# Characters of a value that a message shows.
_SHOWN_CHARS = 200

_NAMES: dict[str, str] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}


def misfits(schema: Any, value: Any) -> list[Problem]:
    """What in a value of plain JSON breaks a valid schema, each by its place in the value."""
    return list(_Reader(schema).misfits(schema, value, "", 0))


def said(problems: list[Problem]) -> str:
    """Problems on one line."""
    return "; ".join(f"{pointer} {text}" if pointer else text for pointer, text in problems)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal in JSON, where 1 is 1.0 and not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return bool(one == other)


_CLASSES: dict[str, Any] = {"string": str, "array": list, "object": dict, "null": type(None)}


class _Reader:
    """Reads values by one schema, in which references are looked up."""

    def __init__(self, root: Any) -> None:
        self.root = root

    def misfits(self, schema: Any, value: Any, place: str, references: int) -> Iterator[Problem]:
        if not isinstance(schema, dict):
            if schema is False:
                yield place, "is not known here"
            return
        target = self._target(schema.get("$ref"))
        if target is not None and references < _REFERENCES_MAX:
            yield from self.misfits(target, value, place, references + 1)
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(_is_a(kind, value) for kind in kinds):
            yield place, f"must be {' or '.join(_NAMES[kind] for kind in kinds)}"
            return
        yield from _of_any(schema, value, place)
        if isinstance(value, str):
            yield from _of_text(schema, value, place)
        elif _is_a("number", value):
            yield from _of_number(schema, value, place)
        elif isinstance(value, list):
            yield from self._of_list(schema, value, place)
        elif isinstance(value, dict):
            yield from self._of_object(schema, value, place)
        for part in schema.get("allOf", []):
            yield from self.misfits(part, value, place, references)
        for word in ("anyOf", "oneOf"):
            parts = [list(self.misfits(part, value, place, references)) for part in schema.get(word, [])]
            if parts and all(parts):
                yield place, f"fits none of what is allowed: {'; or '.join(sorted({said(part) for part in parts}))}"

    def _of_list(self, schema: dict[str, Any], value: list[Any], place: str) -> Iterator[Problem]:
        yield from _counted(schema, len(value), place, "minItems", "maxItems", "items")
        if schema.get("uniqueItems") and any(same(one, other) for at, one in enumerate(value) for other in value[:at]):
            yield place, "must not hold an item twice"
        first = schema.get("prefixItems", [])
        for index, item in enumerate(value):
            part = first[index] if index < len(first) else schema.get("items", True)
            yield from self.misfits(part, item, f"{place}/{index}", 0)

    def _of_object(self, schema: dict[str, Any], value: dict[str, Any], place: str) -> Iterator[Problem]:
        yield from _counted(schema, len(value), place, "minProperties", "maxProperties", "properties")
        yield from ((f"{place}/{name}", "is missing") for name in schema.get("required", []) if name not in value)
        known = schema.get("properties", {})
        others = True if "patternProperties" in schema else schema.get("additionalProperties", True)
        for name, item in value.items():
            yield from self.misfits(known.get(name, others), item, f"{place}/{name}", 0)

    def _target(self, reference: Any) -> Any:
        """The schema within this one that a reference names; None if there is none, or it stands elsewhere."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        target = self.root
        for step in reference.split("/")[1:]:
            target = target.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
        return target


def _is_a(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int | float):
        return kind == "number" or (kind == "integer" and value == value // 1)
    return isinstance(value, _CLASSES.get(kind, ()))


def _of_any(schema: dict[str, Any], value: Any, place: str) -> Iterator[Problem]:
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if allowed and not any(same(value, one) for one in allowed):
        shown = ", ".join(map(write_json, allowed))
        yield place, f"must be one of {shown}" if len(shown) <= _SHOWN_CHARS else f"must be one of the {len(allowed)}"


def _of_text(schema: dict[str, Any], value: str, place: str) -> Iterator[Problem]:
    yield from _counted(schema, len(value), place, "minLength", "maxLength", "characters")
    try:
        fits = re.search(schema.get("pattern", ""), value, re.ASCII)
    except re.error:  # an expression that only the runtime knows
        return
    if fits is None:
        yield place, f"must match {schema['pattern']}"


def _of_number(schema: dict[str, Any], value: float, place: str) -> Iterator[Problem]:
    limits: list[tuple[str, str, Callable[[Any], bool]]] = [
        ("minimum", "at least", lambda limit: value >= limit),
        ("maximum", "at most", lambda limit: value <= limit),
        ("exclusiveMinimum", "more than", lambda limit: value > limit),
        ("exclusiveMaximum", "less than", lambda limit: value < limit),
    ]
    for word, text, fits in limits:
        if word in schema and not fits(schema[word]):
            yield place, f"must be {text} {schema[word]}"


def _counted(schema: dict[str, Any], count: int, place: str, least: str, most: str, what: str) -> Iterator[Problem]:
    if count < schema.get(least, 0):
        yield place, f"must have at least {schema[least]:.0f} {what}"
    if count > schema.get(most, count):
        yield place, f"must have at most {schema[most]:.0f} {what}"


# -- schemas --

_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_PARTS = ("items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else")
_PART_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_PART_MAPS = ("properties", "patternProperties", "$defs")

# Where every dialect of regular expressions sees the same mistake.
_MISTAKES = ("missing )", "unbalanced parenthesis", "unterminated character set", "nothing to repeat")
# What the runtime's expressions, which run in linear time, do not have; and what only looks like it.
_NOT_LINEAR = re.compile(r"\(\?<?[=!]|\\[1-9]")
_HARMLESS = re.compile(r"\\[^1-9]|\[(?:\\.|[^\]\\])*\]", re.DOTALL)


def faults(schema: Any, place: str = "") -> Iterator[Problem]:
    """What makes of a value no valid schema, each by its place in the schema."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield place, f"must be a schema, a dict, not {type(schema).__name__}"
        return
    if schema.get("$schema", DIALECT) != DIALECT:
        return  # other rules
    yield from _faults_of_words(schema, place)
    for word in _PARTS:
        if word in schema:
            yield from faults(schema[word], f"{place}/{word}")
    for word in _PART_LISTS:
        parts = schema.get(word, [])
        if not isinstance(parts, list):
            yield f"{place}/{word}", "must be a list of schemas"
            continue
        for index, part in enumerate(parts):
            yield from faults(part, f"{place}/{word}/{index}")
    for word in _PART_MAPS:
        named = schema.get(word, {})
        if not isinstance(named, dict):
            yield f"{place}/{word}", "must be a dict of schemas"
            continue
        for name, part in named.items():
            yield from faults(part, f"{place}/{word}/{name}")


def _faults_of_words(schema: dict[str, Any], place: str) -> Iterator[Problem]:
    if "type" in schema:
        yield from _faults_of_type(schema["type"], f"{place}/type")
    for word in _NUMBERS:
        if word in schema and not _is_a("number", schema[word]):
            yield f"{place}/{word}", f"must be a number, not {schema[word]!r}"
    for word in _COUNTS:
        if word in schema and not (_is_a("integer", schema[word]) and schema[word] >= 0):
            yield f"{place}/{word}", f"must be a whole number, 0 or more, not {schema[word]!r}"
    if not isinstance(schema.get("enum", []), list):
        yield f"{place}/enum", "must be a list of values"
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        yield f"{place}/required", "must be a list of names"
    if not isinstance(schema.get("uniqueItems", False), bool):
        yield f"{place}/uniqueItems", f"must be true or false, not {schema['uniqueItems']!r}"
    if "pattern" in schema:
        yield from _faults_of_pattern(schema["pattern"], f"{place}/pattern")


def _faults_of_type(kinds: Any, place: str) -> Iterator[Problem]:
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if isinstance(kind, str) and kind in _NAMES:
            continue
        from difflib import get_close_matches

        close = get_close_matches(str(kind), _NAMES, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(_NAMES)}"
        yield place, f"is {kind!r}, which is no type of JSON Schema; {hint}"


def _faults_of_pattern(pattern: Any, place: str) -> Iterator[Problem]:
    if not isinstance(pattern, str):
        yield place, f"must be a regular expression, not {pattern!r}"
        return
    if _NOT_LINEAR.search(_HARMLESS.sub("", pattern)):
        yield place, f"{pattern!r} looks around or back, which expressions here cannot"
        return
    try:
        re.compile(pattern)
    except re.error as error:
        if error.msg.startswith(_MISTAKES):
            yield place, f"{pattern!r} is no regular expression: {error}"
