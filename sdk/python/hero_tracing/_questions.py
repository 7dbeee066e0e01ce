"""Questions as pauses: their schemas, hints for forms, and names. Must not know how a pause waits."""

from __future__ import annotations

from ._codec import preview

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
        self.name = slug(question) if name is None else name
        self.asked = checked(question, schema, ui, timeout, default)

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
    """The parts of a pause, each refused where it has the wrong type."""
    if schema is not None and not isinstance(schema, dict | bool):
        raise TypeError(f"schema must be a JSON Schema, a dict, not {type(schema).__name__}")
    if ui is not None and not isinstance(ui, dict):
        raise TypeError(f"ui must be a dict of hints, not {type(ui).__name__}")
    if timeout is not None and (not isinstance(timeout, int | float) or not 0 < timeout < 1e10):
        raise ValueError(f"timeout must be seconds, more than 0, not {timeout!r}")
    asked = {"question": question, "schema": schema, "ui": ui, "timeout": timeout}
    if default is not NOT_GIVEN:
        asked["default"] = default
    for part in ("schema", "ui", "default"):
        _check_plain(part, asked.get(part))
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
    schema = _given(type="array", items={"enum": listed}, uniqueItems=True, minItems=minimum or None, maxItems=maximum)
    return Question(question, name, default, timeout, schema, {"kind": "multi_choice", "options": listed})


def confirm_of(question: str, name: str | None, default: Any, timeout: float | None) -> Question:
    return Question(question, name, default, timeout, {"type": "boolean"}, {"kind": "confirm"})


def _options(options: Sequence[Any]) -> list[Any]:
    if isinstance(options, str):
        raise TypeError("options must be a list, not one string")
    listed = list(options)
    if not listed:
        raise ValueError("a choice needs options")
    if len({preview(option) for option in listed}) != len(listed):
        raise ValueError("the same option stands twice")
    return listed


def _given(**parts: Any) -> dict[str, Any]:
    return {key: value for key, value in parts.items() if value is not None}


def _check_plain(part: str, value: object) -> None:
    if not _is_json(value):
        raise TypeError(f"the {part} of a question must be plain JSON, not {preview(value, 200)}")


def _is_json(value: object) -> bool:
    """Whether the value is what a JSON text reads as; what looks like a tag of the codec is data here."""
    if type(value) is list:
        return all(map(_is_json, value))
    if type(value) is dict:
        return all(type(key) is str for key in value) and all(map(_is_json, value.values()))
    if type(value) is float:
        return value - value == 0  # neither infinite nor nan
    return value is None or type(value) in {bool, int, str}
