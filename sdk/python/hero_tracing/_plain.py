"""A flow started by plain `python my_flow.py`: no runtime, no records. Retries and timeouts work, pauses prompt.

Must not know engines or scopes.
"""

from __future__ import annotations

import json
import sys
import threading

from . import _alarm
from ._clock import Clock
from ._codec import preview
from ._errors import PauseExpired, Timeout
from ._json import write_json
from ._validate import misfits, said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._step import Step

_clock = Clock()
# One question at a time: an answer belongs to the one that stands last on the terminal.
_asking = threading.Lock()


def call(step: Step, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run the step, with its tries and its timeout."""
    number = 1
    while True:
        try:
            if step.timeout is None:
                return step.function(*args, **kwargs)
            return _alarm.limited(_clock, step.name, step.timeout, _alarm.run_body, step.function, args, kwargs)
        except Exception as error:
            if number > step.retries or not step.is_retried(error):
                raise
        number += 1
        _alarm.sleep(_clock, step.delay(number))


async def acall(step: Step, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The same for a coroutine function, or a plain one that is awaited for."""
    import asyncio

    async def body() -> Any:
        value = step.function(*args, **kwargs)
        return await value if hasattr(value, "__await__") else value

    number = 1
    while True:
        try:
            if step.timeout is None:
                return await body()
            async with asyncio.timeout(step.timeout) as limit:
                return await body()
        except Exception as error:
            if step.timeout is not None and isinstance(error, TimeoutError) and limit.expired():
                failure: Exception = Timeout(f"{step.name} took longer than its timeout of {step.timeout:g} s")
            else:
                failure = error
        if number > step.retries or not step.is_retried(failure):
            raise failure
        number += 1
        await asyncio.sleep(step.delay(number))


def pause(name: str, asked: dict[str, Any]) -> Any:
    """Ask on the terminal until an answer fits. PauseExpired at the end of the input, or the default there."""
    with _asking:
        return _ask(name, asked)


def _ask(name: str, asked: dict[str, Any]) -> Any:
    question = asked.get("question") or name
    ui = asked.get("ui") or {}
    options = ui.get("options")
    print(question, file=sys.stderr)
    for index, option in enumerate(options or [], 1):
        print(f"  {index}. {option if isinstance(option, str) else preview(option)}", file=sys.stderr)
    while True:
        print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            if "default" in asked:
                return asked["default"]
            raise PauseExpired(f"the input ended before {name!r} was answered")
        text = line.rstrip("\n")
        if not text and "default" in asked:
            return asked["default"]
        try:
            answer = _answer(text, ui.get("kind", "form"), options)
        except ValueError as error:
            print(f"  {error}", file=sys.stderr)
            continue
        schema = asked.get("schema")
        problems = [] if schema is None else misfits(schema, answer)
        if not problems:
            return answer
        print(f"  the answer {said(problems)}", file=sys.stderr)


def _answer(text: str, kind: str, options: list[Any] | None) -> Any:
    """The typed text as a payload. ValueError says what would fit."""
    if kind == "text":
        return text
    if kind == "number":
        number = _json(text)
        if type(number) not in {int, float}:
            raise ValueError("a number, please")
        return number
    if kind == "confirm":
        if text.strip().lower() in {"y", "yes", "true"}:
            return True
        if text.strip().lower() in {"n", "no", "false"}:
            return False
        raise ValueError("yes or no, please")
    if kind == "choice":
        return _option(text, options or [])
    if kind == "multi_choice":
        return [_option(part, options or []) for part in text.split(",") if part.strip()]
    answer = _json(text)
    if answer is _NO_JSON:
        raise ValueError("an answer in JSON, please")
    return answer


_NO_JSON: Any = object()


def _json(text: str) -> Any:
    """The value of a JSON text, or `_NO_JSON`; nan and what is too large for a float are none."""
    try:
        value = json.loads(text)
        write_json(value)
    except (ValueError, RecursionError):
        return _NO_JSON
    return value


def _option(text: str, options: list[Any]) -> Any:
    text = text.strip()
    for option in options:
        if text == option or text == preview(option):
            return option
    # An index longer than that of the last would be outside, and need not be read as a number.
    if text.isascii() and text.isdigit() and len(text) <= len(str(len(options))) and 1 <= int(text) <= len(options):
        return options[int(text) - 1]
    raise ValueError(f"{text!r} is none of the {len(options)} options: a number from 1, or the option itself, please")
