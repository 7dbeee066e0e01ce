"""Questions as pauses: their schemas, hints for forms, and names. Must not know how a pause waits.

A question that nobody could ask or answer is refused where it is written, whether or not it would ever be asked.
"""

from __future__ import annotations

import math

from ._codec import preview
from ._frames import QUESTION_BYTES_MAX, QUESTION_LEVELS_MAX
from ._json import write_json, write_sorted_json
from ._validate import faults, misfits, said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# A default may be None, so None cannot mean that there is none.
NOT_GIVEN: Any = type("NotGiven", (), {"__repr__": lambda _self: "NOT_GIVEN"})()

# Characters of a name made from a question; a longer one is cut at a word.
SLUG_CHARS_MAX = 40


class Question:
    """What is asked, ready to be handed to a pause."""

    __slots__ = ("asked", "name")

    def __init__(
        self,
        question: str,
        name: str | None,
        default: Any,
        timeout: float | None,
        schema: dict[str, Any],
        ui: dict[str, Any],
    ) -> None:
        if not isinstance(question, str) or not question.strip():
            raise ValueError("a question must be text")
        if name is not None and (not isinstance(name, str) or not name):
            raise TypeError(f"the name of a question must be text, not {name!r}")
        self.name = slug(question) if name is None else name
        self.asked = checked(question, schema, ui, timeout, default)
        # None stands for no answer, of whatever type the others are.
        if default is not NOT_GIVEN and default is not None:
            problems = misfits(schema, default)
            if problems:
                raise ValueError(f"the default of a question must be a valid answer: {said(problems)}")

    def ask(self) -> Any:
        from ._declared import pause_now

        return pause_now(self.name, self.asked)

    async def ask_async(self) -> Any:
        from ._declared import pause_soon

        return await pause_soon(self.name, self.asked)


def checked(
    question: str | None,
    schema: dict[str, Any] | bool | None,
    ui: dict[str, Any] | None,
    timeout: float | None,
    default: Any,
) -> dict[str, Any]:
    """The parts of a pause, each refused where it has the wrong type or is too large."""
    if question is not None and not isinstance(question, str):
        raise TypeError(f"question must be text, not {type(question).__name__}")
    if schema is not None and not isinstance(schema, dict | bool):
        raise TypeError(f"schema must be a JSON Schema, a dict, not {type(schema).__name__}")
    if ui is not None and not isinstance(ui, dict):
        raise TypeError(f"ui must be a dict of hints, not {type(ui).__name__}")
    if timeout is not None and (not _is_number(timeout) or not 0 < timeout < 1e10):
        raise ValueError(f"timeout must be seconds, more than 0, not {timeout!r}")
    asked = {"question": question, "schema": schema, "ui": ui, "timeout": timeout}
    if default is not NOT_GIVEN:
        asked["default"] = default
    for part in ("schema", "ui", "default"):
        _check_plain(part, asked.get(part))
    _check_size(asked)
    problems = list(faults({} if schema is None else schema))
    if problems:
        raise ValueError(f"the schema of a question is not valid: {said(problems)}")
    return asked


def slug(question: str) -> str:
    """A name for `--answer`: lower case, words joined by underscores, at most 40 characters."""
    words = "".join(char if char.isalnum() else " " for char in question.lower()).split()
    name = ""
    for word in words:
        longer = f"{name}_{word}" if name else word[:SLUG_CHARS_MAX]
        if len(longer) > SLUG_CHARS_MAX:
            break
        name = longer
    return name or "question"


def text_of(
    question: str,
    name: str | None,
    default: Any,
    timeout: float | None,
    placeholder: str | None,
    multiline: bool,
    limits: tuple[int | None, int | None, str | None],
) -> Question:
    _check_range("min_length", limits[0], "max_length", limits[1])
    schema = _given(type="string", minLength=limits[0], maxLength=limits[1], pattern=limits[2])
    ui = _given(kind="text", placeholder=placeholder, multiline=multiline or None)
    return Question(question, name, default, timeout, schema, ui)


def number_of(
    question: str,
    name: str | None,
    default: Any,
    timeout: float | None,
    minimum: float | None,
    maximum: float | None,
    integer: bool,
) -> Question:
    _check_range("minimum", minimum, "maximum", maximum)
    if integer and minimum is not None and maximum is not None and math.ceil(minimum) > math.floor(maximum):
        raise ValueError(f"no whole number lies between minimum={minimum!r} and maximum={maximum!r}")
    schema = _given(type="integer" if integer else "number", minimum=minimum, maximum=maximum)
    return Question(question, name, default, timeout, schema, {"kind": "number"})


def choice_of(question: str, options: Sequence[Any], name: str | None, default: Any, timeout: float | None) -> Question:
    listed = _options(options)
    return Question(question, name, default, timeout, {"enum": listed}, {"kind": "choice", "options": listed})


def multi_choice_of(
    question: str,
    options: Sequence[Any],
    name: str | None,
    default: Any,
    timeout: float | None,
    minimum: int,
    maximum: int | None,
) -> Question:
    listed = _options(options)
    _check_range("minimum", minimum, "maximum", maximum)
    if minimum > len(listed):
        raise ValueError(f"minimum={minimum} cannot be chosen from {len(listed)} options")
    schema = _given(type="array", items={"enum": listed}, uniqueItems=True, minItems=minimum or None, maxItems=maximum)
    return Question(question, name, default, timeout, schema, {"kind": "multi_choice", "options": listed})


def confirm_of(question: str, name: str | None, default: Any, timeout: float | None) -> Question:
    return Question(question, name, default, timeout, {"type": "boolean"}, {"kind": "confirm"})


def _options(options: Sequence[Any]) -> list[Any]:
    if isinstance(options, str | bytes):
        raise TypeError("options must be a list, not one string")
    listed = list(options)
    if not listed:
        raise ValueError("a choice needs options")
    _check_plain("options", listed)
    if len({write_sorted_json(option) for option in listed}) != len(listed):
        raise ValueError("the same option stands twice")
    return listed


def _check_range(least: str, minimum: float | None, most: str, maximum: float | None) -> None:
    """Both are numbers, where they are given, and something lies between."""
    for name, limit in ((least, minimum), (most, maximum)):
        if limit is not None and not _is_number(limit):
            raise TypeError(f"{name} must be a finite number, not {limit!r}")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise ValueError(f"{least}={minimum!r} is more than {most}={maximum!r}")


def _is_number(value: object) -> bool:
    return type(value) is int or (type(value) is float and value - value == 0)


def _given(**parts: Any) -> dict[str, Any]:
    return {key: value for key, value in parts.items() if value is not None}


def _check_plain(part: str, value: object) -> None:
    if not _is_json(value, QUESTION_LEVELS_MAX):
        shown = preview(value, 200)
        raise TypeError(
            f"the {part} of a question must be plain JSON of at most {QUESTION_LEVELS_MAX} levels, not {shown}"
        )


def _is_json(value: object, levels: int) -> bool:
    """Whether the value is what a JSON text reads as; what looks like a tag of the codec is data here."""
    if type(value) is list:
        return levels > 0 and all(_is_json(item, levels - 1) for item in value)
    if type(value) is dict:
        are_names = all(type(name) is str for name in value)
        return levels > 0 and are_names and all(_is_json(item, levels - 1) for item in value.values())
    if type(value) is float:
        return value - value == 0  # neither infinite nor nan
    return value is None or type(value) in {bool, int, str}


def _check_size(asked: dict[str, Any]) -> None:
    """A question goes up as one line, which cannot be longer."""
    try:
        size = len(write_json([asked["schema"], asked["ui"], asked.get("default")]).encode())
    except UnicodeEncodeError:
        raise ValueError(
            "a question's options and default must be Unicode: one holds a lone surrogate, which no answer could"
        ) from None
    size += len((asked["question"] or "").encode("utf-8", "replace"))
    if size > QUESTION_BYTES_MAX:
        raise ValueError(
            f"a question may take {QUESTION_BYTES_MAX} bytes with its schema, hints and default, not {size}: "
            "offer fewer or shorter options (each stands in it twice), or ask for text and look it up"
        )
