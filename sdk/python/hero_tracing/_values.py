"""Recorded values without a span: the time, identifiers, chance. Each is the same again on replay."""

from __future__ import annotations

import os
from os import getpid

from . import _frames
from ._codec import decode, encode
from ._engine import location, outside
from ._records import KIND
from ._scope import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    import uuid as uuid_module
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any


def recorded_value(name: str, make: Callable[[], Any], kind: str = "value") -> Any:
    """What `make` gave the first time. Not acknowledged by itself: the next durable frame covers it."""
    scope = current.get()
    if scope is None:
        error = outside(f"flow.{name}")
        if error is not None:
            raise error
        return make()
    engine = scope.engine
    if engine.stop is not None or scope.call.ended or getpid() != engine.pid:
        raise engine.refuse_call(scope, f"flow.{name}")
    path = scope.allocate(name)
    record = engine.records.take(path, scope.keep)
    if record is not None:
        if record[KIND] != kind:
            file, line = location(2)
            raise engine.mismatch(record, kind, name, "", f"{file}:{line}")
        return decode(engine.text_of(record))
    text = encode(make(), name)
    if scope.keep:
        engine.records.keep([path, kind, "", "ok", text, None, None])
    engine.wire.send(_frames.record(path, kind, text))
    return decode(text)


def now() -> datetime:
    """The time, aware, in UTC."""
    from datetime import UTC, datetime

    scope = current.get()
    read = scope.engine.clock.now if scope is not None else _real_now
    return datetime.fromtimestamp(recorded_value("now", read), UTC)


def uuid() -> uuid_module.UUID:
    """A random UUID (version 4)."""
    from uuid import UUID

    text = recorded_value("uuid", lambda: str(UUID(bytes=os.urandom(16), version=4)))
    return UUID(text)


def random() -> float:
    """A float in [0, 1), uniform, of 53 bits."""
    value: float = recorded_value("random", lambda: (int.from_bytes(os.urandom(7), "little") >> 3) / 2.0**53)
    return value


def _real_now() -> float:
    import time

    return time.time()
