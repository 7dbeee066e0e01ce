"""Questions to a person: forms over `flow.pause`.

Each waits until somebody answers, like `flow.pause`: the process may end meanwhile. `name` is what `--answer` finds
the question by; it defaults to a slug of the question ("Which service?" is `which_service`). `timeout` is in
seconds; after it the `default` stands in, or PauseExpired is raised. Async twins stand under `ask_user.aio`.

    which = ask_user.choice("Which service?", ["web", "worker"])
"""

from __future__ import annotations

import types

from ._questions import NOT_GIVEN, Question, choice_of, confirm_of, multi_choice_of, number_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeVar

    T = TypeVar("T")

__all__ = ["aio", "choice", "confirm", "multi_choice", "number", "text"]


def text(
    question: str,
    *,
    name: str | None = None,
    default: Any = NOT_GIVEN,
    timeout: float | None = None,
    placeholder: str | None = None,
    multiline: bool = False,
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
) -> str:
    """A line of text, or several where `multiline`. `pattern` is a regular expression of JSON Schema."""
    limits = (min_length, max_length, pattern)
    answer: str = text_of(question, name, default, timeout, placeholder, multiline, limits).ask()
    return answer


def number(
    question: str,
    *,
    name: str | None = None,
    default: Any = NOT_GIVEN,
    timeout: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    integer: bool = False,
) -> float:
    """A number; a whole one where `integer`."""
    answer: float = number_of(question, name, default, timeout, minimum, maximum, integer).ask()
    return answer


def choice(
    question: str,
    options: Sequence[T],
    *,
    name: str | None = None,
    default: Any = NOT_GIVEN,
    timeout: float | None = None,
) -> T:
    """One of `options`, which are plain JSON values."""
    answer: T = choice_of(question, options, name, default, timeout).ask()
    return answer


def multi_choice(
    question: str,
    options: Sequence[T],
    *,
    name: str | None = None,
    default: Any = NOT_GIVEN,
    timeout: float | None = None,
    minimum: int = 0,
    maximum: int | None = None,
) -> list[T]:
    """Some of `options`, at least `minimum` and at most `maximum`, none twice."""
    answer: list[T] = multi_choice_of(question, options, name, default, timeout, minimum, maximum).ask()
    return answer


def confirm(question: str, *, name: str | None = None, default: Any = NOT_GIVEN, timeout: float | None = None) -> bool:
    """Yes or no."""
    answer: bool = confirm_of(question, name, default, timeout).ask()
    return answer


async def _text(
    question: str,
    *,
    name: str | None = None,
    default: Any = NOT_GIVEN,
    timeout: float | None = None,
    placeholder: str | None = None,
    multiline: bool = False,
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
) -> str:
    limits = (min_length, max_length, pattern)
    answer: str = await text_of(question, name, default, timeout, placeholder, multiline, limits).ask_async()
    return answer


async def _number(
    question: str,
    *,
    name: str | None = None,
    default: Any = NOT_GIVEN,
    timeout: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    integer: bool = False,
) -> float:
    answer: float = await number_of(question, name, default, timeout, minimum, maximum, integer).ask_async()
    return answer


async def _choice(
    question: str,
    options: Sequence[T],
    *,
    name: str | None = None,
    default: Any = NOT_GIVEN,
    timeout: float | None = None,
) -> T:
    answer: T = await choice_of(question, options, name, default, timeout).ask_async()
    return answer


async def _multi_choice(
    question: str,
    options: Sequence[T],
    *,
    name: str | None = None,
    default: Any = NOT_GIVEN,
    timeout: float | None = None,
    minimum: int = 0,
    maximum: int | None = None,
) -> list[T]:
    asked: Question = multi_choice_of(question, options, name, default, timeout, minimum, maximum)
    answer: list[T] = await asked.ask_async()
    return answer


async def _confirm(
    question: str, *, name: str | None = None, default: Any = NOT_GIVEN, timeout: float | None = None
) -> bool:
    answer: bool = await confirm_of(question, name, default, timeout).ask_async()
    return answer


class aio(types.SimpleNamespace):
    """The same questions for coroutines: `await ask_user.aio.text(...)`."""

    text = staticmethod(_text)
    number = staticmethod(_number)
    choice = staticmethod(_choice)
    multi_choice = staticmethod(_multi_choice)
    confirm = staticmethod(_confirm)
