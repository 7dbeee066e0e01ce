"""A recorded call of plain code: answered from its record, or run, recorded and then returned.

The path is allocated and the fingerprint taken when the call is made. `_acall` is the same for coroutines.
"""

from __future__ import annotations

import threading
from os import getpid

from . import _alarm, _frames
from ._engine import Refused, flow_line, location
from ._errors import Timeout
from ._failures import describe
from ._fingerprint import fingerprint
from ._gate import Waiter
from ._leftovers import Leftovers
from ._outcome import Outcome, failed, recorded, succeeded
from ._records import FINGERPRINT, KIND, PATH
from ._scope import CALL, Scope, current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._engine import Engine
    from ._gate import Gate, Job
    from ._records import Record
    from ._step import Step

NO_KEY: Any = object()


def call(step: Step, scope: Scope, args: tuple[Any, ...], kwargs: dict[str, Any], key: Any = NO_KEY) -> Any:
    """The step's outcome for these arguments, called in this scope."""
    engine = scope.engine
    if engine.stop is not None or scope.call.ended or getpid() != engine.pid:
        raise engine.refuse_call(scope, step.name)
    if engine.gates:
        refuse_callback(engine, step.name)
    path = path_of(step, scope, args, kwargs, key)
    taken = fingerprint(args, kwargs)
    record = engine.records.peek(path) if scope.job is not None else engine.records.take(path, scope.keep)
    if record is None:
        return _Live(engine, step, scope, path, taken, args, kwargs).run()
    check(engine, step, record, taken)
    if scope.job is not None:
        pass_gate(engine, scope, record)
    if scope.gate is not None:
        scope.gate.took(record)
    value, error = recorded(engine, record)
    if error is not None:
        scope.call.blame = (error, path)
        raise error
    return value


def path_of(step: Step, scope: Scope, args: tuple[Any, ...], kwargs: dict[str, Any], key: Any) -> str:
    """The path of a call that is made now."""
    if key is NO_KEY:
        if step.key_of is None:
            return scope.allocate(step.escaped)
        key = step.key_of(*args, **kwargs)
    return scope.keyed(step.escaped, key)


def check(engine: Engine, step: Step, record: Record, taken: str) -> None:
    """Raise Diverged if the record is of another call."""
    if record[KIND] != step.kind or record[FINGERPRINT] != taken:
        file, line = location(3)
        raise engine.mismatch(record, step.kind, step.name, taken, f"{file}:{line}")


def refuse_callback(engine: Engine, name: str) -> None:
    """Raise where plain code runs in a callback of the loop, which belongs to no task and so to no scope."""
    from ._loop import in_callback

    if in_callback():
        from ._errors import ScopeError

        raise engine.fail(
            ScopeError(
                f"{name} was called in a callback of the event loop",
                code="no_scope",
                hint="start a task from the callback and call the step there",
            )
        )


def stand(engine: Engine, gate: Gate, job: Job, passed: threading.Event) -> None:
    """Block the thread of a job that has come to the gate until it is let through. Raises what stopped the attempt."""
    if gate.is_closed or engine.stop is not None:
        passed.set()  # then everybody was let through, perhaps just before this one came
    engine.move(-1)
    try:
        gate.loop.wake()
        passed.wait()
    finally:
        engine.move(1)
        job.waits = False
    if engine.stop is not None:
        raise engine.stopped()


def pass_gate(engine: Engine, scope: Scope, record: Record | None, frame: str = "") -> None:
    """Let a thread wait until its outcome is handed over by the loop whose executor job it runs."""
    passed = threading.Event()
    gate, job = scope.gate, scope.job
    if gate is None or gate.is_closed or job is None:  # the loop has ended; its order no longer matters
        if record is not None:
            engine.records.take(record[PATH], scope.keep)
        else:
            engine.wait(engine.wire.send_numbered(frame))
        return
    waiter = Waiter(gate, passed.set, job)
    with gate.lock:
        is_late = record is not None and engine.records.is_late(record)
        if record is not None and not is_late:
            gate.ask(record, waiter)
        elif record is None:
            waiter.loop_time = gate.now()
            frame = f'{frame},"loop_time":{waiter.loop_time!r}'
            engine.wire.send_numbered(frame, gate.sender(waiter))
        job.waits = True
        job.came_back()
        if is_late:
            waiter.record = record
            gate.hand_over(waiter)  # its turn was before
    stand(engine, gate, job, passed)
    if gate.is_closed and record is None:
        engine.wait(waiter.number)
    if record is not None and scope.keep:
        engine.records.keep(record)


def first_try(engine: Engine, step: Step, path: str) -> int:
    """The number of the try that begins; more than 1 where an earlier attempt has begun some."""
    return engine.records.started.pop(path, 0) or 1


def open_call(
    engine: Engine,
    step: Step,
    scope: Scope,
    path: str,
    taken: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    number: int,
    line: int,
) -> Scope:
    """Begin the call's span. For what must not run twice unnoticed, the beginning is durable first."""
    span = engine.next_id()
    frame = _frames.begin(
        span,
        scope.span or engine.span_of(scope),
        path,
        step.kind,
        step.name_json,
        fp=taken,
        line=line,
        inputs=step.shown_inputs(args, kwargs),
        tags=step.tags_json,
        number=number if number > 1 else 0,
        recorded=True,
    )
    child = Scope(engine, CALL, path, step.name, scope, span)
    child.taken = taken
    if step.retries:
        child.keep = True
    if scope.job is not None:
        scope.job.came_back()
    engine.entered()
    if scope.keep:
        engine.arrived(path)
    if step.on_unknown == "retry":
        engine.wire.send(frame)
    else:
        engine.wait(engine.wire.send_numbered(frame))
    return child


def next_scope(engine: Engine, child: Scope) -> Scope:
    """The scope of a further try: the same call, counted from the start."""
    fresh = Scope(engine, CALL, child.path, child.name, child.parent, child.span)
    fresh.gate = child.gate
    fresh.keep = child.keep
    fresh.pauses = child.pauses
    fresh.taken = child.taken
    return fresh


def close_call(engine: Engine, step: Step, child: Scope) -> None:
    """The call is over, whatever became of it."""
    engine.left(child)
    if child.parent is not None and child.parent.keep:
        engine.departed(child.path)
    if step.retries and (child.parent is None or not child.parent.keep):
        engine.records.forget_beneath(child.path)


def retry_frame(engine: Engine, step: Step, child: Scope, error: BaseException, number: int) -> tuple[str, float]:
    """The frame that makes try `number` durable, and the seconds to wait before it."""
    delay = step.delay(number)
    shown = {key: value for key, value in describe(error).items() if value is not None}
    return _frames.next_try(child.span, number, shown, delay * 1000.0), delay


class _Live:
    """One run of a step's body, with its tries."""

    __slots__ = ("args", "child", "engine", "kwargs", "limit", "number", "path", "scope", "state", "step", "taken")

    def __init__(
        self,
        engine: Engine,
        step: Step,
        scope: Scope,
        path: str,
        taken: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.engine = engine
        self.step = step
        self.scope = scope
        self.path = path
        self.taken = taken
        self.args = args
        self.kwargs = kwargs

    def run(self) -> Any:
        engine, step, path = self.engine, self.step, self.path
        self.number = 1
        if engine.records.started and path in engine.records.started:
            self.number = first_try(engine, step, path)
            if step.on_unknown != "retry":
                self.number = decide_unknown(engine, step, self.scope, path, self.number)
        self.limit = max(step.retries + 1, self.number)
        line = flow_line(4)
        self.child = open_call(engine, step, self.scope, path, self.taken, self.args, self.kwargs, self.number, line)
        self.state = step.state_of(self.args, self.kwargs)
        try:
            outcome = self._tries()
            self.child.ended = True  # what it has left running calls nothing more
            self._record(outcome)
        finally:
            close_call(engine, step, self.child)
        if outcome.error is not None:
            error, outcome.error = outcome.error, None
            raise error
        return outcome.value

    def _tries(self) -> Outcome:
        engine, step = self.engine, self.step
        while True:
            value, error = self._body()
            if engine.stop is not None:
                raise engine.stopped()
            if error is None:
                error = self._change()
            if error is None:
                return succeeded(engine, step, self.child, value, self._loop_time())
            if isinstance(error, KeyboardInterrupt | _alarm.Expired):
                engine.wire.send(_frames.end(self.child.span, "cancelled"))
                try:
                    raise error
                finally:
                    error = None
            if self.number >= self.limit or not step.is_retried(error):
                return failed(engine, step, self.child, error, self._loop_time())
            self.number += 1
            self.child.supersede()
            Leftovers(engine, self.path).wait()
            frame, delay = retry_frame(engine, step, self.child, error, self.number)
            del error
            engine.wait(engine.wire.send_numbered(frame))
            engine.records.drop_failed(self.path)
            self.child = next_scope(engine, self.child)
            _alarm.sleep(engine.clock, delay)
            if engine.stop is not None:
                raise engine.stopped()

    def _body(self) -> tuple[Any, BaseException | None]:
        step = self.step
        token = current.set(self.child)
        try:
            if step.timeout is None:
                return _alarm.run_body(step.function, self.args, self.kwargs), None
            body = (_alarm.run_body, step.function, self.args, self.kwargs)
            return _alarm.limited(self.engine.clock, step.name, step.timeout, *body), None
        except BaseException as error:
            return None, error
        finally:
            current.reset(token)

    def _change(self) -> TypeError | None:
        """The error of a body that changed what it was given, which no replay would repeat."""
        state, step = self.state, self.step
        if state is None or step.state_of(self.args, self.kwargs) == state:
            return None
        if self.engine.moving > 1 or self.engine.gates:
            warn_of_change(step)
            return None
        return TypeError(_change_of(step))

    def _loop_time(self) -> float | None:
        gate = self.scope.gate
        if gate is None or not gate.is_running or self.scope.job is not None:  # a job is stamped at the gate
            return None
        return gate.now()

    def _record(self, outcome: Outcome) -> None:
        engine, scope = self.engine, self.scope
        if scope.job is not None:
            pass_gate(engine, scope, None, outcome.frame)
        elif self.step.buffered and not engine.pauses:
            engine.wire.send(outcome.frame)
        else:
            engine.wait(engine.wire.send_numbered(outcome.frame))


def _change_of(step: Step) -> str:
    return (
        f"{step.name!r} changed one of its arguments, a default or an attribute of its `self`, which a replay"
        " would not repeat; return the new value instead"
    )


def warn_of_change(step: Step) -> None:
    """Where other branches run, it may have been one of those. The warning stands at the function's definition."""
    import warnings

    code = getattr(step.function, "__code__", None)
    file, line = ("", 0) if code is None else (code.co_filename, code.co_firstlineno)
    warnings.warn_explicit(f"{_change_of(step)} (or another branch changed it meanwhile)", UserWarning, file, line)


def decide_unknown(engine: Engine, step: Step, scope: Scope, path: str, number: int) -> int:
    """A call began in an earlier attempt and nobody knows how it ended. The number of the try to begin, if any."""
    if step.on_unknown == "fail":
        raise unknown_outcome(engine, step, path, "it is declared not to be run again (on_unknown='fail')")
    from ._pause import pause_sync

    question, place = unknown_question(step, path, number)
    asking = Scope(engine, CALL, path, step.name, scope, scope.span or engine.span_of(scope))
    engine.entered()
    try:
        answer = pause_sync(asking, place, **question)
    finally:
        engine.left(asking)
    if answer != "run again":
        raise unknown_outcome(engine, step, path, "a person decided not to run it again")
    return number + 1


def unknown_question(step: Step, path: str, number: int) -> tuple[dict[str, Any], str]:
    """What a person is asked, and the name of the pause: one for each try, so that each is decided anew."""
    question = {
        "question": f"{step.name} was interrupted and may or may not have taken effect ({path}). Run it again?",
        "schema": {"enum": ["run again", "fail"]},
        "ui": {"kind": "choice", "options": ["run again", "fail"]},
    }
    return question, f"outcome_of_try_{number}"


def unknown_outcome(engine: Engine, step: Step, path: str, why: str) -> BaseException:
    """The play fails, since nobody knows whether the call took effect."""
    text = f"{step.name} was interrupted and may or may not have taken effect; {why}"
    hint = "find out what it did, then start a new play"
    return engine.halt("refused", lambda: Refused(text, code="unknown_outcome", hint=hint, path=path))


__all__ = ["Timeout", "call"]
