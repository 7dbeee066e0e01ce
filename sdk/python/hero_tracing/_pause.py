"""Pauses: a question opens, the call holds, and when nothing else moves the play parks.

A held thread blocks and a held task suspends until the answer comes, so that siblings run on to their own end or
pause. Once every call in flight has an open pause beneath it, the process gives itself up: nothing more is recorded,
the park is made durable, and then a signal unwinds everything. Must not know forms or schemas.
"""

from __future__ import annotations

import threading
import time
from os import getpid

from . import _alarm, _frames
from ._call import pass_gate, refuse_callback, stand
from ._engine import flow_line, location
from ._errors import PauseExpired
from ._fingerprint import fingerprint
from ._gate import Waiter
from ._json import write_json
from ._outcome import described, expired, recorded
from ._records import FINGERPRINT, KIND, LOOP_TIME, PATH, STATUS
from ._scope import escape
from ._step import shown_text
from ._wire import Closed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._engine import Engine
    from ._gate import Gate, Job
    from ._loop import Loop
    from ._records import Record
    from ._scope import Scope

# How long something that may still move keeps a play from parking whose calls are all paused.
PATIENCE_SECONDS = 0.15
# How often a held thread looks whether the play can park, while other threads work.
_LOOK_SECONDS = 0.03


class Pause:
    """An open pause of this attempt."""

    __slots__ = ("answer", "engine", "fingerprint", "held", "path", "scope", "span", "waiter")

    def __init__(self, scope: Scope, path: str, taken: str) -> None:
        self.engine = scope.engine
        self.scope = scope
        self.path = path
        self.fingerprint = taken
        self.span = self.engine.next_id()
        self.answer: dict[str, Any] | None = None
        self.waiter: Waiter | None = None  # to whom a loop hands the answer over
        self.held: Callable[[], object] | None = None  # lets who holds here see that the attempt was stopped

    def answered(self, frame: dict[str, Any]) -> None:
        """The runtime has an answer; called by the thread that reads."""
        if self.answer is None:
            self.answer = frame
            if self.waiter is not None:
                self.waiter.gate.answered(self.waiter)

    def open(self, frame: str) -> int:
        """Ask; the number of the frame that asks."""
        engine = self.engine
        engine.pauses[self.path] = self
        engine.cover(self.scope, 1)
        if self.scope.keep:
            engine.arrived(self.path)
        return engine.wire.send_numbered(frame)

    def close(self) -> None:
        """The flow no longer waits here."""
        if self.engine.pauses.pop(self.path, None) is not None:
            self.engine.cover(self.scope, -1)
            if self.scope.keep:
                self.engine.departed(self.path)

    def finish(self) -> tuple[Any, PauseExpired | None]:
        """The answer as what the flow gets; ends the span."""
        assert self.answer is not None
        engine, answer = self.engine, self.answer
        payload, status = answer["payload"], answer["status"]
        error = expired(self.path) if status == "expired" and not answer["use_default"] else None
        if self.scope.keep:
            text = None if error is not None else write_json(payload)
            engine.records.keep([self.path, "pause", self.fingerprint, status, text, None, None])
        show(engine, self.span, payload, error, self.path)
        return payload, error


def pause_sync(scope: Scope, name: str, **asked: Any) -> Any:
    """Wait for a payload, which blocks the calling thread; see `flow.pause`."""
    loop = _loop_to_hold(scope, name)
    engine, path, taken, record = enter(scope, name, asked)
    if record is not None:
        if loop is not None:
            _turn_in_loop(engine, scope, record, loop)
        elif scope.job is not None:
            pass_gate(engine, scope, record)
        else:
            engine.records.take(path, scope.keep)
        return replayed(engine, scope, name, record)
    pause = Pause(scope, path, taken)
    frame = question_frame(pause, name, flow_line(3), asked)
    try:
        if loop is not None:
            _hold_in_loop(pause, frame, loop)
        elif scope.job is not None and scope.gate is not None and not scope.gate.is_closed:
            _hold_in_job(pause, frame, scope.job, scope.gate)
        else:
            engine.wait(pause.open(frame))
            _hold(pause)
    finally:
        pause.close()
    value, error = pause.finish()
    if error is not None:
        raise error
    return value


def enter(scope: Scope, name: str, asked: dict[str, Any]) -> tuple[Engine, str, str, Record | None]:
    """Allocate the pause's path and find its record, which must be of the same question."""
    engine = scope.engine
    if engine.stop is not None or scope.call.ended or getpid() != engine.pid:
        raise engine.refuse_call(scope, f"the pause {name!r}")
    path = scope.allocate(escape(name))
    taken = fingerprint((asked.get("question"), asked.get("schema"), asked.get("ui")), {})
    record = engine.records.peek(path)
    if record is not None and (record[KIND] != "pause" or record[FINGERPRINT] != taken):
        file, line = location(3)
        raise engine.mismatch(record, "pause", name, taken, f"{file}:{line}")
    return engine, path, taken, record


def question_frame(pause: Pause, name: str, line: int, asked: dict[str, Any]) -> str:
    """The frame that opens the question."""
    optional = {key: value for key, value in asked.items() if value is not None and key not in {"timeout", "default"}}
    if line:
        optional["line"] = line
    if asked.get("timeout") is not None:
        optional["timeout_ms"] = max(1, round(asked["timeout"] * 1000))
    if "default" in asked:
        optional["default"] = asked["default"]
    scope = pause.scope
    parent = scope.span or pause.engine.span_of(scope)
    return _frames.pause(pause.span, parent, pause.path, name, pause.fingerprint, **optional)


def replayed(engine: Engine, scope: Scope, name: str, record: Record) -> Any:
    """What an answered pause gives. Its span may still stand as waiting: it was answered while nobody ran."""
    if record[STATUS] == "cancelled":
        file, line = location(3)
        raise engine.mismatch(record, "a pause of plain code", name, record[FINGERPRINT], f"{file}:{line}")
    value, error = recorded(engine, record)
    span = engine.next_id()
    parent = scope.span or engine.span_of(scope)
    fp = record[FINGERPRINT]
    engine.wire.send(_frames.begin(span, parent, record[0], "pause", _frames.quote(name), fp=fp))
    show(engine, span, value, error, record[0])
    if error is not None:
        raise error
    return value


def show(engine: Engine, span: int, value: Any, error: BaseException | None, path: str) -> None:
    """End the span of a pause."""
    if error is not None:
        engine.wire.send(_frames.end(span, "failed", error=described(error, path)))
    else:
        engine.wire.send(_frames.end(span, "ok", preview=shown_text(value)))


def _hold(pause: Pause) -> None:
    """Block until the answer has come. Raises the signal if the play parks, or whatever else stopped it."""
    engine = pause.engine
    engine.move(-1)
    covered_since: float | None = None
    seen = -1
    try:
        while pause.answer is None:
            _alarm.check()
            if engine.stop is not None:
                _alarm.tell_main(engine)
                raise engine.stopped()
            if engine.uncovered or seen != engine.activity:
                covered_since, seen = None, engine.activity
            if not engine.uncovered:
                now = time.monotonic()
                covered_since = covered_since or now
                is_still = engine.moving == 0
                if is_still or now - covered_since >= PATIENCE_SECONDS:
                    park(engine)
                    continue
            try:
                engine.wire.wait_until(lambda: pause.answer is not None, _LOOK_SECONDS)
            except Closed:
                raise engine.kill() from None
    finally:
        engine.move(1)


def _hold_in_job(pause: Pause, frame: str, job: Job, gate: Gate) -> None:
    """Block an executor job until the loop hands the answer over, in its turn."""
    engine = pause.engine
    passed = threading.Event()
    pause.waiter = Waiter(gate, passed.set, job)
    pause.held = passed.set
    with gate.lock:
        pause.open(frame)
        job.waits = True
        job.came_back()
    stand(engine, gate, job, passed)
    if pause.answer is None:  # the loop was closed meanwhile
        pause.waiter = None
        _hold(pause)


def _loop_to_hold(scope: Scope, name: str) -> Loop | None:
    """The loop that this plain code keeps, if it runs on one."""
    loop = scope.engine.loop_here()
    if loop is not None:
        refuse_callback(scope.engine, f"the pause {name!r}")
    return loop


def _hold_in_loop(pause: Pause, frame: str, loop: Loop) -> None:
    """Plain code asks on a loop's own thread: the loop goes on with all but its task."""
    done: list[bool] = []
    pause.waiter = Waiter(loop.gate, lambda: done.append(True))
    pause.held = pause.waiter.deliver
    pause.open(frame)
    loop.hold(lambda: bool(done))
    if pause.engine.stop is not None:
        raise pause.engine.stopped()


def _turn_in_loop(engine: Engine, scope: Scope, record: Record, loop: Loop) -> None:
    """The same for an answer that is recorded: the loop goes on until its turn has come."""
    gate = loop.gate
    if loop.is_quiet() and gate.is_open_to(record, loop.next_timer()):
        gate.follow(record[LOOP_TIME])
        engine.records.by_path.pop(record[PATH], None)
    else:
        done: list[bool] = []

        def deliver() -> None:
            # What asked after this stands on its stack, and may wait for an answer: then the play can only park.
            engine.cover(scope, 1)
            done.append(True)

        waiter = Waiter(gate, deliver)
        gate.ask(record, waiter)
        if engine.records.is_late(record):
            gate.hand_over(waiter)  # its turn was before
        try:
            loop.hold(lambda: bool(done))
        finally:
            if done:
                engine.cover(scope, -1)
        if engine.stop is not None:
            raise engine.stopped()
    if scope.keep:
        engine.records.keep(record)


def park(engine: Engine) -> None:
    """Give the process up: from here on nothing is recorded. Returns once that is durable."""
    with engine.stopping:
        if engine.stop is not None:
            return
        engine.stop_parked()
    number = engine.wire.send_numbered(_frames.park(engine.resume_when))
    engine.parked()
    try:
        engine.wire.wait(number)
    except Closed:
        engine.kill()
    engine.wake()
