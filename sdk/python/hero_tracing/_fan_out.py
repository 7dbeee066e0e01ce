"""Many calls at once from plain code: threads, each item in a branch of its own, numbered in the order of the items."""

from __future__ import annotations

import itertools
import threading
from contextvars import copy_context

from ._picks import Pick
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
    _check(limit)
    scope = current.get()
    items = _items(thunks, names, scope)
    if limit == 1 or len(items) < 2 or (scope is not None and _blocks_loop(scope)):
        for item in items:
            item.run()
    else:
        _in_threads(items, min(limit, len(items)), scope)
    return [item.outcome() for item in items]


def limit_of(calls: Sequence[Callable[[], Any]], concurrency: int | None) -> int:
    """All at once, where the flow does not say."""
    return min(max(len(calls), 1), CONCURRENCY_MAX) if concurrency is None else concurrency


def run_first(calls: Sequence[Callable[[], Any]], concurrency: int) -> Any:
    """What the first to finish gives or raises. No further call begins then; a replay runs only the one that was."""
    _check(concurrency)
    if not calls:
        raise ValueError("flow.first takes one call or more")
    scope = current.get()
    pick = None if scope is None else Pick(scope, scope.allocate("first"))
    items = _items(calls, calls, scope)
    if pick is not None and type(pick.recorded) is int and 0 <= pick.recorded < len(items):
        winner = items[pick.recorded]
        for item in items:
            if item is not winner and item.branch is not None:
                item.branch.engine.records.forget(item.branch.path)
        winner.run()
    else:
        winner = _first_in_threads(items, min(concurrency, len(items)), scope)
        if pick is not None:
            pick.write(items.index(winner))
    return winner.outcome()


def _first_in_threads(items: list[_Item], count: int, scope: Scope | None) -> _Item:
    if len(items) == 1 or (scope is not None and _blocks_loop(scope)):
        items[0].run()
        return items[0]
    finished: list[_Item] = []
    _in_threads(items, count, scope, finished)
    return finished[0]


def _items(thunks: Sequence[Callable[[], Any]], names: Sequence[object], scope: Scope | None) -> list[_Item]:
    branches = [None if scope is None else scope.branch(qualname_of(name)) for name in names]
    return [_Item(thunk, branch) for thunk, branch in zip(thunks, branches, strict=True)]


def _check(concurrency: object) -> None:
    if type(concurrency) is not int or not 1 <= concurrency <= CONCURRENCY_MAX:
        raise ValueError(f"concurrency must be between 1 and {CONCURRENCY_MAX}, not {concurrency!r}")


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

    def outcome(self) -> Any:
        """What it gave or raised."""
        if self.error is not None:
            error, self.error = self.error, None
            try:
                raise error
            finally:
                del error
        return self.value

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


def _in_threads(items: list[_Item], count: int, scope: Scope | None, first: list[_Item] | None = None) -> None:
    """Run them all; with `first`, put into it what finishes, and begin none after that."""
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
                if item is None or first or (engine is not None and engine.stop is not None):
                    return
                item.run()
                if first is not None:
                    first.append(item)
                with lock:
                    unfinished -= 1
                    is_last = unfinished == 0 or bool(first)
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
