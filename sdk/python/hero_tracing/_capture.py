"""What the flow prints and logs, as lines on the span where it happens.

`print` and what else goes to `sys.stdout` and `sys.stderr` by line, bytes for their `buffer` as UTF-8; `logging` from
INFO on (unless the flow sets other levels) and `warnings` by message. Bounded: a line is cut, and after many lines the
rest is dropped with one notice. What is written to the descriptors themselves, as by child processes, goes past it.
"""

from __future__ import annotations

import codecs
import io
import sys
import threading
from contextlib import suppress

from . import _frames
from ._scope import current
from ._span import LOG_CHARS_MAX
from ._when_imported import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._engine import Engine
    from ._scope import Scope

# Reasons to stop after which nothing more is told; a cancelled flow may still say how it cleans up.
_SILENT = ("parked", "killed")
# Lines of one attempt. The runtime keeps as many for a whole play.
LINES_MAX = 100_000
# Characters of a line that has not got its end yet.
_UNFINISHED_CHARS_MAX = 65_536


class Capture:
    """The hooks of one attempt, from `install` to `remove`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.lines = 0
        self.logging = threading.local()  # so that a handler which prints does not say it twice
        self._before: list[Any] = []
        self._handler: Any = None
        self._forget: Any = None

    def install(self) -> None:
        import warnings

        self._before = [sys.stdout, sys.stderr, warnings.showwarning]
        sys.stdout = Stream(self, "stdout", "info")
        sys.stderr = Stream(self, "stderr", "error")
        warnings.showwarning = self._warned
        self._forget = when_imported("logging", self._hook_logging)

    def remove(self) -> None:
        import warnings

        for stream in (sys.stdout, sys.stderr):  # the flow may have put wrappers of its own around ours
            with suppress(Exception):
                stream.flush()
        for _, scope in list(self.engine.unfinished):
            self.engine.finish_lines(scope)
        sys.stdout, sys.stderr, warnings.showwarning = self._before
        self._forget()
        if self._handler is not None:
            import logging

            logging.Logger.callHandlers = self._handler[0]  # type: ignore[method-assign]
            logging.root.setLevel(self._handler[1])

    def send(self, level: str, stream: str, text: str, scope: Scope | None = None) -> None:
        """One line, on the span of the scope or of the play as a whole."""
        engine = self.engine
        if engine.stop in _SILENT or self.lines > LINES_MAX:
            return
        self.lines += 1
        if self.lines > LINES_MAX:
            text, level = f"logs_truncated: only the first {LINES_MAX} lines of an attempt are kept", "warning"
        scope = scope or current.get()
        span = 0
        if scope is not None and scope.engine is engine:
            span = engine.span_of(scope)
        for start in range(0, len(text) or 1, LOG_CHARS_MAX):
            engine.wire.send(_frames.log(span, level, stream, text[start : start + LOG_CHARS_MAX]))

    def _warned(
        self, message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any, **__: Any
    ) -> None:
        self.send("warning", "log", f"{category.__name__}: {message} ({filename}:{lineno})")

    def _hook_logging(self, logging: Any) -> None:
        inherited, level = logging.Logger.callHandlers, logging.root.level
        self._handler = (inherited, level)
        if level == logging.WARNING:
            logging.root.setLevel(logging.INFO)

        def call_handlers(logger: Any, record: Any) -> None:
            self._logged(record)
            self.logging.active = True
            try:
                if logger.hasHandlers():  # without any, `logging` would print to stderr as a last resort
                    inherited(logger, record)
            finally:
                self.logging.active = False

        logging.Logger.callHandlers = call_handlers

    def _logged(self, record: Any) -> None:
        number = record.levelno
        level = "error" if number >= 40 else "warning" if number >= 30 else "info" if number >= 20 else "debug"
        try:
            text = record.getMessage()
        except Exception as error:
            text = f"{record.msg!r} with arguments that do not fit: {error}"
        if record.exc_info and record.exc_info[1] is not None:
            import traceback

            text += "\n" + "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
        prefix = "" if record.name == "root" else f"{record.name}: "
        self.send(level, "log", prefix + text)


class Stream(io.TextIOBase):
    """A text stream that sends whole lines. Parts of a line wait until it is whole, for each scope by itself.

    It looks like the `sys.stdout` of plain Python where that is no terminal.
    """

    mode = "w"
    line_buffering = True
    write_through = False

    def __init__(self, capture: Capture, name: str, level: str) -> None:
        self.capture = capture
        self.level = level
        self._name = name
        self._encoding = "utf-8"
        self._errors = "replace"
        self.buffer = _Buffer(self)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    @property
    def errors(self) -> str:  # type: ignore[override]
        return self._errors

    @property
    def name(self) -> str:
        return f"<{self._name}>"

    def reconfigure(
        self,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        line_buffering: bool | None = None,
        write_through: bool | None = None,
    ) -> None:
        """Take what a flow asks of a file. The text is sent as it is, whatever the encoding, and by line."""
        if encoding is not None:
            codecs.lookup(encoding)  # LookupError where there is none of that name
            self._encoding, self._errors = encoding, "strict"
        if errors is not None:
            self._errors = errors

    def detach(self) -> _Buffer:  # type: ignore[override]
        return self.buffer

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        """That of the real stream, for child processes."""
        real = sys.__stdout__ if self._name == "stdout" else sys.__stderr__
        if real is None:
            raise io.UnsupportedOperation("fileno")
        return real.fileno()

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if getattr(self.capture.logging, "active", False):
            return len(text)
        scope = current.get()
        unfinished = self.capture.engine.unfinished
        whole = unfinished.pop((self, scope), "") + text if unfinished else text
        *lines, rest = whole.split("\n")
        for line in lines:
            self.finish(line, scope)
        if len(rest) >= _UNFINISHED_CHARS_MAX:
            self.finish(rest, scope)
        elif rest:
            unfinished[self, scope] = rest
        return len(text)

    def flush(self) -> None:
        """Lines are sent when they are whole; what is not, when its span ends."""

    def finish(self, text: str, scope: Scope | None) -> None:
        """Send a line, or what never got its end of line."""
        self.capture.send(self.level, self._name, _joined(text), scope)


class _Buffer(io.BufferedIOBase):
    """The bytes of a stream: they become its text, so that they keep their place among what is printed."""

    mode = "wb"

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    @property
    def name(self) -> str:
        return self._stream.name

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._stream.fileno()

    def write(self, data: Any) -> int:
        # A character may come in parts: its bytes wait in the line as lone surrogates, one each.
        view = memoryview(data)
        self._stream.write(view.tobytes().decode("utf-8", "surrogateescape"))
        return view.nbytes


def _joined(text: str) -> str:
    """A line with the characters whose bytes came in parts; bytes that are no UTF-8 are replaced."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:  # other lone surrogates, which the flow printed as text
        return text
