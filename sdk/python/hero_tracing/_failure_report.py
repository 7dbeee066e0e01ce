"""Exceptions as people see them: type, message, and the traceback of the flow's own frames.

Must not know how an exception is recorded; it only reads the frames that a rebuilt one carries.
"""

from __future__ import annotations

import os

from . import _classes, _limits
from ._errors import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Where a rebuilt exception carries the frames of its original: [file, line, function], outermost first.
FRAMES_ATTRIBUTE = "__hero_frames__"

# Half from each end, as many as help a reader of a deep recursion.
FRAMES_MAX = 60

# Exceptions shown of a chain or a group; the traceback would be cut soon after anyway.
EXCEPTIONS_MAX = 30

# They travel in one line of the span protocol, which has 1 MiB.
MESSAGE_CHARS_MAX = 8_000
TRACEBACK_CHARS_MAX = 32_000

_PACKAGE = __file__.rpartition("/")[0] + "/"
# Frames of the standard library that only carry the flow's code.
_LIBRARY = os.__file__.rpartition("/")[0] + "/"
_PLUMBING = tuple(_LIBRARY + part for part in ("asyncio/", "concurrent/futures/", "threading.py", "contextlib.py"))
_LEFT_OUT = (_PACKAGE, *_PLUMBING, "<frozen ")


def describe(exc: BaseException) -> dict[str, Any]:
    """`{type, message, traceback, code}`, and `hint` where the exception has one.

    `traceback` is None where there is nothing to show: for Failed, and outside of the flow's code.
    `code` is `exception` for all but this package's own classes.
    """
    code: object = "exception"
    if any(cls.__module__.startswith("hero_tracing.") for cls in type(exc).__mro__):
        code = getattr(exc, "code", code)
    described = {
        "type": well_formed(_classes.title(type(exc))),
        "message": cut(message_of(exc), MESSAGE_CHARS_MAX),
        "traceback": None if isinstance(exc, Failed) else _traceback(exc),
        "code": code if type(code) is str else "exception",
    }
    hint = getattr(exc, "hint", None) if code != "exception" else _limits.hint_of(exc)
    if type(hint) is str and hint:
        described["hint"] = hint
    return described


def message_of(exc: BaseException) -> str:
    """`str(exc)`, also where that fails."""
    try:
        return well_formed(str(exc))
    except Exception as error:
        return f"<the message of this {type(exc).__qualname__} failed with {type(error).__name__}>"


def well_formed(text: str) -> str:
    """The text with U+FFFD in place of lone surrogates, which UTF-8 and JSON cannot carry."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; an ellipsis where something was left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def own_frames(exc: BaseException) -> list[list[Any]]:
    """The frames of the flow's code from the outermost to where the exception arose."""
    frames: list[list[Any]] = []
    entry = exc.__traceback__
    while entry is not None:
        code = entry.tb_frame.f_code
        if not code.co_filename.startswith(_LEFT_OUT):
            frames.append([well_formed(code.co_filename), entry.tb_lineno, well_formed(code.co_qualname)])
        entry = entry.tb_next
    frames += exc.__dict__.get(FRAMES_ATTRIBUTE, ())
    if len(frames) > FRAMES_MAX:
        left_out = [f"<{len(frames) - FRAMES_MAX} frames left out>", 0, "…"]
        frames = [*frames[: FRAMES_MAX // 2], left_out, *frames[-FRAMES_MAX // 2 :]]
    return frames


def _traceback(exc: BaseException) -> str | None:
    text = "\n".join(_lines(exc, set()))
    if '  File "' not in text:
        return None
    return cut(text, TRACEBACK_CHARS_MAX)


def _lines(exc: BaseException, seen: set[int]) -> list[str]:
    """The traceback as Python prints it, causes first; members of a group are indented below it."""
    seen.add(id(exc))
    lines: list[str] = []
    earlier, joint = exc.__cause__, "The above exception was the direct cause of the following exception:"
    if earlier is None and not exc.__suppress_context__:
        earlier, joint = exc.__context__, "During handling of the above exception, another exception occurred:"
    if earlier is not None and id(earlier) not in seen and len(seen) <= EXCEPTIONS_MAX and own_frames(earlier):
        lines += [*_lines(earlier, seen), "", joint, ""]
    frames = own_frames(exc)
    if frames:
        lines += ["Traceback (most recent call last):", *_frame_lines(frames)]
    lines += _last_lines(exc)
    if isinstance(exc, BaseExceptionGroup):
        for index, member in enumerate(exc.exceptions):
            if len(seen) > EXCEPTIONS_MAX:
                lines.append(f"  and {len(exc.exceptions) - index} more")
                break
            lines.append(f"  in exception {index + 1} of {len(exc.exceptions)}:")
            lines += [f"    {line}" for line in _lines(member, seen)]
    return lines


def _frame_lines(frames: list[list[Any]]) -> list[str]:
    import traceback

    summary = traceback.StackSummary.from_list(
        [traceback.FrameSummary(file, line, name, lookup_line=False) for file, line, name in frames]
    )
    return well_formed("".join(summary.format())).rstrip("\n").split("\n")


def _last_lines(exc: BaseException) -> list[str]:
    """The type and message, the notes, and for a SyntaxError its place with a caret."""
    import traceback

    if isinstance(exc, SyntaxError):
        return well_formed("".join(traceback.format_exception_only(exc))).rstrip("\n").split("\n")
    title, message = _classes.title(type(exc)), message_of(exc)
    text = f"{title}: {message}" if message else title
    notes = getattr(exc, "__notes__", None)
    texts = [note for note in notes if type(note) is str] if isinstance(notes, list) else []
    return well_formed("\n".join([text, *texts])).split("\n")
