"""Record order under asyncio: the one door through which completions, live and recorded, reach what runs on a loop.

Each passes alone, in record order, when the loop has nothing else ready; so what the flow does next is a function of
the records, and a replay that hands them over in the same order repeats it. Executor jobs of a loop pass here too.
The gate also keeps the loop's clock, which stands still while callbacks run and follows the records on replay.
Each loop has its own gate, order and clock; loops that run side by side know nothing of each other.

Knows no asyncio: `_selector` sees when the loop is idle and calls in. Must not know what a call or a pause is.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from ._records import LOOP_TIME, PATH, Order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._loop import Loop
    from ._records import Record, Records


class Job:
    """An executor job of a loop, between its submission and the moment when its asyncio future is done."""

    __slots__ = ("gate", "out", "waits")

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.waits = False  # at the gate or in a pause
        self.out: set[int] = set()  # threads of it that were let through and have not come back

    def came_back(self) -> None:
        """This thread calls again, or has done its part."""
        self.out.discard(threading.get_ident())

    def ended_in_thread(self, then: int = 0) -> None:
        """A thread that the job started has done its part. `then` is the thread that goes on with what it did."""
        if then:
            self.out.add(then)
        self.came_back()
        self.gate.loop.wake()


class Waiter:
    """Somebody who stands at the gate. `deliver` lets them through and may be called once."""

    __slots__ = ("deliver", "gate", "is_cancellation", "job", "loop_time", "number", "record", "thread")

    def __init__(self, gate: Gate, deliver: Callable[[], object], job: Job | None = None) -> None:
        self.gate = gate
        self.deliver = deliver
        self.job = job
        self.thread = threading.get_ident() if job is not None else 0
        self.number = 0  # of the frame whose acknowledgement is waited for
        self.record: Record | None = None  # or the record whose turn is
        self.is_cancellation = False  # waits for a recorded cancellation, which the flow itself brings
        self.loop_time: float | None = None


class Gate:
    """The door of one event loop."""

    def __init__(self, records: Records, loop: Loop) -> None:
        self.records = records
        self.order = Order(records)
        self.loop = loop
        self.is_running = False
        self.is_closed = False
        self.is_stuck = False  # the loop waits, and neither a timer nor a descriptor of the flow's can end that
        self.asked: dict[str, Waiter] = {}  # recorded, waiting for its turn
        self.outstanding: deque[Waiter] = deque()  # sent and not yet durable, in order of their numbers
        self.due: deque[Waiter] = deque()  # durable or answered, in the order in which Python learnt of it
        self.jobs: set[Job] = set()
        # Held while an outcome is stamped and sent, and while the clock moves: so that no timer overtakes an outcome
        # with an earlier time, and no outcome another with an earlier number.
        self.lock = threading.RLock()
        self.clock = 0.0  # seconds; the loop's time
        self.idle_since: float | None = None  # on the monotonic clock, while the loop waits and its clock runs

    # -- time --

    def now(self) -> float:
        """The loop's time as a thread beside the loop sees it."""
        since = self.idle_since
        return self.clock if since is None else self.clock + (time.monotonic() - since)

    def follow(self, loop_time: float | None) -> None:
        """The clock never goes back."""
        if loop_time is not None and loop_time > self.clock:
            self.clock = loop_time

    # -- asking --

    def took(self, record: Record) -> None:
        """Plain code has its record: at once, since it cannot wait without stopping the loop."""
        self.follow(record[LOOP_TIME])
        self.loop.wake()  # where a thread took it for which the loop has waited

    def ask(self, record: Record, waiter: Waiter) -> None:
        """Wait for this record's turn."""
        waiter.record = record
        waiter.loop_time = record[LOOP_TIME]
        self.order.adopt(record)
        self.asked[record[PATH]] = waiter
        self.loop.wake()

    def sender(self, waiter: Waiter) -> Callable[[int], None]:
        """For the frame that carries a live outcome: its waiter lines up in the order of the numbers."""

        def sent(number: int) -> None:
            waiter.number = number
            self.outstanding.append(waiter)

        return sent

    def answered(self, waiter: Waiter) -> None:
        """What this waiter waits for has come from the runtime."""
        self.due.append(waiter)
        self.loop.wake()

    def acknowledged(self, number: int) -> None:
        """The frames up to this number are durable."""
        outstanding = self.outstanding
        if not outstanding or outstanding[0].number > number:
            return
        with self.lock:
            while outstanding and outstanding[0].number <= number:
                self.due.append(outstanding.popleft())
        self.loop.wake()

    def is_asked(self, record: Record) -> bool:
        """Whether somebody waits for this record, also who has just begun to."""
        with self.lock:
            return record[PATH] in self.asked

    def abandon(self, waiter: Waiter) -> None:
        """The waiter was cancelled. A record that was asked for is no longer outstanding."""
        if waiter.record is not None:
            self.asked.pop(waiter.record[PATH], None)
            self.records.by_path.pop(waiter.record[PATH], None)
            return
        with self.lock:
            for queue in (self.outstanding, self.due):
                if waiter in queue:
                    queue.remove(waiter)

    # -- handing over --

    def has_released_job(self) -> bool:
        """A job that was let through runs between two recorded calls."""
        return any(job.out for job in list(self.jobs))

    def has_running_job(self) -> bool:
        """A job works, or stands in the executor's queue."""
        return any(not job.waits for job in list(self.jobs))

    def is_open_to(self, record: Record, next_timer: float | None) -> bool:
        """Whether this record's turn has come, were the loop idle."""
        if self.records.is_late(record):
            return True
        loop_time = record[LOOP_TIME]
        if next_timer is not None and next_timer <= (self.clock if loop_time is None else loop_time):
            return False
        return self.order.head() is record and not self.has_released_job()

    def is_quiet(self, next_timer: float | None) -> bool:
        """Whether a live outcome would be next, were the loop idle."""
        return not (
            self.outstanding
            or self.due
            or (next_timer is not None and next_timer <= self.clock)
            or self.has_released_job()
            or self.order.head() is not None
        )

    def hand_over(self, waiter: Waiter) -> None:
        """Let this one through."""
        record = waiter.record
        if record is not None:
            self.asked.pop(record[PATH], None)
            self.records.by_path.pop(record[PATH], None)
        self.follow(waiter.loop_time)
        if waiter.job is not None:
            with self.lock:  # after the job has said that it waits
                waiter.job.waits = False
                waiter.job.out.add(waiter.thread)
        waiter.deliver()

    def has_news(self) -> bool:
        """Live outcomes are on their way to the flow."""
        return bool(self.outstanding or self.due)

    def has_work(self) -> bool:
        """Outcomes, live or recorded, will still be handed over, as far as another loop can see."""
        return self.has_news() or any(not waiter.is_cancellation for waiter in tuple(self.asked.values()))

    def next_due(self) -> Waiter | None:
        """The live outcome that comes next, once the frontier is exhausted."""
        return self.due.popleft() if self.due else None

    def everyone(self) -> list[Waiter]:
        """All who wait, taken out: the play stops, or the loop is closed."""
        with self.lock:
            waiters = [*self.asked.values(), *self.outstanding, *self.due]
            self.asked.clear()
            self.outstanding.clear()
            self.due.clear()
        return waiters

    def close(self) -> None:
        """The loop is closed: jobs that still run no longer wait for it."""
        self.is_closed = True
        for waiter in self.everyone():
            if waiter.job is not None:
                waiter.deliver()
