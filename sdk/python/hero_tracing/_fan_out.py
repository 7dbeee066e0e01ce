"""Many calls at once from plain code: threads, each item in a branch of its own, numbered in the order of the items."""

from __future__ import annotations

import itertools
import threading
from contextvars import copy_context

from ._scope import current, qualname_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ._scope import Scope

# Threads of one map or gather, where the flow does not say.
CONCURRENCY = 8
# More threads than this only cost memory.
CONCURRENCY_MAX = 256


def run_all(thunks: Sequence[Callable[[], Any]], names: Sequence[object], concurrency: int | None) -> list[Any]:
    """Run every thunk, at most `concurrency` at a time; their results in order.

    All run to their end, whatever fails; then the failure of the first in order is raised, so that which one it is
    does not depend on the threads.
    """
    limit = CONCURRENCY if concurrency is None else concurrency
    if type(limit) is not int or not 1 <= limit <= CONCURRENCY_MAX:
        raise ValueError(f"concurrency must be between 1 and {CONCURRENCY_MAX}, not {concurrency!r}")
    scope = current.get()
    branches = [None if scope is None else scope.branch(qualname_of(name)) for name in names]
    items = [_Item(thunk, branch) for thunk, branch in zip(thunks, branches, strict=True)]
    if limit == 1 or len(items) < 2 or (scope is not None and _blocks_loop(scope)):
        for item in items:
            item.run()
    else:
        _in_threads(items, min(limit, len(items)), scope)
    for item in items:
        if item.error is not None:
            error, item.error = item.error, None
            try:
                raise error
            finally:
                del error
    return [item.value for item in items]


class _Item:
    __slots__ = ("branch", "context", "error", "thunk", "value")

    def __init__(self, thunk: Callable[[], Any], branch: Scope | None) -> None:
        self.thunk = thunk
        self.branch = branch
        self.value: Any = None
        self.error: BaseException | None = None
        self.context = copy_context()

    def run(self) -> None:
        self.context.run(self._run)

    def _run(self) -> None:
        status = "ok"
        if self.branch is not None:
            current.set(self.branch)
        try:
            self.value = self.thunk()
        except BaseException as error:
            self.error = error
            status = "failed" if isinstance(error, Exception) else "cancelled"
        if self.branch is not None:
            self.branch.engine.end_branch(self.branch, status)


def _in_threads(items: list[_Item], count: int, scope: Scope | None) -> None:
    left, unfinished = iter(items), len(items)
    lock = threading.Lock()
    engine = None if scope is None else scope.engine
    job, caller = None if scope is None else scope.job, threading.get_ident()

    def work() -> None:
        nonlocal unfinished
        try:
            while True:
                with lock:
                    item = next(left, None)
                if item is None or (engine is not None and engine.stop is not None):
                    return
                item.run()
                with lock:
                    unfinished -= 1
                    is_last = unfinished == 0
                if job is not None:
                    job.ended_in_thread(then=caller if is_last else 0)
        except BaseException:
            if engine is None or engine.stop is None:
                raise  # else the attempt is over, and this is how
        finally:
            if engine is not None:
                engine.move(-1)

    threads = [_Worker(target=work, name=f"hero-fan-out-{next(_numbers)}", daemon=True) for _ in range(count)]
    for thread in threads:
        if engine is not None:
            engine.move(1)
        thread.start()
    if job is not None:
        job.came_back()
    if engine is not None:
        engine.move(-1)
    try:
        for thread in threads:
            thread.join()
    finally:
        if engine is not None:
            engine.move(1)
    if engine is not None and engine.stop is not None:
        raise engine.stopped()


class _Worker(threading.Thread):
    """A thread of our own: it serves many branches and is none itself."""


_numbers = itertools.count(1)


def _blocks_loop(scope: Scope) -> bool:
    """Threads that wait for the loop would wait for ever while this thread keeps it."""
    if not scope.engine.gates:
        return False
    from ._loop import is_loop_thread

    return is_loop_thread()
