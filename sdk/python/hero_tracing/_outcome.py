"""Outcomes of a recorded call: as text for its record, and back as what the caller gets.

Live and replayed, a caller gets what the text says. Must not know how the call was run or waited for.
"""

from __future__ import annotations

from . import _frames
from ._codec import decode, encode, encode_plain_json
from ._errors import NotRecordable, PauseExpired
from ._failures import describe, encode_failure, rebuild
from ._records import PATH, STATUS
from ._step import PREVIEW_CHARS_MAX, shown_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._engine import Engine
    from ._records import Record
    from ._scope import Scope
    from ._step import Step

# Equal to their own copies, so that none need be made.
_ATOMS = frozenset({str, int, float, bool, type(None), bytes, complex})


class Outcome:
    """An outcome: the frame that records it, and what the caller gets."""

    __slots__ = ("error", "frame", "value")

    def __init__(self, frame: str, value: Any, error: BaseException | None) -> None:
        self.frame = frame
        self.value = value
        self.error = error


def succeeded(engine: Engine, step: Step, call: Scope, value: Any, loop_time: float | None) -> Outcome:
    """The call returned `value`. A value that cannot be kept makes it a failure."""
    if engine.unfinished:
        engine.finish_lines(call)
    try:
        text = encode(value, step.what)
        inline, blob = engine.store(text, step.what)
    except NotRecordable as error:
        return failed(engine, step, call, error, loop_time)
    is_shown = '"$' not in text and len(text) <= PREVIEW_CHARS_MAX
    shown = text if is_shown else shown_text(value)
    if call.parent is not None and call.parent.keep:
        engine.records.keep([call.path, step.kind, call.taken, "ok", text, loop_time, None])
    frame = _frames.end(call.span, "ok", value=inline, blob=blob, preview=shown, loop_time=loop_time)
    return Outcome(frame, value if type(value) in _ATOMS else decode(text), None)


def failed(engine: Engine, step: Step, call: Scope, error: BaseException, loop_time: float | None) -> Outcome:
    """The call raised `error`. The caller gets it rebuilt."""
    if engine.unfinished:
        engine.finish_lines(call)
    text = encode_failure(error)
    inline, blob = engine.store(text, f"the failure of {step.name!r}")
    if call.parent is not None and call.parent.keep:
        engine.records.keep([call.path, step.kind, call.taken, "failed", text, loop_time, None])
    origin = call.origin_of(error)
    shown = described(error, origin)
    frame = _frames.end(call.span, "failed", value=inline, blob=blob, error=shown, loop_time=loop_time)
    rebuilt = rebuild(text)
    if call.parent is not None:
        call.parent.call.blame = (rebuilt, origin)
    return Outcome(frame, None, rebuilt)


def described(error: BaseException, path: str) -> dict[str, Any]:
    """An error as the API shows it, with the path of the call where it arose."""
    shown = {key: value for key, value in describe(error).items() if value is not None}
    shown["path"] = path
    return shown


def recorded(engine: Engine, record: Record) -> tuple[Any, BaseException | None]:
    """What a record gives: a value, or an error to raise (outside of any `except` block)."""
    status = record[STATUS]
    if status == "ok":
        return decode(engine.text_of(record)), None
    if status == "failed":
        return None, rebuild(engine.text_of(record))
    if status == "answered":
        return encode_plain_json(engine.text_of(record)), None
    if status == "expired":
        if record[4] is not None:
            return encode_plain_json(record[4]), None
        return None, expired(record[PATH])
    # A recorded cancellation is waited for by coroutines; plain code cannot be cancelled.
    raise engine.diverge(record[PATH], f"{record[PATH]} cancelled by the flow", f"{record[PATH]} by plain code", "")


def expired(path: str) -> PauseExpired:
    """The error of a pause that nobody answered and that has no default."""
    return PauseExpired(f"nobody answered {path} in time")
