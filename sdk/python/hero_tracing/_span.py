"""Blocks, and data on the span where the code stands. Nothing here is recorded: the body runs again on replay."""

from __future__ import annotations

import sys
from os import getpid

from . import _frames
from ._engine import flow_line, outside
from ._errors import ParkSignal
from ._outcome import described
from ._scope import BLOCK, Scope, current, escape
from ._step import plain_tag, tags_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from types import TracebackType
    from typing import Any, Self

LEVELS = ("debug", "info", "warning", "error")
# Characters of one line of log.
LOG_CHARS_MAX = 8192
# The runtime counts progress in floats.
_FLOAT_MAX = sys.float_info.max


class Block:
    """`with flow.step("load", rows=3):` — a span of its own, and a scope for what is called in it."""

    __slots__ = ("_kind", "_line", "_name", "_scope", "_tags", "_token")

    def __init__(self, kind: str, name: str, tags: dict[str, Any]) -> None:
        self._kind = kind
        self._name = name
        self._tags = tags
        self._line = 0
        self._scope: Scope | None = None
        self._token: Token[Scope | None] | None = None

    def __enter__(self) -> Self:
        scope = current.get()
        if scope is None:
            error = outside(f"the {self._kind} {self._name!r}")
            if error is not None:
                raise error
            return self
        engine = scope.engine
        if engine.stop is not None or scope.call.ended or getpid() != engine.pid:
            raise engine.refuse_call(scope, f"the {self._kind} {self._name!r}")
        path = scope.allocate(escape(self._name))
        parent, span = engine.span_of(scope), engine.next_id()
        tags = tags_text(self._tags) if self._tags else ""
        line = self._line or flow_line(2)
        name = _frames.quote(self._name)
        engine.wire.send(_frames.begin(span, parent, path, self._kind, name, line=line, tags=tags))
        self._scope = Scope(engine, BLOCK, path, self._name, scope, span)
        if scope.keep:
            engine.open_spans[self._scope] = None
        self._token = current.set(self._scope)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        scope, token = self._scope, self._token
        if scope is None or token is None:
            return
        self._scope = self._token = None
        current.reset(token)
        engine, span = scope.engine, scope.span
        if engine.unfinished:
            engine.finish_lines(scope)
        scope.span, scope.ended = 0, True
        engine.open_spans.pop(scope, None)
        if not span or engine.stop is not None or getpid() != engine.pid:
            return  # a block of an earlier try was ended with that
        if error is None:
            frame = _frames.end(span, "ok")
        elif isinstance(error, Exception | SystemExit) and not isinstance(error, ParkSignal):
            frame = _frames.end(span, "failed", error=described(error, scope.path))
        else:
            frame = _frames.end(span, "cancelled")
        engine.wire.send(frame)

    async def __aenter__(self) -> Self:
        self._line = flow_line(2)
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


class CurrentSpan:
    """Data on the span in which the calling code stands. In plain Python, nothing."""

    def tag(self, key: str, value: object) -> None:
        """Set a tag; the newest value of a key stands. What is not plain and short is kept as text.

        A key of more than 100 characters is cut, and a value of more than 2000; a span keeps 100 tags,
        of 256 KiB together.
        """
        tags = _frames.within_limits({str(key): plain_tag(value)})
        self._send(lambda span: _frames.tag(span, tags))

    def log(self, text: object, *, level: str = "info") -> None:
        """Add a line of text, of level `debug`, `info`, `warning` or `error`; cut after 8192 characters."""
        if level not in LEVELS:
            raise ValueError(f"level must be one of {', '.join(LEVELS)}, not {level!r}")
        line = str(text)
        if len(line) > LOG_CHARS_MAX:
            line = line[: LOG_CHARS_MAX - 1] + "…"
        self._send(lambda span: _frames.log(span, level, "log", line))

    def cost(self, *, usd: float | None = None, tokens_in: int | None = None, tokens_out: int | None = None) -> None:
        """Add to the cost of the span: US dollars, and tokens read and written, whole numbers.

        Raises TypeError on what is no number, ValueError on what is negative, infinite or 2**63 or more.
        """
        given: dict[str, float | int] = {}
        for name, amount in (("usd", usd), ("tokens_in", tokens_in), ("tokens_out", tokens_out)):
            if amount is None:
                continue
            if isinstance(amount, bool) or not isinstance(amount, int | float if name == "usd" else int):
                what = "a number" if name == "usd" else "a whole number"
                raise TypeError(f"{name} must be {what}, not {type(amount).__name__}")
            if not 0 <= amount < 2**63:
                raise ValueError(f"{name} must be 0 or more and less than 2**63, not {_shown(amount)}")
            given[name] = float(amount) if name == "usd" else amount
        self._send(lambda span: _frames.cost(span, given))

    def progress(self, done: float, total: float | None = None) -> None:
        """Say how far the span is, in units of the flow's choice; without `total` nobody knows how far it is to go.

        Raises TypeError on what is no number, ValueError on what is infinite or beyond a float.
        """
        for name, number in (("done", done), ("total", total)):
            if name == "total" and number is None:
                continue
            if isinstance(number, bool) or not isinstance(number, int | float):
                raise TypeError(f"progress: {name} must be a number, not {type(number).__name__}")
            if not abs(number) <= _FLOAT_MAX:
                raise ValueError(f"progress: {name} must be finite, not {_shown(number)}")
        self._send(lambda span: _frames.progress(span, done, total))

    def _send(self, frame: Any) -> None:
        scope = current.get()
        if scope is None:
            return
        engine = scope.engine
        if engine.stop is not None or getpid() != engine.pid:
            raise engine.refuse_call(scope, "flow.current_span")
        engine.wire.send(frame(engine.span_of(scope)))


def _shown(number: float) -> str:
    """A number in an error; Python does not write very long ones."""
    return f"{number!r}" if abs(number) <= _FLOAT_MAX or number - number != 0 else "an integer beyond a float"
