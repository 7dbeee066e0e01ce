"""When the loop of a play is idle, and what happens then.

`select` with a timeout other than 0 is the public sign that a loop has nothing ready: there completions are handed
over, one at a time, in record order, timers fire in their place between them, and the play parks. Knows the loop only
by its next timer. Must not import asyncio.
"""

from __future__ import annotations

import selectors
import time

from . import _alarm
from ._pause import PATIENCE_SECONDS, park
from ._records import LOOP_TIME, PATH, STATUS
from ._threads import has_strangers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._engine import Engine
    from ._gate import Waiter
    from ._loop import Loop
    from ._records import Record


# Turns of the loop with something ready, after which a completion is handed over anyway: a task may spin.
BUSY_TURNS_MAX = 64
# How long the next record in order may keep the others waiting while something real could still ask for it.
PASS_OVER_SECONDS = 1.0
# How long a recorded cancellation may stay away once nothing else is in its way.
CANCELLATION_SECONDS = 5.0


class Selector(selectors.BaseSelector):
    """The real selector, behind the gate."""

    def __init__(self, engine: Engine, loop: Loop) -> None:
        self.engine = engine
        self.loop = loop
        self.gate = loop.gate
        self.real = selectors.DefaultSelector()
        self.turns = 0
        self.busy_since = 0.0
        self.blocked: Record | None = None  # the record in order that nobody has asked for
        self.blocked_since = 0.0
        self.job_out_since: float | None = None
        self.covered_since: float | None = None
        self.lost_since: float | None = None
        self.seen = -1
        self.stop_told = False
        self.own = 0  # descriptors that are not the flow's
        if not engine.wire.closed:
            self.real.register(engine.wire.socket, selectors.EVENT_READ, None)
            self.own += 1

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self.real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self.real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self.real.modify(fileobj, events, data)

    def get_map(self) -> Any:
        return self.real.get_map()

    def close(self) -> None:
        self.real.close()

    # -- one turn of the loop --

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            self.turns += 1
            if self.turns == 1:
                self.busy_since = time.monotonic()
            if self.turns <= BUSY_TURNS_MAX:
                return []
            return self._look_up()
        self.turns = 0
        while True:
            events = self._idle()
            if events is not None:
                return events

    def _look_up(self) -> list[tuple[selectors.SelectorKey, int]]:
        """The loop is never idle: let time pass, look at descriptors, hand one over."""
        gate = self.gate
        self.turns = 0
        now = time.monotonic()
        self._advance(now - self.busy_since)
        self.busy_since = now
        if self.engine.stop is not None:
            self._tell_stop()
        else:
            record = gate.order.head()
            if record is not None:
                waiter = gate.asked.get(record[PATH])
                if waiter is not None and not waiter.is_cancellation:
                    gate.hand_over(waiter)
                elif self._is_overdue(record):
                    self._pass_over(record)
            else:
                if gate.outstanding and not gate.due:
                    self.engine.wire.wait_until(lambda: bool(gate.due) or self.engine.wire.closed, None)
                waiter = gate.next_due()
                if waiter is not None:
                    gate.hand_over(waiter)
        return self._poll(0)

    def _idle(self) -> list[tuple[selectors.SelectorKey, int]] | None:
        """Nothing is ready. Events to return to the loop, or None to look again."""
        engine, gate = self.engine, self.gate
        if engine.stop is not None:
            return self._tell_stop()
        if gate.outstanding or engine.pauses:
            engine.wire.take()
        if engine.wire.closed:
            engine.kill()
            return self._tell_stop()
        if gate.has_released_job():
            return self._wait_for_job()
        self.job_out_since = None
        record = gate.order.head()
        if record is not None:
            return self._replay(record)
        waiter = gate.next_due()
        if waiter is not None:
            gate.hand_over(waiter)
            return []
        if gate.outstanding:
            return self._wait(None, runs=False)
        if self._can_park():
            return self._tell_stop() if engine.stop is not None else self._wait_patiently()
        return self._wait_for_anything()

    # -- replay --

    def _replay(self, record: Record) -> list[tuple[selectors.SelectorKey, int]] | None:
        """The next in order is a record: hand it over, let a timer go first, or wait until it is asked for."""
        gate = self.gate
        waiter = gate.asked.get(record[PATH])
        timer, loop_time = self._timer(), record[LOOP_TIME]
        if waiter is None or waiter.is_cancellation:
            return self._unasked(record, waiter, timer)
        self.blocked = None
        if timer is not None and timer <= (gate.clock if loop_time is None else loop_time):
            return self._fire(timer)
        gate.hand_over(waiter)
        return []

    def _unasked(
        self, record: Record, waiter: Waiter | None, timer: float | None
    ) -> list[tuple[selectors.SelectorKey, int]] | None:
        loop_time = record[LOOP_TIME]
        is_timed = timer is not None and (waiter is not None or loop_time is None or timer <= loop_time)
        if not self._is_real_pending():
            if timer is not None and is_timed:
                return self._fire(timer)
            if waiter is None and self.gate.is_asked(record):
                return None  # by a job that works no more because it asked
            self._pass_over(record)
            return None
        if self._is_overdue(record):
            self._pass_over(record)
            return None
        left = self.blocked_since + PASS_OVER_SECONDS - time.monotonic()
        # The clock must not run past the record's time, nor a timer fire that came after it.
        return self._wait(max(left, 0.001), runs=is_timed)

    def _is_overdue(self, record: Record) -> bool:
        now = time.monotonic()
        if self.blocked is not record:
            self.blocked, self.blocked_since = record, now
        return now - self.blocked_since >= PASS_OVER_SECONDS

    def _pass_over(self, record: Record) -> None:
        """Nobody asks for it, so it no longer keeps the others waiting. It still answers if it is asked for later."""
        with self.gate.lock:  # a job asks, or finds it passed over; not both
            waiter = self.gate.asked.get(record[PATH])
            if waiter is not None and not waiter.is_cancellation:
                return
            self.gate.records.passed.add(record[PATH])
        self.gate.follow(record[LOOP_TIME] if record[STATUS] != "cancelled" else None)
        self.blocked = None

    def _fire(self, timer: float) -> list[tuple[selectors.SelectorKey, int]]:
        """Jump to the next timer, or wait for it where something real runs."""
        if self._is_real_pending():
            return self._wait(max(timer - self.gate.clock, 0.0), runs=True) or []
        self.gate.follow(timer)
        return []

    # -- waiting --

    def _wait_for_job(self) -> list[tuple[selectors.SelectorKey, int]] | None:
        """A job that was let through comes back, or calls again, before anything else is handed over."""
        now = time.monotonic()
        if self.job_out_since is None:
            self.job_out_since = now
        left = self.job_out_since + PASS_OVER_SECONDS - now
        if left > 0:
            return self._wait(left, runs=False)
        for job in list(self.gate.jobs):
            job.out.clear()  # it works at something of its own
        return None

    def _can_park(self) -> bool:
        """Whether every call in flight is paused; parks at once if nothing else moves."""
        engine = self.engine
        if not engine.pauses or engine.uncovered:
            self.covered_since = None
            return False
        if self.covered_since is None or self.seen != engine.activity:
            self.covered_since, self.seen = time.monotonic(), engine.activity
        if not self._is_real_pending() or time.monotonic() - self.covered_since >= PATIENCE_SECONDS:
            park(engine)
        return True

    def _wait_patiently(self) -> list[tuple[selectors.SelectorKey, int]] | None:
        assert self.covered_since is not None
        left = self.covered_since + PATIENCE_SECONDS - time.monotonic()
        return self._wait(max(left, 0.001), runs=True)

    def _wait_for_anything(self) -> list[tuple[selectors.SelectorKey, int]] | None:
        gate, timer = self.gate, self._timer()
        if timer is not None and self.engine.clock.is_virtual and not self._is_real_pending():
            gate.follow(timer)
            return []
        if timer is None and not gate.asked and self._is_lost():
            return self._wait_for_nothing()
        self.lost_since = None
        if gate.asked and (timer is None or self._is_cancellation_overdue()) and not self._is_real_pending():
            self._diverge()
            return None
        delay = None if timer is None else max(timer - gate.clock, 0.0)
        if gate.asked:
            delay = CANCELLATION_SECONDS if delay is None else min(delay, CANCELLATION_SECONDS)
        return self._wait(delay, runs=True)

    def _is_lost(self) -> bool:
        """Whether nothing can happen on this loop or any other, while the record says that something did."""
        engine = self.engine
        if engine.pauses or self._is_real_pending() or self.loop.has_signal_handlers():
            return False
        others = [gate for gate in tuple(engine.gates) if gate is not self.gate]
        return all(gate.is_stuck for gate in others) and bool(engine.records.orphans()) and not has_strangers()

    def _wait_for_nothing(self) -> list[tuple[selectors.SelectorKey, int]] | None:
        """The earlier attempt went on from here; this one has nothing that could make it."""
        now = time.monotonic()
        if self.lost_since is None:
            self.lost_since = now
        left = self.lost_since + PASS_OVER_SECONDS - now
        if left > 0:
            return self._wait(left, runs=True)
        path = self.engine.records.orphans()[0]
        self.engine.diverge(path, path, "nothing more: all of it waits for something that no longer happens", "")
        return None

    def _is_cancellation_overdue(self) -> bool:
        now = time.monotonic()
        if self.blocked_since == 0.0 or self.blocked is not None:
            self.blocked, self.blocked_since = None, now
        return now - self.blocked_since >= CANCELLATION_SECONDS

    def _diverge(self) -> None:
        """Nothing can move any more, and somebody waits for a cancellation that the record has."""
        waiting = list(self.gate.asked.items())
        path = next((path for path, waiter in waiting if waiter.is_cancellation), None)
        if path is None:
            self.gate.hand_over(waiting[0][1])  # passed over while it was asked for
            return
        self.engine.diverge(path, f"{path} cancelled by the flow", f"{path} without its cancellation", "")

    def _wait(self, delay: float | None, *, runs: bool) -> list[tuple[selectors.SelectorKey, int]] | None:
        """Wait for something real, at most `delay` seconds. The loop's clock stands still unless it `runs`.

        None where only the runtime said something or time passed, so that the gate looks again.
        """
        gate = self.gate
        timer = self._timer()
        if runs and timer is not None:
            until = max(timer - gate.clock, 0.0)
            delay = until if delay is None else min(delay, until)
        is_still = not self._has_descriptors()
        began = time.monotonic()
        gate.idle_since = began if runs else None
        gate.is_stuck = is_still and timer is None
        if is_still:
            self.engine.move(-1)
        try:
            events = self._poll(delay)
        finally:
            if is_still:
                self.engine.move(1)
            gate.is_stuck = False
            with gate.lock:
                gate.idle_since = None
                # An outcome brings its own time along, and goes before any timer that is due after it; but not before
                # what is recorded, for which time may have to pass.
                has_news = gate.has_news() and gate.order.head() is None
                if runs and not has_news:
                    self._advance(time.monotonic() - began)
        if events:
            return events
        timer = self._timer()
        return [] if runs and not has_news and timer is not None and timer <= gate.clock else None

    def _poll(self, delay: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        """Events of the flow's own descriptors; what the runtime says is read here."""
        events = _poll_real(self.real, delay)
        wire = self.engine.wire
        for index, (key, _) in enumerate(events):
            if key.fileobj is wire.socket:
                del events[index]
                wire.take()
                if wire.closed:
                    self.real.unregister(wire.socket)
                    self.own -= 1
                break
        return events

    def _advance(self, seconds: float) -> None:
        """Time passes, at most up to the next timer, so that timers fire one at a time as they do on replay."""
        gate, timer = self.gate, self._timer()
        clock = gate.clock + seconds
        if timer is not None and clock > timer:
            clock = max(gate.clock, timer)
        gate.follow(clock)

    def _timer(self) -> float | None:
        return self.loop.next_timer()

    def _is_real_pending(self) -> bool:
        """Whether something outside of this loop may still make something happen."""
        if self._has_descriptors() or self.gate.has_running_job() or self.engine.moving > 1:
            return True
        return any(gate is not self.gate and gate.has_work() for gate in tuple(self.engine.gates))

    def _has_descriptors(self) -> bool:
        """Whether the flow waits for a socket, a pipe or a process."""
        loop_map = self.real.get_map()
        return loop_map is not None and len(loop_map) > self.own + 1  # the loop's own pipe to itself

    def _tell_stop(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Let all who wait raise what stopped the attempt."""
        waiters = self.gate.everyone()
        for waiter in waiters:
            waiter.deliver()
        for pause in list(self.engine.pauses.values()):
            if pause.held is not None and pause.waiter is not None and pause.waiter.gate is self.gate:
                pause.held()
                pause.held = None
        if waiters or not self.stop_told:
            self.stop_told = True
            return self._poll(0)
        timer = self._timer()
        delay = None if timer is None else max(timer - self.gate.clock, 0.0)
        began = time.monotonic()
        events = self._poll(PASS_OVER_SECONDS if delay is None else min(delay, PASS_OVER_SECONDS))
        if not events and delay is None and not self._is_real_pending():
            raise self.engine.stopped()  # nobody is left who could end the loop
        self._advance(time.monotonic() - began)
        return events


def _poll_real(real: selectors.BaseSelector, delay: float | None) -> list[tuple[selectors.SelectorKey, int]]:
    return real.select(delay)


_alarm.INTERRUPTIBLE.add(_poll_real.__code__)
