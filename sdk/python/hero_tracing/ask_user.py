"""Questions to a person: forms over `flow.pause`.

    which = ask_user.choice("Which service?", ["web", "worker"])

Each waits until somebody answers, like `flow.pause`: the process may end meanwhile. An answer that does not fit is
refused and the question stays open. All take:

- `question`: the words that are shown, not empty.
- `name`: what `--answer` finds the question by; a slug of the question ("Which service?" is `which_service`) unless
  it is given.
- `timeout`: seconds from when the question opens, more than 0; none by default.
- `default`: what stands in once that time has passed. A valid answer, or None for no answer; without one
  PauseExpired is raised then. On the terminal an empty line takes it.

TypeError and ValueError are raised at the call, before anything is asked: by options of the wrong type, that
contradict one another, that are no plain JSON, or that are too large: the question, all of its options (which count
twice) and its default have at most 512 KiB. Async twins stand under `ask_user.aio`.
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
    """A line of text, or several.

    - `placeholder`: an example that a form shows while nothing is typed.
    - `multiline`: whether a form gives room for several lines.
    - `min_length`, `max_length`: in characters, 0 or more.
    - `pattern`: a regular expression of JSON Schema, found anywhere unless it says ^ and $; it cannot look around or
      back, since the runtime's expressions run in linear time.
    """
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
    """A number: an int or a float, as it was typed.

    - `minimum`, `maximum`: the least and the greatest that is valid, in the units of the question.
    - `integer`: whether it must be whole; 3.0 is.
    """
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
    """One of `options`: plain JSON values, at least one, all different. The answer equals the one that was chosen."""
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
    """Some of `options`, which are as those of `choice`: a list in the order in which they were chosen, none twice.

    - `minimum`, `maximum`: how many, of as many as there are; none and all by default.
    """
    answer: list[T] = multi_choice_of(question, options, name, default, timeout, minimum, maximum).ask()
    return answer


def confirm(question: str, *, name: str | None = None, default: Any = NOT_GIVEN, timeout: float | None = None) -> bool:
    """Yes or no, as True or False."""
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
