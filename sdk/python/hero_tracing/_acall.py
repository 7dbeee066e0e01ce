"""A recorded call of a coroutine, and what goes on at once: the same as `_call`, through the gate.

The path is allocated and the fingerprint taken when the call is made, not when its coroutine first runs.
"""

from __future__ import annotations

import asyncio
from os import getpid

from . import _alarm, _frames
from ._call import (
    NO_KEY,
    check,
    close_call,
    first_try,
    next_scope,
    open_call,
    path_of,
    retry_frame,
    unknown_outcome,
    unknown_question,
    warn_of_change,
)
from ._engine import flow_line
from ._errors import Timeout
from ._fingerprint import fingerprint
from ._gate import Waiter
from ._leftovers import Leftovers
from ._loop import running
from ._outcome import failed, recorded, succeeded
from ._pause import Pause, enter, question_frame, replayed
from ._records import LOOP_TIME, PATH, STATUS
from ._scope import CALL, Scope, current
from ._wire import Closed

# How much later than a cancellation the outcome of a body that took it is stamped, so that a replay can tell it from
# a cancellation that found the body already finished.
ANSWER_SECONDS = 1e-6

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from ._engine import Engine
    from ._loop import Loop
    from ._outcome import Outcome
    from ._records import Record
    from ._step import Step


def acall(
    step: Step, scope: Scope, args: tuple[Any, ...], kwargs: dict[str, Any], key: Any = NO_KEY
) -> Coroutine[Any, Any, Any]:
    """A coroutine that gives the step's outcome for these arguments, called in this scope now."""
    engine = scope.engine
    if engine.stop is not None or scope.call.ended or getpid() != engine.pid:
        raise engine.refuse_call(scope, step.name)
    path = path_of(step, scope, args, kwargs, key)
    taken = fingerprint(args, kwargs)
    record = engine.records.peek(path)
    if record is None:
        return _named(step, _live(engine, step, scope, path, taken, args, kwargs, flow_line(4)))
    check(engine, step, record, taken)
    return _named(step, _replay(engine, scope, record))


def _named(step: Step, coroutine: Any) -> Coroutine[Any, Any, Any]:
    """The coroutine under the function's name, by which tasks and branches are called."""
    coroutine.__qualname__ = getattr(step.function, "__qualname__", step.name)
    coroutine.__name__ = step.name
    named: Coroutine[Any, Any, Any] = coroutine
    return named


async def _replay(engine: Engine, scope: Scope, record: Record) -> Any:
    if engine.stop is not None:
        raise engine.stopped()
    await turn_of(engine, scope, record)
    value, error = recorded(engine, record)
    if error is not None:
        scope.call.blame = (error, record[PATH])
        raise error
    return value


async def turn_of(engine: Engine, scope: Scope, record: Record) -> None:
    """Return when this record's turn has come. A recorded cancellation never returns: it waits for its like."""
    loop = running()
    gate = loop.gate
    if scope.keep:
        engine.records.keep(record)  # also where the flow cancels the call before its turn
    if record[STATUS] != "cancelled" and loop.is_quiet() and gate.is_open_to(record, loop.next_timer()):
        gate.follow(record[LOOP_TIME])
        engine.records.by_path.pop(record[PATH], None)
    else:
        future = loop.create_future()
        waiter = Waiter(gate, _setter(future))
        waiter.is_cancellation = record[STATUS] == "cancelled"
        gate.ask(record, waiter)
        if not waiter.is_cancellation and engine.records.is_late(record):
            gate.hand_over(waiter)  # its turn was before
        if scope.keep:
            engine.arrived(record[PATH])
        try:
            await _wait_at_gate(engine, waiter, future)
        finally:
            if scope.keep:
                engine.departed(record[PATH])


async def _wait_at_gate(engine: Engine, waiter: Waiter, future: asyncio.Future[None]) -> None:
    while True:
        try:
            await future
            break
        except asyncio.CancelledError:
            if engine.stop is not None or not _is_answered(engine, waiter):
                waiter.gate.abandon(waiter)
                raise
            future = waiter.gate.loop.create_future()
            waiter.deliver = _setter(future)
    if engine.stop is not None:
        raise engine.stopped()


def _is_answered(engine: Engine, waiter: Waiter) -> bool:
    """Whether the live body took this cancellation and went on: its outcome is stamped later than that."""
    record = waiter.record
    if record is None or record[STATUS] not in {"ok", "failed"} or waiter.loop_time is None:
        return False
    return waiter.gate.clock < waiter.loop_time


def _cancellations() -> int:
    """How many cancellations of the running task have reached it and were not taken back."""
    task: Any = asyncio.current_task()
    return 0 if task is None else task.cancelling() - task._must_cancel  # asked for, and not delivered yet


def _setter(future: asyncio.Future[None]) -> Callable[[], None]:
    def deliver() -> None:
        if not future.done():
            future.set_result(None)

    return deliver


async def _live(
    engine: Engine,
    step: Step,
    scope: Scope,
    path: str,
    taken: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    line: int,
) -> Any:
    loop = running()
    if engine.stop is not None or scope.call.ended:
        raise engine.refuse_call(scope, step.name)
    number = 1
    if path in engine.records.started:
        number = first_try(engine, step, path)
        if step.on_unknown != "retry":
            number = await _decide_unknown(engine, step, scope, path, number)
    call = _Call(engine, step, loop, args, kwargs, number)
    call.child = open_call(engine, step, scope, path, taken, args, kwargs, number, line)
    call.child.gate = loop.gate
    loop.claim(scope, path)
    try:
        outcome = await call.tries()
        call.child.ended = True  # what it has left running calls nothing more
        await call.hand_over(outcome)
    finally:
        close_call(engine, step, call.child)
    if outcome.error is not None:
        error, outcome.error = outcome.error, None
        raise error
    return outcome.value


class _Call:
    """One run of a coroutine step, with its tries."""

    __slots__ = ("args", "cancellations", "child", "engine", "kwargs", "limit", "loop", "number", "state", "step")

    child: Scope

    def __init__(
        self, engine: Engine, step: Step, loop: Loop, args: tuple[Any, ...], kwargs: dict[str, Any], number: int
    ) -> None:
        self.engine = engine
        self.step = step
        self.loop = loop
        self.args = args
        self.kwargs = kwargs
        self.number = number
        self.limit = max(step.retries + 1, number)
        self.cancellations = _cancellations()
        self.state = step.state_of(args, kwargs)

    def _time(self) -> float:
        """The loop time of the outcome."""
        clock = self.loop.gate.clock
        return clock + ANSWER_SECONDS if _cancellations() > self.cancellations else clock

    async def tries(self) -> Outcome:
        engine, step = self.engine, self.step
        while True:
            value, error = await self._body()
            if engine.stop is not None:
                raise engine.stopped()
            if error is None:
                if self.state is not None and step.state_of(self.args, self.kwargs) != self.state:
                    warn_of_change(step)
                return succeeded(engine, step, self.child, value, self._time())
            if isinstance(error, _SIGNALS) and not self._is_own(error):
                self._cancelled(error)
                try:
                    raise error
                finally:
                    error = None
            if self.number >= self.limit or not step.is_retried(error):
                return failed(engine, step, self.child, error, self._time())
            self.number += 1
            self.child.supersede()
            try:
                await Leftovers(engine, self.child.path).leave(self.loop)
                frame, delay = retry_frame(engine, step, self.child, error, self.number)
                del error
                engine.wait(engine.wire.send_numbered(frame))
                engine.records.drop_failed(self.child.path)
                self.child = next_scope(engine, self.child)
                await asyncio.sleep(delay)
            except asyncio.CancelledError as cancelled:
                self._cancelled(cancelled)
                raise

    async def _body(self) -> tuple[Any, BaseException | None]:
        step = self.step
        token = current.set(self.child)
        try:
            if step.timeout is None:
                return await await_body(step.function, self.args, self.kwargs), None
            return await limited(step, self.args, self.kwargs), None
        except BaseException as error:
            return None, error
        finally:
            current.reset(token)

    def _is_own(self, error: BaseException) -> bool:
        """Whether the body came to a cancellation that nobody asked of its task: of a task that it awaited, say.

        That is an outcome like any other failure; nothing will cancel the call when it is replayed.
        """
        return isinstance(error, asyncio.CancelledError) and _cancellations() <= self.cancellations

    def _cancelled(self, error: BaseException) -> None:
        """The call was cancelled: that is its outcome, durable before anybody sees it."""
        engine = self.engine
        if engine.stop is not None:
            return
        if isinstance(error, asyncio.CancelledError) and not engine.closing:
            scope, clock = self.child.parent, self.loop.gate.clock
            if scope is not None and scope.keep:
                kept = [self.child.path, self.step.kind, self.child.taken, "cancelled", None, clock, None]
                engine.records.keep(kept)
            frame = _frames.end(self.child.span, "cancelled", loop_time=clock)
            engine.wait(engine.wire.send_numbered(frame))
        else:
            engine.wire.send(_frames.end(self.child.span, "cancelled"))

    async def hand_over(self, outcome: Outcome) -> None:
        """Record the outcome, and return when it is durable and its turn has come."""
        engine, loop, gate = self.engine, self.loop, self.loop.gate
        waiter: Waiter | None = None
        number = 0
        with gate.lock:
            if not (loop.is_quiet() and gate.is_quiet(loop.next_timer())):
                future = loop.create_future()
                waiter = Waiter(gate, _setter(future))
                waiter.loop_time = self._time()
                engine.wire.send_numbered(outcome.frame, gate.sender(waiter))
            elif self.step.buffered and not engine.pauses:
                engine.wire.send(outcome.frame)
            else:
                number = engine.wire.send_numbered(outcome.frame)
            if waiter is None:
                gate.follow(self._time())
        if waiter is not None:
            await _wait_at_gate(engine, waiter, future)
        elif number:
            engine.wait(number)


# What ends a coroutine from outside, and is not what its call came to. GeneratorExit closes it.
_SIGNALS = (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, _alarm.Expired)


async def await_body(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The flow's own code; plain functions may give an awaitable, or their value."""
    value = function(*args, **kwargs)
    if hasattr(value, "__await__"):
        return await value
    return value


_alarm.INTERRUPTIBLE.add(await_body.__code__)


async def limited(step: Step, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The body within its timeout, after which it is cancelled."""
    assert step.timeout is not None
    try:
        async with asyncio.timeout(step.timeout) as limit:
            return await await_body(step.function, args, kwargs)
    except TimeoutError:
        if not limit.expired():
            raise
    raise Timeout(f"{step.name} took longer than its timeout of {step.timeout:g} s")


def root_body(engine: Engine, step: Step, root: Scope, values: dict[str, Any]) -> tuple[Any, BaseException | None]:
    """Run the entry flow's coroutine on a loop of its own."""

    async def run() -> Any:
        root.gate = running().gate
        root.gate.order.claim_all()
        token = current.set(root)
        try:
            if step.timeout is None:
                return await await_body(step.function, (), values)
            return await limited(step, (), values)
        finally:
            engine.closing = True
            current.reset(token)

    engine.closing = False
    try:
        return run_loop(run()), None
    except BaseException as error:
        return None, error


def run_loop(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """`asyncio.run`, where a signal may interrupt."""
    return asyncio.run(coroutine)


_alarm.INTERRUPTIBLE.add(run_loop.__code__)


def apause(scope: Scope, name: str, asked: dict[str, Any]) -> Coroutine[Any, Any, Any]:
    """A coroutine that waits for the answer to a question, asked in this scope now."""
    engine, path, taken, record = enter(scope, name, asked)
    if record is None:
        return _pause(engine, scope, path, taken, name, flow_line(3), asked)
    return _replay_pause(engine, scope, name, record)


async def _replay_pause(engine: Engine, scope: Scope, name: str, record: Record) -> Any:
    if engine.stop is not None:
        raise engine.stopped()
    await turn_of(engine, scope, record)
    return replayed(engine, scope, name, record)


async def _pause(
    engine: Engine, scope: Scope, path: str, taken: str, name: str, line: int, asked: dict[str, Any]
) -> Any:
    loop = running()
    if engine.stop is not None or scope.call.ended:
        raise engine.refuse_call(scope, f"the pause {name!r}")
    pause = Pause(scope, path, taken)
    future = loop.create_future()
    pause.waiter = waiter = Waiter(loop.gate, _setter(future))
    pause.held = _setter(future)
    try:
        pause.open(question_frame(pause, name, line, asked))
        await _wait_at_gate(engine, waiter, future)
    except asyncio.CancelledError:
        _withdraw(engine, pause)
        raise
    finally:
        pause.close()
    value, error = pause.finish()
    if error is not None:
        raise error
    return value


def _withdraw(engine: Engine, pause: Pause) -> None:
    """The flow itself no longer waits. What was answered already stays answered."""
    if engine.stop is not None:
        return
    if engine.closing:
        engine.wire.send(_frames.end(pause.span, "cancelled"))
        return
    clock = running().gate.clock
    frame = _frames.end(pause.span, "cancelled", loop_time=clock)
    if pause.answer is None:
        if pause.scope.keep:
            kept = [pause.path, "pause", pause.fingerprint, "cancelled", None, clock, None]
            engine.records.keep(kept)
        try:
            engine.wire.wait(engine.wire.send_numbered(frame))
        except Closed:
            raise engine.kill() from None
    else:
        engine.wire.send(_frames.end(pause.span, "cancelled"))


async def _decide_unknown(engine: Engine, step: Step, scope: Scope, path: str, number: int) -> int:
    if step.on_unknown == "fail":
        raise unknown_outcome(engine, step, path, "it is declared not to be run again (on_unknown='fail')")
    question, place = unknown_question(step, path, number)
    asking = Scope(engine, CALL, path, step.name, scope, scope.span or engine.span_of(scope))
    engine.entered()
    try:
        answer = await apause(asking, place, question)
    finally:
        engine.left(asking)
    if answer != "run again":
        raise unknown_outcome(engine, step, path, "a person decided not to run it again")
    return number + 1
