"""A flow started by plain `python my_flow.py`: no runtime, no records. Retries and timeouts work, pauses prompt.

Must not know engines or scopes.
"""

from __future__ import annotations

import json
import sys

from . import _alarm
from ._clock import Clock
from ._codec import preview
from ._errors import PauseExpired, Timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._step import Step

_clock = Clock()


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
    """The same for a coroutine function."""
    import asyncio

    number = 1
    while True:
        try:
            if step.timeout is None:
                return await step.function(*args, **kwargs)
            async with asyncio.timeout(step.timeout) as limit:
                return await step.function(*args, **kwargs)
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
            return _answer(text, ui.get("kind", "form"), options)
        except ValueError as error:
            print(f"  {error}", file=sys.stderr)


def _answer(text: str, kind: str, options: list[Any] | None) -> Any:
    """The typed text as a payload. ValueError says what would fit."""
    if kind == "text":
        return text
    if kind == "number":
        try:
            number = json.loads(text)
        except ValueError:
            number = None
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
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError("an answer in JSON, please") from None


def _option(text: str, options: list[Any]) -> Any:
    text = text.strip()
    for option in options:
        if text == option or text == preview(option):
            return option
    if text.isdigit() and 1 <= int(text) <= len(options):
        return options[int(text) - 1]
    raise ValueError(f"one of the {len(options)}, please")
